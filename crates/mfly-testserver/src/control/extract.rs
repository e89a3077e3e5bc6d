//! The arguments of a request: its JSON body and its query.

use super::error::ControlError;
use super::strict::Strict;
use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequest, FromRequestParts, OptionalFromRequest, Query, Request};
use http::request::Parts;
use http::{StatusCode, header};
use mfly_proto::jid::UserId;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The JSON body of a request. A body that cannot be used is HTTP 400 and names its field.
#[derive(Default)]
pub(crate) struct JsonBody<T>(pub(crate) T);

/// No body at all is `None`.
impl<T: DeserializeOwned, S: Send + Sync> OptionalFromRequest<S> for JsonBody<T> {
    type Rejection = ControlError;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, ControlError> {
        let is_empty = hyper::body::Body::size_hint(request.body()).exact() == Some(0);
        if is_empty && !request.headers().contains_key(header::CONTENT_TYPE) {
            return Ok(None);
        }
        let body = <JsonBody<Option<T>> as FromRequest<S>>::from_request(request, state).await?;
        Ok(body.0.map(JsonBody))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = ControlError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ControlError> {
        let is_json = request.headers().get(header::CONTENT_TYPE).is_some_and(|value| {
            let text = value.to_str().unwrap_or_default();
            let media_type = text.split(';').next().unwrap_or_default().trim();
            media_type.eq_ignore_ascii_case("application/json")
        });
        if !is_json {
            return Err(ControlError::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not_json",
                Some("Content-Type"),
                "send JSON with the header Content-Type: application/json",
            ));
        }
        let body = Bytes::from_request(request, state).await.map_err(|rejection| {
            let message = format!("the body cannot be read: {}", rejection.body_text());
            ControlError::new(rejection.status(), "unreadable_body", Some("body"), message)
        })?;
        parse(&body).map(Self)
    }
}

/// Reads JSON. An error names the path to the member at fault.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ControlError> {
    let json = || -> Result<Value, ControlError> {
        let value = serde_json::from_slice(body);
        value.map_err(|error| ControlError::invalid("body", error.to_string()))
    };
    let read = |value| {
        let read = serde_path_to_error::deserialize(Strict(value));
        read.map_err(|error| refused(&error, "body"))
    };
    read(json()?).or_else(|error| {
        let mut value = json()?;
        if use_whole_numbers(&mut value) { read(value) } else { Err(error) }
    })
}

/// Writes numbers such as `2.0` as `2`: JSON does not tell them apart, and some languages write
/// them. Returns whether there were any. The JSON parser limits the depth to 128.
fn use_whole_numbers(value: &mut Value) -> bool {
    /// 2^53: below it every whole number has a text of its own.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let any = |one: bool, value: &mut Value| use_whole_numbers(value) || one;
    match value {
        Value::Number(number) => {
            let fraction = number.as_f64().filter(|n| number.is_f64() && n.fract() == 0.0);
            let whole = fraction.filter(|whole| whole.abs() < EXACT);
            let whole: Option<i64> = whole.and_then(|whole| format!("{whole:.0}").parse().ok());
            whole.is_some_and(|whole| {
                *number = whole.into();
                true
            })
        }
        Value::Array(items) => items.iter_mut().fold(false, any),
        Value::Object(members) => members.values_mut().fold(false, any),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}

/// The query of a request. A parameter that cannot be used is HTTP 400 and is named.
pub(crate) struct Parameters<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = ControlError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ControlError> {
        match Query::try_from_uri(&parts.uri) {
            Ok(Query(read)) => Ok(Self(read)),
            Err(rejection) => {
                let text = rejection.body_text();
                let reason = text.strip_prefix(QUERY_ERROR).unwrap_or(&text);
                Err(ControlError::invalid(at_fault(reason), reason))
            }
        }
    }
}

/// What the framework writes before the reason why it cannot read a query.
const QUERY_ERROR: &str = "Failed to deserialize query string: ";

/// The parameter that a reason names: before a colon, or in back quotes.
fn at_fault(reason: &str) -> &str {
    let is_name = |name: &&str| name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let quoted = || reason.split('`').nth(1);
    let named = reason.split_once(':').map(|(name, _)| name).filter(is_name);
    named.or_else(quoted).unwrap_or("query")
}

/// The variable parts of a path. A part that is not UTF-8 is HTTP 400.
pub(crate) struct PathParts<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for PathParts<T> {
    type Rejection = ControlError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ControlError> {
        let read = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        let refused = |rejection: PathRejection| {
            ControlError::invalid("path", format!("cannot be read: {}", rejection.body_text()))
        };
        read.map(|read| Self(read.0)).map_err(refused)
    }
}

/// Reads a number in a path.
///
/// # Errors
/// When it is none.
pub(crate) fn number(name: &str, text: &str) -> Result<u64, ControlError> {
    text.parse().map_err(|_| ControlError::invalid(name, "must be a number"))
}

/// Reads the id of a user in a path.
///
/// # Errors
/// When it cannot be one.
pub(crate) fn user_id(text: &str) -> Result<UserId, ControlError> {
    UserId::new(text).map_err(|error| ControlError::invalid("user", error.to_string()))
}

fn refused(
    error: &serde_path_to_error::Error<impl std::fmt::Display>,
    whole: &str,
) -> ControlError {
    let path = error.path().to_string();
    let field = if path == "." { whole } else { &path };
    ControlError::invalid(field, error.inner().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::response::IntoResponse as _;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Asked {
        user: Option<String>,
        times: Option<u32>,
    }

    async fn query(query: &str) -> Result<Asked, ControlError> {
        let uri = format!("/x?{query}");
        let (mut parts, ()) = Request::builder().uri(uri).body(()).unwrap().into_parts();
        Parameters::<Asked>::from_request_parts(&mut parts, &()).await.map(|read| read.0)
    }

    #[tokio::test]
    async fn a_query_is_decoded_and_a_text_of_digits_stays_a_text() {
        let asked = query("user=0091%2B1&times=2").await.unwrap();
        assert_eq!(asked, Asked { user: Some("0091+1".to_owned()), times: Some(2) });
        assert_eq!(query("user=42").await.unwrap().user.as_deref(), Some("42"));
    }

    #[tokio::test]
    async fn what_cannot_be_used_is_refused_with_the_name_of_its_field() {
        for (text, field) in [("times=x", "times"), ("times=1&times=2", "times"), ("usr=a", "usr")]
        {
            let error = query(text).await.unwrap_err();
            let body = axum::body::to_bytes(error.into_response().into_body(), 4096).await.unwrap();
            let body = String::from_utf8_lossy(&body).into_owned();
            assert!(body.contains(&format!("\"field\":\"{field}\"")), "{text}: {body}");
        }
        assert!(parse::<Asked>(b"{\"times\":1} x").is_err());
        assert!(parse::<Asked>(b" [null, 1]").is_err());
    }

    #[test]
    fn a_whole_number_may_be_written_with_a_fraction_of_zero() {
        let asked = parse::<Asked>(b"{\"times\":2.0}").unwrap();
        assert_eq!(asked.times, Some(2));
        assert!(parse::<Asked>(b"{\"times\":2.5}").is_err());
    }
}

//! The methods that a path allows (RFC 9110 §9.1).

use crate::rest::response::RestResponse;
use http::{HeaderValue, Method, StatusCode, header};

/// The methods that one path allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Methods(Vec<Method>);

impl Methods {
    /// `methods` and OPTIONS. `None` for an unknown path, which has none.
    pub(crate) fn of<'a>(methods: impl IntoIterator<Item = &'a Method>) -> Option<Self> {
        let mut all = Vec::new();
        for method in methods {
            if !all.contains(method) {
                all.push(method.clone());
            }
        }
        if all.is_empty() {
            return None;
        }
        all.push(Method::OPTIONS);
        Some(Self(all))
    }

    /// Whether the path allows this method.
    pub(crate) fn contain(&self, method: &Method) -> bool {
        self.0.contains(method)
    }

    /// The value of `Allow` (RFC 9110 §10.2.1).
    pub(crate) fn allow(&self) -> HeaderValue {
        let names: Vec<_> = self.0.iter().map(Method::as_str).collect();
        // A method is a token, and a list of tokens is a header value.
        HeaderValue::from_str(&names.join(", ")).unwrap_or(HeaderValue::from_static("OPTIONS"))
    }

    /// The response to any other method: HTTP 405 (RFC 9110 §15.5.6).
    pub(crate) fn not_allowed(&self) -> RestResponse {
        let response = RestResponse::http(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed");
        response.with(header::ALLOW, self.allow())
    }
}

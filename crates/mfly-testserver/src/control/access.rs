//! Which requests are let in: by host, origin and token.
//!
//! A page of any web site can make a browser send requests to this machine. Its requests are told
//! by their `Origin`, and a name that leads here (DNS rebinding) by their `Host`.

use super::error::ControlError;
use super::{Control, PREFIX};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use mfly_proto::argument::InvalidArgument;
use mfly_proto::secret::Token;
use sha2::{Digest as _, Sha256};
use std::net::IpAddr;
use tower_http::cors::{AllowHeaders, CorsLayer};

/// The rules by which requests are let in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Access {
    /// Origins of other pages that may use the API, such as `http://localhost:5173`.
    pub(crate) origins: Vec<HeaderValue>,
    /// Names of this machine in `Host`, beside addresses and `localhost`.
    pub(crate) hosts: Vec<String>,
    /// The token that requests must have.
    pub(crate) token: Option<Token>,
}

impl Access {
    /// Adds an origin that may use the API.
    ///
    /// # Errors
    /// When it is not `http://HOST` or `https://HOST`, with or without a port.
    pub(crate) fn allow_origin(&mut self, origin: &str) -> Result<(), InvalidArgument> {
        let is_origin = origin.parse::<http::Uri>().is_ok_and(|uri| {
            let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
            is_web && uri.authority().is_some() && !origin.ends_with('/')
        });
        let value = HeaderValue::from_str(origin).ok().filter(|_| is_origin);
        let error =
            InvalidArgument::new("controlOrigin", "must be SCHEME://HOST or SCHEME://HOST:PORT");
        self.origins.push(value.ok_or(error)?);
        Ok(())
    }

    /// Answers the questions that browsers ask before they let another origin use the API.
    pub(super) fn cors(&self) -> CorsLayer {
        CorsLayer::new()
            .allow_origin(self.origins.clone())
            .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
            .allow_headers(AllowHeaders::list([header::CONTENT_TYPE, header::AUTHORIZATION]))
    }

    fn refusal(&self, path: &str, headers: &HeaderMap) -> Option<ControlError> {
        let forbidden = |field: &str, message: String| {
            Some(ControlError::new(StatusCode::FORBIDDEN, "forbidden", Some(field), message))
        };
        let host =
            headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        if !self.is_own_host(host) {
            let remedy = "use its address, localhost, or a name of --control-host";
            return forbidden("Host", format!("the server does not have this name; {remedy}"));
        }
        if let Some(origin) = headers.get(header::ORIGIN)
            && origin.as_bytes() != format!("http://{host}").as_bytes()
            && !self.origins.contains(origin)
        {
            let remedy = "name it with --control-origin";
            return forbidden("Origin", format!("this origin may not use the API; {remedy}"));
        }
        let needs_token = path.starts_with(PREFIX) && path != format!("{PREFIX}/health");
        if needs_token && !self.has_token(headers) {
            return Some(ControlError::new(
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                Some("Authorization"),
                "send the token of --control-token as Authorization: Bearer TOKEN",
            ));
        }
        None
    }

    /// Whether a `Host` is an address, `localhost` or a name of this server.
    fn is_own_host(&self, host: &str) -> bool {
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        };
        let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        let is_known = |known: &str| name.eq_ignore_ascii_case(known);
        bare.parse::<IpAddr>().is_ok()
            || is_known("localhost")
            || self.hosts.iter().any(|known| is_known(known))
    }

    fn has_token(&self, headers: &HeaderMap) -> bool {
        let Some(token) = &self.token else { return true };
        let sent = headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes);
        let sent = sent.and_then(|value| value.strip_prefix(b"Bearer ")).unwrap_or_default();
        // Digests are compared, so that the time does not tell how much of the token is right.
        Sha256::digest(sent) == Sha256::digest(token.expose())
    }
}

/// Refuses a request that may not use the API.
pub(super) async fn check(
    State(control): State<Control>,
    request: Request,
    next: Next,
) -> Response {
    match control.access().refusal(request.uri().path(), request.headers()) {
        Some(refusal) => refusal.into_response(),
        None => next.run(request).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(access: &Access, path: &str, headers: &[(&str, &str)]) -> u16 {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name = http::HeaderName::from_bytes(name.as_bytes()).unwrap();
            map.insert(name, HeaderValue::from_str(value).unwrap());
        }
        access.refusal(path, &map).map_or(200, |refusal| refusal.into_response().status().as_u16())
    }

    #[test]
    fn requests_are_let_in_by_host_origin_and_token() {
        let open = Access::default();
        let mut closed = Access { token: Some(Token::new("secret").unwrap()), ..Access::default() };
        closed.allow_origin("http://localhost:5173").unwrap();
        closed.hosts.push("ci.test".to_owned());
        let (health, info) = ("/control/v1/health", "/control/v1/info");
        let own = ("host", "127.0.0.1:8119");
        let bearer = ("authorization", "Bearer secret");
        for (access, path, headers, expected) in [
            (&open, info, vec![own], 200),
            (&open, info, vec![("host", "[::1]:8119")], 200),
            (&open, info, vec![("host", "LocalHost")], 200),
            (&open, info, vec![("host", "attacker.test:8119")], 403),
            (&open, info, vec![("host", "localhost.attacker.test")], 403),
            (&open, info, vec![], 403),
            (&open, info, vec![own, ("origin", "http://127.0.0.1:8119")], 200),
            (&open, info, vec![own, ("origin", "http://attacker.test")], 403),
            (&open, info, vec![own, ("origin", "null")], 403),
            (&closed, info, vec![own], 401),
            (&closed, info, vec![own, ("authorization", "Bearer secre")], 401),
            (&closed, info, vec![own, bearer], 200),
            (&closed, health, vec![own], 200),
            (&closed, "/", vec![own], 200),
            (&closed, info, vec![("host", "ci.test:1"), bearer], 200),
            (&closed, info, vec![own, bearer, ("origin", "http://localhost:5173")], 200),
            (&closed, info, vec![own, bearer, ("origin", "http://localhost:5174")], 403),
        ] {
            assert_eq!(status(access, path, &headers), expected, "{path} {headers:?}");
        }
    }

    #[test]
    fn an_origin_that_cannot_be_one_is_refused() {
        for origin in ["localhost:5173", "http://a/", "*", "ftp://a", ""] {
            assert!(Access::default().allow_origin(origin).is_err(), "{origin}");
        }
    }
}

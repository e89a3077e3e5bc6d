//! The methods that a path allows, and the response to OPTIONS (RFC 9110 §9.3.7).

use crate::handle::journal::log;
use crate::net::cors;
use crate::rest::response::HttpResponse;
use crate::rest::router::methods::Methods;
use crate::rest::router::{self, ApiPath};
use crate::signalling::{self, polling};
use http::{Method, Request, Response, header};
use http_body_util::Full;
use hyper::body::Incoming;

/// The methods that a path allows; `None` for an unknown path.
pub(super) fn methods(path: &str) -> Option<Methods> {
    match path {
        "/websocket" => Methods::of([&Method::GET, &Method::HEAD]),
        _ if signalling::is_path(path) => Methods::of([&Method::GET, &Method::HEAD, &Method::POST]),
        _ => router::methods(ApiPath::new(path)),
    }
}

/// Answers OPTIONS with the methods that the path allows. Preflights succeed at unknown paths, too,
/// so that a page can read the HTTP 404 that its request then gets.
pub(super) fn options(request: &Request<Incoming>) -> HttpResponse {
    let path = request.uri().path();
    let mut response = Response::new(Full::default());
    cors::allow(&mut response);
    cors::preflight(request.headers(), &mut response);
    if signalling::is_path(path) {
        polling::allow(request.headers(), &mut response);
    }
    if let Some(methods) = methods(path) {
        let headers = response.headers_mut();
        headers.insert(header::ALLOW, methods.allow());
    }
    log::answered(request.method(), ApiPath::new(path).name(), response)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::http::tests::{exchange, state};
    use crate::state::ServerState;
    use std::sync::Arc;

    /// Every path that is served, with something in the place of a star.
    fn paths() -> Vec<String> {
        let mut paths = router::paths();
        paths.extend(["/websocket", "/socket.io/", "/socket.io"].map(str::to_owned));
        paths
    }

    /// The answer's status, its `Allow`, its other headers and its body.
    struct Reply {
        status: u16,
        allow: Option<String>,
        headers: Vec<String>,
        body: String,
    }

    async fn ask(state: &Arc<ServerState>, method: &str, path: &str) -> Reply {
        let request = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let response = exchange(state, &request).await;
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        let mut lines = head.lines().map(str::to_ascii_lowercase);
        let status = lines.next().unwrap()[9..12].parse().unwrap();
        let mut headers: Vec<_> = lines.filter(|line| !line.starts_with("date:")).collect();
        headers.sort();
        let allow = headers.iter().position(|line| line.starts_with("allow: "));
        Reply {
            status,
            allow: allow.map(|at| headers.remove(at)["allow: ".len()..].to_owned()),
            headers,
            body: body.to_owned(),
        }
    }

    #[tokio::test]
    async fn every_path_names_its_methods_and_refuses_each_other_method_with_their_names() {
        let state = state();
        assert!(paths().len() > 25);
        for path in paths() {
            let told = ask(&state, "OPTIONS", &path).await;
            let allow = told.allow.clone().unwrap();
            assert_eq!(told.status, 204, "{path}");
            for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "TRACE", "ODD"] {
                let reply = ask(&state, method, &path).await;
                let is_named = allow.split(", ").any(|named| named == method.to_lowercase());
                assert_eq!(reply.status == 405, !is_named, "{method} {path}: {allow}");
                let expected = (!is_named).then(|| allow.clone());
                assert_eq!(reply.allow, expected, "{method} {path}");
            }
        }
    }

    #[tokio::test]
    async fn a_head_is_answered_as_a_get_without_its_body_at_every_path_that_allows_it() {
        let state = state();
        let mut seen = 0;
        for path in paths() {
            let allowed = ask(&state, "OPTIONS", &path).await.allow.unwrap();
            if !allowed.contains("head") {
                continue;
            }
            let get = ask(&state, "GET", &path).await;
            let head = ask(&state, "HEAD", &path).await;
            assert_eq!((head.status, head.body.as_str()), (get.status, ""), "{path}");
            assert_eq!(head.headers, get.headers, "{path}");
            seen += 1;
        }
        assert!(seen > 12, "{seen}");
    }

    #[tokio::test]
    async fn a_head_opens_no_client_of_the_signalling_server() {
        let state = state();
        let polling = "/socket.io/?EIO=3&transport=polling";
        assert_eq!(ask(&state, "HEAD", polling).await.status, 200);
        assert_eq!(state.with_hub(|hub| hub.all()), Vec::<String>::new());
        let websocket = "/socket.io/?EIO=3&transport=websocket";
        assert_eq!(ask(&state, "HEAD", websocket).await.status, 426);
    }

    #[tokio::test]
    async fn where_nothing_is_a_page_may_ask_and_is_told_so() {
        let state = state();
        let told = ask(&state, "OPTIONS", "/nowhere").await;
        assert_eq!((told.status, told.allow), (204, None));
        assert_eq!(ask(&state, "GET", "/nowhere").await.status, 404);
        assert_eq!(ask(&state, "HEAD", "/nowhere").await.status, 404);
    }
}

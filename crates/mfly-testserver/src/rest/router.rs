//! Finds the handler of a request by its method and path, and calls it.

pub(crate) mod methods;

use crate::net::addresses::API_PREFIX;
use crate::rest::caller::Caller;
use crate::rest::media::store::FILE_BYTES;
use crate::rest::request::RestCall;
use crate::rest::response::{RestResponse, RestResult};
use crate::rest::route::{BodyLimit, Handler, Route, UserHandler};
use crate::rest::{
    chat, config, delete_account, feedback, licence, login, logout, media, metadata, mute, profile,
    register, report, sync_contacts, user_list,
};
use crate::state::ServerState;
use http::{HeaderMap, Method, StatusCode};
use methods::Methods;

/// Largest body that is not a file, in bytes.
const SMALL_BYTES: usize = 256 * 1024;

/// Room for the form around a file, in bytes.
const FORM_BYTES: usize = 64 * 1024;

/// The routes below `/api/v1`. A new feature adds its row.
const API: &[&[Route]] = &[
    register::ROUTES,
    login::ROUTES,
    config::ROUTES,
    logout::ROUTES,
    profile::ROUTES,
    user_list::ROUTES,
    metadata::ROUTES,
    mute::ROUTES,
    sync_contacts::ROUTES,
    feedback::ROUTES,
    report::ROUTES,
    delete_account::ROUTES,
    media::ROUTES,
    chat::ROUTES,
];

/// The routes outside `/api/v1`.
const ROOT: &[&[Route]] = &[licence::ROUTES, media::STORE_ROUTES];

/// The route of a request, with the text that its `*` stands for.
pub(crate) struct Target<'p> {
    route: &'static Route,
    pub(crate) argument: &'p str,
}

impl Target<'_> {
    /// The largest body that is read, in bytes.
    pub(crate) fn body_limit(&self) -> usize {
        match self.route.body {
            BodyLimit::Small => SMALL_BYTES,
            BodyLimit::File => FILE_BYTES + FORM_BYTES,
        }
    }

    pub(crate) fn takes_file(&self) -> bool {
        self.route.body == BodyLimit::File
    }

    /// Decides from the headers whether the body is read. The token is checked so early only for
    /// files, because only they take much memory.
    ///
    /// # Errors
    /// The response to a request that is refused whatever its body is.
    pub(crate) fn admit(
        &self,
        state: &ServerState,
        headers: &HeaderMap,
    ) -> Result<(), RestResponse> {
        if let Some(admission) = self.route.admission {
            admission(state, self.argument)?;
        }
        match self.route.handler {
            Handler::User(_)
                if self.takes_file() && Caller::of_request(state, headers).is_none() =>
            {
                Err(RestResponse::token_expired())
            }
            Handler::User(_) | Handler::LoggingOut(_) | Handler::Open(_) => Ok(()),
        }
    }

    /// Calls the handler. Returns its response and the caller, if the route requires a token.
    pub(crate) fn respond(&self, call: &RestCall<'_>) -> (RestResponse, Option<Caller>) {
        let either = |result: RestResult| result.unwrap_or_else(|refused| refused);
        let caller = || Caller::of_request(call.state, call.headers);
        let for_user = |handle: UserHandler, caller: Option<Caller>| match caller {
            Some(caller) => (either(handle(call, &caller)), Some(caller)),
            None => (RestResponse::token_expired(), None),
        };
        match self.route.handler {
            Handler::Open(handle) => (either(handle(call)), None),
            Handler::User(handle) => for_user(handle, caller()),
            Handler::LoggingOut(handle) => {
                let logging_out = || Caller::logging_out(call.state, call.headers);
                for_user(handle, caller().or_else(logging_out))
            }
        }
    }
}

/// Finds the route of a request. A HEAD has the route of a GET (RFC 9110 §9.3.2), and its body is
/// left out when it is sent.
///
/// # Errors
/// The response: HTTP 404 for an unknown path, 405 for a method that the path does not allow.
pub(crate) fn find<'p>(method: &Method, path: ApiPath<'p>) -> Result<Target<'p>, RestResponse> {
    let is_head = *method == Method::HEAD && allows_head(path);
    let wanted = if is_head { &Method::GET } else { method };
    targets(path).find(|target| target.route.method == *wanted).ok_or_else(|| match methods(path) {
        Some(methods) => methods.not_allowed(),
        None => RestResponse::http(StatusCode::NOT_FOUND, "Not Found"),
    })
}

/// The methods that a path allows; `None` for an unknown path.
pub(crate) fn methods(path: ApiPath<'_>) -> Option<Methods> {
    let head = allows_head(path).then_some(&Method::HEAD);
    Methods::of(targets(path).flat_map(|target| {
        let method = &target.route.method;
        [Some(method), head.filter(|_| *method == Method::GET)].into_iter().flatten()
    }))
}

/// Whether a GET of this path is answered, and changes nothing.
fn allows_head(path: ApiPath<'_>) -> bool {
    let get = targets(path).find(|target| target.route.method == Method::GET);
    get.is_some_and(|target| !target.route.has_effect)
}

/// Every path, with `x` in the place of a `*`.
#[cfg(test)]
pub(crate) fn paths() -> Vec<String> {
    let paths = |table: &[&[Route]], prefix: &str| {
        let routes = table.iter().copied().flatten();
        let paths = routes.map(|route| format!("{prefix}{}", route.path.replace('*', "x")));
        paths.collect::<Vec<_>>()
    };
    [paths(API, API_PREFIX), paths(ROOT, "")].concat()
}

/// The routes that match a path, exact matches first.
fn targets<'p>(path: ApiPath<'p>) -> impl Iterator<Item = Target<'p>> {
    let (table, path) = match path {
        ApiPath::Api(path) => (API, path),
        ApiPath::Root(path) => (ROOT, path),
    };
    let routes = || table.iter().copied().flatten();
    let exact = routes()
        .filter(move |route| route.path == path)
        .map(|route| Target { route, argument: "" });
    let open = routes().filter_map(move |route| {
        let argument = path.strip_prefix(route.path.strip_suffix('*')?)?;
        (!argument.is_empty()).then_some(Target { route, argument })
    });
    exact.chain(open)
}

/// The path of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ApiPath<'p> {
    /// The rest of a path below `/api/v1`.
    Api(&'p str),
    /// Any other path, whole.
    Root(&'p str),
}

impl<'p> ApiPath<'p> {
    /// Cuts the prefix `/api/v1` off, if the path has it.
    pub(crate) fn new(path: &'p str) -> Self {
        match path.strip_prefix(API_PREFIX) {
            Some(rest) if rest.starts_with('/') => Self::Api(rest),
            _ => Self::Root(path),
        }
    }

    /// The path as the journal and the faults name it.
    pub(crate) fn name(self) -> &'p str {
        match self {
            Self::Api(path) | Self::Root(path) => path,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(method: &Method, path: &str) -> u16 {
        find(method, ApiPath::new(path)).err().map_or(200, |refused| refused.http_status.as_u16())
    }

    #[test]
    fn a_path_is_found_by_its_method_and_prefix() {
        for (method, path, expected) in [
            (Method::POST, "/api/v1/login", 200),
            (Method::GET, "/api/v1/login", 405),
            (Method::HEAD, "/api/v1/users/config", 200),
            (Method::HEAD, "/api/v1/logout", 405),
            (Method::HEAD, "/api/v1/media/generatePreAuthenticationUrlDownload", 405),
            (Method::POST, "/login", 404),
            (Method::POST, "/api/v1/nowhere", 404),
            (Method::POST, "/api/v1", 404),
            (Method::POST, "/api/v1login", 404),
            (Method::POST, "/", 404),
            (Method::GET, "/api/v1/media/token", 200),
            // A star stands for at least one character.
            (Method::GET, "/api/v1/media/", 405),
        ] {
            assert_eq!(status(&method, path), expected, "{method} {path}");
        }
        let target = find(&Method::GET, ApiPath::new("/api/v1/media/token")).ok().unwrap();
        assert_eq!(target.argument, "token");
    }

    #[test]
    fn no_two_routes_have_one_method_and_path() {
        for table in [API, ROOT] {
            let mut seen = std::collections::HashSet::new();
            for route in table.iter().copied().flatten() {
                assert!(seen.insert((&route.method, route.path)), "{}", route.path);
            }
        }
    }
}

//! The REST router: method and path to a feature's handler, and what every request goes through.

pub(crate) mod chat;
pub(crate) mod config;
pub(crate) mod delete_account;
pub(crate) mod feedback;
pub(crate) mod licence;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod media;
pub(crate) mod media_store;
pub(crate) mod metadata;
pub(crate) mod methods;
pub(crate) mod mute;
pub(crate) mod profile;
pub(crate) mod qr_login;
pub(crate) mod register;
pub(crate) mod report;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod sync_contacts;
pub(crate) mod token;
pub(crate) mod user_list;

use crate::core::world::RegistrationId;
use crate::rest::media_store::FILE_BYTES;
use crate::rest::methods::Methods;
use crate::rest::request::{BodyLimit, Caller, Field, Handler, Reached, RestCall, Route};
use crate::rest::response::Answer;
use crate::shared::Shared;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};
use mfly_proto::jid::UserId;

/// Largest body that is not a file, in bytes.
const SMALL_BYTES: usize = 256 * 1024;

/// What a form adds around its file, in bytes.
const FORM_BYTES: usize = 64 * 1024;

/// Most fields of a form.
const FIELDS: usize = 16;

/// What is served under `/api/v1`. A new feature adds its row.
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

/// What is served beside it.
const ROOT: &[&[Route]] = &[licence::ROUTES, media::STORE_ROUTES];

/// Where a request goes.
pub(crate) struct Target<'p> {
    route: &'static Route,
    argument: &'p str,
}

impl Target<'_> {
    /// How many bytes the body may have.
    pub(crate) fn body_limit(&self) -> usize {
        match self.route.body {
            BodyLimit::Small => SMALL_BYTES,
            BodyLimit::File => FILE_BYTES + FORM_BYTES,
        }
    }

    /// Whether the body is a file.
    pub(crate) fn takes_file(&self) -> bool {
        self.route.body == BodyLimit::File
    }

    /// Whether the body of the request may come. Only a file's takes enough room to ask before it
    /// is read.
    ///
    /// # Errors
    /// The answer to a request that is refused whatever its body is.
    pub(crate) fn admits(&self, shared: &Shared, headers: &HeaderMap) -> Result<(), Answer> {
        if let Some(admission) = self.route.admission {
            admission(shared, self.argument)?;
        }
        match self.route.handler {
            Handler::User(_) if self.takes_file() && caller(shared, headers).is_none() => {
                Err(Answer::token_expired())
            }
            Handler::User(_) | Handler::Leaving(_) | Handler::Open(_) => Ok(()),
        }
    }
}

/// Finds the route of a request. A HEAD is answered as a GET would be (RFC 9110 §9.3.2); its body
/// is left out when it is sent.
///
/// # Errors
/// The answer: HTTP 404 for an unknown path, 405 for a known one with another method.
pub(crate) fn find<'p>(method: &Method, path: ApiPath<'p>) -> Result<Target<'p>, Answer> {
    let wanted = if *method == Method::HEAD { &Method::GET } else { method };
    let mut targets = targets(path);
    match targets.find(|target| target.route.method == *wanted) {
        Some(target) => Ok(target),
        None => Err(match methods(path) {
            Some(methods) => methods.refusal(),
            None => Answer::http(StatusCode::NOT_FOUND, "Not Found"),
        }),
    }
}

/// The methods of a path; `None` when nothing is there.
pub(crate) fn methods(path: ApiPath<'_>) -> Option<Methods> {
    Methods::of(targets(path).map(|target| &target.route.method))
}

/// Every path, with something in the place of its star.
#[cfg(test)]
pub(crate) fn paths() -> Vec<String> {
    let paths = |table: &[&[Route]], prefix: &str| {
        let routes = table.iter().copied().flatten();
        let paths = routes.map(|route| format!("{prefix}{}", route.path.replace('*', "x")));
        paths.collect::<Vec<_>>()
    };
    let mut all = paths(API, crate::net::addresses::API_PREFIX);
    all.extend(paths(ROOT, ""));
    all
}

/// All that a path may stand for, exact matches first.
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

/// A path, with or without the API's prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ApiPath<'p> {
    /// Below the prefix.
    Api(&'p str),
    /// Anywhere else.
    Root(&'p str),
}

impl<'p> ApiPath<'p> {
    /// Tells which it is.
    pub(crate) fn new(path: &'p str) -> Self {
        match path.strip_prefix(crate::net::addresses::API_PREFIX) {
            Some(rest) if rest.starts_with('/') => Self::Api(rest),
            _ => Self::Root(path),
        }
    }

    /// The path as journal and faults name it.
    pub(crate) fn name(self) -> &'p str {
        match self {
            Self::Api(path) | Self::Root(path) => path,
        }
    }
}

/// A request with its body.
pub(crate) struct Received<'a> {
    /// How the client reached the server.
    pub(crate) reached: Reached<'a>,
    /// The query without `?`.
    pub(crate) query: &'a str,
    /// The headers.
    pub(crate) headers: &'a HeaderMap,
    /// The body.
    pub(crate) body: &'a Bytes,
    /// The fields, when the body is a form.
    pub(crate) form: &'a [Field],
}

/// Answers a request, and says for whom.
pub(crate) fn answer(
    shared: &Shared,
    target: &Target<'_>,
    received: &Received<'_>,
) -> (Answer, Option<Caller>) {
    let call = RestCall {
        shared,
        reached: received.reached,
        argument: target.argument,
        query: received.query,
        headers: received.headers,
        body: received.body,
        form: received.form,
    };
    match target.route.handler {
        Handler::Open(handle) => (handle(&call), None),
        Handler::User(handle) => for_user(handle, &call, caller(shared, received.headers)),
        Handler::Leaving(handle) => {
            let caller = caller(shared, received.headers);
            let caller = caller.or_else(|| leaving(shared, received.headers));
            for_user(handle, &call, caller)
        }
    }
}

fn for_user(
    handle: fn(&RestCall<'_>, &Caller) -> Answer,
    call: &RestCall<'_>,
    caller: Option<Caller>,
) -> (Answer, Option<Caller>) {
    match caller {
        Some(caller) => (handle(call, &caller), Some(caller)),
        None => (Answer::token_expired(), None),
    }
}

/// Whom the token in `authorization` belonged to, if that session was told to log out. The token
/// may have expired since: the official SDK renews one only when it is refused, and with its
/// session over it no longer can.
fn leaving(shared: &Shared, headers: &HeaderMap) -> Option<Caller> {
    let token = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let claims = shared.tokens.signed(token)?;
    let user = UserId::new(&claims.sub).ok()?;
    let registration = RegistrationId(claims.registration);
    shared
        .read_core(|core| core.world().is_told_to_leave(registration))
        .then_some(Caller { user, registration })
}

/// Whom the token in `authorization` belongs to, while it is good.
fn caller(shared: &Shared, headers: &HeaderMap) -> Option<Caller> {
    caller_of(shared, headers.get(header::AUTHORIZATION)?.to_str().ok()?)
}

/// Whom a token belongs to, while it is good.
pub(crate) fn caller_of(shared: &Shared, token: &str) -> Option<Caller> {
    let claims = shared.tokens.check(Shared::now(), token)?;
    let user = UserId::new(&claims.sub).ok()?;
    let registration = RegistrationId(claims.registration);
    shared
        .read_core(|core| core.world().is_registered(&user, registration))
        .then_some(Caller { user, registration })
}

/// The fields of a form; `None` when the body is none, or a broken one.
pub(crate) async fn form(headers: &HeaderMap, body: &Bytes) -> Option<Vec<Field>> {
    let content_type = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let boundary = multer::parse_boundary(content_type).ok()?;
    let body = body.clone();
    let stream = futures_util::stream::once(async move { Ok::<_, std::convert::Infallible>(body) });
    let mut form = multer::Multipart::new(stream, boundary);
    let mut fields = Vec::new();
    while let Some(field) = form.next_field().await.ok()? {
        if fields.len() == FIELDS {
            return None;
        }
        fields.push(Field {
            name: field.name().unwrap_or_default().to_owned(),
            content_type: field.content_type().map(ToString::to_string),
            content: field.bytes().await.ok()?,
        });
    }
    Some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(method: Method, path: &str) -> u16 {
        match find(&method, ApiPath::new(path)) {
            Ok(_) => 200,
            Err(answer) => answer.http_status.as_u16(),
        }
    }

    #[test]
    fn a_path_is_found_by_its_method_and_prefix() {
        assert_eq!(status(Method::POST, "/api/v1/login"), 200);
        assert_eq!(status(Method::GET, "/api/v1/login"), 405);
        for unknown in ["/login", "/api/v1/nowhere", "/api/v1", "/api/v1login", "/"] {
            assert_eq!(status(Method::POST, unknown), 404, "{unknown}");
        }
    }

    #[test]
    fn a_star_needs_something_to_stand_for() {
        assert_eq!(status(Method::GET, "/api/v1/media/token"), 200);
        assert_eq!(status(Method::GET, "/api/v1/media/"), 405);
        let target = find(&Method::GET, ApiPath::new("/api/v1/media/token")).ok().unwrap();
        assert_eq!(target.argument, "token");
    }

    #[test]
    fn no_two_routes_are_the_same() {
        for table in [API, ROOT] {
            let mut seen = std::collections::HashSet::new();
            for route in table.iter().copied().flatten() {
                assert!(seen.insert((&route.method, route.path)), "{}", route.path);
            }
        }
    }
}

//! One REST request on its way to a feature.

use crate::core::world::{RegistrationId, World};
use crate::rest::response::Answer;
use crate::shared::Shared;
use bytes::Bytes;
use http::{HeaderMap, Method};
use mfly_proto::jid::UserId;
use serde::de::DeserializeOwned;

/// One thing that can be asked for.
pub(crate) struct Route {
    /// The method.
    pub(crate) method: Method,
    /// The path below its table's prefix. A `*` at the end stands for one or more characters.
    pub(crate) path: &'static str,
    /// How large the body may be.
    pub(crate) body: BodyLimit,
    /// What is asked before the body is read, beside a user's token.
    pub(crate) admission: Option<Admission>,
    /// Who answers.
    pub(crate) handler: Handler,
}

/// Refuses a request by what stands in the place of its route's `*`.
pub(crate) type Admission = fn(&Shared, &str) -> Result<(), Answer>;

impl Route {
    /// A request that anybody may send.
    pub(crate) const fn open(
        method: Method,
        path: &'static str,
        handler: fn(&RestCall<'_>) -> Answer,
    ) -> Self {
        Self {
            method,
            path,
            body: BodyLimit::Small,
            admission: None,
            handler: Handler::Open(handler),
        }
    }

    /// A request that needs a token.
    pub(crate) const fn user(
        method: Method,
        path: &'static str,
        handler: fn(&RestCall<'_>, &Caller) -> Answer,
    ) -> Self {
        Self {
            method,
            path,
            body: BodyLimit::Small,
            admission: None,
            handler: Handler::User(handler),
        }
    }

    /// A request that needs a token, or the one of a session that was told to log out.
    pub(crate) const fn leaving(
        method: Method,
        path: &'static str,
        handler: fn(&RestCall<'_>, &Caller) -> Answer,
    ) -> Self {
        let mut route = Self::user(method, path, handler);
        route.handler = Handler::Leaving(handler);
        route
    }

    /// The same with a file as its body.
    pub(crate) const fn with_file(mut self) -> Self {
        self.body = BodyLimit::File;
        self
    }

    /// The same, refused by `admission` before its body is read.
    pub(crate) const fn admitting(mut self, admission: Admission) -> Self {
        self.admission = Some(admission);
        self
    }
}

/// How large a body may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyLimit {
    /// 256 KiB.
    Small,
    /// A media file and what is wrapped around it.
    File,
}

/// Who answers, and what that needs.
pub(crate) enum Handler {
    /// No token is needed.
    Open(fn(&RestCall<'_>) -> Answer),
    /// Answered for one user.
    User(fn(&RestCall<'_>, &Caller) -> Answer),
    /// Answered for one user, whose session may have been ended from afar.
    Leaving(fn(&RestCall<'_>, &Caller) -> Answer),
}

/// Whom a good token belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The user.
    pub(crate) user: UserId,
    /// The device.
    pub(crate) registration: RegistrationId,
}

/// A field of a form.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    /// Its name.
    pub(crate) name: String,
    /// Its MIME type, when it is a file.
    pub(crate) content_type: Option<String>,
    /// Its content.
    pub(crate) content: Bytes,
}

/// How a client reached the server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reached<'a> {
    /// Whether over TLS.
    pub(crate) is_secure: bool,
    /// The host and port that it asked for, if it named any.
    pub(crate) host: Option<&'a str>,
}

/// A request, read completely.
pub(crate) struct RestCall<'a> {
    /// The server.
    pub(crate) shared: &'a Shared,
    /// How the client reached it.
    pub(crate) reached: Reached<'a>,
    /// What stood in the place of the route's `*`.
    pub(crate) argument: &'a str,
    /// The query without `?`.
    pub(crate) query: &'a str,
    /// The headers.
    pub(crate) headers: &'a HeaderMap,
    /// The body.
    pub(crate) body: &'a Bytes,
    /// The fields, when the body is a form.
    pub(crate) form: &'a [Field],
}

impl RestCall<'_> {
    /// Lets `work` look at the world.
    pub(crate) fn world<R>(&self, work: impl FnOnce(&World) -> R) -> R {
        self.shared.read_core(|core| work(core.world()))
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// The answer that says what is wrong.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Answer> {
        serde_json::from_slice(self.body).map_err(|_| Answer::invalid("Invalid request"))
    }

    /// A field of the form.
    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        self.form.iter().find(|field| field.name == name)
    }

    /// The first value of `name` in the query, decoded.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        mfly_api::query::first(self.query, name)
    }

    /// Where the client reached this server: scheme, host and port.
    ///
    /// The client's own `Host` counts, so that addresses in answers work through port forwards and
    /// between containers, too.
    pub(crate) fn origin(&self) -> String {
        match (self.reached.host, self.reached.is_secure) {
            (Some(host), true) => format!("https://{host}"),
            (Some(host), false) => format!("http://{host}"),
            (None, true) => self.shared.addresses.origin_tls().unwrap_or_default(),
            (None, false) => self.shared.addresses.origin(),
        }
    }
}

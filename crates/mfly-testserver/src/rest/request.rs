//! A REST request as its handler gets it.

pub(crate) mod form;

use crate::core::world::World;
use crate::rest::response::RestResponse;
use crate::state::ServerState;
use bytes::Bytes;
use form::Field;
use http::HeaderMap;
use serde::de::DeserializeOwned;

/// How a client reached the server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reached<'a> {
    /// Whether the connection uses TLS.
    pub(crate) is_secure: bool,
    /// The host and port that the request is for, if it names them.
    pub(crate) host: Option<&'a str>,
}

/// A request with its whole body.
pub(crate) struct RestCall<'a> {
    pub(crate) state: &'a ServerState,
    pub(crate) reached: Reached<'a>,
    /// The text in the place of the route's `*`.
    pub(crate) argument: &'a str,
    /// The query without `?`.
    pub(crate) query: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a Bytes,
    /// The fields, if the body is a form.
    pub(crate) form: &'a [Field],
}

impl RestCall<'_> {
    /// Lets `work` read the world.
    pub(crate) fn world<R>(&self, work: impl FnOnce(&World) -> R) -> R {
        self.state.read_core(|core| work(core.world()))
    }

    /// Reads the body as JSON.
    ///
    /// # Errors
    /// The response to a body that is not the JSON of a `T`.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, RestResponse> {
        serde_json::from_slice(self.body).map_err(|_| RestResponse::invalid("Invalid request"))
    }

    /// The first field of the form that has this name.
    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        self.form.iter().find(|field| field.name == name)
    }

    /// The first value of `name` in the query, decoded.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        mfly_api::query::first(self.query, name)
    }

    /// Scheme, host and port of this server, as the client reached it.
    ///
    /// They come from the request's own `Host`, so that addresses in responses also work through
    /// port forwards and between containers.
    pub(crate) fn origin(&self) -> String {
        match (self.reached.host, self.reached.is_secure) {
            (Some(host), true) => format!("https://{host}"),
            (Some(host), false) => format!("http://{host}"),
            (None, true) => self.state.addresses.origin_tls().unwrap_or_default(),
            (None, false) => self.state.addresses.origin(),
        }
    }
}

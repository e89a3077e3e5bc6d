//! A REST request as its handler gets it.

pub(crate) mod form;

use crate::core::world::World;
use crate::net::addresses::ListenerKind;
use crate::net::forwarded::Reached;
use crate::rest::response::RestResponse;
use crate::state::ServerState;
use bytes::Bytes;
use form::Field;
use http::HeaderMap;
use serde::de::DeserializeOwned;

/// A request with its whole body.
pub(crate) struct RestCall<'a> {
    pub(crate) state: &'a ServerState,
    pub(crate) reached: &'a Reached,
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

    /// Scheme, host and port of this server, as the client reached it or as it is advertised.
    ///
    /// They come from the request's own `Host`, so that addresses in responses also work through
    /// port forwards and between containers.
    pub(crate) fn origin(&self) -> String {
        let Reached { is_secure, host } = self.reached;
        let addresses = &self.state.addresses;
        match (addresses.advertised_origin(*is_secure), host) {
            (Some(origin), _) => origin,
            (None, Some(host)) if *is_secure => format!("https://{host}"),
            (None, Some(host)) => format!("http://{host}"),
            (None, None) if *is_secure => addresses.origin_tls().unwrap_or_default(),
            (None, None) => addresses.origin(),
        }
    }

    /// The port for XMPP over WebSocket in configurations. Clients use TLS there if it is offered,
    /// by this server or by a proxy.
    pub(crate) fn xmpp_port_web(&self) -> Option<u16> {
        let addresses = &self.state.addresses;
        let of_proxy = || self.reached.tls_port().filter(|_| addresses.trusts_forwarded);
        let tls = addresses.advertised_tls_port().or_else(of_proxy);
        let tls = tls.or_else(|| addresses.port(ListenerKind::Https));
        tls.or_else(|| addresses.port(ListenerKind::Http))
    }
}

//! `GET /users/config`. Registration returns the configuration, too.

use crate::net::addresses::ListenerKind;
use crate::rest::caller::Caller;
use crate::rest::request::RestCall;
use crate::rest::response::{RestResponse, RestResult};
use crate::rest::route::Route;
use http::Method;
use mfly_api::endpoint::config::ServerConfig;
use mfly_proto::cipher::ConfigCipher;

pub(crate) const ROUTES: &[Route] = &[Route::user(Method::GET, "/users/config", config)];

/// How long a call may try to reconnect, in seconds.
const CALL_RECONNECTION: u32 = 30;

fn config(call: &RestCall<'_>, caller: &Caller) -> RestResult {
    let json = serde_json::to_string(&current(call)).map_err(|_| RestResponse::internal_error())?;
    Ok(RestResponse::success(ConfigCipher::new(caller.user.as_str()).seal(&json)))
}

/// The current configuration. Its first six members are always sent, empty ones as empty text: the
/// official SDK reads a missing one as `undefined`.
pub(crate) fn current(call: &RestCall<'_>) -> ServerConfig {
    call.world(|world| ServerConfig {
        xmpp_host: Some(world.settings.xmpp_host.clone()),
        xmpp_port_web: call.xmpp_port_web(),
        // Native apps connect to this port.
        xmpp_port: call.state.addresses.port(ListenerKind::Xmpp),
        signal_server: Some(if world.settings.announces_signalling {
            call.origin()
        } else {
            String::new()
        }),
        call_routing_server: Some(String::new()),
        iv: Some(world.settings.iv.clone()),
        iv_profile: Some(world.settings.iv_profile.clone()),
        call_reconnection_time_out: Some(CALL_RECONNECTION),
        features: world.settings.features,
        ..ServerConfig::default()
    })
}

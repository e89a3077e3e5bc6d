//! The server's configuration: hosts, keys and features.
//!
//! `GET /users/config`, or part of the answer to a registration. Wire form:
//! [`mfly_api::endpoint::config`].

use crate::error::{Error, ErrorKind, Result};
use crate::quirks::Quirks;
use mfly_api::endpoint::config::ServerConfig;
use mfly_proto::argument::InvalidArgument;
use mfly_proto::cipher::Iv;
use mfly_proto::secret::LicenceKey;
use mfly_transport::Address;

/// Where to connect: the override, or what the configuration names.
pub(crate) fn xmpp_address(
    config: &ServerConfig,
    quirks: Quirks,
    chosen: Option<&Address>,
) -> Result<Address> {
    if let Some(address) = chosen {
        return Ok(address.clone());
    }
    let host = config.xmpp_host.as_deref().ok_or_else(|| missing("xmppHost"))?;
    let port = config.xmpp_port_web.ok_or_else(|| missing("xmppPortWeb"))?;
    Address::websocket(host, port, quirks.websocket_tls).map_err(unusable)
}

/// The XMPP domain of all users. The official SDK takes the host for it; an override of the address
/// does not change it.
pub(crate) fn xmpp_host(config: &ServerConfig, address: &Address) -> String {
    config.xmpp_host.clone().unwrap_or_else(|| address.host().to_owned())
}

/// The IV of private profile fields.
pub(crate) fn profile_iv(
    config: &ServerConfig,
    quirks: Quirks,
    licence_key: &LicenceKey,
) -> Result<Iv> {
    let text = match config.iv_profile.as_deref() {
        Some(iv) => iv,
        None if quirks.profile_iv_is_licence_key => licence_key.expose(),
        None => "",
    };
    Iv::new(text).map_err(unusable)
}

/// The IV of message media.
pub(crate) fn media_iv(config: &ServerConfig) -> Result<Iv> {
    config.iv.as_deref().map_or(Ok(Iv::REQUEST), Iv::new).map_err(unusable)
}

fn missing(name: &'static str) -> Error {
    unusable(InvalidArgument::new(name, "is missing from the server's configuration"))
}

/// The server's fault, although it looks like a wrong argument.
fn unusable(argument: InvalidArgument) -> Error {
    Error::new(ErrorKind::UnexpectedAnswer, argument)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> ServerConfig {
        ServerConfig {
            xmpp_host: Some("xmpp.example.test".to_owned()),
            xmpp_port_web: Some(5443),
            ..ServerConfig::default()
        }
    }

    #[test]
    fn the_configured_host_is_dialled_over_tls() {
        let address = xmpp_address(&config(), Quirks::default(), None).unwrap();
        assert_eq!(address.to_string(), "wss://xmpp.example.test:5443/websocket");
    }

    #[test]
    fn an_override_changes_the_address_but_not_the_domain() {
        let chosen = "ws://127.0.0.1:8117/websocket".parse().unwrap();
        let address = xmpp_address(&config(), Quirks::default(), Some(&chosen)).unwrap();
        assert_eq!(address, chosen);
        assert_eq!(xmpp_host(&config(), &address), "xmpp.example.test");
    }

    #[test]
    fn a_configuration_without_host_is_the_servers_fault() {
        let error = xmpp_address(&ServerConfig::default(), Quirks::default(), None).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::UnexpectedAnswer);
        assert_eq!(error.fault(), crate::Fault::Server);
    }

    #[test]
    fn without_a_profile_iv_the_licence_key_serves_unless_the_quirk_is_off() {
        let key = LicenceKey::new("TestLicenceKey0123456789abcdef").unwrap();
        let iv = |quirks| profile_iv(&config(), quirks, &key).unwrap();
        assert_eq!(iv(Quirks::default()), Iv::new("TestLicenceKey01").unwrap());
        let zero = Quirks { profile_iv_is_licence_key: false, ..Quirks::default() };
        assert_eq!(iv(zero), Iv::new("").unwrap());
    }
}

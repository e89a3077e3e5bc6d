//! The server that the clients use.

use super::{BoxError, Channel, Place};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;

/// A server, an account, and the authorities to trust.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// Addresses with a scheme: `xmpp://` (STARTTLS and clear text), `tcp://` (clear text only),
    /// `starttls://` (STARTTLS only), `xmpps://` (direct TLS), or `ws://` (WebSocket in the clear,
    /// at the usual path).
    pub servers: Vec<String>,
    /// Addresses of a server that offers SASL2, too.
    pub sasl2_servers: Vec<String>,
    /// The server's XMPP domain, which its certificate must name.
    pub domain: String,
    /// The account's name in the domain.
    pub user: String,
    /// The account's password.
    pub password: String,
    /// A file with the certificates (PEM) to trust instead of the system's.
    pub ca: Option<PathBuf>,
    /// The REST API, where the server has one.
    pub platform: Option<Platform>,
}

/// The addresses and the licence key of a platform server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Platform {
    /// The base address of the REST API.
    pub api: String,
    /// The address of the WebSocket.
    pub websocket: String,
    /// The licence key.
    pub licence: String,
}

impl Target {
    /// Reads the arguments of [`to_arguments`](Self::to_arguments); others are ignored.
    pub fn from_arguments(arguments: &[String]) -> Result<Option<Self>, BoxError> {
        let mut target = Self::default();
        let (mut api, mut websocket, mut licence) = (None, None, None);
        let mut rest = arguments.iter();
        while let Some(option) = rest.next() {
            let mut value = || rest.next().cloned().ok_or(format!("{option} needs a value"));
            match option.as_str() {
                "--server" => target.servers.push(value()?),
                "--sasl2-server" => target.sasl2_servers.push(value()?),
                "--domain" => target.domain = value()?,
                "--user" => target.user = value()?,
                "--password" => target.password = value()?,
                "--ca" => target.ca = Some(value()?.into()),
                "--api" => api = Some(value()?),
                "--websocket" => websocket = Some(value()?),
                "--licence" => licence = Some(value()?),
                _ => {}
            }
        }
        if let (Some(api), Some(websocket), Some(licence)) = (api, websocket, licence) {
            target.platform = Some(Platform { api, websocket, licence });
        }
        if target.servers.is_empty() && target.sasl2_servers.is_empty() {
            return Ok(None);
        }
        for (option, value) in [
            ("--domain", &target.domain),
            ("--user", &target.user),
            ("--password", &target.password),
        ] {
            if value.is_empty() {
                return Err(format!("--server needs {option}, too").into());
            }
        }
        Ok(Some(target))
    }

    /// The arguments that describe this target.
    pub fn to_arguments(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        let mut add = |option: &str, value: &str| {
            arguments.extend([option.to_owned(), value.to_owned()]);
        };
        for server in &self.servers {
            add("--server", server);
        }
        for server in &self.sasl2_servers {
            add("--sasl2-server", server);
        }
        add("--domain", &self.domain);
        add("--user", &self.user);
        add("--password", &self.password);
        if let Some(ca) = &self.ca {
            add("--ca", &ca.to_string_lossy());
        }
        if let Some(platform) = &self.platform {
            add("--api", &platform.api);
            add("--websocket", &platform.websocket);
            add("--licence", &platform.licence);
        }
        arguments
    }

    /// Whether standard accounts can use its WebSocket.
    pub fn has_websocket(&self) -> bool {
        let mut servers = self.servers.iter().chain(&self.sasl2_servers);
        servers.any(|server| server.starts_with("ws://"))
    }

    /// The bare address of the account.
    pub fn account(&self) -> String {
        format!("{}@{}", self.user, self.domain)
    }

    /// Where the server listens, by channel.
    pub fn places(&self) -> Result<Vec<Place>, BoxError> {
        let mut places = Vec::new();
        let servers = self.servers.iter().map(|server| (server, false));
        let sasl2_servers = self.sasl2_servers.iter().map(|server| (server, true));
        for (server, sasl2) in servers.chain(sasl2_servers) {
            let (scheme, authority) = split(server)?;
            let address = resolve(authority)?;
            let channels: &[Channel] = match scheme {
                "xmpp" => &[Channel::ClearText, Channel::StartTls],
                "tcp" => &[Channel::ClearText],
                "starttls" => &[Channel::StartTls],
                "xmpps" => &[Channel::DirectTls],
                "ws" => &[Channel::WebSocket],
                _ => {
                    return Err(format!("'{server}' is none of xmpp://, xmpps:// and ws://").into());
                }
            };
            places.extend(channels.iter().map(|channel| Place {
                channel: *channel,
                sasl2,
                address,
            }));
        }
        if let Some(platform) = &self.platform {
            let (_, rest) = split(&platform.websocket)?;
            let authority = rest.split('/').next().unwrap_or(rest);
            places.push(Place {
                channel: Channel::WebSocket,
                sasl2: false,
                address: resolve(authority)?,
            });
        }
        Ok(places)
    }
}

fn split(address: &str) -> Result<(&str, &str), BoxError> {
    address
        .split_once("://")
        .ok_or_else(|| format!("'{address}' has no scheme; write xmpp://host:port").into())
}

/// Prefers IPv4, where a server on loopback surely listens.
fn resolve(authority: &str) -> Result<SocketAddr, BoxError> {
    let addresses: Vec<SocketAddr> = authority
        .to_socket_addrs()
        .map_err(|error| format!("'{authority}': {error}; write host:port"))?
        .collect();
    let first = addresses.iter().find(|address| address.is_ipv4());
    first
        .or(addresses.first())
        .copied()
        .ok_or_else(|| format!("'{authority}' has no address").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> Target {
        Target {
            servers: vec!["xmpp://127.0.0.1:5222".to_owned(), "xmpps://127.0.0.1:5223".to_owned()],
            sasl2_servers: vec!["tcp://127.0.0.1:5224".to_owned()],
            domain: "xmpp.test".to_owned(),
            user: "u0".to_owned(),
            password: "secret".to_owned(),
            ca: Some("ca.pem".into()),
            platform: Some(Platform {
                api: "http://127.0.0.1:80/".to_owned(),
                websocket: "ws://127.0.0.1:81/ws".to_owned(),
                licence: "key".to_owned(),
            }),
        }
    }

    #[test]
    fn a_target_survives_the_way_through_arguments() {
        let mut arguments = vec!["--bench".to_owned(), "--quick".to_owned()];
        arguments.extend(target().to_arguments());
        let read = Target::from_arguments(&arguments).unwrap();
        assert_eq!(read, Some(target()));
    }

    #[test]
    fn without_a_server_there_is_no_target_and_half_a_target_is_an_error() {
        assert_eq!(Target::from_arguments(&["--quick".to_owned()]).unwrap(), None);
        let server = ["--server".to_owned(), "xmpp://127.0.0.1:1".to_owned()];
        let error = Target::from_arguments(&server).unwrap_err();
        assert_eq!(error.to_string(), "--server needs --domain, too");
        assert!(Target::from_arguments(&["--domain".to_owned()]).is_err());
    }

    #[test]
    fn a_clear_port_is_two_ways_in_and_a_tls_port_one() {
        let places = target().places().unwrap();
        let ways: Vec<(Channel, bool, u16)> =
            places.iter().map(|place| (place.channel, place.sasl2, place.address.port())).collect();
        assert_eq!(
            ways,
            [
                (Channel::ClearText, false, 5222),
                (Channel::StartTls, false, 5222),
                (Channel::DirectTls, false, 5223),
                (Channel::ClearText, true, 5224),
                (Channel::WebSocket, false, 81),
            ]
        );
    }

    #[test]
    fn an_address_without_a_scheme_or_with_another_is_refused() {
        for server in ["127.0.0.1:5222", "http://127.0.0.1:5222", "xmpp://127.0.0.1"] {
            let target = Target { servers: vec![server.to_owned()], ..target() };
            assert!(target.places().is_err(), "{server}");
        }
    }
}

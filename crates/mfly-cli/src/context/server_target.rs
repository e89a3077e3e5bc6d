//! Which server is meant: a flag, else an environment variable, else a saved profile, else the
//! local server.

use crate::arguments::TargetArgs;
use crate::exit::Failure;
use crate::file;
use crate::store::{Profile, Profiles, Store};
use mfly_client::{BaseUrl, Tls};
use std::path::{Path, PathBuf};

/// The address where `mfly serve` listens by default.
pub(crate) const LOCAL_API_URL: &str = "http://127.0.0.1:8117/api/v1";

/// The addresses of a server. Commands that need neither licence nor account use only this.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ServerTarget {
    pub(crate) api_url: BaseUrl,
    /// The XMPP address, where it is known without an account's configuration.
    pub(crate) xmpp_url: Option<String>,
    /// A file of further certificate authorities.
    pub(crate) ca_file: Option<PathBuf>,
}

/// A profile that was chosen, and its name.
pub(super) type Chosen<'a> = (Option<String>, Option<&'a Profile>);

impl ServerTarget {
    /// Chooses the server that every command uses.
    pub(crate) fn new(args: &TargetArgs) -> Result<Self, Failure> {
        let profiles = Store::of_user()?.load()?;
        let (_, saved) = choose(args, &profiles)?;
        let mut target = Self::of(args, saved)?;
        target.xmpp_url = target.known_xmpp_url();
        Ok(target)
    }

    /// The addresses in the arguments, completed by those of a profile.
    pub(super) fn of(args: &TargetArgs, saved: Option<&Profile>) -> Result<Self, Failure> {
        let api_url = match &args.api_url {
            Some(url) => url.clone(),
            None => BaseUrl::new(saved.map_or(LOCAL_API_URL, |saved| &saved.api_url))?,
        };
        let xmpp_url = args.xmpp_url.clone().or_else(|| saved?.xmpp_url.clone());
        let ca_file = args.ca_file.clone().or_else(|| saved?.ca_file.as_ref().map(PathBuf::from));
        Ok(Self { api_url, xmpp_url, ca_file })
    }

    /// Whether this is the server that `mfly serve` starts by default.
    pub(super) fn is_default(&self) -> bool {
        self.api_url.as_str() == LOCAL_API_URL
    }

    /// Whether this is a plain HTTP server on this machine: a local test server.
    pub(super) fn is_local(&self) -> bool {
        !self.api_url.is_tls() && self.api_url.is_loopback()
    }

    /// The XMPP address. A local test server has its WebSocket on the port of its API.
    pub(super) fn known_xmpp_url(&self) -> Option<String> {
        self.xmpp_url.clone().or_else(|| {
            let authority = self.api_url.origin().authority();
            self.is_local().then(|| format!("ws://{authority}/websocket"))
        })
    }
}

/// Chooses the saved profile that the arguments name, or else the one that was saved last.
pub(super) fn choose<'a>(args: &TargetArgs, profiles: &'a Profiles) -> Result<Chosen<'a>, Failure> {
    let url = args.api_url.as_ref().map(BaseUrl::as_str);
    let Some(name) = args.profile.as_deref().filter(|name| !name.is_empty()) else {
        let name = match url {
            Some(url) => profiles.name_for(url),
            None => profiles.current(),
        };
        return Ok((name.map(str::to_owned), name.and_then(|name| profiles.named(name))));
    };
    match (profiles.named(name), url) {
        (Some(saved), Some(url)) if saved.api_url != url => Err(Failure::usage(
            format!("profile {name} is for {}, not for {url}", saved.api_url),
            "name another profile, or leave out --api-url",
        )),
        (None, None) => {
            let known: Vec<_> = profiles.names().collect();
            let hint = match known.as_slice() {
                [] => "name a server with --api-url to make it".to_owned(),
                known => format!("saved are: {}", known.join(", ")),
            };
            Err(Failure::usage(format!("no profile {name} is saved"), hint))
        }
        (saved, _) => Ok((Some(name.to_owned()), saved)),
    }
}

/// Trusts the authorities of the system and those of a file.
pub(crate) async fn trust(ca_file: Option<&Path>) -> Result<Tls, Failure> {
    Ok(match ca_file {
        Some(path) => Tls::platform_plus(&file::read(path).await?)?,
        None => Tls::platform(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(api_url: Option<&str>, xmpp_url: Option<&str>) -> TargetArgs {
        TargetArgs {
            api_url: api_url.map(|url| BaseUrl::new(url).unwrap()),
            xmpp_url: xmpp_url.map(str::to_owned),
            ..TargetArgs::default()
        }
    }

    fn target(args: &TargetArgs, profiles: &Profiles) -> ServerTarget {
        ServerTarget::of(args, choose(args, profiles).unwrap().1).unwrap()
    }

    #[test]
    fn a_flag_precedes_a_profile_and_a_profile_precedes_the_local_server() {
        let mut profiles = Profiles::default();
        let local = target(&args(None, None), &profiles);
        assert_eq!(local.api_url.as_str(), LOCAL_API_URL);

        let url = "https://api.example.test/api/v1";
        let mut saved = Profile::new(url.to_owned());
        saved.xmpp_url = Some("wss://saved.example.test/websocket".to_owned());
        saved.ca_file = Some("/saved.pem".to_owned());
        profiles.put("work", saved);
        let found = target(&args(None, None), &profiles);
        assert_eq!(found.ca_file, Some(PathBuf::from("/saved.pem")));
        let other = "https://other.example.test/api/v1";
        for (args, api_url, xmpp_url) in [
            (args(None, None), url, Some("wss://saved.example.test/websocket")),
            (args(Some("https://other.example.test/api/v1/"), None), other, None),
            (args(Some(url), Some("xmpps://a.example")), url, Some("xmpps://a.example")),
        ] {
            let found = target(&args, &profiles);
            assert_eq!((found.api_url.as_str(), found.xmpp_url.as_deref()), (api_url, xmpp_url));
        }
    }

    #[test]
    fn only_a_plain_server_on_this_machine_has_its_websocket_on_the_same_port() {
        for (api_url, expected) in [
            ("http://127.0.0.1:8117/api/v1", Some("ws://127.0.0.1:8117/websocket")),
            ("http://[::1]:81/api/v1", Some("ws://[::1]:81/websocket")),
            ("http://localhost", Some("ws://localhost/websocket")),
            ("http://127.0.0.1.evil.test/api/v1", None),
            ("http://api.example.test/api/v1", None),
            ("https://127.0.0.1:8117/api/v1", None),
        ] {
            let target = target(&args(Some(api_url), None), &Profiles::default());
            assert_eq!(target.known_xmpp_url().as_deref(), expected, "{api_url}");
        }
    }
}

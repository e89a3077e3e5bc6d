//! Where a server is, for commands that need no licence and no account.

use super::{api_url, choose, local_xmpp_url};
use crate::args::TargetArgs;
use crate::exit::Failure;
use crate::file;
use crate::store::{Profiles, Store};
use mfly_client::{BaseUrl, Tls};
use std::path::{Path, PathBuf};

/// Where a server is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Its API base URL.
    pub(crate) api_url: BaseUrl,
    /// Its XMPP address, where that is known without asking for an account's configuration.
    pub(crate) xmpp_url: Option<String>,
    /// A file of further certificate authorities.
    pub(crate) ca_file: Option<PathBuf>,
}

impl Place {
    /// Decides between flags, environment and what is saved, as for every other command.
    ///
    /// # Errors
    /// When what is saved cannot be read or contradicts the flags.
    pub(crate) fn new(args: &TargetArgs) -> Result<Self, Failure> {
        Self::decide(args, &Store::of_user()?.load()?)
    }

    fn decide(args: &TargetArgs, profiles: &Profiles) -> Result<Self, Failure> {
        let (_, saved) = choose(args, profiles)?;
        let api_url = api_url(args, saved)?;
        let xmpp_url = args.xmpp_url.clone();
        let ca_file = args.ca_file.clone();
        Ok(Self {
            xmpp_url: xmpp_url
                .or_else(|| saved.and_then(|saved| saved.xmpp_url.clone()))
                .or_else(|| local_xmpp_url(&api_url)),
            ca_file: ca_file
                .or_else(|| saved.and_then(|saved| saved.ca_file.as_ref().map(PathBuf::from))),
            api_url,
        })
    }
}

/// Trusts what the system trusts, and the authorities of a file.
///
/// # Errors
/// When the file cannot be read, or holds no certificates.
pub(crate) async fn trust(ca_file: Option<&Path>) -> Result<Tls, Failure> {
    Ok(match ca_file {
        Some(path) => Tls::platform_plus(&file::read(path).await?)?,
        None => Tls::platform(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::LOCAL_API_URL;
    use super::*;
    use crate::store::Profile;
    use std::time::Duration;

    fn args(api_url: Option<&str>, xmpp_url: Option<&str>) -> TargetArgs {
        TargetArgs {
            api_url: api_url.map(|url| BaseUrl::new(url).unwrap()),
            licence_key: None,
            trial: false,
            xmpp_url: xmpp_url.map(str::to_owned),
            ca_file: None,
            proxy: None,
            user: None,
            profile: None,
            timeout: Duration::from_secs(1),
        }
    }

    fn xmpp_url(args: &TargetArgs, profiles: &Profiles) -> (String, Option<String>) {
        let place = Place::decide(args, profiles).unwrap();
        (place.api_url.to_string(), place.xmpp_url)
    }

    #[test]
    fn a_flag_goes_before_what_is_saved_and_that_before_the_local_server() {
        let mut profiles = Profiles::default();
        let local = (LOCAL_API_URL.to_owned(), Some("ws://127.0.0.1:8117/websocket".to_owned()));
        assert_eq!(xmpp_url(&args(None, None), &profiles), local);

        let url = "https://api.example.test/api/v1";
        let mut saved = Profile::new(url.to_owned());
        saved.xmpp_url = Some("wss://saved.example.test/websocket".to_owned());
        saved.ca_file = Some("/saved.pem".to_owned());
        profiles.put("work", saved);
        let found = Place::decide(&args(None, None), &profiles).unwrap();
        assert_eq!(found.api_url.as_str(), url);
        assert_eq!(found.xmpp_url.as_deref(), Some("wss://saved.example.test/websocket"));
        assert_eq!(found.ca_file, Some(PathBuf::from("/saved.pem")));

        let elsewhere = args(Some("https://other.example.test/api/v1/"), None);
        assert_eq!(
            xmpp_url(&elsewhere, &profiles),
            ("https://other.example.test/api/v1".to_owned(), None)
        );
        let named = args(Some(url), Some("xmpps://a.example"));
        assert_eq!(
            xmpp_url(&named, &profiles),
            (url.to_owned(), Some("xmpps://a.example".to_owned()))
        );
    }
}

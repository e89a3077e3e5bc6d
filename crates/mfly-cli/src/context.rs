//! Which server and which account: a flag, else an environment variable, else what is saved, else
//! the local server.

mod place;
mod saving;

pub(crate) use place::{Place, trust};
pub(crate) use saving::Saving;

use crate::args::TargetArgs;
use crate::exit::Failure;
use crate::store::{Profile, Profiles, Store};
use mfly_client::{
    App, BaseUrl, Credentials, ErrorKind, InvalidArgument, LicenceKey, Password, Proxy,
    ReconnectPolicy, Session, Timeouts, Token, UserId,
};
use std::future::IntoFuture;
use std::path::PathBuf;
use std::time::Duration;

/// Where `mfly serve` listens unless told otherwise.
pub(crate) const LOCAL_API_URL: &str = "http://127.0.0.1:8117/api/v1";

/// What `mfly serve` takes as licence key unless told otherwise. It opens nothing else.
pub(crate) const LOCAL_LICENCE_KEY: &str = "MflyLocalLicenceKey0123456789abc";

/// Holds a password for an account that is not saved. Not a flag: other users of a machine can see
/// those.
const PASSWORD_VARIABLE: &str = "MFLY_PASSWORD";

/// A server and an account.
#[derive(Debug)]
pub(crate) struct Context {
    store: Store,
    /// The name that the server is or will be saved under.
    pub(crate) profile: String,
    /// The server's API base URL.
    pub(crate) api_url: BaseUrl,
    licence_key: LicenceKey,
    trial: bool,
    xmpp_url: Option<String>,
    ca_file: Option<PathBuf>,
    proxy: Option<Proxy>,
    user: Option<UserId>,
    password: Option<Password>,
    token: Option<Token>,
    /// The deadline of each request.
    pub(crate) timeout: Duration,
}

impl Context {
    /// Decides between flags, environment and what is saved.
    ///
    /// # Errors
    /// When what is saved cannot be read or contradicts the flags, or no licence key is known.
    pub(crate) fn new(args: &TargetArgs) -> Result<Self, Failure> {
        Self::decide(args, given_password()?, Store::of_user()?)
    }

    fn decide(
        args: &TargetArgs,
        password: Option<Password>,
        store: Store,
    ) -> Result<Self, Failure> {
        let profiles = store.load()?;
        let (name, saved) = choose(args, &profiles)?;
        let api_url = api_url(args, saved)?;
        let licence_key =
            args.licence_key.clone().or_else(|| saved.and_then(|saved| saved.licence_key.clone()));
        let licence_key = match licence_key {
            Some(key) => key,
            None if api_url.as_str() == LOCAL_API_URL => LicenceKey::new(LOCAL_LICENCE_KEY)?,
            None => {
                return Err(Failure::NoCredentials {
                    message: format!("no licence key for {api_url}"),
                    hint: "pass --licence-key, or set MFLY_LICENCE_KEY".to_owned(),
                });
            }
        };
        let user = match (&args.user, saved.and_then(|saved| saved.user.as_deref())) {
            (Some(user), _) => Some(user.clone()),
            (None, Some(user)) => Some(UserId::new(user)?),
            (None, None) => None,
        };
        let account =
            user.as_ref().and_then(|user| saved.and_then(|saved| saved.account(user.as_str())));
        Ok(Self {
            profile: name.unwrap_or_else(|| free_name(&api_url, &profiles)),
            licence_key,
            trial: args.trial || saved.is_some_and(|saved| saved.trial),
            xmpp_url: args
                .xmpp_url
                .clone()
                .or_else(|| saved.and_then(|saved| saved.xmpp_url.clone())),
            ca_file: args
                .ca_file
                .clone()
                .or_else(|| saved.and_then(|saved| saved.ca_file.as_ref().map(PathBuf::from))),
            proxy: args.proxy.clone(),
            password: password.or_else(|| account.map(|account| account.password.clone())),
            token: account.and_then(|account| account.token.clone()),
            user,
            api_url,
            timeout: args.timeout,
            store,
        })
    }

    /// The app: no request is made yet.
    ///
    /// # Errors
    /// When a value is not acceptable or the file of certificate authorities cannot be read.
    pub(crate) async fn app(&self) -> Result<App, Failure> {
        let mut timeouts = Timeouts::default();
        timeouts.rest = self.timeout;
        let mut builder = App::builder(self.licence_key.clone())
            .api_base_url(self.api_url.as_str())
            .trial(self.trial)
            .timeouts(timeouts);
        if let Some(url) = self.xmpp_url.clone().or_else(|| local_xmpp_url(&self.api_url)) {
            builder = builder.xmpp_address(&url);
        }
        if let Some(path) = &self.ca_file {
            builder = builder.tls(trust(Some(path)).await?);
        }
        if let Some(proxy) = &self.proxy {
            builder = builder.proxy(proxy.clone());
        }
        Ok(builder.build().await?)
    }

    /// What to connect with.
    ///
    /// # Errors
    /// When no account is saved for this server.
    pub(crate) fn credentials(&self) -> Result<Credentials, Failure> {
        let missing = |message| {
            let hint = "register one with `mfly register NAME`".to_owned();
            Err(Failure::NoCredentials { message, hint })
        };
        match (&self.user, &self.password) {
            (Some(user), Some(password)) => Ok(Credentials::new(user.clone(), password.clone())),
            (Some(user), None) => {
                missing(format!("no password is saved for {user} at {}", self.api_url))
            }
            (None, _) => missing(format!("no account is saved for {}", self.api_url)),
        }
    }

    /// Connects the account, does `work`, and closes the connection.
    ///
    /// The connection is not repaired when it breaks: a command is short, and says so instead.
    ///
    /// # Errors
    /// When there are no credentials, connecting fails, or `work` does.
    pub(crate) async fn in_session<T>(
        &self,
        work: impl AsyncFnOnce(&Session) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let credentials = self.credentials()?;
        let request = self.app().await?.connect(&credentials).reconnect(ReconnectPolicy::never());
        let session = self.within(request.request_timeout(self.timeout)).await?;
        self.use_token(&session);
        let done = work(&session).await;
        session.close().await;
        done
    }

    /// Lets a session use the saved token, if there is one.
    pub(crate) fn use_token(&self, session: &Session) {
        if let Some(token) = &self.token {
            session.set_user_token(token.clone());
        }
    }

    /// Waits for an operation, no longer than for an answer.
    ///
    /// # Errors
    /// When it fails or takes too long.
    pub(crate) async fn within<T>(
        &self,
        operation: impl IntoFuture<Output = mfly_client::Result<T>>,
    ) -> Result<T, Failure> {
        match tokio::time::timeout(self.timeout, operation.into_future()).await {
            Ok(done) => Ok(done?),
            Err(_) => Err(mfly_client::Error::from(ErrorKind::Timeout).into()),
        }
    }

    /// Where accounts are saved.
    pub(crate) fn store_path(&self) -> PathBuf {
        self.store.path()
    }

    /// Takes the store to save or forget an account, before anything is done at the server: what
    /// could not be saved would be lost.
    ///
    /// # Errors
    /// When the profiles cannot be written, or another process keeps them.
    pub(crate) async fn saving(&self) -> Result<Saving<'_>, Failure> {
        let store = self.store.open(self.timeout).await?;
        Ok(Saving { context: self, store })
    }

    /// Makes a failure to reach a server of this machine say how to start one.
    pub(crate) fn explain(&self, failure: Failure) -> Failure {
        let unreached = matches!(&failure, Failure::Operation(error)
            if *error.kind() == ErrorKind::Network);
        if !unreached || local_xmpp_url(&self.api_url).is_none() {
            return failure;
        }
        let start = if self.api_url.as_str() == LOCAL_API_URL {
            "mfly serve".to_owned()
        } else {
            format!("mfly serve --listen {}", self.api_url.origin().authority())
        };
        Failure::LocalServerMissing { api_url: self.api_url.to_string(), start }
    }
}

/// The password in the environment, if there is one.
///
/// # Errors
/// When it is none.
pub(crate) fn given_password() -> Result<Option<Password>, Failure> {
    let password = std::env::var(PASSWORD_VARIABLE).ok().filter(|text| !text.is_empty());
    Ok(password.map(Password::new).transpose()?)
}

/// The saved profile that is meant, and its name.
fn choose<'a>(
    args: &TargetArgs,
    profiles: &'a Profiles,
) -> Result<(Option<String>, Option<&'a Profile>), Failure> {
    let url = args.api_url.as_ref().map(BaseUrl::as_str);
    if let Some(name) = args.profile.as_deref().filter(|name| !name.is_empty()) {
        let saved = profiles.named(name);
        let found = Some(name.to_owned());
        return match (saved, url) {
            (Some(saved), Some(url)) if saved.api_url != url => Err(Failure::Usage {
                message: format!("profile {name} is for {}, not for {url}", saved.api_url),
                hint: "name another profile, or leave out --api-url".to_owned(),
            }),
            (None, None) => {
                let known: Vec<_> = profiles.names().collect();
                let hint = match known.as_slice() {
                    [] => "name a server with --api-url to make it".to_owned(),
                    known => format!("saved are: {}", known.join(", ")),
                };
                Err(Failure::Usage { message: format!("no profile {name} is saved"), hint })
            }
            (saved, _) => Ok((found, saved)),
        };
    }
    let name = match url {
        Some(url) => profiles.name_for(url),
        None => profiles.current(),
    };
    Ok((name.map(str::to_owned), name.and_then(|name| profiles.named(name))))
}

/// The server's base URL: the one that is named, else the saved one, else the local server's.
fn api_url(args: &TargetArgs, saved: Option<&Profile>) -> Result<BaseUrl, InvalidArgument> {
    match &args.api_url {
        Some(url) => Ok(url.clone()),
        None => BaseUrl::new(saved.map_or(LOCAL_API_URL, |saved| &saved.api_url)),
    }
}

/// The name that a server is saved under when none is given: its host and port, or all of its URL
/// when another server has that name already.
fn free_name(api_url: &BaseUrl, profiles: &Profiles) -> String {
    let short = api_url.origin().authority();
    let taken = profiles.named(&short).is_some_and(|saved| saved.api_url != api_url.as_str());
    if taken { api_url.to_string() } else { short }
}

/// A plain HTTP server on this machine is a local test server: its WebSocket is on the same port.
fn local_xmpp_url(api_url: &BaseUrl) -> Option<String> {
    let is_local = api_url.is_loopback() && !api_url.is_tls();
    is_local.then(|| format!("ws://{}/websocket", api_url.origin().authority()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn args() -> TargetArgs {
        TargetArgs {
            api_url: None,
            licence_key: None,
            trial: false,
            xmpp_url: None,
            ca_file: None,
            proxy: None,
            user: None,
            profile: None,
            timeout: Duration::from_secs(1),
        }
    }

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let unique = format!("mfly-context-{}-{name}", std::process::id());
            Self(std::env::temp_dir().join(unique))
        }
    }

    impl AsRef<Path> for Folder {
        fn as_ref(&self) -> &Path {
            &self.0
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn decide(args: &TargetArgs, folder: &Folder) -> Result<Context, Failure> {
        Context::decide(args, None, Store::at(folder.as_ref().to_owned()))
    }

    /// Registers `user` at `url`, as far as this file is concerned.
    async fn register(url: &str, user: &str, folder: &Folder) {
        let key = Some(LicenceKey::new("key").unwrap());
        let api_url = Some(BaseUrl::new(url).unwrap());
        let args = TargetArgs { api_url, licence_key: key, ..args() };
        let context = decide(&args, folder).unwrap();
        let password = Password::new(format!("pw-{user}")).unwrap();
        let saving = context.saving().await.unwrap();
        let credentials = Credentials::new(UserId::new(user).unwrap(), password);
        saving.remember(&credentials).unwrap();
    }

    #[test]
    fn the_local_server_is_used_when_none_is_named_or_saved() {
        let context = decide(&args(), &Folder::new("default")).unwrap();
        assert_eq!(context.api_url.as_str(), LOCAL_API_URL);
        assert_eq!(context.profile, "127.0.0.1:8117");
        assert!(matches!(context.credentials(), Err(Failure::NoCredentials { .. })));
    }

    #[tokio::test]
    async fn the_account_registered_last_is_used_when_none_is_named() {
        let folder = Folder::new("last");
        register("https://a.example.test/api/v1", "alice", &folder).await;
        register("https://b.example.test/api/v1/", "bob", &folder).await;
        let context = decide(&args(), &folder).unwrap();
        assert_eq!(context.api_url.as_str(), "https://b.example.test/api/v1");
        assert_eq!(context.credentials().unwrap().password.expose(), "pw-bob");
    }

    #[tokio::test]
    async fn a_named_server_brings_its_own_account() {
        let folder = Folder::new("named");
        register("https://a.example.test/api/v1", "alice", &folder).await;
        register("https://b.example.test/api/v1", "bob", &folder).await;
        let url = Some(BaseUrl::new("https://a.example.test/api/v1/").unwrap());
        let by_url = decide(&TargetArgs { api_url: url, ..args() }, &folder).unwrap();
        assert_eq!(by_url.credentials().unwrap().user.as_str(), "alice");
        let name = Some("a.example.test".to_owned());
        let by_name = decide(&TargetArgs { profile: name, ..args() }, &folder).unwrap();
        assert_eq!(by_name.api_url.as_str(), "https://a.example.test/api/v1");
    }

    #[tokio::test]
    async fn a_password_is_never_offered_to_another_server() {
        let folder = Folder::new("other-server");
        register("https://a.example.test/api/v1", "alice", &folder).await;
        let other = TargetArgs {
            api_url: Some(BaseUrl::new("https://a.example.test:444/api/v1").unwrap()),
            user: Some(UserId::new("alice").unwrap()),
            licence_key: Some(LicenceKey::new("key").unwrap()),
            ..args()
        };
        let context = decide(&other, &folder).unwrap();
        assert!(matches!(context.credentials(), Err(Failure::NoCredentials { .. })));
        let contradictory = TargetArgs { profile: Some("a.example.test".to_owned()), ..other };
        let failure = decide(&contradictory, &folder).unwrap_err();
        assert_eq!(failure.code() as u8, 2, "{failure}");
    }

    #[tokio::test]
    async fn a_server_never_takes_the_place_of_another_one_on_the_same_host() {
        let folder = Folder::new("same-host");
        register("https://a.example.test/api/v1", "alice", &folder).await;
        register("https://a.example.test/other/api/v1", "bob", &folder).await;
        for (url, user) in [("/api/v1", "alice"), ("/other/api/v1", "bob")] {
            let url = Some(BaseUrl::new(&format!("https://a.example.test{url}")).unwrap());
            let context = decide(&TargetArgs { api_url: url, ..args() }, &folder).unwrap();
            assert_eq!(context.credentials().unwrap().user.as_str(), user);
        }
    }

    #[test]
    fn a_licence_key_is_asked_for_where_none_is_known() {
        let url = Some(BaseUrl::new("https://a.example.test/api/v1").unwrap());
        let failure =
            decide(&TargetArgs { api_url: url, ..args() }, &Folder::new("licence")).unwrap_err();
        assert_eq!(failure.code() as u8, 4);
        assert!(failure.line().contains("--licence-key"), "{}", failure.line());
    }

    #[test]
    fn a_profile_that_was_never_saved_is_refused() {
        let name = Some("work".to_owned());
        let failure =
            decide(&TargetArgs { profile: name, ..args() }, &Folder::new("unsaved")).unwrap_err();
        assert_eq!(failure.code() as u8, 2);
    }

    #[tokio::test]
    async fn a_forgotten_account_is_not_used_any_more() {
        let folder = Folder::new("forgotten");
        register("https://a.example.test/api/v1", "alice", &folder).await;
        let context = decide(&args(), &folder).unwrap();
        context.saving().await.unwrap().forget().unwrap();
        assert!(matches!(
            decide(&args(), &folder).unwrap().credentials(),
            Err(Failure::NoCredentials { .. })
        ));
    }

    #[test]
    fn an_unreachable_server_of_this_machine_can_be_started() {
        let folder = Folder::new("unreachable");
        let explained = |url: &str| {
            let key = Some(LicenceKey::new("key").unwrap());
            let api_url = Some(BaseUrl::new(url).unwrap());
            let args = TargetArgs { api_url, licence_key: key, ..args() };
            let failure = Failure::Operation(ErrorKind::Network.into());
            decide(&args, &folder).unwrap().explain(failure).line()
        };
        let line = explained(LOCAL_API_URL);
        assert!(line.contains("`mfly serve`"), "{line}");
        let line = explained("http://127.0.0.1:9/api/v1");
        assert!(line.contains("`mfly serve --listen 127.0.0.1:9`"), "{line}");
        let line = explained("https://api.example.test/api/v1");
        assert!(!line.contains("mfly serve") && line.contains("--api-url"), "{line}");
    }

    #[test]
    fn only_a_plain_server_on_this_machine_has_its_websocket_on_the_same_port() {
        let cases = [
            ("http://127.0.0.1:8117/api/v1", Some("ws://127.0.0.1:8117/websocket")),
            ("http://[::1]:80/api/v1", Some("ws://[::1]/websocket")),
            ("http://localhost", Some("ws://localhost/websocket")),
            ("http://127.0.0.1.evil.test/api/v1", None),
            ("http://api.example.test/api/v1", None),
            ("https://127.0.0.1:8117/api/v1", None),
        ];
        for (api_url, expected) in cases {
            let api_url = BaseUrl::new(api_url).unwrap();
            assert_eq!(local_xmpp_url(&api_url).as_deref(), expected, "{api_url}");
        }
    }
}

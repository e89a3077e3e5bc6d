//! The server and the account of a command: chosen by a flag, else an environment variable, else a
//! saved profile, else the local server.

mod saving;
mod server_target;

pub(crate) use saving::Saving;
#[cfg(test)]
pub(crate) use server_target::LOCAL_API_URL;
pub(crate) use server_target::{ServerTarget, trust};

use crate::arguments::TargetArgs;
use crate::exit::Failure;
use crate::store::{Profiles, Store};
use mfly_client::{
    App, BaseUrl, Credentials, ErrorKind, LicenceKey, Password, Proxy, ReconnectPolicy, Session,
    Timeouts, Token, UserId,
};
use server_target::choose;
use std::future::IntoFuture;
use std::path::PathBuf;
use std::time::Duration;

/// The licence key that `mfly serve` accepts by default. No other server does.
pub(crate) const LOCAL_LICENCE_KEY: &str = "MflyLocalLicenceKey0123456789abc";

/// The variable with the password of an account that is not saved. It is no flag, because other
/// users of a machine can see those.
const PASSWORD_VARIABLE: &str = "MFLY_PASSWORD";

/// A server and an account.
#[derive(Debug)]
pub(crate) struct Context {
    store: Store,
    /// The name under which the server is or will be saved.
    pub(crate) profile: String,
    server: ServerTarget,
    licence_key: LicenceKey,
    trial: bool,
    proxy: Option<Proxy>,
    user: Option<UserId>,
    password: Option<Password>,
    token: Option<Token>,
    /// The deadline of each request.
    pub(crate) timeout: Duration,
}

impl Context {
    /// Chooses the server and the account.
    pub(crate) fn new(args: &TargetArgs) -> Result<Self, Failure> {
        Self::choose(args, given_password()?, Store::of_user()?)
    }

    fn choose(
        args: &TargetArgs,
        password: Option<Password>,
        store: Store,
    ) -> Result<Self, Failure> {
        let profiles = store.load()?;
        let (name, saved) = choose(args, &profiles)?;
        let server = ServerTarget::of(args, saved)?;
        let licence_key = args.licence_key.clone().or_else(|| saved?.licence_key.clone());
        let licence_key = match licence_key {
            Some(key) => key,
            None if server.is_default() => LicenceKey::new(LOCAL_LICENCE_KEY)?,
            None => {
                return Err(Failure::no_credentials(
                    format!("no licence key for {}", server.api_url),
                    "pass --licence-key, or set MFLY_LICENCE_KEY",
                ));
            }
        };
        let user = match (&args.user, saved.and_then(|saved| saved.user.as_deref())) {
            (Some(user), _) => Some(user.clone()),
            (None, Some(user)) => Some(UserId::new(user)?),
            (None, None) => None,
        };
        let account = user.as_ref().and_then(|user| saved?.account(user.as_str()));
        Ok(Self {
            profile: name.unwrap_or_else(|| free_name(&server.api_url, &profiles)),
            licence_key,
            trial: args.trial || saved.is_some_and(|saved| saved.trial),
            proxy: args.proxy.clone(),
            password: password.or_else(|| account.map(|account| account.password.clone())),
            token: account.and_then(|account| account.token.clone()),
            user,
            server,
            timeout: args.timeout,
            store,
        })
    }

    /// The server's API base URL.
    pub(crate) fn api_url(&self) -> &BaseUrl {
        &self.server.api_url
    }

    /// The app. No request is made yet.
    pub(crate) async fn app(&self) -> Result<App, Failure> {
        let mut timeouts = Timeouts::default();
        timeouts.rest = self.timeout;
        let mut builder = App::builder(self.licence_key.clone())
            .api_base_url(self.server.api_url.as_str())
            .trial(self.trial)
            .timeouts(timeouts);
        if let Some(url) = self.server.known_xmpp_url() {
            builder = builder.xmpp_address(&url);
        }
        if let Some(path) = &self.server.ca_file {
            builder = builder.tls(trust(Some(path)).await?);
        }
        if let Some(proxy) = &self.proxy {
            builder = builder.proxy(proxy.clone());
        }
        Ok(builder.build().await?)
    }

    /// The credentials of the account.
    pub(crate) fn credentials(&self) -> Result<Credentials, Failure> {
        let api_url = &self.server.api_url;
        let message = match (&self.user, &self.password) {
            (Some(user), Some(password)) => {
                return Ok(Credentials::new(user.clone(), password.clone()));
            }
            (Some(user), None) => format!("no password is saved for {user} at {api_url}"),
            (None, _) => format!("no account is saved for {api_url}"),
        };
        Err(Failure::no_credentials(message, "register one with `mfly register NAME`"))
    }

    /// Connects the account, does `work`, and closes the connection. A broken connection is not
    /// opened again: a command is short, and fails instead.
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

    /// Makes a session use the saved token, if there is one.
    pub(crate) fn use_token(&self, session: &Session) {
        if let Some(token) = &self.token {
            session.set_user_token(token.clone());
        }
    }

    /// Waits for an operation, at most for the deadline of a request.
    pub(crate) async fn within<T>(
        &self,
        operation: impl IntoFuture<Output = mfly_client::Result<T>>,
    ) -> Result<T, Failure> {
        match tokio::time::timeout(self.timeout, operation.into_future()).await {
            Ok(done) => Ok(done?),
            Err(_) => Err(mfly_client::Error::from(ErrorKind::Timeout).into()),
        }
    }

    /// The file of saved accounts.
    pub(crate) fn store_path(&self) -> PathBuf {
        self.store.path()
    }

    /// Adds to a failure to reach a server on this machine the command that starts one.
    pub(crate) fn explain(&self, failure: Failure) -> Failure {
        let unreached = matches!(&failure, Failure::Operation(error)
            if *error.kind() == ErrorKind::Network);
        if !unreached || !self.server.is_local() {
            return failure;
        }
        let start = match self.server.is_default() {
            true => "mfly serve".to_owned(),
            false => format!("mfly serve --listen {}", self.server.api_url.origin().authority()),
        };
        Failure::LocalServerMissing { api_url: self.server.api_url.to_string(), start }
    }
}

/// The password in the environment, if there is one.
pub(crate) fn given_password() -> Result<Option<Password>, Failure> {
    let password = std::env::var(PASSWORD_VARIABLE).ok().filter(|text| !text.is_empty());
    Ok(password.map(Password::new).transpose()?)
}

/// The name under which a server is saved when none is given: its host and port, or its whole URL
/// when another server has that name already.
fn free_name(api_url: &BaseUrl, profiles: &Profiles) -> String {
    let short = api_url.origin().authority();
    let taken = profiles.named(&short).is_some_and(|saved| saved.api_url != api_url.as_str());
    if taken { api_url.to_string() } else { short }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Folder;

    fn args(api_url: &str) -> TargetArgs {
        let api_url = (!api_url.is_empty()).then(|| BaseUrl::new(api_url).unwrap());
        TargetArgs { api_url, ..TargetArgs::default() }
    }

    fn with_key(api_url: &str) -> TargetArgs {
        TargetArgs { licence_key: Some(LicenceKey::new("key").unwrap()), ..args(api_url) }
    }

    fn choose_in(args: &TargetArgs, folder: &Folder) -> Result<Context, Failure> {
        Context::choose(args, None, Store::at(folder.path().to_owned()))
    }

    /// Registers `user` at `url`, as far as this file is concerned.
    async fn register(url: &str, user: &str, folder: &Folder) {
        let context = choose_in(&with_key(url), folder).unwrap();
        let password = Password::new(format!("pw-{user}")).unwrap();
        let saving = Saving::open(&context).await.unwrap();
        let credentials = Credentials::new(UserId::new(user).unwrap(), password);
        saving.remember(&credentials).unwrap();
    }

    #[test]
    fn the_local_server_is_used_when_none_is_named_or_saved() {
        let context = choose_in(&args(""), &Folder::new("default")).unwrap();
        assert_eq!(context.api_url().as_str(), LOCAL_API_URL);
        assert_eq!(context.profile, "127.0.0.1:8117");
        assert!(matches!(context.credentials(), Err(Failure::NoCredentials { .. })));
    }

    #[tokio::test]
    async fn the_account_registered_last_is_used_when_none_is_named() {
        let folder = Folder::new("last");
        register("https://a.example.test/api/v1", "alice", &folder).await;
        register("https://b.example.test/api/v1/", "bob", &folder).await;
        let context = choose_in(&args(""), &folder).unwrap();
        assert_eq!(context.api_url().as_str(), "https://b.example.test/api/v1");
        assert_eq!(context.credentials().unwrap().password.expose(), "pw-bob");
    }

    #[tokio::test]
    async fn a_named_server_brings_its_own_account() {
        let folder = Folder::new("named");
        register("https://a.example.test/api/v1", "alice", &folder).await;
        register("https://b.example.test/api/v1", "bob", &folder).await;
        let by_url = choose_in(&args("https://a.example.test/api/v1/"), &folder).unwrap();
        assert_eq!(by_url.credentials().unwrap().user.as_str(), "alice");
        let name = Some("a.example.test".to_owned());
        let by_name = choose_in(&TargetArgs { profile: name, ..args("") }, &folder).unwrap();
        assert_eq!(by_name.api_url().as_str(), "https://a.example.test/api/v1");
    }

    #[tokio::test]
    async fn a_password_is_never_offered_to_another_server() {
        let folder = Folder::new("other-server");
        register("https://a.example.test/api/v1", "alice", &folder).await;
        let other = TargetArgs {
            user: Some(UserId::new("alice").unwrap()),
            ..with_key("https://a.example.test:444/api/v1")
        };
        let context = choose_in(&other, &folder).unwrap();
        assert!(matches!(context.credentials(), Err(Failure::NoCredentials { .. })));
        let contradictory = TargetArgs { profile: Some("a.example.test".to_owned()), ..other };
        let failure = choose_in(&contradictory, &folder).unwrap_err();
        assert_eq!(failure.code() as u8, 2, "{failure}");
    }

    #[tokio::test]
    async fn a_server_never_takes_the_place_of_another_one_on_the_same_host() {
        let folder = Folder::new("same-host");
        register("https://a.example.test/api/v1", "alice", &folder).await;
        register("https://a.example.test/other/api/v1", "bob", &folder).await;
        for (url, user) in [("/api/v1", "alice"), ("/other/api/v1", "bob")] {
            let context =
                choose_in(&args(&format!("https://a.example.test{url}")), &folder).unwrap();
            assert_eq!(context.credentials().unwrap().user.as_str(), user);
        }
    }

    #[test]
    fn a_licence_key_is_asked_for_where_none_is_known() {
        let url = "https://a.example.test/api/v1";
        let failure = choose_in(&args(url), &Folder::new("licence")).unwrap_err();
        assert_eq!(failure.code() as u8, 4);
        assert!(failure.line().contains("--licence-key"), "{}", failure.line());
    }

    #[test]
    fn a_profile_that_was_never_saved_is_refused() {
        let name = Some("work".to_owned());
        let failure = choose_in(&TargetArgs { profile: name, ..args("") }, &Folder::new("unsaved"))
            .unwrap_err();
        assert_eq!(failure.code() as u8, 2);
    }

    #[tokio::test]
    async fn a_forgotten_account_is_not_used_any_more() {
        let folder = Folder::new("forgotten");
        register("https://a.example.test/api/v1", "alice", &folder).await;
        let context = choose_in(&args(""), &folder).unwrap();
        Saving::open(&context).await.unwrap().forget().unwrap();
        assert!(matches!(
            choose_in(&args(""), &folder).unwrap().credentials(),
            Err(Failure::NoCredentials { .. })
        ));
    }

    #[test]
    fn an_unreachable_server_of_this_machine_can_be_started() {
        let folder = Folder::new("unreachable");
        let explained = |url: &str| {
            let failure = Failure::Operation(ErrorKind::Network.into());
            choose_in(&with_key(url), &folder).unwrap().explain(failure).line()
        };
        let line = explained(LOCAL_API_URL);
        assert!(line.contains("`mfly serve`"), "{line}");
        let line = explained("http://127.0.0.1:9/api/v1");
        assert!(line.contains("`mfly serve --listen 127.0.0.1:9`"), "{line}");
        let line = explained("https://api.example.test/api/v1");
        assert!(!line.contains("mfly serve") && line.contains("--api-url"), "{line}");
    }
}

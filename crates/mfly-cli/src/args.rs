//! Arguments that several sub-commands take, and how their values are read.

use crate::argument;
use clap::Args;
use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use mfly_client::{Address, BaseUrl, LicenceKey, Proxy, UserId, UserReference};
use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Duration;

/// Which server and account a command is for.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Server and account")]
pub(crate) struct TargetArgs {
    /// The server's API base URL, such as https://host/api/v1.
    #[arg(long, global = true, env = "MFLY_API_URL", value_name = "URL", value_parser = Secret(api_url))]
    pub(crate) api_url: Option<BaseUrl>,
    /// The licence key.
    #[arg(
        long,
        global = true,
        env = "MFLY_LICENCE_KEY",
        value_name = "KEY",
        hide_env_values = true,
        value_parser = Secret(licence_key)
    )]
    pub(crate) licence_key: Option<LicenceKey>,
    /// The licence key is one of a trial.
    #[arg(long, global = true)]
    pub(crate) trial: bool,
    /// The XMPP address, if it is not the one that the server names: wss://host/websocket,
    /// xmpp://host or xmpps://host.
    #[arg(long, global = true, env = "MFLY_XMPP_URL", value_name = "URL", value_parser = Secret(xmpp_url))]
    pub(crate) xmpp_url: Option<String>,
    /// A PEM file of certificate authorities to trust besides the system's.
    #[arg(long, global = true, env = "MFLY_CA_FILE", value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// A proxy for every connection: http://host:port, socks5://… or socks5h://…, with
    /// user:password@ before the host if it asks for that.
    #[arg(
        long,
        global = true,
        env = "MFLY_PROXY",
        value_name = "URL",
        hide_env_values = true,
        value_parser = Secret(proxy)
    )]
    pub(crate) proxy: Option<Proxy>,
    /// The account to use.
    #[arg(long, global = true, env = "MFLY_USER", value_name = "USER", value_parser = user_id)]
    pub(crate) user: Option<UserId>,
    /// The saved server to use or to save to.
    #[arg(long, global = true, env = "MFLY_PROFILE", value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// How long to wait for each answer.
    #[arg(
        long,
        global = true,
        env = "MFLY_TIMEOUT",
        value_name = "SECONDS",
        default_value = "15",
        value_parser = seconds
    )]
    pub(crate) timeout: Duration,
}

/// A positive time, at most a day.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "must be a number of seconds".to_owned())?;
    if seconds > 0.0 && seconds <= 86_400.0 {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err("must be more than 0 and at most 86400 seconds".to_owned())
    }
}

/// A user by id or address.
pub(crate) fn user(text: &str) -> Result<UserReference, String> {
    argument::parsed(UserReference::new(text))
}

/// A user's id.
pub(crate) fn user_id(text: &str) -> Result<UserId, String> {
    argument::parsed(UserId::new(text))
}

/// A pair `name=value`.
pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("must be NAME=VALUE".to_owned()),
    }
}

/// Reads a secret. Unlike with other values, clap's error must not repeat it: it ends up in the
/// logs of scripts.
#[derive(Clone, Copy)]
pub(crate) struct Secret<T>(pub(crate) fn(&str) -> Result<T, String>);

impl<T: Clone + Send + Sync + 'static> TypedValueParser for Secret<T> {
    type Value = T;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<T, clap::Error> {
        let read = value.to_str().ok_or_else(|| "must be UTF-8".to_owned()).and_then(self.0);
        read.map_err(|reason| {
            let name = argument.map(ToString::to_string).unwrap_or_default();
            let message = format!("invalid value for '{name}': {reason}\n");
            clap::Error::raw(ErrorKind::ValueValidation, message).with_cmd(command)
        })
    }
}

fn licence_key(text: &str) -> Result<LicenceKey, String> {
    argument::parsed(LicenceKey::new(text))
}

fn proxy(text: &str) -> Result<Proxy, String> {
    argument::parsed(text.parse())
}

fn api_url(text: &str) -> Result<BaseUrl, String> {
    argument::parsed(BaseUrl::new(text))
}

fn xmpp_url(text: &str) -> Result<String, String> {
    argument::parsed(text.parse::<Address>()).map(|_| text.to_owned())
}

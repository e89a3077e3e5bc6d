//! Arguments that several sub-commands have, and how their values are read.

use crate::wording;
use clap::Args;
use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use mfly_client::{
    Address, BaseUrl, InvalidArgument, LicenceKey, MetaValue, Proxy, UserId, UserReference,
};
use std::ffi::OsStr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

// The arguments that choose the server and the account. This is no doc comment, because clap would
// show it as the description of each sub-command.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Server and account")]
pub(crate) struct TargetArgs {
    /// The server's API base URL, such as https://host/api/v1.
    #[arg(long, global = true, env = "MFLY_API_URL", value_name = "URL", value_parser = Secret(value::<BaseUrl>))]
    pub(crate) api_url: Option<BaseUrl>,
    /// The licence key.
    #[arg(
        long,
        global = true,
        env = "MFLY_LICENCE_KEY",
        value_name = "KEY",
        hide_env_values = true,
        value_parser = Secret(|text| wording::refused(LicenceKey::new(text)))
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
        value_parser = Secret(value::<Proxy>)
    )]
    pub(crate) proxy: Option<Proxy>,
    /// The account to use.
    #[arg(long, global = true, env = "MFLY_USER", value_name = "USER", value_parser = value::<UserId>)]
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

#[cfg(test)]
impl Default for TargetArgs {
    fn default() -> Self {
        Self {
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
}

/// Reads a value of a type of the library.
pub(crate) fn value<T: FromStr<Err = InvalidArgument>>(text: &str) -> Result<T, String> {
    wording::refused(text.parse())
}

/// Reads a user, by id or address.
pub(crate) fn user(text: &str) -> Result<UserReference, String> {
    wording::refused(UserReference::new(text))
}

/// Reads a positive duration of at most a day, in seconds.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "must be a number of seconds".to_owned())?;
    if seconds > 0.0 && seconds <= 86_400.0 {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err("must be more than 0 and at most 86400 seconds".to_owned())
    }
}

/// Reads a pair `name=value`.
pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("must be NAME=VALUE".to_owned()),
    }
}

/// Checks the address, and keeps it as the user wrote it.
fn xmpp_url(text: &str) -> Result<String, String> {
    value::<Address>(text).map(|_| text.to_owned())
}

/// A parser of a secret value. Unlike clap's own parsers it does not repeat the value in its error,
/// which may end up in the logs of scripts.
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

/// Makes a command ignore environment variables that are set to an empty text.
pub(crate) fn without_empty_variables(command: clap::Command) -> clap::Command {
    let is_empty = |argument: &clap::Arg| {
        let value = argument.get_env().and_then(std::env::var_os);
        value.is_some_and(|value| value.is_empty())
    };
    command
        .mut_args(|argument| match is_empty(&argument) {
            true => argument.env(None),
            false => argument,
        })
        .mut_subcommands(without_empty_variables)
}

/// Reads a metadata value: numbers and truth values as in JSON, everything else as text.
pub(crate) fn meta_value(text: String) -> MetaValue {
    match serde_json::from_str(&text) {
        Ok(MetaValue::Other(_)) | Err(_) => MetaValue::Text(text),
        Ok(value) => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_flags_keep_their_type_and_the_rest_is_text() {
        let cases = [
            ("blue", MetaValue::Text("blue".to_owned())),
            ("3", MetaValue::Integer(3)),
            ("0.5", MetaValue::Decimal(0.5)),
            ("true", MetaValue::Flag(true)),
            ("\"3\"", MetaValue::Text("3".to_owned())),
            ("[1]", MetaValue::Text("[1]".to_owned())),
            ("null", MetaValue::Text("null".to_owned())),
        ];
        for (text, expected) in cases {
            assert_eq!(meta_value(text.to_owned()), expected, "{text}");
        }
    }
}

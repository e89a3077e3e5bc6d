//! The command line.

use crate::argument;
use crate::command::{
    block, connect, current_user, delete_account, doctor, features, feedback, friends, last_seen,
    logout, media, metadata, profile, qr_login, register, report, serve, settings, user_token,
};
use crate::tour;
use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use mfly_client::probe::RestServer;
use mfly_client::{Address, LicenceKey, Proxy, UserId, UserReference};
use mfly_transport::Options;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

const AFTER_HELP: &str = "\
Examples:
  mfly tour                              see everything work, against a server of its own
  mfly serve                             run a local server, then in another terminal:
  mfly register alice
  mfly profile set --nick-name Alice --status 'At work'
  mfly qr login                          log in by a code that a phone approves
  mfly watch                             print what happens, until Ctrl-C
  mfly last-seen bob --json
  mfly doctor xmpp.example.com           why does it not connect?

Which server and account:
  a flag, else its environment variable (MFLY_API_URL, MFLY_LICENCE_KEY, MFLY_USER, MFLY_PROFILE),
  else what `mfly register` saved last, else the local server of `mfly serve`.
  MFLY_PASSWORD holds a password for an account that is not saved. MFLY_PROXY names a proxy.
  MFLY_CONFIG_DIR names another folder for what is saved. A variable that is empty is not set.
  Colours follow the terminal, NO_COLOR, CLICOLOR and CLICOLOR_FORCE.
  - in place of a file is the standard input or output.

Exit codes:
  0 done   1 failed   2 usage   3 not reachable   4 credentials or licence refused
  5 not in the plan   6 not found   7 timed out   130 interrupted";

/// Use a MirrorFly server from a terminal: register, connect, profile, presence, block lists, media
/// and events.
#[derive(Debug, Parser)]
#[command(name = "mfly", version, after_help = AFTER_HELP, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// Print one JSON object a line.
    // Read by `usage::format`, which also works where this line cannot be read.
    #[arg(long, global = true)]
    json: bool,
    /// Say on the standard error what happens; twice for more.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// One sub-command, one file.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Perform every operation between two users on a local server, and print how each went.
    Tour(tour::TourArgs),
    /// Run a local server for tests and app development.
    Serve(serve::ServeArgs),
    /// Find out step by step why a server cannot be reached, and what to do about it.
    Doctor(doctor::DoctorArgs),
    /// Register a user and save the credentials.
    Register(register::RegisterArgs),
    /// Connect and print what happens, until Ctrl-C.
    #[command(visible_alias = "connect")]
    Watch(connect::WatchArgs),
    /// Who is connected, and where.
    Whoami(current_user::WhoamiArgs),
    /// Show or change profiles.
    Profile(profile::ProfileArgs),
    /// Log in by a code that a phone approves, or approve one.
    Qr(qr_login::QrArgs),
    /// When a user was last online.
    LastSeen(last_seen::LastSeenArgs),
    /// Block a user.
    Block(block::BlockArgs),
    /// Unblock a user.
    Unblock(block::UnblockArgs),
    /// Whom the account has blocked.
    Blocked(block::BlockedArgs),
    /// Who has blocked the account.
    BlockedBy(block::BlockedByArgs),
    /// Show or replace the token of REST requests.
    Token(user_token::TokenArgs),
    /// Send feedback.
    Feedback(feedback::FeedbackArgs),
    /// Report a user or a group.
    Report(report::ReportArgs),
    /// Upload or download a file.
    Media(media::MediaArgs),
    /// The contact list.
    Friends(friends::FriendsArgs),
    /// Show or change the settings kept on the server.
    Settings(settings::SettingsArgs),
    /// Show or replace the account's metadata.
    Metadata(metadata::MetadataArgs),
    /// What the plan includes.
    Features(features::FeaturesArgs),
    /// Log out on the server and forget the credentials.
    Logout(logout::LogoutArgs),
    /// Delete the account with everything in it.
    DeleteAccount(delete_account::DeleteAccountArgs),
}

/// Which server and account a command is for.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Server and account")]
pub(crate) struct TargetArgs {
    /// The server's API base URL, such as https://host/api/v1.
    #[arg(long, global = true, env = "MFLY_API_URL", value_name = "URL", value_parser = Secret(api_url))]
    pub(crate) api_url: Option<String>,
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

/// Checked here, so that a wrong one is a wrong command line; used as it was written.
fn api_url(text: &str) -> Result<String, String> {
    argument::parsed(RestServer::new(text, Options::default())).map(|_| text.to_owned())
}

fn xmpp_url(text: &str) -> Result<String, String> {
    argument::parsed(text.parse::<Address>()).map(|_| text.to_owned())
}

/// Reads the command line. An environment variable that is empty counts as one that is not set.
///
/// # Errors
/// When the command line makes no sense, or asks for help.
pub(crate) fn read(line: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    let mut command = without_empty_variables(Cli::command());
    let matches = command.try_get_matches_from_mut(line)?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

fn without_empty_variables(command: clap::Command) -> clap::Command {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_of_the_server_may_stand_before_or_after_the_verb_of_a_group() {
        for line in [
            "mfly profile get bob --user alice --timeout 2.5",
            "mfly profile --user alice --timeout 2.5 get bob",
        ] {
            let Command::Profile(profile) = parse(line).unwrap().command else { panic!("{line}") };
            assert_eq!(profile.target.user.unwrap().as_str(), "alice", "{line}");
            assert_eq!(profile.target.timeout, Duration::from_millis(2500), "{line}");
        }
    }

    #[test]
    fn connect_is_another_name_of_watch() {
        assert!(matches!(parse("mfly connect").unwrap().command, Command::Watch(_)));
        assert!(matches!(parse("mfly watch").unwrap().command, Command::Watch(_)));
    }

    #[test]
    fn values_of_the_wrong_form_are_refused_with_exit_code_2() {
        for line in [
            "mfly last-seen",
            "mfly last-seen b@d@name",
            "mfly whoami --timeout 0",
            "mfly whoami --timeout soon",
            "mfly register alice --metadata tier",
            "mfly register Alice",
            "mfly dance",
        ] {
            let error = parse(line).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{line}");
        }
    }

    #[test]
    fn debug_output_of_the_command_line_hides_secrets() {
        for line in [
            "mfly whoami --licence-key hunter2",
            "mfly whoami --proxy http://alice:hunter2@127.0.0.1:3128",
        ] {
            let shown = format!("{:?}", parse(line).unwrap());
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_explained_without_its_password() {
        let line = "mfly whoami --proxy ftp://alice:hunter2@127.0.0.1:3128";
        let error = parse(line).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        let shown = error.to_string();
        assert!(shown.contains("--proxy") && !shown.contains("hunter2"), "{shown}");
    }
}

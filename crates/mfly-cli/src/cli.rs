//! The command line: every sub-command, read and run.

use crate::command::{
    block, connect, current_user, delete_account, doctor, features, feedback, friends, last_seen,
    logout, media, metadata, profile, qr_login, register, report, serve, settings, user_token,
};
use crate::exit::Failure;
use crate::operation::{Run, Targeted};
use crate::output::Output;
use crate::tour;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use std::ffi::OsString;

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

/// Declares [`Command`] and how each of them is run.
macro_rules! commands {
    ($($(#[$meta:meta])* $variant:ident($args:ty),)*) => {
        /// A sub-command; what it does is in its file.
        #[derive(Debug, Subcommand)]
        pub(crate) enum Command {
            $($(#[$meta])* $variant($args),)*
        }

        /// Runs one sub-command and prints what it has to tell. A failure comes with the name of
        /// the operation.
        pub(crate) async fn run(
            command: Command,
            output: &mut Output,
        ) -> Result<(), (&'static str, Failure)> {
            match command {
                $(Command::$variant(args) => args.run(output).await,)*
            }
        }
    };
}

commands! {
    /// Perform every operation between two users on a local server, and print how each went.
    Tour(tour::TourArgs),
    /// Run a local server for tests and app development.
    Serve(serve::ServeArgs),
    /// Find out step by step why a server cannot be reached, and what to do about it.
    Doctor(doctor::DoctorArgs),
    /// Register a user and save the credentials.
    Register(Targeted<register::RegisterArgs>),
    /// Connect and print what happens, until Ctrl-C.
    #[command(visible_alias = "connect")]
    Watch(connect::WatchArgs),
    /// Who is connected, and where.
    Whoami(Targeted<current_user::WhoamiArgs>),
    /// Show or change profiles.
    Profile(Targeted<profile::ProfileArgs>),
    /// Log in by a code that a phone approves, or approve one.
    Qr(qr_login::QrArgs),
    /// When a user was last online.
    LastSeen(Targeted<last_seen::LastSeenArgs>),
    /// Block a user.
    Block(Targeted<block::BlockArgs>),
    /// Unblock a user.
    Unblock(Targeted<block::UnblockArgs>),
    /// Whom the account has blocked.
    Blocked(Targeted<block::BlockedArgs>),
    /// Who has blocked the account.
    BlockedBy(Targeted<block::BlockedByArgs>),
    /// Show or replace the token of REST requests.
    Token(Targeted<user_token::TokenArgs>),
    /// Send feedback.
    Feedback(Targeted<feedback::FeedbackArgs>),
    /// Report a user or a group.
    Report(Targeted<report::ReportArgs>),
    /// Upload or download a file.
    Media(Targeted<media::MediaArgs>),
    /// The contact list.
    Friends(Targeted<friends::FriendsArgs>),
    /// Show or change the settings kept on the server.
    Settings(Targeted<settings::SettingsArgs>),
    /// Show or replace the account's metadata.
    Metadata(Targeted<metadata::MetadataArgs>),
    /// What the plan includes.
    Features(Targeted<features::FeaturesArgs>),
    /// Log out on the server and forget the credentials.
    Logout(Targeted<logout::LogoutArgs>),
    /// Delete the account with everything in it.
    DeleteAccount(Targeted<delete_account::DeleteAccountArgs>),
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
    use std::time::Duration;

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

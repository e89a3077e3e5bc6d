//! The command line: every sub-command, and how a line is read.

use crate::arguments;
use crate::command::block::{BlockArgs, BlockedArgs, BlockedByArgs, UnblockArgs};
use crate::command::connect::WatchArgs;
use crate::command::current_user::WhoamiArgs;
use crate::command::delete_account::DeleteAccountArgs;
use crate::command::doctor::DoctorArgs;
use crate::command::features::FeaturesArgs;
use crate::command::feedback::FeedbackArgs;
use crate::command::friends::FriendsArgs;
use crate::command::last_seen::LastSeenArgs;
use crate::command::logout::LogoutArgs;
use crate::command::media::MediaArgs;
use crate::command::metadata::MetadataArgs;
use crate::command::profile::ProfileArgs;
use crate::command::qr_login::QrArgs;
use crate::command::register::RegisterArgs;
use crate::command::report::ReportArgs;
use crate::command::serve::ServeArgs;
use crate::command::server::ServerArgs;
use crate::command::settings::SettingsArgs;
use crate::command::user_token::TokenArgs;
use crate::operation::{Failed, Run, WithTarget};
use crate::output::Output;
use crate::tour::TourArgs;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use mfly_testserver::command::LogFormat;
use std::ffi::OsString;

/// Examples, the choice of server and account, and the exit codes.
const AFTER_HELP: &str = include_str!("help.txt").trim_ascii_end();

/// Use a MirrorFly server from a terminal: register, connect, profile, presence, block lists, media
/// and events.
#[derive(Debug, Parser)]
#[command(name = "mfly", version, after_help = AFTER_HELP, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// Print one JSON object a line.
    // Read by `usage::format`, which also works where this line cannot be read.
    #[arg(long, global = true)]
    json: bool,
    /// Log to the standard error; twice for more.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// The form of the log.
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        env = "MFLY_LOG_FORMAT",
        value_enum,
        default_value_t
    )]
    pub(crate) log_format: LogFormat,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Declares the sub-commands. A variant has the name of the sub-command; its type holds the
/// arguments, runs the sub-command, and is documented with the text that `--help` shows.
macro_rules! commands {
    ($($variant:ident($arguments:ty),)*) => {
        #[derive(Debug, Subcommand)]
        pub(crate) enum Command {
            $($variant($arguments),)*
        }

        impl Command {
            /// Runs the sub-command and prints its result.
            pub(crate) async fn run(self, output: &mut Output) -> Result<(), Failed> {
                match self {
                    $(Self::$variant(arguments) => arguments.run(output).await,)*
                }
            }
        }
    };
}

commands! {
    Tour(TourArgs),
    Serve(ServeArgs),
    Server(ServerArgs),
    Doctor(DoctorArgs),
    Register(WithTarget<RegisterArgs>),
    Watch(WatchArgs),
    Whoami(WithTarget<WhoamiArgs>),
    Profile(WithTarget<ProfileArgs>),
    Qr(QrArgs),
    LastSeen(WithTarget<LastSeenArgs>),
    Block(WithTarget<BlockArgs>),
    Unblock(WithTarget<UnblockArgs>),
    Blocked(WithTarget<BlockedArgs>),
    BlockedBy(WithTarget<BlockedByArgs>),
    Token(WithTarget<TokenArgs>),
    Feedback(WithTarget<FeedbackArgs>),
    Report(WithTarget<ReportArgs>),
    Media(WithTarget<MediaArgs>),
    Friends(WithTarget<FriendsArgs>),
    Settings(WithTarget<SettingsArgs>),
    Metadata(WithTarget<MetadataArgs>),
    Features(WithTarget<FeaturesArgs>),
    Logout(WithTarget<LogoutArgs>),
    DeleteAccount(WithTarget<DeleteAccountArgs>),
}

/// Reads the command line. An environment variable that is empty counts as one that is not set.
pub(crate) fn read(line: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    let mut command = arguments::without_empty_variables(Cli::command());
    let matches = command.try_get_matches_from_mut(line)?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
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

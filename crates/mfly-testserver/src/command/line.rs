//! Where the settings come from: a flag, else an environment variable, else the configuration file,
//! else the default.

use super::Args;
use super::file::{Settings, message};
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args as _, Command, FromArgMatches};
use std::ffi::OsString;
use std::path::PathBuf;

/// The id of the argument with the path of the file.
const FILE: &str = "config";

/// The arguments of the server as they are read from the command line, from the environment and
/// from the file of `--config`.
#[derive(Clone, Debug)]
pub struct CommandLine {
    /// The settings of all three together.
    pub args: Args,
}

impl clap::Args for CommandLine {
    fn augment_args(command: Command) -> Command {
        let file = clap::Arg::new(FILE)
            .long(FILE)
            .env("MFLY_SERVER_CONFIG")
            .value_name("FILE")
            .value_parser(clap::value_parser!(PathBuf))
            .help("Read settings from a TOML file; its keys are the long names of these flags");
        without_empty_variables(Args::augment_args(command.arg(file)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for CommandLine {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let refuse = |kind, text: String| clap::Error::raw(kind, text);
        let possible = Args::augment_args(Command::new("").no_binary_name(true))
            .mut_args(|argument| argument.env(None));
        let settings = match matches.get_one::<PathBuf>(FILE) {
            Some(path) => Settings::read(path, &possible)
                .map_err(|text| refuse(ErrorKind::ValueValidation, text))?,
            None => Settings::default(),
        };
        let is_given = |id: &str| is_given(matches, id);
        let mut line: Vec<OsString> = settings.line(is_given).map(OsString::from).collect();
        for argument in possible.get_arguments() {
            let id = argument.get_id().as_str();
            let Some(long) = argument.get_long().filter(|_| is_given(id)) else { continue };
            if matches!(argument.get_action(), clap::ArgAction::SetTrue) {
                line.extend(matches.get_flag(id).then(|| format!("--{long}").into()));
                continue;
            }
            for value in matches.get_raw(id).into_iter().flatten() {
                let mut flag = OsString::from(format!("--{long}="));
                flag.push(value);
                line.push(flag);
            }
        }
        let read = Args::related(possible).try_get_matches_from(line);
        let read = read.and_then(|matches| Args::from_arg_matches(&matches));
        read.map(|args| Self { args }).map_err(|error| refuse(error.kind(), message(&error)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Whether an argument is on the command line or in the environment.
fn is_given(matches: &ArgMatches, id: &str) -> bool {
    let source = matches.value_source(id);
    matches!(source, Some(ValueSource::CommandLine | ValueSource::EnvVariable))
}

/// Makes a command ignore environment variables that are set to an empty text.
fn without_empty_variables(command: Command) -> Command {
    command.mut_args(|argument| {
        let value = argument.get_env().and_then(std::env::var_os);
        match value.is_some_and(|value| value.is_empty()) {
            true => argument.env(None),
            false => argument,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Contacts;
    use clap::Parser;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(flatten)]
        line: CommandLine,
    }

    /// Reads a command line with a file of this text.
    fn read(text: &str, line: &str) -> Result<Args, String> {
        static FILES: AtomicUsize = AtomicUsize::new(0);
        let number = FILES.fetch_add(1, Ordering::Relaxed);
        let name = format!("mfly-config-{}-{number}.toml", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text).unwrap();
        let line = format!("x --config {} {line}", path.display());
        let read = Cli::try_parse_from(line.split_whitespace());
        std::fs::remove_file(path).unwrap();
        read.map(|cli| cli.line.args).map_err(|error| error.to_string())
    }

    #[test]
    fn a_flag_replaces_the_setting_of_the_file_and_the_file_the_default() {
        let text = "listen = [\"127.0.0.1:1\", \"127.0.0.1:2\"]\nxmpp-host = \"file.test\"\n\
                    trial = true\ncontacts = \"explicit\"\nmax-sessions = 7\n";
        let args = read(text, "").unwrap();
        assert_eq!((args.listen.len(), args.xmpp_host.as_str()), (2, "file.test"));
        assert!(args.trial && args.contacts == Contacts::Explicit);
        assert_eq!((args.bounds.max_sessions, args.tls_listen.len()), (7, 0));
        let args = read(text, "--listen 127.0.0.1:3 --xmpp-host flag.test --sasl2").unwrap();
        assert_eq!(args.listen, ["127.0.0.1:3".parse().unwrap()]);
        assert_eq!((args.xmpp_host.as_str(), args.bounds.max_sessions), ("flag.test", 7));
        assert!(args.trial && args.sasl2);
    }

    #[test]
    fn a_flag_may_need_a_setting_of_the_file() {
        let tls = "tls-listen = \"127.0.0.1:0\"";
        assert!(read(tls, "--authority ca.pem").unwrap().authority.is_some());
        assert!(read("authority = \"ca.pem\"", "--tls-listen 127.0.0.1:0").is_ok());
        let error = read("authority = \"ca.pem\"", "").unwrap_err();
        assert!(error.contains("--tls-listen") && error.contains("Usage: "), "{error}");
    }

    #[test]
    fn a_file_that_cannot_be_used_is_named() {
        let error = read("listen = 1\nlisen = 2", "").unwrap_err();
        assert!(error.contains("mfly-config-") && error.contains("line 1: "), "{error}");
        let line = ["x", "--config", "/nowhere/server.toml"];
        let error = Cli::try_parse_from(line).unwrap_err().to_string();
        let expected = "cannot use the configuration file /nowhere/server.toml: ";
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn every_flag_is_documented_and_has_an_environment_variable_and_secrets_are_hidden() {
        let command = CommandLine::augment_args(Command::new("x"));
        for argument in command.get_arguments() {
            let long = argument.get_long().unwrap();
            let name = format!("MFLY_SERVER_{}", long.replace('-', "_").to_uppercase());
            assert_eq!(argument.get_env().unwrap(), name.as_str(), "{long}");
            let is_secret = ["control-token", "licence-key"].contains(&long);
            assert_eq!(argument.is_hide_env_values_set(), is_secret, "{long}");
            let row = format!("`--{long}");
            assert!(include_str!("../../README.md").contains(&row), "{long} is not in the README");
        }
        let args = read("control-token = \"hunter2\"", "--licence-key hunter3").unwrap();
        assert!(!format!("{args:?}").contains("hunter"), "{args:?}");
    }
}

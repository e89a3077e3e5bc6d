//! The configuration file: TOML whose keys are the long names of the flags.

use crate::net::file;
use clap::error::{ContextKind, ContextValue};
use clap::{ArgAction, Command};
use std::fmt;
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// Largest file in bytes.
const FILE_BYTES: u64 = 1024 * 1024;

/// Settings of a file, checked one by one.
#[derive(Debug, Default)]
pub(super) struct Settings(Vec<Setting>);

/// One setting of the file.
#[derive(Debug)]
struct Setting {
    /// The id of the argument.
    id: String,
    /// The setting as arguments of the command line. They are empty for `false`.
    line: Vec<String>,
}

impl Settings {
    /// Reads the file at `path`. The arguments of `command` are the possible settings.
    ///
    /// # Errors
    /// A sentence that names the file, the line and the setting.
    pub(super) fn read(path: &Path, command: &Command) -> Result<Self, String> {
        let refuse = |reason: &dyn fmt::Display| {
            format!("cannot use the configuration file {}: {reason}", path.display())
        };
        let text = file::read_text(path, FILE_BYTES).map_err(|error| refuse(&error))?;
        Self::parse(&text, command).map_err(|reason| refuse(&reason))
    }

    fn parse(text: &str, command: &Command) -> Result<Self, String> {
        let line_of = |at: usize| text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
        let table = DeTable::parse(text).map_err(|error| {
            // The error's own text repeats the line, which may have a secret.
            let line = error.span().map_or(1, |span| line_of(span.start));
            format!("line {line}: {}", error.message())
        })?;
        let mut entries: Vec<_> = table.get_ref().iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let mut settings = Vec::new();
        for (key, value) in entries {
            let line = line_of(key.span().start);
            let setting = Setting::read(key.get_ref(), value.get_ref(), command);
            settings.push(setting.map_err(|reason| format!("line {line}: {reason}"))?);
        }
        Ok(Self(settings))
    }

    /// The settings as arguments of the command line, without those that `is_given` elsewhere.
    pub(super) fn line(&self, is_given: impl Fn(&str) -> bool) -> impl Iterator<Item = &str> {
        let taken = self.0.iter().filter(move |setting| !is_given(&setting.id));
        taken.flat_map(|setting| &setting.line).map(String::as_str)
    }
}

impl Setting {
    fn read(name: &str, value: &DeValue<'_>, command: &Command) -> Result<Self, String> {
        let argument = command.get_arguments().find(|argument| argument.get_long() == Some(name));
        let argument = argument.ok_or_else(|| unknown(name, command))?;
        let wrong = |form: &str| format!("{name} has to be {form}");
        let line = match (argument.get_action(), value) {
            (ArgAction::SetTrue, DeValue::Boolean(true)) => vec![format!("--{name}")],
            (ArgAction::SetTrue, DeValue::Boolean(false)) => Vec::new(),
            (ArgAction::SetTrue, _) => return Err(wrong("true or false")),
            (ArgAction::Append, DeValue::Array(values)) => {
                let scalar = |value: &DeValue<'_>| {
                    scalar(value).ok_or_else(|| wrong("a text or a list of texts"))
                };
                let values = values.iter().map(|value| scalar(value.get_ref()));
                let values = values.collect::<Result<Vec<_>, _>>()?;
                values.iter().map(|value| format!("--{name}={value}")).collect()
            }
            (_, value) => {
                let value = scalar(value).ok_or_else(|| wrong("a text or a number"))?;
                vec![format!("--{name}={value}")]
            }
        };
        let alone = Command::new("").no_binary_name(true).arg(argument.clone().env(None));
        match alone.try_get_matches_from(&line) {
            Ok(_) => Ok(Self { id: argument.get_id().to_string(), line }),
            Err(error) => Err(message(&error)),
        }
    }
}

/// The text of a value that is not a list.
fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        _ => None,
    }
}

fn unknown(name: &str, command: &Command) -> String {
    let tried = command.clone().try_get_matches_from([format!("--{name}=x")]);
    let similar = tried.err().and_then(|error| match error.get(ContextKind::SuggestedArg) {
        Some(ContextValue::String(flag)) => Some(flag.trim_start_matches('-').to_owned()),
        _ => None,
    });
    let remedy = match similar {
        Some(similar) => format!("did you mean {similar}?"),
        None => "settings have the names of the flags that --help shows".to_owned(),
    };
    format!("there is no setting {name}; {remedy}")
}

/// The text of an error of the command line, without the usage.
pub(super) fn message(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let first = text.split("\n\n").next().unwrap_or_default();
    first.strip_prefix("error: ").unwrap_or(first).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Args;
    use clap::Args as _;

    fn line(text: &str) -> Result<Vec<String>, String> {
        let command = Args::augment_args(Command::new("").no_binary_name(true));
        let settings = Settings::parse(text, &command)?;
        Ok(settings.line(|_| false).map(str::to_owned).collect())
    }

    #[test]
    fn each_setting_is_a_flag() {
        let text = "# comment\nlisten = [\"127.0.0.1:1\", \"[::1]:2\"]\ntls-listen = \"127.0.0.1:3\"\n\
                    trial = true\nscram = false\nsession-limit = 3\ndisable = []\n";
        let line = line(text).unwrap();
        let listen = ["--listen=127.0.0.1:1", "--listen=[::1]:2", "--tls-listen=127.0.0.1:3"];
        assert_eq!(line[..3], listen);
        assert_eq!(line[3..], ["--trial", "--session-limit=3"]);
    }

    #[test]
    fn a_setting_that_cannot_be_used_is_refused_with_its_line() {
        for (text, expected) in [
            ("\n\nlisen = \"a\"", "line 3: there is no setting lisen; did you mean listen?"),
            ("[qqq]\nx = 1", "line 1: there is no setting qqq; settings have the names"),
            ("config = \"a\"", "line 1: there is no setting config"),
            ("tls_listen = \"a\"", "did you mean tls-listen?"),
            ("trial = 1", "line 1: trial has to be true or false"),
            ("trial = \"yes\"", "line 1: trial has to be true or false"),
            ("\nlisten = [1.5]", "line 2: listen has to be a text or a list of texts"),
            ("listen = true", "line 1: listen has to be a text"),
            ("users = [\"a\"]", "line 1: users has to be a text or a number"),
            ("trial = true\nlisten = \"localhost\"", "line 2: invalid value 'localhost'"),
            ("listen = [\n\"127.0.0.1:0\",\n\"x\"]", "write HOST:PORT"),
            ("session-limit = -1", "line 1: invalid value '-1'"),
            ("contacts = \"all\"", "[possible values: explicit, everyone]"),
            ("trial = true\ntrial = false", "line 2: duplicate key"),
        ] {
            let error = line(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn errors_do_not_repeat_a_secret() {
        for text in ["control-token = \"hunter2", "control-token = [\"hunter2\"]"] {
            let error = line(text).unwrap_err();
            assert!(error.starts_with("line 1: ") && !error.contains("hunter2"), "{error}");
        }
    }
}

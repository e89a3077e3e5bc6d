//! Help, and errors of the command line: printed by clap for people, as an object for programs.

use crate::exit::Code;
use crate::output::{Format, Line, Output};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use serde_json::json;
use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

/// Longer words are not repeated: they are no mistyped commands, and may be secrets.
const LONGEST_WORD: usize = 20;

/// The output format, read even from a command line that is not valid.
pub(crate) fn format(line: &[OsString]) -> Format {
    let mut flags = line.iter().take_while(|argument| *argument != "--");
    if flags.any(|argument| argument == "--json") { Format::Json } else { Format::Human }
}

/// Prints the help or the error, and returns the exit code.
pub(crate) fn report(output: &mut Output, error: &clap::Error) -> ExitCode {
    let text = match is_repeatable(error) {
        true => error.render().to_string(),
        false => {
            "error: there is an argument too many\n\n  tip: it is not repeated here, because it \
                  may be a secret\n\nFor more information, try '--help'.\n"
                .to_owned()
        }
    };
    let code = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Code::Done,
        _ => Code::Usage,
    };
    // When nothing can be written, the exit code still tells.
    let _ = match (output.format(), error.kind()) {
        (Format::Human, _) if is_repeatable(error) => error.print(),
        (Format::Human, _) => write!(std::io::stderr().lock(), "{text}"),
        (Format::Json, ErrorKind::DisplayHelp) => {
            output.object(&Line::done("help", &json!({"text": text})))
        }
        (Format::Json, ErrorKind::DisplayVersion) => {
            let version = json!({"version": env!("CARGO_PKG_VERSION")});
            output.object(&Line::done("version", &version))
        }
        (Format::Json, _) => {
            let (message, hint) = split(&text);
            let told = json!({"message": message, "exitCode": code as u8, "hint": hint});
            output.object(&Line::failed("usage", &told))
        }
    };
    ExitCode::from(code as u8)
}

/// Whether an error may quote an argument. A misplaced argument may be a secret.
fn is_repeatable(error: &clap::Error) -> bool {
    let quoted = match error.kind() {
        ErrorKind::UnknownArgument => error.get(ContextKind::InvalidArg),
        ErrorKind::InvalidSubcommand => error.get(ContextKind::InvalidSubcommand),
        _ => None,
    };
    match quoted {
        Some(ContextValue::String(text)) => {
            text.starts_with('-')
                || (error.kind() == ErrorKind::InvalidSubcommand && text.len() <= LONGEST_WORD)
        }
        _ => true,
    }
}

/// The message and the tip of clap's text, each in one line.
fn split(text: &str) -> (String, String) {
    let mut paragraphs = text.split("\n\n").map(|paragraph| {
        let words: Vec<_> = paragraph.split_whitespace().collect();
        words.join(" ")
    });
    let message = paragraphs.next().unwrap_or_default();
    let message = message.strip_prefix("error: ").unwrap_or(&message).to_owned();
    let tip = paragraphs.find_map(|paragraph| paragraph.strip_prefix("tip: ").map(str::to_owned));
    (message, tip.unwrap_or_else(|| "`mfly help` shows the commands and their flags".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_after_a_double_dash_are_no_flags() {
        let line = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
        assert_eq!(format(&line(&["mfly", "x", "--json"])), Format::Json);
        assert_eq!(format(&line(&["mfly", "x", "--", "--json"])), Format::Human);
    }

    #[test]
    fn message_and_tip_are_one_line_each() {
        let text = "error: unrecognized subcommand 'whoam'\n\n  tip: a similar subcommand exists: \
                    'whoami'\n\nUsage: mfly [OPTIONS] <COMMAND>\n\nFor more information, try '--help'.\n";
        let (message, hint) = split(text);
        assert_eq!(message, "unrecognized subcommand 'whoam'");
        assert_eq!(hint, "a similar subcommand exists: 'whoami'");
        let text =
            "error: the following required arguments were not provided:\n  <USER>\n\nUsage: x\n";
        let (message, hint) = split(text);
        assert_eq!(message, "the following required arguments were not provided: <USER>");
        assert!(hint.contains("mfly help"));
    }
}

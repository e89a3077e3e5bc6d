//! Texts about refused arguments, in the words of this command.
//!
//! The library names arguments as the official SDK does; here they have the names of the command
//! line.

use mfly_client::InvalidArgument;

/// The command line's name of an argument of the library.
fn local_name(name: &str) -> Option<&'static str> {
    Some(match name {
        "toUserJid" | "toJid" | "userId" => "the user",
        "groupJid" => "the group",
        "userIdentifier" => "the name",
        "email" => "--email",
        "mobileNumber" => "--mobile-number",
        "nickName" => "--nick-name",
        "status" => "--status",
        "metaData" => "the metadata",
        "apiBaseUrl" => "--api-url",
        "licenseKey" => "--licence-key",
        "socketUrl" => "--signalling-url",
        "address" => "the address",
        "password" => "the password",
        "userToken" | "token" => "the token",
        "fileToken" => "the file's token",
        "file_key" => "--key",
        "file" => "the file",
        "image" => "the image",
        "codeText" => "the code",
        "socketId" => "the id",
        "title" => "the title",
        "description" => "the description",
        "reason" => "--reason",
        "feedback" => "--feedback",
        "data" => "the message",
        "proxy" => "--proxy",
        "roots" | "tls" => "--ca-file",
        _ => return None,
    })
}

/// The reason for refusing an argument, without its name.
fn reason(error: &InvalidArgument) -> String {
    let reason = error.reason.as_ref();
    let reason = match reason.strip_prefix(error.name) {
        Some(rest) if rest.starts_with(' ') => rest.trim_start(),
        _ => reason,
    };
    match reason {
        "is not valid or required" => "is missing, or does not have the right form".to_owned(),
        "format is invalid" => "does not have the right form".to_owned(),
        // There is no flag for that.
        other => other.trim_end_matches(", or allow cleartext").to_owned(),
    }
}

/// The name of a refused argument and the reason.
pub(crate) fn described(error: &InvalidArgument) -> String {
    let reason = reason(error);
    match local_name(error.name) {
        Some(name) if reason.starts_with(name) => reason,
        Some(name) if begins_as_predicate(&reason) => format!("{name} {reason}"),
        Some(name) => format!("{name}: {reason}"),
        None => format!("{}: {reason}", error.name),
    }
}

/// Whether a reason continues a sentence that begins with the argument.
fn begins_as_predicate(reason: &str) -> bool {
    let first = reason.split(' ').next().unwrap_or_default();
    matches!(
        first,
        "is" | "has" | "holds" | "must" | "does" | "shows" | "should" | "names" | "cannot"
    )
}

/// Turns the refusal of a value into the text that clap prints behind the argument's name.
pub(crate) fn refused<T>(read: Result<T, InvalidArgument>) -> Result<T, String> {
    read.map_err(|error| reason(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_is_named_once_and_as_on_the_command_line() {
        for (name, reason, expected) in [
            (
                "email",
                "email is not valid or required",
                "--email is missing, or does not have the right form",
            ),
            (
                "toUserJid",
                "must be another user than the own",
                "the user must be another user than the own",
            ),
            (
                "file",
                "file should be Valid File: it is empty",
                "the file should be Valid File: it is empty",
            ),
            ("codeText", "the code is malformed", "the code is malformed"),
            ("odd", "odd one", "odd: one"),
        ] {
            let error = InvalidArgument::new(name, reason);
            assert_eq!(described(&error), expected);
        }
    }
}

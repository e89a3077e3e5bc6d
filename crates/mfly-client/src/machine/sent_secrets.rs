//! The secrets that were sent on a connection, to be removed from texts of the server.
//!
//! A server may repeat in its error texts what it was sent, and those texts appear in events,
//! errors and logs.

use super::reason::{DisconnectReason, LoginFailure};
use mfly_proto::secret::Password;

/// Shortest part of a payload that counts as a repetition. Shorter runs are ordinary words.
const MIN_REPETITION: usize = 12;

/// The replacement of a text that repeats a secret.
const REDACTED: &str = "<redacted>";

/// The secrets of one connection. Their number is bounded by the messages of an authentication.
#[derive(Debug, Default)]
pub(super) struct SentSecrets {
    /// The text contents of the authentication's elements: payloads in base64.
    payloads: Vec<Password>,
    password: Option<Password>,
}

impl SentSecrets {
    /// Adds the password of the connection.
    pub(super) fn add_password(&mut self, password: &Password) {
        self.password = Some(password.clone());
    }

    /// Adds the payloads of an authentication's element that was sent.
    pub(super) fn add_element(&mut self, element: &[u8]) {
        let element = std::str::from_utf8(element).unwrap_or_default();
        let texts = element.split('<').filter_map(|part| part.split_once('>'));
        let payloads = texts.filter_map(|(_, text)| Password::new(text.trim()).ok());
        // `=` alone stands for an empty payload (RFC 6120 §6.4.2).
        self.payloads.extend(payloads.filter(|payload| payload.expose() != "="));
    }

    /// Whether a text contains the password or part of a payload.
    fn is_repeated_in(&self, text: &str) -> bool {
        let is_password = |password: &Password| text.contains(password.expose());
        let is_payload = |character: char| {
            character.is_ascii_alphanumeric() || matches!(character, '+' | '/' | '=')
        };
        let mut runs = text.split(|character| !is_payload(character));
        let is_part = |run: &str| {
            self.payloads.iter().any(|sent| {
                run == sent.expose() || run.len() >= MIN_REPETITION && sent.expose().contains(run)
            })
        };
        self.password.as_ref().is_some_and(is_password) || runs.any(is_part)
    }

    fn redact_text(&self, text: &mut String) {
        if self.is_repeated_in(text) {
            REDACTED.clone_into(text);
        }
    }

    /// Replaces the texts in `reason` that repeat a secret.
    pub(super) fn redact(&self, mut reason: DisconnectReason) -> DisconnectReason {
        match &mut reason {
            DisconnectReason::AuthenticationRefused(failure) => {
                failure.text.iter_mut().for_each(|text| self.redact_text(text));
            }
            DisconnectReason::BindRefused(error) => {
                error.text.iter_mut().for_each(|text| self.redact_text(text));
            }
            DisconnectReason::StreamError(error) => {
                let texts = error.text.iter_mut().chain(&mut error.see_other_host);
                texts.for_each(|text| self.redact_text(text));
            }
            DisconnectReason::LoginFailed(
                LoginFailure::MechanismUnavailable { offered: texts }
                | LoginFailure::MoreTasks { tasks: texts },
            ) => texts.iter_mut().for_each(|text| self.redact_text(text)),
            DisconnectReason::Moved { to: text }
            | DisconnectReason::WebSocketClosed { reason: text, .. }
            | DisconnectReason::WrongServer { answered: text, .. } => self.redact_text(text),
            _ => {}
        }
        reason
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_removed_from_the_reason_of_a_websocket_close() {
        let mut secrets = SentSecrets::default();
        secrets.add_element(b"<auth>AHUxAGh1bnRlcjIh</auth>");
        let closed = |reason: &str| DisconnectReason::WebSocketClosed {
            code: 1008,
            reason: reason.to_owned(),
        };
        let redacted = |reason: &str| secrets.redact(closed(reason));
        assert_eq!(redacted("no: AHUxAGh1bnRlcjIh"), closed(REDACTED));
        assert_eq!(redacted("policy violation"), closed("policy violation"));
    }

    #[test]
    fn a_repetition_is_found_whole_or_in_part_and_other_texts_are_kept() {
        let mut secrets = SentSecrets::default();
        secrets.add_password(&Password::new("hunter2!").unwrap());
        secrets.add_element(b"<auth mechanism='PLAIN' xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>AHUxAGh1bnRlcjIh</auth>");
        for repetition in [
            "bad: AHUxAGh1bnRlcjIh",
            "bad: AHUxAGh1bnRl...",
            "<auth>AHUxAGh1bnRlcjIh</auth>",
            "no such password: hunter2!",
        ] {
            assert!(secrets.is_repeated_in(repetition), "{repetition}");
        }
        for explanation in [
            "",
            "Too many (1) failed authentications from this address (127.0.0.1)",
            "unable to authorize user with given credentials",
            "PLAIN is not allowed here",
        ] {
            assert!(!secrets.is_repeated_in(explanation), "{explanation}");
        }
    }

    #[test]
    fn a_short_payload_is_found_and_the_name_of_an_element_is_a_word() {
        let mut secrets = SentSecrets::default();
        secrets.add_element(b"<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'><initial-response>AGEAYg==</initial-response></authenticate>");
        assert!(secrets.is_repeated_in("bad: AGEAYg=="));
        assert!(!secrets.is_repeated_in("could not authenticate"));
        assert!(!secrets.is_repeated_in("urn:xmpp:sasl:2"));
    }
}

//! What was said in confidence on a connection, so that a server's words can be kept free of it.
//!
//! A server may repeat what it was sent in its explanations, and those end in events, errors and
//! logs.

use super::reason::{DisconnectReason, LoginFailure};
use mfly_proto::secret::Password;

/// How long a run of characters must be to count as a repetition: shorter ones are words.
const LONG: usize = 12;

/// What stands for a text that repeats a secret.
const REDACTED: &str = "<redacted>";

/// The secrets of one connection. There are as many as an authentication has messages.
#[derive(Debug, Default)]
pub(super) struct Spoken {
    /// The texts between the tags of elements that carried an authentication: payloads in base64.
    payloads: Vec<Password>,
    password: Option<Password>,
}

impl Spoken {
    /// The password of the connection.
    pub(super) fn password(&mut self, password: &Password) {
        self.password = Some(password.clone());
    }

    /// An element that carries a part of the authentication left.
    pub(super) fn element(&mut self, element: &[u8]) {
        let element = std::str::from_utf8(element).unwrap_or_default();
        let texts = element.split('<').filter_map(|part| part.split_once('>'));
        let payloads = texts.filter_map(|(_, text)| Password::new(text.trim()).ok());
        // `=` alone stands for an empty payload (RFC 6120 §6.4.2).
        self.payloads.extend(payloads.filter(|payload| payload.expose() != "="));
    }

    /// Whether a text repeats something of it: the password, or part of a message in base64.
    fn is_repeated_in(&self, text: &str) -> bool {
        let is_password = |password: &Password| text.contains(password.expose());
        let is_payload = |character: char| {
            character.is_ascii_alphanumeric() || matches!(character, '+' | '/' | '=')
        };
        let mut runs = text.split(|character| !is_payload(character));
        let is_part = |run: &str| {
            self.payloads.iter().any(|sent| {
                run == sent.expose() || run.len() >= LONG && sent.expose().contains(run)
            })
        };
        self.password.as_ref().is_some_and(is_password) || runs.any(is_part)
    }

    fn redact(&self, text: &mut String) {
        if self.is_repeated_in(text) {
            REDACTED.clone_into(text);
        }
    }

    /// The reason without what the server repeats in it.
    pub(super) fn kept_out_of(&self, mut reason: DisconnectReason) -> DisconnectReason {
        match &mut reason {
            DisconnectReason::AuthenticationRefused(failure) => {
                failure.text.iter_mut().for_each(|text| self.redact(text));
            }
            DisconnectReason::BindRefused(error) => {
                error.text.iter_mut().for_each(|text| self.redact(text));
            }
            DisconnectReason::StreamError(error) => {
                let texts = error.text.iter_mut().chain(&mut error.see_other_host);
                texts.for_each(|text| self.redact(text));
            }
            DisconnectReason::LoginFailed(
                LoginFailure::MechanismUnavailable { offered: texts }
                | LoginFailure::MoreTasks { tasks: texts },
            ) => texts.iter_mut().for_each(|text| self.redact(text)),
            DisconnectReason::Moved { to: text }
            | DisconnectReason::WebSocketClosed { reason: text, .. }
            | DisconnectReason::WrongServer { answered: text, .. } => self.redact(text),
            _ => {}
        }
        reason
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_websocket_close_are_kept_free_of_it() {
        let mut spoken = Spoken::default();
        spoken.element(b"<auth>AHUxAGh1bnRlcjIh</auth>");
        let closed = |reason: &str| DisconnectReason::WebSocketClosed {
            code: 1008,
            reason: reason.to_owned(),
        };
        let kept = |reason: &str| spoken.kept_out_of(closed(reason));
        assert_eq!(kept("no: AHUxAGh1bnRlcjIh"), closed(REDACTED));
        assert_eq!(kept("policy violation"), closed("policy violation"));
    }

    #[test]
    fn a_repetition_is_found_whole_or_in_part_and_an_explanation_is_kept() {
        let mut spoken = Spoken::default();
        spoken.password(&Password::new("hunter2!").unwrap());
        spoken.element(b"<auth mechanism='PLAIN' xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>AHUxAGh1bnRlcjIh</auth>");
        for repetition in [
            "bad: AHUxAGh1bnRlcjIh",
            "bad: AHUxAGh1bnRl...",
            "<auth>AHUxAGh1bnRlcjIh</auth>",
            "no such password: hunter2!",
        ] {
            assert!(spoken.is_repeated_in(repetition), "{repetition}");
        }
        for explanation in [
            "",
            "Too many (1) failed authentications from this address (127.0.0.1)",
            "unable to authorize user with given credentials",
            "PLAIN is not allowed here",
        ] {
            assert!(!spoken.is_repeated_in(explanation), "{explanation}");
        }
    }

    #[test]
    fn a_short_payload_is_found_and_the_name_of_an_element_is_a_word() {
        let mut spoken = Spoken::default();
        spoken.element(b"<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'><initial-response>AGEAYg==</initial-response></authenticate>");
        assert!(spoken.is_repeated_in("bad: AGEAYg=="));
        assert!(!spoken.is_repeated_in("could not authenticate"));
        assert!(!spoken.is_repeated_in("urn:xmpp:sasl:2"));
    }
}

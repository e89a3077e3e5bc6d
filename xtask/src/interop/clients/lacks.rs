//! The steps that clients lack, with the reasons. They are tried all the same: an entry that is no
//! longer true fails the run.

use super::Framing;

/// The reason why a client lacks a step over a framing. After a failed login there are no further
/// steps.
pub(super) fn lacks(client: &str, framing: Framing, step: &str) -> Option<&'static str> {
    use Framing::{DirectTls, StartTls, WebSocket, WebSocketTls};
    match (client, framing, step) {
        ("slixmpp", WebSocket | WebSocketTls, "log in") => Some("it speaks TCP only"),
        ("stanza" | "strophe.js", StartTls | DirectTls, "log in") => {
            Some("it speaks WebSocket and BOSH only")
        }
        ("go-sendxmpp" | "profanity", WebSocket | WebSocketTls, "log in") => {
            Some("it speaks TCP only")
        }
        ("profanity", _, "card") => Some("the command /vcard came with version 0.14"),
        _ => None,
    }
}

//! What each client does without, and why. Everything here is tried all the same: an entry that is
//! no longer true fails the run.

use super::Framing;

/// Why `client` does not take this step over this framing. Without logging in there are no further
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

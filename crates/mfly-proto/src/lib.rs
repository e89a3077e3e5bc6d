//! Sans-IO codecs of the MirrorFly wire.
//!
//! Bytes to types and back: no async, socket, clock or random source. Nonces, ids and times are
//! passed in.
//!
//! | module | what |
//! |---|---|
//! | [`xml`] | restricted XML (RFC 6120 §11): parser, element view, writer |
//! | [`framing`] | what one WebSocket message carries (RFC 7395), and how a TCP stream is cut (RFC 6120) |
//! | [`stream`] | stream features and errors, STARTTLS |
//! | [`sasl`] | mechanisms as step machines, and the choice among them |
//! | [`sasl2`], [`bind2`] | authentication and resource binding in one exchange |
//! | [`stanza`] | `iq`, `presence`, `message`, stanza errors |
//! | [`payload`] | one feature a file: requests, responses, pushes |
//! | [`push`] | what an unasked-for stanza means |
//! | [`cipher`] | the platform's payload encryption |
//! | [`signalling`], [`qr_login`] | Engine.IO and Socket.IO packets; logging in by a code |
//! | [`idn`] | domains beyond ASCII, for DNS and TLS |
//! | [`lenient`] | numbers and flags that are not quite as specified |
//! | [`listed`] | lists of a peer, and what was left out of them |
//! | [`text`] | a peer's text in logs, errors and terminals |
//! | [`retry_after`](mod@retry_after) | the HTTP header `Retry-After` |
//! | [`jid`], [`id`], [`secret`], [`date_time`] | validated newtypes |

#[macro_use]
mod macros;

pub mod argument;
pub mod bind2;
pub mod cipher;
pub mod date_time;
pub mod decode;
pub mod framing;
pub mod id;
pub mod idn;
pub mod jid;
pub mod lenient;
pub mod listed;
pub mod ns;
pub mod payload;
pub mod push;
pub mod qr_login;
pub mod retry_after;
pub mod sasl;
pub mod sasl2;
pub mod secret;
pub mod signalling;
pub mod stanza;
pub mod stream;
#[cfg(feature = "testing")]
pub mod testing;
pub mod text;
pub mod xml;

//! Sans-IO codecs of the MirrorFly wire and of standard XMPP: bytes to types and back.
//!
//! There is no async, no socket, no clock and no random source: nonces, ids and times are passed
//! in.
//!
//! | module | contents |
//! |---|---|
//! | [`xml`] | restricted XML (RFC 6120 §11): parser, element view, writer |
//! | [`framing`] | frames of a stream over WebSocket (RFC 7395) and over TCP (RFC 6120) |
//! | [`stream`] | stream features and errors, STARTTLS |
//! | [`sasl`] | mechanisms as step machines, and the choice among them |
//! | [`sasl2`], [`bind2`] | authentication and resource binding in one step |
//! | [`stanza`] | `iq`, `presence`, `message`, stanza errors |
//! | [`payload`] | one feature a file: requests, responses, pushes |
//! | [`push`] | stanzas that the server sends without a request |
//! | [`cipher`] | the platform's payload encryption |
//! | [`signalling`], [`qr_login`] | Engine.IO and Socket.IO packets; logging in by a QR code |
//! | [`idn`] | domains beyond ASCII, for DNS and TLS |
//! | [`lenient`] | numbers and flags that deviate from their specification |
//! | [`listed`] | lists from a peer, with the entries that could not be read |
//! | [`text`] | text from a peer in logs, errors and terminals |
//! | [`jid`], [`id`], [`secret`], [`date_time`] | validated newtypes |

#[macro_use]
mod macros;

pub mod address;
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
#[cfg(test)]
mod seeded;
pub mod signalling;
pub mod stanza;
pub mod stream;
#[cfg(feature = "testing")]
pub mod testing;
pub mod text;
pub mod xml;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

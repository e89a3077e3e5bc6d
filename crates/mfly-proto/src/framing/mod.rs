//! Framing: the units in which a stream is sent.
//!
//! A [`Frame`] is the text of one complete unit. Over WebSocket (RFC 7395) it is one message; over
//! TCP (RFC 6120) it is a stream header, a complete element, a closing stream tag, or white space
//! between elements. [`Framing`] names the kind, [`FrameReader`] reads frames. A stanza that
//! exceeds [`ReceiveLimits`] is not read: [`Skipped`] describes it.

mod close;
mod frame;
mod kind;
mod limits;
mod open;
mod reader;
mod skipped;
pub mod tcp;
pub mod websocket;

pub use close::Close;
pub use frame::Frame;
pub use kind::Framing;
pub use limits::{ExceededLimit, ReceiveLimits};
pub use open::Open;
pub use reader::{FrameReader, Received};
pub use skipped::Skipped;

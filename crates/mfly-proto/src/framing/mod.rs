//! How frames carry a stream.
//!
//! A [`Frame`] is one complete unit as text. Over WebSocket (RFC 7395) one message is one frame;
//! over TCP (RFC 6120) a frame is a stream header, a complete element, a closing stream tag, or
//! white space between elements. [`Framing`] says which, [`FrameReader`] tells frames apart. A
//! stanza that exceeds [`ReceiveLimits`] is not read: [`Skipped`] takes its place.

mod frame;
mod kind;
mod limits;
mod open;
mod reader;
mod skipped;
pub mod tcp;
pub mod websocket;

pub use frame::Frame;
pub use kind::Framing;
pub use limits::{ExceededLimit, ReceiveLimits};
pub use open::Open;
pub use reader::{FrameReader, Received};
pub use skipped::Skipped;

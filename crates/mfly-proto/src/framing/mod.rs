//! How frames carry a stream.
//!
//! A [`Frame`] is one complete unit as text. Over WebSocket (RFC 7395) one message is one frame.

mod frame;
pub mod websocket;

pub use frame::Frame;

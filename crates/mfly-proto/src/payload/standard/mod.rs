//! Payloads of any XMPP server, one feature a file.
//!
//! A feature that the platform has in a form of its own has the same file name in the parent
//! module.

pub mod block;
pub mod entity_time;
pub mod profile;
pub mod roster;
pub mod service_discovery;

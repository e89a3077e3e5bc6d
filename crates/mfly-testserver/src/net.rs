//! Sockets: listeners, connections, HTTP, TLS, and their limits.

pub(crate) mod addresses;
pub(crate) mod admission;
pub(crate) mod certificate;
pub(crate) mod connection;
pub(crate) mod cors;
pub(crate) mod descriptors;
pub(crate) mod file;
pub(crate) mod forwarded;
pub(crate) mod host;
pub(crate) mod http;
pub(crate) mod listener;
pub(crate) mod new_file;
pub(crate) mod no_room;
pub(crate) mod pipe;
pub(crate) mod reading;
pub(crate) mod supervisor;

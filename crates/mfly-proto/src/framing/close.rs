//! The end of a connection, as the peer reports it.

/// The closing code and reason that the peer sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    /// The status code (RFC 6455 §7.4), if the peer sent one. There is none over TCP.
    pub code: Option<u16>,
    /// The reason as text, at most 123 bytes, possibly empty.
    pub reason: String,
}

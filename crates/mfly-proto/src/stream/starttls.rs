//! STARTTLS: the upgrade of a clear-text stream to TLS (RFC 6120 §5).
//!
//! ```xml
//! C: <starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>
//! S: <proceed xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>      or <failure …/>, which ends the stream
//! ```
//! After `<proceed/>` the next byte in either direction belongs to TLS, in which both sides start a
//! new stream.

use crate::ns;

empty_element! {
    /// The client requests TLS.
    StartTls = "starttls" in ns::TLS
}
empty_element! {
    /// The server agrees: the TLS handshake follows.
    Proceed = "proceed" in ns::TLS
}
empty_element! {
    /// The server cannot start TLS, and closes the stream.
    Failure = "failure" in ns::TLS
}

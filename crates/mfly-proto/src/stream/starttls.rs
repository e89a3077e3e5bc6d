//! Turning a clear-text stream into an encrypted one (RFC 6120 §5).
//!
//! ```xml
//! C: <starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>
//! S: <proceed xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>      or <failure …/>, which ends the stream
//! ```
//! After `<proceed/>` the next byte in either direction belongs to TLS, and both sides start a new
//! stream inside of it.

use crate::decode::DecodeError;
use crate::ns;
use crate::xml::{Element, Writer};

macro_rules! empty_element {
    ($(#[$doc:meta])* $type:ident = $name:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $type;

        impl $type {
            /// Whether the element is this one.
            #[must_use]
            pub fn is(element: Element<'_>) -> bool {
                element.is(ns::TLS, $name)
            }

            /// Reads the element.
            ///
            /// # Errors
            /// When it is another one.
            pub fn read(element: Element<'_>) -> Result<Self, DecodeError> {
                match Self::is(element) {
                    true => Ok(Self),
                    false => Err(DecodeError::UnexpectedElement { expected: $name }),
                }
            }

            /// Appends the element.
            pub fn write(self, buffer: &mut Vec<u8>) {
                Writer::new(buffer).element($name, |w| w.attr("xmlns", ns::TLS));
            }
        }
    };
}

empty_element! {
    /// The client asks for TLS.
    StartTls = "starttls"
}
empty_element! {
    /// The server agrees: the handshake follows.
    Proceed = "proceed"
}
empty_element! {
    /// The server cannot; it closes the stream.
    Failure = "failure"
}

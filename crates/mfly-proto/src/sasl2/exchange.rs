//! What goes back and forth.

use super::{data, expect, write_data};
use crate::decode::DecodeError;
use crate::ns;
use crate::xml::{Element, Writer};
use std::fmt;
use zeroize::Zeroizing;

macro_rules! exchange {
    ($(#[$doc:meta])* $name:ident, $element:literal) => {
        $(#[$doc])*
        #[derive(Clone, Default, PartialEq, Eq)]
        pub struct $name {
            /// The mechanism's data.
            pub data: Zeroizing<Vec<u8>>,
        }

        impl $name {
            /// Carries the mechanism's data.
            #[must_use]
            pub fn new(data: Vec<u8>) -> Self {
                Self { data: Zeroizing::new(data) }
            }

            #[doc = concat!("Whether the element is a `<", $element, "/>`.")]
            #[must_use]
            pub fn is(element: Element<'_>) -> bool {
                element.is(ns::SASL2, $element)
            }

            #[doc = concat!("Reads a `<", $element, "/>`.")]
            ///
            /// # Errors
            /// When the element is another one or does not hold base64.
            pub fn read(element: Element<'_>) -> Result<Self, DecodeError> {
                expect(element, $element)?;
                Ok(Self { data: data(element, $element)? })
            }

            #[doc = concat!("Writes the `<", $element, "/>`.")]
            pub fn write(&self, writer: &mut Writer<'_>) {
                writer.element($element, |w| {
                    w.attr("xmlns", ns::SASL2);
                    write_data(w, &self.data);
                });
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}

exchange!(
    /// The server asks (XEP-0388 §2.5).
    Challenge,
    "challenge"
);
exchange!(
    /// The client answers (XEP-0388 §2.5).
    Response,
    "response"
);

/// The client gives up (XEP-0388 §3.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Abort;

impl Abort {
    /// Whether the element is an `<abort/>`.
    #[must_use]
    pub fn is(element: Element<'_>) -> bool {
        element.is(ns::SASL2, "abort")
    }

    /// Writes the `<abort/>`.
    pub fn write(self, writer: &mut Writer<'_>) {
        writer.element("abort", |w| w.attr("xmlns", ns::SASL2));
    }
}

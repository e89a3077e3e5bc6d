//! The data of mechanisms as base64 (RFC 4648 §4) in elements of SASL and SASL2.

use crate::decode::DecodeError;
use crate::xml::{Element, Writer};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// Data of a mechanism; wiped when dropped.
pub(crate) type Data = Zeroizing<Vec<u8>>;

/// Reads the text of an element, which must be base64 without white space.
pub(crate) fn read(element: Element<'_>, name: &'static str) -> Result<Data, DecodeError> {
    let decoded = STANDARD.decode(element.text().as_ref());
    let invalid = |_| DecodeError::InvalidValue { element: name, field: "base64" };
    decoded.map(Zeroizing::new).map_err(invalid)
}

/// Writes the data as text; writes no text for data of no length.
pub(crate) fn write(writer: &mut Writer<'_>, data: &Data) {
    if !data.is_empty() {
        writer.text(&Zeroizing::new(STANDARD.encode(&**data)));
    }
}

/// Declares a type for an element that carries the data of one step. `$read` reads its text.
macro_rules! data_element {
    ($(#[$doc:meta])* $type:ident = $name:literal in $ns:path, $read:path) => {
        $(#[$doc])*
        #[derive(Clone, Default, PartialEq, Eq)]
        pub struct $type {
            /// The data of the mechanism, which may be empty.
            pub data: zeroize::Zeroizing<Vec<u8>>,
        }

        impl $type {
            #[doc = concat!("A `<", $name, "/>` with the data of the mechanism.")]
            #[must_use]
            pub fn new(data: Vec<u8>) -> Self {
                Self { data: zeroize::Zeroizing::new(data) }
            }

            #[doc = concat!("Whether the element is a `<", $name, "/>` of this namespace.")]
            #[must_use]
            pub fn is(element: $crate::xml::Element<'_>) -> bool {
                element.is($ns, $name)
            }

            #[doc = concat!("Reads a `<", $name, "/>`.")]
            ///
            /// # Errors
            /// When the element has another name or namespace, or its text is not base64.
            pub fn read(
                element: $crate::xml::Element<'_>,
            ) -> Result<Self, $crate::decode::DecodeError> {
                $crate::decode::expect(element, $ns, $name)?;
                Ok(Self { data: $read(element, $name)? })
            }

            #[doc = concat!("Writes the `<", $name, "/>`.")]
            pub fn write(&self, writer: &mut $crate::xml::Writer<'_>) {
                writer.element($name, |w| {
                    w.attr("xmlns", $ns);
                    $crate::sasl::data::write(w, &self.data);
                });
            }
        }

        debug_only!($type {});
    };
}
pub(crate) use data_element;

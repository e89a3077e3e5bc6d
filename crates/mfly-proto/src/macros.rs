//! Forms that many types of this crate share.

/// Declares an enum whose values have fixed names on the wire.
macro_rules! named {
    ($(#[$meta:meta])* pub enum $type:ident { $($(#[$doc:meta])* $variant:ident = $name:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $type {
            $($(#[$doc])* $variant,)*
        }

        impl $type {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The value with this name on the wire.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }
        }

        /// Shows the name on the wire.
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

/// Declares a type for an element without attributes and content.
macro_rules! empty_element {
    ($(#[$doc:meta])* $type:ident = $name:literal in $ns:path) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $type;

        impl $type {
            #[doc = concat!("Whether the element is a `<", $name, "/>` of this namespace.")]
            #[must_use]
            pub fn is(element: $crate::xml::Element<'_>) -> bool {
                element.is($ns, $name)
            }

            #[doc = concat!("Reads a `<", $name, "/>`; its content is ignored.")]
            ///
            /// # Errors
            /// When the element has another name or namespace.
            pub fn read(
                element: $crate::xml::Element<'_>,
            ) -> Result<Self, $crate::decode::DecodeError> {
                $crate::decode::expect(element, $ns, $name).map(|()| Self)
            }

            #[doc = concat!("Writes the `<", $name, "/>`.")]
            pub fn write(self, writer: &mut $crate::xml::Writer<'_>) {
                writer.element($name, |w| w.attr("xmlns", $ns));
            }
        }
    };
}

/// Implements `Debug` with the named fields only: the others are secret or private.
macro_rules! debug_only {
    ($type:ident { $($field:ident),* }) => {
        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($type))
                    $(.field(stringify!($field), &self.$field))*
                    .finish_non_exhaustive()
            }
        }
    };
}

/// Implements `Debug` for a secret: only the name of the type is shown.
macro_rules! redacted {
    ($($type:ident)*) => {$(
        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($type), "(<redacted>)"))
            }
        }
    )*};
}

/// Implements `Display` with `as_str` and `FromStr` with `new`.
macro_rules! text_form {
    ($($type:ident)*) => {$(
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::argument::InvalidArgument;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::new(text)
            }
        }
    )*};
}

/// The constants of an `IqRequest`: `iq_request!(Get "query" in ns::LAST)`, optionally followed by
/// `, status "…"`.
macro_rules! iq_request {
    ($kind:ident $name:tt in $ns:expr $(, status $status:literal)?) => {
        const KIND: $crate::stanza::IqKind = $crate::stanza::IqKind::$kind;
        const NAMESPACE: &'static str = $ns;
        const NAME: &'static str = $name;
        $(const STATUS: Option<&'static str> = Some($status);)?
    };
}

/// `IqRequest::read` for a request without fields, whose payload is an empty element.
macro_rules! without_fields {
    () => {
        fn read(
            _: &$crate::stanza::Iq<'_>,
            payload: $crate::xml::Element<'_>,
        ) -> Result<Self, $crate::decode::DecodeError> {
            $crate::stanza::iq::check::<Self>(payload).map(|()| Self)
        }
    };
}

/// `IqRequest::to` and `IqRequest::read` for a request whose only field is `to: Option<Jid>`.
macro_rules! addressed {
    () => {
        fn to(&self) -> Option<&$crate::jid::Jid> {
            self.to.as_ref()
        }

        fn read(
            iq: &$crate::stanza::Iq<'_>,
            payload: $crate::xml::Element<'_>,
        ) -> Result<Self, $crate::decode::DecodeError> {
            $crate::stanza::iq::check::<Self>(payload)?;
            Ok(Self { to: iq.to.clone() })
        }
    };
}

/// The response items of an `IqRequest` that is answered with an empty result.
macro_rules! empty_result {
    () => {
        type Response = ();

        fn write_response((): &(), _: &mut $crate::xml::Writer<'_>) {}

        fn read_response(_: &$crate::stanza::Reply<'_>) -> Result<(), $crate::decode::DecodeError> {
            Ok(())
        }
    };
}

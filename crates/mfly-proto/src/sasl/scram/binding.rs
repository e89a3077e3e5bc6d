//! Which TLS channel an exchange is tied to, and what the client says about it (RFC 5802 §6).

use crate::sasl::ChannelBindings;
use std::fmt;

named! {
    /// A kind of channel binding, the preferred one first: `tls-exporter` ties to the connection,
    /// `tls-server-end-point` only to the certificate. `tls-unique` is broken (RFC 7627) and not
    /// supported.
    pub enum BindingKind {
        /// Data exported from the TLS connection (RFC 9266).
        TlsExporter = "tls-exporter",
        /// Hash of the server's certificate (RFC 5929 §4).
        TlsServerEndPoint = "tls-server-end-point",
    }
}

impl ChannelBindings {
    /// The data of one kind, if the connection has it.
    #[must_use]
    pub fn get(&self, kind: BindingKind) -> Option<&[u8]> {
        match kind {
            BindingKind::TlsExporter => self.tls_exporter.as_deref(),
            BindingKind::TlsServerEndPoint => self.tls_server_end_point.as_deref(),
        }
    }
}

/// What the client says about channel binding.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Binding {
    /// `n`: this client cannot bind, or does not want to.
    #[default]
    None,
    /// `y`: it could, and the server does not offer to. A server that did offer refuses then:
    /// somebody removed the offer on its way.
    NotOffered,
    /// `p=`: bound to the channel with these data. The mechanism is the -PLUS one.
    Bound(BindingKind, Vec<u8>),
}

impl Binding {
    /// Whether the exchange is bound.
    #[must_use]
    pub const fn is_bound(&self) -> bool {
        matches!(self, Self::Bound(..))
    }

    /// The flag that begins the client's first message, without the comma after it.
    pub(super) fn write_flag(&self, message: &mut String) {
        match self {
            Self::None => message.push('n'),
            Self::NotOffered => message.push('y'),
            Self::Bound(kind, _) => {
                message.push_str("p=");
                message.push_str(kind.as_str());
            }
        }
    }

    pub(super) fn data(&self) -> &[u8] {
        match self {
            Self::None | Self::NotOffered => &[],
            Self::Bound(_, data) => data,
        }
    }
}

impl fmt::Debug for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::NotOffered => f.write_str("NotOffered"),
            Self::Bound(kind, _) => write!(f, "Bound({kind})"),
        }
    }
}

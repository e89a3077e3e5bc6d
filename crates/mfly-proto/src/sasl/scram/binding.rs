//! Channel binding in SCRAM: the client's flag and its data (RFC 5802 §6).

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
    /// The data of one kind of binding, if the connection has it.
    #[must_use]
    pub fn get(&self, kind: BindingKind) -> Option<&[u8]> {
        match kind {
            BindingKind::TlsExporter => self.tls_exporter.as_deref(),
            BindingKind::TlsServerEndPoint => self.tls_server_end_point.as_deref(),
        }
    }
}

/// The client's channel-binding flag, with its data.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Binding {
    /// `n`: the client does not support channel binding, or does not use it.
    #[default]
    None,
    /// `y`: the client supports channel binding, and the server did not offer it. A server that did
    /// offer it refuses: its offer was changed on the way.
    NotOffered,
    /// `p=`: bound to the channel with these data, for the -PLUS mechanisms.
    Bound(BindingKind, Vec<u8>),
}

impl Binding {
    /// Whether the authentication is bound to the channel.
    #[must_use]
    pub const fn is_bound(&self) -> bool {
        matches!(self, Self::Bound(..))
    }

    /// Appends the flag that begins the client's first message, without a comma.
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

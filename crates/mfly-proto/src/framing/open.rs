//! What opens a stream, whatever its framing.

/// Opens a stream, or answers the opening: `<open/>` (RFC 7395 §3.4), or the stream header (RFC
/// 6120 §4.7).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Open {
    /// Who opens it.
    pub from: Option<String>,
    /// The stream's id, from the server.
    pub id: Option<String>,
    /// `xml:lang`.
    pub lang: Option<String>,
    /// The host that is asked for.
    pub to: Option<String>,
    /// Protocol version; `1.0` is the only one.
    pub version: Option<String>,
}

impl Open {
    /// The client's opening of a stream to `host`.
    #[must_use]
    pub fn to_host(host: &str) -> Self {
        Self { to: Some(host.to_owned()), version: Some("1.0".to_owned()), ..Self::default() }
    }
}

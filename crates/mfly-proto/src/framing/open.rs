//! The opening of a stream, for both framings.

/// The opening of a stream, or the answer to it: `<open/>` (RFC 7395 §3.4), or the stream header
/// (RFC 6120 §4.7).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Open {
    /// The sender of the opening.
    pub from: Option<String>,
    /// Id of the stream, chosen by the server.
    pub id: Option<String>,
    /// Language of the stream: `xml:lang`.
    pub lang: Option<String>,
    /// The requested host.
    pub to: Option<String>,
    /// Protocol version, `1.0`.
    pub version: Option<String>,
}

impl Open {
    /// The client's opening of a stream to `host`.
    #[must_use]
    pub fn to_host(host: &str) -> Self {
        Self { to: Some(host.to_owned()), version: Some("1.0".to_owned()), ..Self::default() }
    }
}

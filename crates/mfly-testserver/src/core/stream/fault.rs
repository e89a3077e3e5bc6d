//! What a stream has to suffer, as a test ordered it.

/// The faults of one stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StreamFaults {
    /// What happens instead of TLS.
    pub(crate) start_tls: Option<StartTlsFault>,
    /// The client is sent elsewhere, with these words.
    pub(crate) see_other_host: Option<String>,
    /// These mechanisms alone are offered.
    pub(crate) mechanisms: Option<Vec<String>>,
    /// The -PLUS mechanisms are not announced, as if somebody in between had removed them.
    pub(crate) strips_binding: bool,
    /// SCRAM asks for so many iterations. Nobody can log in then.
    pub(crate) iterations: Option<u32>,
    /// SCRAM's last word does not prove that the server knows the password.
    pub(crate) forges_signature: bool,
}

/// What happens to STARTTLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StartTlsFault {
    /// It is not offered, as if somebody in between had removed it.
    Withhold,
    /// It is offered and then refused.
    Refuse,
    /// This text comes with the agreement, in the clear.
    Inject(String),
}

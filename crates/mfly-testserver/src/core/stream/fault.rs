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
    /// Leaves the -PLUS mechanisms out, as a man in the middle would.
    pub(crate) strips_binding: bool,
    /// Asks for this many SCRAM iterations, with which no login succeeds.
    pub(crate) iterations: Option<u32>,
    /// Sends a wrong server signature in SCRAM's last message.
    pub(crate) forges_signature: bool,
}

/// What happens to STARTTLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StartTlsFault {
    /// Leaves the offer out, as a man in the middle would.
    Withhold,
    /// Offers it and then refuses it.
    Refuse,
    /// This text comes with the agreement, in the clear.
    Inject(String),
}

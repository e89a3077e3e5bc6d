//! What this client does where the platform's behaviour is not known for certain.
//!
//! Every switch is a choice that was inferred, not observed. They stand here together so that a
//! deployment that behaves otherwise is served by changing a value, and so that a guess shows as a
//! guess.

/// The client's inferred choices. The default suits the hosted platform as far as it is known.
///
/// ```
/// let mut quirks = mfly_client::Quirks::default();
/// quirks.email_required = true; // as strict as the official SDK
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Quirks {
    /// Dial `wss://` for a host that the server's configuration names; `false` dials `ws://`.
    /// The official SDK forces TLS there; that a deployment could want otherwise is inferred.
    pub websocket_tls: bool,
    /// When the configuration has no IV for profiles, use the licence key as IV. The official SDK
    /// does so before it has a configuration, and uses sixteen zero bytes when a configuration
    /// omits the value: that the licence key is meant in both cases is inferred.
    pub profile_iv_is_licence_key: bool,
    /// Refuse a whole profile without e-mail address, as the official SDK does. That the server
    /// accepts one is inferred.
    pub email_required: bool,
    /// Use the image's token for the small image too when an upload names none. The official SDK
    /// would write a browser object there; what the server wants is inferred.
    pub thumb_image_is_image: bool,
    /// Compare the server's echo of a stored profile, if there is one, with what was sent. That an
    /// echo shows what was stored is inferred.
    pub verify_profile_echo: bool,
    /// Refuse blocking oneself before asking the server. The REST documentation names it as an
    /// error; that the XMPP request fails likewise is inferred.
    pub refuse_self_block: bool,
    /// Finish an upload in several parts with a commit, whatever the store. With some stores the
    /// official SDK fails to send it for a first upload and begins anew, which looks like a defect
    /// there: that the server expects it is inferred.
    pub commit_first_upload: bool,
    /// Refuse a server whose stream header comes from another domain than that of the own address,
    /// as RFC 6120 §4.7.1 has it. The official SDK does not look; that the platform answers in the
    /// name of the host is inferred.
    pub check_stream_from: bool,
}

impl Default for Quirks {
    fn default() -> Self {
        Self {
            websocket_tls: true,
            profile_iv_is_licence_key: true,
            email_required: false,
            thumb_image_is_image: true,
            verify_profile_echo: true,
            refuse_self_block: true,
            commit_first_upload: true,
            check_stream_from: true,
        }
    }
}

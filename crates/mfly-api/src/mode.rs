//! Live or trial: what kind of licence key is in use.

/// What a licence key is for. The licence look-up tells.
///
/// It changes two things (observed: Web SDK 4.25.10): where and how registration is posted, and
/// whether the password of login and XMPP is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// A bought plan: the registration data and the password are sealed.
    Live,
    /// A trial plan (the official SDK's "sandbox"): both are sent as they are.
    Trial,
}

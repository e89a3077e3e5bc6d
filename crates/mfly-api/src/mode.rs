//! The kind of a licence key: live or trial.

/// The kind of a licence key, which the licence look-up returns.
///
/// It decides the path and the form of a registration, and whether the password of login and XMPP
/// is sealed (observed: Web SDK 4.25.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// A paid plan: the registration data and the password are sealed.
    Live,
    /// A trial plan, the "sandbox" of the official SDK: both are sent in plain text.
    Trial,
}

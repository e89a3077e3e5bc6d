//! Checks that every XMPP server and every way of reaching it has to pass with this client.
//!
//! | module | what |
//! |---|---|
//! | [`certificate`] | a good certificate, and one for each way to be bad |

pub mod certificate;

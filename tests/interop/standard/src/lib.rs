//! Standard XMPP servers that nobody here wrote, run on loopback for the shared suite.
//!
//! | module | what |
//! |---|---|
//! | [`prosody`], [`ejabberd`] | a server each: its configuration, start, stop, restart, users |
//! | [`process`] | a process that is waited for and ended with its children |
//! | [`port`], [`folder`] | where a run's servers listen and write |
//!
//! Both servers are those of Debian's packages. They are started from configurations generated here, as processes of
//! the run: no service, no federation, nothing outside 127.0.0.1 and the run's folder.

pub mod ejabberd;
pub mod error;
pub mod folder;
pub mod port;
pub mod process;
pub mod prosody;
mod setting;

pub use ejabberd::Ejabberd;
pub use error::ServerError;
pub use prosody::Prosody;
pub use setting::{Ports, Setting};

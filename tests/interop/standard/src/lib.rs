//! StandardServer XMPP servers that nobody here wrote, run on loopback for the shared suite.
//!
//! | module | what |
//! |---|---|
//! | [`prosody`], [`ejabberd`] | a server each: its configuration, start, stop, restart, users |
//! | [`daemon`] | what they have in common, and how the suite sees them |
//! | [`process`] | a process that is waited for and ended with its children |
//! | [`folder`] | where the servers of a run write |
//!
//! Both servers are those of Debian's packages. They are started from configurations generated
//! here, as processes of the run: no service, no federation, nothing outside 127.0.0.1 and the
//! run's folder.

pub mod daemon;
pub mod ejabberd;
pub mod error;
pub mod folder;

mod instance;
pub mod process;
pub mod prosody;

pub use daemon::{Daemon, StandardServer};
pub use ejabberd::Ejabberd;
pub use error::ServerError;
pub use instance::InstanceConfig;
pub use prosody::Prosody;

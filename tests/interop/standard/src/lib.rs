//! Standard XMPP servers of other projects, run on loopback for the shared suite.
//!
//! | module | what |
//! |---|---|
//! | [`prosody`], [`ejabberd`] | one server each: its configuration, process and users |
//! | [`daemon`] | the interface of the servers, and their adapter to the suite |
//! | [`process`] | a process that is waited for and ended with its children |
//! | [`folder`] | the folder of a run |
//!
//! Both servers are those of Debian's packages. They run with the configurations in `config/`, as
//! processes of the run: no service, no federation, nothing outside 127.0.0.1 and the run's folder.

pub mod daemon;
pub mod ejabberd;
pub mod error;
pub mod folder;

mod instance;
pub mod process;
pub mod prosody;

pub use daemon::{Daemon, Running, StandardServer};
pub use ejabberd::Ejabberd;
pub use error::ServerError;
pub use instance::InstanceConfig;
pub use prosody::Prosody;

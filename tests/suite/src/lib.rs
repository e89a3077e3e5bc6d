//! Checks that every XMPP server has to pass with this client, over every transport.
//!
//! A [`Server`] names its transports and creates users; [`run()`] tries every check of [`checks`]
//! over every [`Transport`] of it. The [`Report`] names each lack of a server with its reason.
//!
//! | module | what |
//! |---|---|
//! | [`server`] | the interface of a server under test |
//! | [`checks`], [`check`] | the checks, one file for each subject |
//! | [`env`](mod@env) | the environment of one check: users of its own over one transport |
//! | [`failure`] | failures of checks; waits with a deadline |
//! | [`run`](mod@run), [`report`] | running the checks, and the report |
//! | [`relay`] | a relay between client and server that can hold back bytes |
//! | [`certificate`], [`port`] | certificates, good and bad; free ports |
//!
//! Every wait is for an event, and has a deadline; no check sleeps.

pub mod certificate;
pub mod check;
pub mod checks;
pub mod env;
pub mod failure;
pub mod port;
pub mod relay;
pub mod report;
pub mod run;
pub mod server;
pub mod transport;

pub use certificate::{Certificate, Certificates};
pub use failure::Failure;
pub use report::{Outcome, Report, Row};
pub use run::run;
pub use server::{Capability, Server};
pub use transport::Transport;

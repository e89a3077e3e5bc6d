//! Checks that every XMPP server and every way of reaching it has to pass with this client.
//!
//! A [`Server`] says how it is reached and how users are made there; [`run()`] tries every check of
//! [`checks`] over every [`Transport`] of it. What a server does without is in the [`Report`], with
//! the reason.
//!
//! | module | what |
//! |---|---|
//! | [`server`] | what the suite asks of a server |
//! | [`checks`], [`check`] | the checks, one file for each subject |
//! | [`env`] | where one check runs: users of its own over one transport |
//! | [`failure`] | why a check failed; waiting with a deadline |
//! | [`run`](mod@run), [`report`] | running them, and what came out |
//! | [`relay`] | between a client and a server, to go silent or away |
//! | [`certificate`], [`port`] | a good certificate and one for each way to be bad; free ports |
//!
//! Every wait is for something that happens, and has a deadline; nothing sleeps.

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

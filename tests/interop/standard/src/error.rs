//! What can go wrong with a server that somebody else wrote.

use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// A server that could not be run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServerError {
    /// A program could not be started.
    #[error("{} could not be started; is its package installed?", program.display())]
    Program {
        /// Its name.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A part of the server's package is not where it is expected.
    #[error("{what} was not found; is the package {package} installed?")]
    Missing {
        /// What was looked for.
        what: &'static str,
        /// The Debian package that has it.
        package: &'static str,
    },
    /// A program that should do its work and end failed.
    #[error("{} failed: {what}", program.display())]
    Failed {
        /// Its name.
        program: PathBuf,
        /// How.
        what: String,
    },
    /// The server did not come up.
    #[error("{server} was not started: {what}; the end of {}:\n{tail}", log.display())]
    NotStarted {
        /// The server.
        server: &'static str,
        /// What happened instead.
        what: String,
        /// The whole log.
        log: PathBuf,
        /// Its last lines.
        tail: String,
    },
    /// The server did not end when it was asked to.
    #[error("{server} was not stopped: {what}")]
    NotStopped {
        /// The server.
        server: &'static str,
        /// What happened instead.
        what: String,
    },
    /// The server answered a request to its administration with a refusal.
    #[error("{server} did not {what}: {answer}")]
    Refused {
        /// The server.
        server: &'static str,
        /// What it was asked to do.
        what: String,
        /// What it said.
        answer: String,
    },
    /// A file or a socket.
    #[error(transparent)]
    Io(#[from] io::Error),
}

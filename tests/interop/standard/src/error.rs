//! Errors of running a server of another project.

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
        /// The name of the program.
        program: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// A part of the server's package is not where it is expected.
    #[error("{what} was not found; is the package {package} installed?")]
    Missing {
        /// The missing file.
        what: &'static str,
        /// The Debian package of the file.
        package: &'static str,
    },
    /// A helper program failed.
    #[error("{} failed: {what}", program.display())]
    Failed {
        /// The name of the program.
        program: PathBuf,
        /// Its status and output.
        what: String,
    },
    /// The server did not start.
    #[error("{server} was not started: {what}; the end of {}:\n{tail}", log.display())]
    NotStarted {
        /// The name of the server.
        server: &'static str,
        /// The reason, in words.
        what: String,
        /// The path of the log.
        log: PathBuf,
        /// The last lines of the log.
        tail: String,
    },
    /// The server did not stop.
    #[error("{server} was not stopped: {what}")]
    NotStopped {
        /// The name of the server.
        server: &'static str,
        /// The reason, in words.
        what: String,
    },
    /// The server refused a request to its administration.
    #[error("{server} did not {what}: {answer}")]
    Refused {
        /// The name of the server.
        server: &'static str,
        /// The refused request.
        what: String,
        /// The server's answer.
        answer: String,
    },
    /// A file or a socket failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

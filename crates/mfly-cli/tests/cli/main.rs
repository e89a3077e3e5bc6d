//! The built command, as a person or a script runs it.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper that cannot go on fails the test that called it"
)]

mod accounts;
mod colours;
mod doctor;
mod environment;
mod failures;
mod files;
mod media;
mod operations;
mod qr_login;
mod secrets;
mod serve;
#[cfg(unix)]
mod serve_files;
mod server;
mod setup;
mod tour;
mod watch;

//! Connections over real sockets and in memory.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that cannot go on fails the test that called it"
)]

mod batching;
mod byte_stream;
mod certificates;
mod closing;
mod dns;
mod frames;
mod hostile_client;
mod hostile_server;
mod progress;
mod proxies;
mod proxy;
mod security;
mod server_accept;
mod setup;
mod srv;
mod start_tls;
mod tls;

//! Tests of the public API of the crate.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that cannot go on fails the test that called it"
)]

mod closing;
mod fixtures;
mod hostile;
mod hyper;
mod licence;
mod media;
#[path = "../../../mfly-transport/tests/it/proxies.rs"]
mod proxies;
mod proxy;
mod redirects;
mod refresh;
mod responses;
mod script;

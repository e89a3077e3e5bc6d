//! The suite against the test server, over everything that it offers.
#![expect(clippy::unwrap_used, reason = "a server that does not start fails the test")]

mod test_server;

use mfly_suite::{Server as _, Transport};
use test_server::UnderSuite;

async fn every_check_passes_over(transport: Transport) {
    let server = UnderSuite::start().await.map_err(|failure| failure.to_string()).unwrap();
    assert!(server.transports().contains(&transport));
    let report = mfly_suite::run(&server, &[transport]).await;
    let counts = report.counts();
    assert!(counts.failed == 0 && counts.lacking == 0 && counts.passed > 0, "\n{report}");
}

#[tokio::test]
async fn every_check_passes_over_memory_framed_as_tcp() {
    every_check_passes_over(Transport::MemoryTcp).await;
}

#[tokio::test]
async fn every_check_passes_over_memory_framed_as_websocket() {
    every_check_passes_over(Transport::MemoryWebSocket).await;
}

#[tokio::test]
async fn every_check_passes_over_tcp_with_starttls() {
    every_check_passes_over(Transport::StartTls).await;
}

#[tokio::test]
async fn every_check_passes_over_direct_tls() {
    every_check_passes_over(Transport::DirectTls).await;
}

#[tokio::test]
async fn every_check_passes_over_websocket() {
    every_check_passes_over(Transport::WebSocket).await;
}

#[tokio::test]
async fn every_check_passes_over_websocket_with_tls() {
    every_check_passes_over(Transport::SecureWebSocket).await;
}

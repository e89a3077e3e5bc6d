//! The suite against the test server, over all its transports.
#![expect(clippy::unwrap_used, reason = "a server that does not start fails the test")]

mod test_server;

use mfly_suite::{Server as _, Transport};
use test_server::RestartableServer;

async fn passes_over(transport: Transport) {
    let server = RestartableServer::start().await.map_err(|failure| failure.to_string()).unwrap();
    assert!(server.transports().contains(&transport));
    let report = mfly_suite::run(&server, &[transport]).await;
    assert_eq!((report.count("FAILED"), report.count("lacking")), (0, 0), "\n{report}");
    assert!(report.count("passed") > 0);
}

/// Defines a test for each transport.
macro_rules! every_check_passes_over {
    ($($name:ident: $transport:ident;)+) => {$(
        #[tokio::test]
        async fn $name() {
            passes_over(Transport::$transport).await;
        }
    )+};
}

every_check_passes_over! {
    every_check_passes_over_memory_framed_as_tcp: MemoryTcp;
    every_check_passes_over_memory_framed_as_websocket: MemoryWebSocket;
    every_check_passes_over_tcp_with_starttls: StartTls;
    every_check_passes_over_direct_tls: DirectTls;
    every_check_passes_over_websocket: WebSocket;
    every_check_passes_over_websocket_with_tls: SecureWebSocket;
}

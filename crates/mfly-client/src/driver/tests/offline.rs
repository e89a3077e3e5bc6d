//! Requests, checks and reconnecting while there is no connection.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_request_waits_for_the_next_connection_and_is_answered_there() {
    let (mut rig, server) = Rig::online().await;
    rig.lose(server).await;
    let request = rig.spawn_request();
    let mut server = rig.accept().await;
    server.answer_next("blocklist", BLOCKLIST).await;
    assert_eq!(request.await.unwrap().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_waiting_request_fails_at_its_deadline_and_a_dropped_one_is_not_sent() {
    let (mut rig, server) = Rig::online().await;
    rig.connector.refusals.store(6, Ordering::SeqCst);
    rig.lose(server).await;
    let start = Instant::now();
    let asking = rig.driver.clone();
    let dropped =
        tokio::spawn(async move { asking.request(&GetBlockedBy, RequestOptions::default()).await });
    let soon = RequestOptions { timeout: Some(SECOND), fail_fast: None };
    let failed = rig.driver.request(&GetBlocked, soon).await;
    assert!(matches!(failed, Err(RequestFailure::NotConnected { last: Some(_) })), "{failed:?}");
    assert_eq!(start.elapsed(), SECOND);
    dropped.abort();
    assert!(dropped.await.unwrap_err().is_cancelled());
    let mut server = rig.accept().await;
    let request = rig.spawn_request();
    server.answer_next("blocklist", "").await;
    assert!(request.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn all_waiting_requests_are_sent_together() {
    let (mut rig, server) = Rig::online().await;
    rig.lose(server).await;
    let mut requests = Vec::new();
    for _ in 0..128 {
        requests.push(rig.spawn_request());
        tokio::task::yield_now().await;
    }
    let mut server = rig.accept().await;
    for _ in 0..128 {
        server.answer_next("blocklist", "").await;
    }
    for request in requests {
        assert!(request.await.unwrap().is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn a_check_returns_the_time_of_the_answer_or_closes_the_connection() {
    let (rig, mut server) = Rig::online().await;
    let serve = async {
        let ping = server.expect("urn:xmpp:ping").await;
        tokio::time::sleep(SECOND).await;
        server.answer(&ping, "").await;
    };
    let (took, ()) = tokio::join!(rig.driver.check(), serve);
    assert_eq!(took.unwrap(), SECOND);
    let start = Instant::now();
    let lost = rig.driver.check().await;
    let Err(RequestFailure::ConnectionLost(cause)) = lost else {
        panic!("{lost:?}");
    };
    assert!(matches!(*cause, DisconnectReason::PeerUnresponsive), "{cause}");
    assert_eq!(start.elapsed(), 10 * SECOND);
    let offline = rig.driver.check().await;
    assert!(matches!(offline, Err(RequestFailure::NotConnected { .. })));
}

#[tokio::test(start_paused = true)]
async fn reconnecting_on_request_does_not_wait() {
    let (mut rig, server) = Rig::online().await;
    let start = Instant::now();
    rig.driver.reconnect().await;
    assert_ne!(rig.driver.state(), ConnectionState::Connected);
    drop(server);
    let server = rig.accept().await;
    rig.reaches(ConnectionState::Connected).await;
    rig.connector.refusals.store(1, Ordering::SeqCst);
    rig.driver.reconnect().await;
    drop(server);
    tokio::task::yield_now().await;
    rig.driver.reconnect().await;
    let _server = rig.accept().await;
    rig.reaches(ConnectionState::Connected).await;
    assert_eq!(start.elapsed(), Duration::ZERO);
    rig.driver.close(EndReason::Closed).await;
    rig.driver.reconnect().await;
}

#[tokio::test(start_paused = true)]
async fn only_a_connection_that_led_to_a_session_is_reported_to_the_connector() {
    let mut rig = Rig::with(|parts| parts.config.first_attempts = 2, 0);
    let silent = rig.connections.recv().await.unwrap();
    // This server does not open its stream, so the attempt times out.
    let _server = rig.accept().await;
    rig.driver.ready().await.unwrap();
    assert_eq!(rig.connector.succeeded.load(Ordering::SeqCst), 1);
    drop(silent);
}

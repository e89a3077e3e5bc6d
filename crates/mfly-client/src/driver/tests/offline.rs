//! Requests and wishes while there is no connection.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_request_waits_for_the_next_connection_and_is_answered_there() {
    let (mut rig, server) = Rig::online(|_| {}).await;
    drop(server);
    rig.reaches(ConnectionState::Reconnecting).await;
    let asking = rig.link.clone();
    let request =
        tokio::spawn(async move { asking.request(&GetBlocked, RequestOptions::default()).await });
    let mut server = rig.accept().await;
    let question = server.expect("blocklist").await;
    server.answer(&question, BLOCKLIST).await;
    assert_eq!(request.await.unwrap().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_waiting_request_fails_at_its_deadline_and_a_dropped_one_is_not_sent() {
    let (mut rig, server) = Rig::online(|_| {}).await;
    rig.memory.refusals.store(6, Ordering::SeqCst);
    drop(server);
    rig.reaches(ConnectionState::Reconnecting).await;
    let start = Instant::now();
    let asking = rig.link.clone();
    let dropped =
        tokio::spawn(async move { asking.request(&GetBlockedBy, RequestOptions::default()).await });
    let soon = RequestOptions { timeout: Some(SECOND), fail_fast: None };
    let failed = rig.link.request(&GetBlocked, soon).await;
    assert!(matches!(failed, Err(RequestFailure::NotConnected { last: Some(_) })), "{failed:?}");
    assert_eq!(start.elapsed(), SECOND);
    dropped.abort();
    assert!(dropped.await.unwrap_err().is_cancelled());
    let mut server = rig.accept().await;
    let asking = rig.link.clone();
    let request =
        tokio::spawn(async move { asking.request(&GetBlocked, RequestOptions::default()).await });
    let question = server.expect("blocklist").await;
    server.answer(&question, "").await;
    assert!(request.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn as_many_requests_as_may_wait_leave_together_and_the_link_bears_it() {
    let (mut rig, server) = Rig::online(|_| {}).await;
    drop(server);
    rig.reaches(ConnectionState::Reconnecting).await;
    let mut requests = Vec::new();
    for _ in 0..128 {
        let asking = rig.link.clone();
        requests.push(tokio::spawn(async move {
            asking.request(&GetBlocked, RequestOptions::default()).await
        }));
        tokio::task::yield_now().await;
    }
    let mut server = rig.accept().await;
    for _ in 0..128 {
        let question = server.expect("blocklist").await;
        server.answer(&question, "").await;
    }
    for request in requests {
        assert!(request.await.unwrap().is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn a_check_says_how_long_the_answer_took_or_gives_the_connection_up() {
    let (rig, mut server) = Rig::online(|_| {}).await;
    let serve = async {
        let ping = server.expect("urn:xmpp:ping").await;
        tokio::time::sleep(SECOND).await;
        server.answer(&ping, "").await;
    };
    let (took, ()) = tokio::join!(rig.link.check(), serve);
    assert_eq!(took.unwrap(), SECOND);
    let start = Instant::now();
    let lost = rig.link.check().await;
    let Err(RequestFailure::ConnectionLost(cause)) = lost else {
        panic!("{lost:?}");
    };
    assert!(matches!(*cause, DisconnectReason::PeerUnresponsive), "{cause}");
    assert_eq!(start.elapsed(), 10 * SECOND);
    let offline = rig.link.check().await;
    assert!(matches!(offline, Err(RequestFailure::NotConnected { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_wish_to_reconnect_cuts_every_wait_short() {
    let (mut rig, server) = Rig::online(|_| {}).await;
    let start = Instant::now();
    rig.link.reconnect().await;
    assert_ne!(rig.link.state(), ConnectionState::Connected);
    drop(server);
    let server = rig.accept().await;
    rig.reaches(ConnectionState::Connected).await;
    rig.memory.refusals.store(1, Ordering::SeqCst);
    rig.link.reconnect().await;
    drop(server);
    tokio::task::yield_now().await;
    rig.link.reconnect().await;
    let _server = rig.accept().await;
    rig.reaches(ConnectionState::Connected).await;
    assert_eq!(start.elapsed(), Duration::ZERO);
    rig.link.close(EndReason::Closed).await;
    rig.link.reconnect().await;
}

#[tokio::test(start_paused = true)]
async fn only_a_connection_that_led_to_a_session_counts_as_a_good_one() {
    let mut rig = Rig::with(|parts| parts.config.first_attempts = 2, 0);
    let silent = rig.ends.recv().await.unwrap();
    // The stream is not opened from the other side, so the attempt takes too long.
    let _server = rig.accept().await;
    rig.link.ready().await.unwrap();
    assert_eq!(rig.memory.succeeded.load(Ordering::SeqCst), 1);
    drop(silent);
}

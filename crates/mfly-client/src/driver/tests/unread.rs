//! Servers that do not read what is sent to them.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_read_still_gets_its_answers_to_their_callers() {
    let (rig, mut server) = Rig::online().await;
    let request = rig.spawn_request();
    let question = server.expect("blocklist").await;
    for _ in 0..20 {
        rig.driver.send(large_stanza()).await.unwrap();
    }
    server.answer(&question, BLOCKLIST).await;
    let start = Instant::now();
    assert_eq!(request.await.unwrap().unwrap().len(), 1);
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_reads_is_disconnected_and_sending_to_it_is_bounded() {
    let (mut rig, server) = Rig::online().await;
    let start = Instant::now();
    let mut taken = 0;
    while rig.driver.send(large_stanza()).await.is_ok() {
        taken += 1;
        assert!(taken < 400, "the queue has no bound");
    }
    rig.reaches(ConnectionState::Reconnecting).await;
    assert_eq!(start.elapsed(), 10 * SECOND);
    assert!(matches!(rig.disconnect_reasons()[..], [DisconnectReason::WriteStalled]));
    let _next = rig.accept().await;
    drop(server);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_only_pings_and_never_reads_is_disconnected() {
    let (rig, server) = Rig::online().await;
    let (mut sink, _unread) = server.0.split();
    let ping = format!(
        r#"<iq from="{}.test" id="p" type="get"><ping xmlns="urn:xmpp:ping"/></iq>"#,
        "h".repeat(1000)
    );
    let flood = async {
        for _ in 0..5_000 {
            if sink.send(Frame::from(ping.clone())).await.is_err() {
                break;
            }
        }
    };
    let start = Instant::now();
    tokio::select! {
        () = flood => {}
        () = rig.reaches(ConnectionState::Reconnecting) => {}
    }
    rig.reaches(ConnectionState::Reconnecting).await;
    assert_eq!(start.elapsed(), Duration::ZERO, "the queue of answers has no bound");
    assert!(matches!(rig.disconnect_reasons()[..], [DisconnectReason::WriteStalled]));
}

#[tokio::test(start_paused = true)]
async fn closing_does_not_wait_for_a_server_that_reads_slowly() {
    let (rig, mut server) = Rig::online().await;
    let flooding = rig.driver.clone();
    let flood = tokio::spawn(async move { while flooding.send(large_stanza()).await.is_ok() {} });
    let start = Instant::now();
    let slow_reader = tokio::spawn(async move {
        loop {
            tokio::time::sleep(9 * SECOND).await;
            let Some(Ok(_)) = server.0.next().await else {
                return;
            };
        }
    });
    tokio::time::sleep(SECOND).await;
    timeout(60 * SECOND, rig.driver.close(EndReason::Closed)).await.unwrap();
    assert!(start.elapsed() <= 12 * SECOND, "{:?}", start.elapsed());
    flood.abort();
    slow_reader.abort();
}

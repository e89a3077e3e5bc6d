//! What was accepted for sending is delivered, however the session ends.

use super::*;

const MESSAGE: &str = r#"<message to="u2@host.test" xmlns="jabber:client"/>"#;

#[tokio::test(start_paused = true)]
async fn closing_delivers_what_was_accepted_before() {
    let (rig, mut server) = Rig::online(|_| {}).await;
    for _ in 0..50 {
        rig.link.send(MESSAGE.as_bytes().to_vec()).await.unwrap();
    }
    let close = tokio::spawn(async move { rig.link.close(EndReason::Closed).await });
    for _ in 0..50 {
        server.expect("<message ").await;
    }
    server.expect("unavailable").await;
    server.expect("<close ").await;
    drop(server);
    close.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn closing_takes_in_what_was_accepted_although_the_server_takes_little() {
    let (rig, mut server) = Rig::online(|_| {}).await;
    let mut accepted = 0;
    while let Ok(sent) = timeout(SECOND, rig.link.send(large_stanza())).await {
        sent.unwrap();
        accepted += 1;
    }
    let close = tokio::spawn(async move { rig.link.close(EndReason::Closed).await });
    tokio::time::sleep(3 * SECOND).await;
    for _ in 0..accepted {
        server.expect("<message ").await;
    }
    server.expect("unavailable").await;
    drop(server);
    close.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn dropping_the_last_handle_delivers_what_was_accepted_before() {
    let (rig, mut server) = Rig::online(|_| {}).await;
    for _ in 0..50 {
        rig.link.send(MESSAGE.as_bytes().to_vec()).await.unwrap();
    }
    drop(rig);
    for _ in 0..50 {
        server.expect("<message ").await;
    }
    server.expect("unavailable").await;
}

#[test]
fn a_runtime_that_ends_right_after_a_message_was_accepted_delivers_it_with_a_goodbye() {
    let runtime = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_time().start_paused(true).build().unwrap()
    };
    let main = runtime();
    let (rig, mut server) = main.block_on(async {
        let (rig, server) = Rig::online(|_| {}).await;
        rig.link.send(MESSAGE.as_bytes().to_vec()).await.unwrap();
        (rig, server)
    });
    drop(main);
    runtime().block_on(async move {
        server.expect("<message ").await;
        server.expect("unavailable").await;
        server.expect("<close ").await;
    });
    drop(rig);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_closes_the_websocket_with_a_code_is_told_apart_from_one_that_went_away() {
    let (rig, mut server) = Rig::online(|_| {}).await;
    rig.link.send(MESSAGE.as_bytes().to_vec()).await.unwrap();
    let closing = tokio::spawn(async move { server.0.close().await });
    rig.reaches(ConnectionState::Reconnecting).await;
    let reasons = rig.disconnect_reasons();
    assert!(
        matches!(reasons[..], [DisconnectReason::WebSocketClosed { code: 1000, .. }]),
        "{reasons:?}"
    );
    // Whether the closing handshake ends well does not matter here.
    let _ = closing.await.unwrap();
}

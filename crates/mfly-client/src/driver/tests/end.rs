//! Accepted stanzas are sent, however the session ends.

use super::*;

const MESSAGE: &str = r#"<message to="u2@host.test" xmlns="jabber:client"/>"#;

#[tokio::test(start_paused = true)]
async fn closing_delivers_accepted_stanzas() {
    let (rig, mut server) = Rig::online().await;
    for _ in 0..50 {
        rig.driver.send(MESSAGE.as_bytes().to_vec()).await.unwrap();
    }
    let close = tokio::spawn(async move { rig.driver.close(EndReason::Closed).await });
    for _ in 0..50 {
        server.expect("<message ").await;
    }
    server.expect("unavailable").await;
    server.expect("<close ").await;
    drop(server);
    close.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn closing_delivers_accepted_stanzas_to_a_server_that_reads_slowly() {
    let (rig, mut server) = Rig::online().await;
    let mut accepted = 0;
    while let Ok(sent) = timeout(SECOND, rig.driver.send(large_stanza())).await {
        sent.unwrap();
        accepted += 1;
    }
    let close = tokio::spawn(async move { rig.driver.close(EndReason::Closed).await });
    tokio::time::sleep(3 * SECOND).await;
    for _ in 0..accepted {
        server.expect("<message ").await;
    }
    server.expect("unavailable").await;
    drop(server);
    close.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn dropping_the_last_handle_delivers_accepted_stanzas() {
    let (rig, mut server) = Rig::online().await;
    for _ in 0..50 {
        rig.driver.send(MESSAGE.as_bytes().to_vec()).await.unwrap();
    }
    drop(rig);
    for _ in 0..50 {
        server.expect("<message ").await;
    }
    server.expect("unavailable").await;
}

#[test]
fn a_runtime_that_shuts_down_delivers_accepted_stanzas_and_the_closing_frames() {
    let runtime = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_time().start_paused(true).build().unwrap()
    };
    let main = runtime();
    let (rig, mut server) = main.block_on(async {
        let (rig, server) = Rig::online().await;
        rig.driver.send(MESSAGE.as_bytes().to_vec()).await.unwrap();
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
async fn the_close_code_of_a_websocket_is_part_of_the_reason() {
    let (rig, mut server) = Rig::online().await;
    rig.driver.send(MESSAGE.as_bytes().to_vec()).await.unwrap();
    let closing = tokio::spawn(async move { server.0.close().await });
    rig.reaches(ConnectionState::Reconnecting).await;
    let reasons = rig.disconnect_reasons();
    assert!(
        matches!(reasons[..], [DisconnectReason::WebSocketClosed { code: 1000, .. }]),
        "{reasons:?}"
    );
    // The result of the closing handshake does not matter here.
    let _ = closing.await.unwrap();
}

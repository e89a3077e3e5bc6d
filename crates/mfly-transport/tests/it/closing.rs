//! The end of every kind of connection.

use crate::setup::{Ends, io_kind, over_every_transport, read_to_end};
use futures_util::{SinkExt, StreamExt};
use mfly_proto::framing::{Frame, Framing};
use mfly_transport::{Close, TransportError};
use std::io::ErrorKind;
use std::time::Duration;

over_every_transport!(
    a_close_by_the_server_is_a_regular_end_for_the_client,
    a_close_by_the_client_is_a_regular_end_for_the_server,
    frames_queued_before_a_close_arrive,
    a_dropped_connection_is_an_error_for_the_other_end,
    closing_twice_succeeds,
);

/// Closes one end while the other reads to its end.
async fn close(mut closing: mfly_transport::Connection, mut reading: mfly_transport::Connection) {
    let answering = async {
        assert!(read_to_end(&mut reading).await.is_empty());
        assert!(reading.next().await.is_none());
        reading.close().await
    };
    let (closed, answered) = tokio::join!(closing.close(), answering);
    closed.unwrap();
    answered.unwrap();
    let normal = Close {
        code: (closing.framing() == Framing::WebSocket).then_some(1000),
        reason: String::new(),
    };
    assert_eq!(reading.close_reason(), Some(&normal));
    assert_eq!(closing.close_reason(), Some(&normal));
    for end in [&mut closing, &mut reading] {
        let error = end.send(Frame::from("<late/>")).await.unwrap_err();
        assert!(matches!(error, TransportError::Closed), "{error:?}");
    }
}

async fn a_close_by_the_server_is_a_regular_end_for_the_client((client, server): Ends) {
    close(server, client).await;
}

async fn a_close_by_the_client_is_a_regular_end_for_the_server((client, server): Ends) {
    close(client, server).await;
}

async fn frames_queued_before_a_close_arrive((mut client, mut server): Ends) {
    client.feed(Frame::from("<presence type='unavailable'/>")).await.unwrap();
    client.feed(client.framing().client_close()).await.unwrap();
    let reading = async {
        let mut frames = Vec::new();
        while let Some(frame) = server.next().await {
            frames.push(frame.unwrap());
        }
        server.close().await.unwrap();
        frames
    };
    let (closed, frames) = tokio::join!(client.close(), reading);
    closed.unwrap();
    let [presence, close] = &frames[..] else {
        panic!("{frames:?}");
    };
    assert_eq!(presence.as_str(), "<presence type='unavailable'/>");
    assert_eq!(*close, client.framing().client_close());
}

async fn a_dropped_connection_is_an_error_for_the_other_end((client, mut server): Ends) {
    drop(client);
    let error = server.next().await.unwrap().unwrap_err();
    assert_eq!(io_kind(&error), Some(ErrorKind::UnexpectedEof), "{error:?}");
    assert!(error.is_retryable());
    assert!(server.next().await.is_none());
    assert_eq!(server.close_reason(), None);
}

#[tokio::test(start_paused = true)]
async fn closing_long_after_a_regular_end_succeeds() {
    let (mut client, mut server) = mfly_transport::pair();
    let (closed, read) = tokio::join!(server.close(), client.next());
    closed.unwrap();
    assert!(read.is_none(), "{read:?}");
    tokio::time::advance(Duration::from_secs(60)).await;
    client.close().await.unwrap();
}

async fn closing_twice_succeeds((mut client, mut server): Ends) {
    let answering = async {
        assert!(read_to_end(&mut server).await.is_empty());
        server.close().await
    };
    let (closed, answered) = tokio::join!(client.close(), answering);
    closed.unwrap();
    answered.unwrap();
    client.close().await.unwrap();
    server.close().await.unwrap();
}

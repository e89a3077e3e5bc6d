//! Frames over every kind of connection.

use crate::setup::{Ends, LIMIT, over_every_transport, read_to_end};
use futures_util::{SinkExt, StreamExt};
use mfly_proto::framing::{Frame, Framing};
use mfly_transport::TransportError;

over_every_transport!(
    frames_arrive_whole_and_in_order_in_both_directions,
    a_frame_of_exactly_the_limit_arrives,
    a_frame_above_the_limit_ends_the_connection_with_an_error,
    a_client_reads_on_after_a_stanza_above_its_limits,
    a_stanza_above_the_hard_limit_ends_the_clients_connection,
    halves_work_in_different_tasks,
    each_answer_is_a_round_trip,
);

async fn frames_arrive_whole_and_in_order_in_both_directions((mut client, mut server): Ends) {
    let over_websocket = ["<open/>", "", "<body>žluťoučký 🐎</body>", " "];
    // TCP has no empty frames, and only trailing white space is a frame.
    let over_tcp = ["<a><b/></a>", "<body>žluťoučký 🐎</body>", "<i x='>'/>", " "];
    let texts = match client.framing() {
        Framing::WebSocket => over_websocket,
        _ => over_tcp,
    };
    for text in texts {
        client.feed(Frame::from(text)).await.unwrap();
        server.feed(Frame::from(text)).await.unwrap();
    }
    client.flush().await.unwrap();
    server.flush().await.unwrap();
    for text in texts {
        assert_eq!(server.next().await.unwrap().unwrap().as_str(), text);
        assert_eq!(client.next().await.unwrap().unwrap().as_str(), text);
    }
}

/// An element of `length` bytes.
fn element_of(length: usize) -> Frame {
    Frame::from(format!("<a>{}</a>", "a".repeat(length - 7)))
}

async fn a_frame_of_exactly_the_limit_arrives((mut client, mut server): Ends) {
    let frame = element_of(LIMIT);
    let (sent, received) = tokio::join!(client.send(frame.clone()), server.next());
    sent.unwrap();
    assert_eq!(received.unwrap().unwrap(), frame);
    let (sent, received) = tokio::join!(server.send(frame.clone()), client.next());
    sent.unwrap();
    assert_eq!(received.unwrap().unwrap(), frame);
}

async fn a_frame_above_the_limit_ends_the_connection_with_an_error(ends: Ends) {
    let (mut client, mut server) = ends;
    // The server stops reading, so sending may not end.
    let sending = tokio::spawn(async move {
        let _ = client.send(element_of(LIMIT + 1)).await;
        client
    });
    let refused = server.next().await.unwrap().unwrap_err();
    assert!(matches!(refused, TransportError::TooLarge { limit: LIMIT }), "{refused:?}");
    assert!(server.next().await.is_none());
    let late = server.send(Frame::from("<late/>")).await.unwrap_err();
    assert!(matches!(late, TransportError::Closed), "{late:?}");
    sending.abort();
}

async fn a_client_reads_on_after_a_stanza_above_its_limits(ends: Ends) {
    let (mut client, mut server) = ends;
    let framing = client.framing();
    let sending = tokio::spawn(async move {
        for frame in [element_of(LIMIT + 1), Frame::from("<next/>")] {
            server.send(frame).await.unwrap();
        }
        server
    });
    let large = client.next().await.unwrap().unwrap();
    match framing {
        // A message is returned whole. The reader of the stream skips it.
        Framing::WebSocket => assert_eq!(large.len(), LIMIT + 1),
        _ => assert_eq!(large.skipped().map(|skipped| skipped.name.as_str()), Some("a")),
    }
    assert_eq!(client.next().await.unwrap().unwrap().as_str(), "<next/>");
    drop(sending.await.unwrap());
}

async fn a_stanza_above_the_hard_limit_ends_the_clients_connection(ends: Ends) {
    let (mut client, mut server) = ends;
    let hard = client.max_frame_bytes();
    let sending = tokio::spawn(async move {
        let _ = server.send(element_of(hard + 1)).await;
        server
    });
    let refused = client.next().await.unwrap().unwrap_err();
    let named = matches!(refused, TransportError::TooLarge { limit } if limit == hard);
    assert!(named, "{refused:?}");
    sending.abort();
}

async fn halves_work_in_different_tasks((client, server): Ends) {
    const COUNT: usize = 200;
    let (mut sink, mut stream) = client.split();
    let (mut echo_sink, mut echo_stream) = server.split();
    let sending = tokio::spawn(async move {
        for number in 0..COUNT {
            sink.send(Frame::from(format!("<r n='{number}'/>"))).await.unwrap();
        }
        sink
    });
    let echoing = tokio::spawn(async move {
        for _ in 0..COUNT {
            let frame = echo_stream.next().await.unwrap().unwrap();
            echo_sink.send(frame).await.unwrap();
        }
        assert!(read_to_end(&mut echo_stream).await.is_empty());
        echo_sink.close().await
    });
    for number in 0..COUNT {
        let frame = stream.next().await.unwrap().unwrap();
        assert_eq!(frame.as_str(), format!("<r n='{number}'/>"));
    }
    let mut sink = sending.await.unwrap();
    let (closed, rest) = tokio::join!(sink.close(), read_to_end(&mut stream));
    closed.unwrap();
    assert!(rest.is_empty());
    echoing.await.unwrap().unwrap();
}

async fn each_answer_is_a_round_trip((mut client, mut server): Ends) {
    let round_trips = client.count_round_trips();
    for count in 1..=2 {
        client.send(Frame::from("<a/>")).await.unwrap();
        client.send(Frame::from("<b/>")).await.unwrap();
        server.send(Frame::from("<c/>")).await.unwrap();
        server.send(Frame::from("<d/>")).await.unwrap();
        client.next().await.unwrap().unwrap();
        client.next().await.unwrap().unwrap();
        assert_eq!(round_trips.count(), count);
    }
    assert_eq!(client.count_round_trips().count(), 2);
    assert_eq!(server.count_round_trips().count(), 0);
}

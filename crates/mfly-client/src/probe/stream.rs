//! The probe of an XMPP server: what it offers on a fresh stream.

use futures_util::{SinkExt, StreamExt};
use mfly_proto::framing::{Frame, FrameReader, Open, Received};
use mfly_proto::stream::{Features, StreamError};
use mfly_proto::text::escaped;
use mfly_proto::xml::{Document, Limits, XmlError};
use mfly_transport::{Connection, TransportError, overdue};
use std::time::Duration;
use thiserror::Error;

/// The stream header and features that a server sends on a fresh stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamOffer {
    /// The domain that the server answers for, if its stream header names one.
    pub from: Option<String>,
    /// The id of the stream.
    pub id: Option<String>,
    /// The features that the server offers.
    pub features: Features,
}

/// Why a server offered no stream.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StreamProblem {
    /// The server did not answer in time.
    #[error("the server did not answer the opening of the stream in time")]
    TimedOut,
    /// Reading from or writing to the connection failed.
    #[error("the connection broke: {0}")]
    Broken(#[source] TransportError),
    /// The server closed the stream or the connection.
    #[error("the server closed the stream instead of opening it")]
    Closed,
    /// The server redirects to another address (RFC 7395 §3.6.1).
    #[error("the server points to {}", escaped(.0))]
    Moved(String),
    /// The server ended the stream with an error.
    #[error("stream error: {error}")]
    Ended {
        /// The stream error that the server sent.
        error: StreamError,
        /// The domain that the server answers for, if it opened its stream before.
        from: Option<String>,
    },
    /// The server sent bytes that are not XMPP.
    #[error("what came is not XMPP: {0}")]
    NotXmpp(XmlError),
    /// The server sent another element than the expected one.
    #[error("something else came in place of {0}")]
    Unexpected(&'static str),
}

/// Opens the stream of a fresh connection to `domain`, and reads the server's answer and its
/// features.
///
/// The stream stays open; [`hang_up`] closes it.
///
/// # Errors
/// See [`StreamProblem`]; [`StreamProblem::TimedOut`] after `limit`.
pub async fn stream_offer(
    connection: &mut Connection,
    domain: &str,
    limit: Duration,
) -> Result<StreamOffer, StreamProblem> {
    overdue::timeout(limit, open(connection, domain)).await.unwrap_or(Err(StreamProblem::TimedOut))
}

/// Closes the stream and the connection, within `limit`. Errors are ignored.
pub async fn hang_up(mut connection: Connection, limit: Duration) {
    let closing = async {
        connection.send(connection.framing().client_close()).await?;
        connection.close().await
    };
    let _: Result<Result<(), TransportError>, _> = tokio::time::timeout(limit, closing).await;
}

async fn open(connection: &mut Connection, domain: &str) -> Result<StreamOffer, StreamProblem> {
    let framing = connection.framing();
    let mut opening = Vec::new();
    framing.write_open(&Open::to_host(domain), &mut opening);
    let sent = connection.send(Frame::written(opening)).await;
    sent.map_err(StreamProblem::Broken)?;
    let mut reader = FrameReader::new(framing, Limits::default());
    let opened = match next(connection, &mut reader).await? {
        Received::Open(open) => open,
        other => {
            element(other, None, "the opening of the stream")?;
            return Err(StreamProblem::Unexpected("the opening of the stream"));
        }
    };
    let what = "the stream features";
    let from = opened.from.as_deref();
    let features = element(next(connection, &mut reader).await?, from, what)?;
    let features = Features::read(features.root()).map_err(|_| StreamProblem::Unexpected(what))?;
    Ok(StreamOffer { from: opened.from, id: opened.id, features })
}

/// Reads the next frame that is not white space.
async fn next(
    connection: &mut Connection,
    reader: &mut FrameReader,
) -> Result<Received, StreamProblem> {
    loop {
        let frame = match connection.next().await {
            None => return Err(StreamProblem::Closed),
            Some(frame) => frame.map_err(StreamProblem::Broken)?,
        };
        match reader.read(frame).map_err(StreamProblem::NotXmpp)? {
            Received::WhiteSpace => {}
            received => return Ok(received),
        }
    }
}

/// Returns the element that was received. A stream error or a closed stream is a problem.
fn element(
    received: Received,
    from: Option<&str>,
    expected: &'static str,
) -> Result<Document, StreamProblem> {
    match received {
        Received::Element(element) if StreamError::is(element.root()) => {
            Err(StreamProblem::Ended {
                error: StreamError::read(element.root()),
                from: from.map(str::to_owned),
            })
        }
        Received::Element(element) => Ok(element),
        Received::Close { see_other_uri: Some(to) } => Err(StreamProblem::Moved(to)),
        Received::Close { .. } => Err(StreamProblem::Closed),
        _ => Err(StreamProblem::Unexpected(expected)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mfly_proto::framing::Framing;

    const TIMEOUT: Duration = Duration::from_secs(10);

    /// Probes a server that answers with `frames`.
    async fn probe(
        framing: Framing,
        frames: &[&'static str],
    ) -> Result<StreamOffer, StreamProblem> {
        let (mut client, mut server) = mfly_transport::pair_with(framing);
        let serving = async {
            let opening = server.next().await.unwrap().unwrap();
            assert!(opening.as_str().contains("to=\"a.example\""));
            for frame in frames {
                server.send(Frame::from(*frame)).await.unwrap();
            }
            server
        };
        tokio::join!(stream_offer(&mut client, "a.example", TIMEOUT), serving).0
    }

    const OPEN: &str =
        "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='a.example' id='1' version='1.0'/>";
    const HEADER: &str = "<stream:stream xmlns='jabber:client' \
                          xmlns:stream='http://etherx.jabber.org/streams' from='a.example' id='1' version='1.0'>";

    #[tokio::test]
    async fn the_offer_is_read_over_both_framings() {
        let features = "<stream:features xmlns:stream='http://etherx.jabber.org/streams'>\
                        <mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>\
                        </stream:features>";
        for (framing, open) in [(Framing::WebSocket, OPEN), (Framing::Tcp, HEADER)] {
            let offer = probe(framing, &[open, " ", features]).await.unwrap();
            assert_eq!(offer.from.as_deref(), Some("a.example"));
            assert_eq!(offer.id.as_deref(), Some("1"));
            assert_eq!(offer.features.mechanisms, ["PLAIN"]);
        }
    }

    #[tokio::test]
    async fn other_answers_than_an_offer_are_told_apart() {
        let error = "<stream:error xmlns:stream='http://etherx.jabber.org/streams'>\
                     <host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>";
        let close = "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>";
        let moved =
            "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing' see-other-uri='wss://b.example/'/>";
        for (frames, expected) in [
            (vec![error], "stream error: host-unknown"),
            (vec![OPEN, error], "stream error: host-unknown"),
            (vec![OPEN, close], "closed the stream"),
            (vec![moved], "points to wss://b.example/"),
            (vec!["hello"], "not XMPP"),
            (vec!["<a/>"], "in place of the opening"),
            (vec![OPEN, "<a/>"], "in place of the stream features"),
            (vec![OPEN, OPEN], "in place of the stream features"),
        ] {
            let problem = probe(Framing::WebSocket, &frames).await.unwrap_err();
            assert!(problem.to_string().contains(expected), "{problem}");
            if let StreamProblem::Ended { from, .. } = problem {
                let opened = frames.len() > 1;
                assert_eq!(from.as_deref(), opened.then_some("a.example"));
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_for_the_offer_and_closing_are_bounded() {
        let (mut client, _server) = mfly_transport::pair();
        let start = tokio::time::Instant::now();
        let limit = Duration::from_secs(3);
        let problem = stream_offer(&mut client, "a.example", limit).await.unwrap_err();
        assert!(matches!(problem, StreamProblem::TimedOut));
        hang_up(client, limit).await;
        assert_eq!(start.elapsed(), limit * 2);
    }
}

//! The STARTTLS negotiation of a client.

use super::{CleartextStream, NegotiationError, StartTlsError, unexpected};
use crate::error::TransportError;
use mfly_proto::framing::Open;
use mfly_proto::framing::tcp::write_header;
use mfly_proto::idn;
use mfly_proto::stream::Features;
use mfly_proto::stream::starttls::{Failure, Proceed, StartTls};
use mfly_proto::xml::Writer;
use tokio::io::{AsyncRead, AsyncWrite};

/// Negotiates TLS on a new connection. With `at_once` the client requests it before the server has
/// sent its features.
pub(crate) async fn negotiate(
    io: &mut (impl AsyncRead + AsyncWrite + Unpin),
    domain: &str,
    at_once: bool,
) -> Result<(), TransportError> {
    negotiate_over(CleartextStream::new(io), domain, at_once).await.map_err(|end| end.of(domain))
}

async fn negotiate_over(
    mut stream: CleartextStream<'_, impl AsyncRead + AsyncWrite + Unpin>,
    domain: &str,
    at_once: bool,
) -> Result<(), NegotiationError> {
    let mut opening = Vec::new();
    write_header(&Open::to_host(&idn::to_unicode(domain)), &mut opening);
    if at_once {
        StartTls.write(&mut Writer::new(&mut opening));
    }
    stream.write(&opening).await?;
    stream.header().await?;
    let features = stream.element("the stream features").await?;
    let Ok(features) = Features::read(features.root()) else {
        return Err(unexpected("the stream features"));
    };
    if features.start_tls.is_none() {
        return Err(StartTlsError::NotOffered.into());
    }
    if !at_once {
        let mut request = Vec::new();
        StartTls.write(&mut Writer::new(&mut request));
        stream.write(&request).await?;
    }
    let answer = stream.element("<proceed/>").await?;
    if Failure::is(answer.root()) {
        return Err(StartTlsError::Refused.into());
    }
    if !Proceed::is(answer.root()) {
        return Err(unexpected("<proceed/>"));
    }
    stream.finish().map(|_| ())
}

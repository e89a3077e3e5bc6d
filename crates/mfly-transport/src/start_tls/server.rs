//! The STARTTLS negotiation of a server.

use super::{CleartextStream, NegotiationError, StartTlsError, unexpected};
use crate::error::TransportError;
use crate::tls;
use mfly_proto::framing::Open;
use mfly_proto::framing::tcp::{FOOTER, write_header};
use mfly_proto::stream::starttls::{Proceed, StartTls};
use mfly_proto::stream::{Features, StartTlsOffer, StreamCondition, StreamError};
use mfly_proto::xml::Writer;
use std::fmt::Write as _;
use tokio::io::{AsyncRead, AsyncWrite};

/// Waits for the client's request for TLS, and agrees. Another frame of the client is answered by a
/// stream error.
pub(crate) async fn answer(
    io: &mut (impl AsyncRead + AsyncWrite + Unpin),
    domain: &str,
) -> Result<(), TransportError> {
    let mut stream = CleartextStream::new(io);
    let mut is_greeted = false;
    let negotiated = negotiate_over(&mut stream, domain, &mut is_greeted).await;
    if let Err(NegotiationError::Refused(reason)) = &negotiated {
        // The client may have closed the connection. The reason is returned anyway.
        let _ = refuse(&mut stream, domain, is_greeted, *reason).await;
    }
    negotiated.map_err(|end| end.of("the client"))
}

async fn negotiate_over(
    stream: &mut CleartextStream<'_, impl AsyncRead + AsyncWrite + Unpin>,
    domain: &str,
    is_greeted: &mut bool,
) -> Result<(), NegotiationError> {
    let asked = stream.header().await?;
    let mut opening = Vec::new();
    header(domain, asked.from, &mut opening)?;
    let features =
        Features { start_tls: Some(StartTlsOffer { required: true }), ..Features::default() };
    features.write(&mut opening);
    *is_greeted = true;
    stream.write(&opening).await?;
    let request = stream.element("<starttls/>").await?;
    if !StartTls::is(request.root()) {
        // RFC 6120 §5.3.1: nothing else may be done while STARTTLS is required.
        return Err(unexpected("<starttls/>"));
    }
    // Further bytes would be taken for data protected by TLS.
    if stream.has_more() {
        return Err(StartTlsError::Injected.into());
    }
    let mut agreement = Vec::new();
    Proceed.write(&mut Writer::new(&mut agreement));
    stream.write(&agreement).await
}

/// Ends the stream with an error. A header is sent before, if none was (RFC 6120 §4.9.1.1).
async fn refuse(
    stream: &mut CleartextStream<'_, impl AsyncRead + AsyncWrite + Unpin>,
    domain: &str,
    is_greeted: bool,
    reason: StartTlsError,
) -> Result<(), NegotiationError> {
    let mut closing = Vec::new();
    if !is_greeted {
        header(domain, None, &mut closing)?;
    }
    let condition = match reason {
        StartTlsError::Closed | StartTlsError::Ended(_) => None,
        StartTlsError::Malformed => Some(StreamCondition::BadFormat),
        _ => Some(StreamCondition::PolicyViolation),
    };
    if let Some(condition) = condition {
        let error = StreamError { text: Some(reason.to_string()), ..StreamError::new(condition) };
        error.write(&mut closing);
    }
    closing.extend_from_slice(FOOTER.as_bytes());
    stream.write(&closing).await
}

fn header(domain: &str, to: Option<String>, buffer: &mut Vec<u8>) -> Result<(), NegotiationError> {
    let open = Open {
        from: Some(domain.to_owned()),
        id: Some(stream_id()?),
        to,
        version: Some("1.0".to_owned()),
        lang: None,
    };
    write_header(&open, buffer);
    Ok(())
}

/// An unpredictable stream id (RFC 6120 §4.7.3).
fn stream_id() -> Result<String, NegotiationError> {
    let mut bytes = [0; 16];
    if !tls::random(&mut bytes) {
        return Err(std::io::Error::other("the system has no random numbers").into());
    }
    Ok(bytes.iter().fold(String::new(), |mut id, byte| {
        let _ = write!(id, "{byte:02x}");
        id
    }))
}

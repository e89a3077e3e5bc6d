//! The server's side.

use super::{Clear, End, unexpected};
use crate::error::TransportError;
use crate::tls;
use mfly_proto::framing::Open;
use mfly_proto::framing::tcp::{FOOTER, write_header};
use mfly_proto::stream::starttls::{Proceed, StartTls};
use mfly_proto::stream::{Features, StartTlsOffer, StreamCondition, StreamError};
use std::fmt::Write as _;
use tokio::io::{AsyncRead, AsyncWrite};

/// Waits for a client to ask for TLS, and agrees.
pub(crate) async fn answer<T>(io: &mut T, domain: &str) -> Result<(), TransportError>
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    exchange(Clear::new(io), domain)
        .await
        .map_err(|end| end.of("the client"))
}

async fn exchange<T>(mut stream: Clear<'_, T>, domain: &str) -> Result<(), End>
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let asked = stream.header().await?;
    let mut opening = Vec::new();
    let open = Open {
        from: Some(domain.to_owned()),
        id: Some(stream_id()?),
        to: asked.from,
        version: Some("1.0".to_owned()),
        lang: None,
    };
    write_header(&open, &mut opening);
    let features = Features {
        start_tls: Some(StartTlsOffer { required: true }),
        ..Features::default()
    };
    features.write(&mut opening);
    stream.write(&opening).await?;
    let request = stream.element("<starttls/>").await?;
    if !StartTls::is(request.root()) {
        // RFC 6120 §5.3.1: nothing else may be done while STARTTLS is required.
        let mut farewell = Vec::new();
        StreamError::new(StreamCondition::PolicyViolation).write(&mut farewell);
        farewell.extend_from_slice(FOOTER.as_bytes());
        stream.write(&farewell).await?;
        return Err(unexpected("<starttls/>"));
    }
    let mut agreement = Vec::new();
    Proceed.write(&mut agreement);
    // What came along with the request would be taken for something that TLS protects.
    let io = stream.finish()?;
    super::write(io, &agreement).await
}

/// RFC 6120 §4.7.3: unpredictable.
fn stream_id() -> Result<String, End> {
    let mut bytes = [0; 16];
    if !tls::random(&mut bytes) {
        return Err(std::io::Error::other("the system has no random numbers").into());
    }
    Ok(bytes.iter().fold(String::new(), |mut id, byte| {
        let _ = write!(id, "{byte:02x}");
        id
    }))
}

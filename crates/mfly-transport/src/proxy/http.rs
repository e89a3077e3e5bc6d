//! The method CONNECT (RFC 9110 §9.3.6), with Basic authentication (RFC 7617).

use super::{Credentials, ProxyError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use mfly_proto::address::host::Host;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The length of the longest accepted response head, in bytes.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// The largest accepted number of header fields.
const MAX_HEADERS: usize = 64;

/// The end of an HTTP head.
const HEAD_END: &[u8] = b"\r\n\r\n";

/// The number of bytes that are peeked at a time.
const CHUNK_BYTES: usize = 1024;

/// Requests a connection to a server.
pub(super) async fn connect(
    socket: &mut TcpStream,
    credentials: Option<&Credentials>,
    host: &Host,
    port: u16,
) -> Result<(), ProxyError> {
    let authorization = credentials.map_or_else(String::new, |credentials| {
        let pair = format!("{}:{}", credentials.user, credentials.password());
        format!("Proxy-Authorization: Basic {}\r\n", BASE64.encode(pair))
    });
    let request =
        format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n{authorization}\r\n");
    socket.write_all(request.as_bytes()).await?;
    let head = read_head(socket).await?;
    match status(&head).ok_or(ProxyError::Protocol)? {
        200..=299 => Ok(()),
        407 => Err(ProxyError::Authentication),
        403 => Err(ProxyError::NotAllowed),
        status => Err(ProxyError::Status(status)),
    }
}

/// Reads the head of the response and not one byte more: the next byte is from the server.
async fn read_head(socket: &mut TcpStream) -> Result<Vec<u8>, ProxyError> {
    let mut head = Vec::with_capacity(CHUNK_BYTES);
    let mut chunk = [0; CHUNK_BYTES];
    loop {
        let seen = socket.peek(&mut chunk).await?;
        if seen == 0 {
            return Err(ProxyError::Closed);
        }
        let before = head.len();
        head.extend_from_slice(&chunk[..seen]);
        // The end may be split between two reads.
        let searched = before.saturating_sub(HEAD_END.len() - 1);
        let end = head[searched..]
            .windows(HEAD_END.len())
            .position(|bytes| bytes == HEAD_END)
            .map(|at| searched + at + HEAD_END.len());
        head.truncate(end.unwrap_or(head.len()));
        socket.read_exact(&mut chunk[..head.len() - before]).await?;
        if end.is_some() {
            return Ok(head);
        }
        if head.len() >= MAX_HEAD_BYTES {
            return Err(ProxyError::Protocol);
        }
    }
}

fn status(head: &[u8]) -> Option<u16> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut answer = httparse::Response::new(&mut fields);
    let is_whole = answer.parse(head).ok()?.is_complete();
    answer.code.filter(|_| is_whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_status_is_read_from_every_version_of_http() {
        assert_eq!(status(b"HTTP/1.0 200 Connection established\r\n\r\n"), Some(200));
        assert_eq!(status(b"HTTP/1.1 407 \r\na: b\r\n\r\n"), Some(407));
        assert_eq!(status(b"HTTP/1.1 200 OK\r\n"), None);
        assert_eq!(status(b"HTTP/1.1 2000 OK\r\n\r\n"), None);
    }

    proptest! {
        #[test]
        fn no_head_makes_the_parser_panic(head in proptest::collection::vec(any::<u8>(), 0..99)) {
            let _ = status(&head);
            let _ = status(&[b"HTTP/1.1 ", &head[..]].concat());
        }
    }
}

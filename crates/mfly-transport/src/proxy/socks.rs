//! SOCKS5 (RFC 1928), with a name and a password (RFC 1929).

use super::{Credentials, ProxyError};
use mfly_proto::address::host::Host;
use std::net::IpAddr;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

const VERSION: u8 = 5;
const NO_AUTHENTICATION: u8 = 0;
const NAME_AND_PASSWORD: u8 = 2;
const NOTHING_ACCEPTABLE: u8 = 0xff;
/// The version of the negotiation of RFC 1929.
const NEGOTIATION: u8 = 1;
const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

/// Requests a connection to a server. Each response has a known length, so no byte of the server is
/// read.
pub(super) async fn connect(
    io: &mut (impl AsyncRead + AsyncWrite + Unpin),
    credentials: Option<&Credentials>,
    host: &Host,
    port: u16,
) -> Result<(), ProxyError> {
    authenticate(io, credentials).await?;
    let mut request = vec![VERSION, CONNECT, 0];
    match host.ip() {
        Some(IpAddr::V4(ip)) => {
            request.push(IPV4);
            request.extend(ip.octets());
        }
        Some(IpAddr::V6(ip)) => {
            request.push(IPV6);
            request.extend(ip.octets());
        }
        None => {
            request.push(NAME);
            push_text(&mut request, host.as_str())?;
        }
    }
    request.extend(port.to_be_bytes());
    io.write_all(&request).await?;
    let [version, code, _, kind] = read(io).await?;
    if version != VERSION {
        return Err(ProxyError::Protocol);
    }
    match code {
        0 => {}
        2 => return Err(ProxyError::NotAllowed),
        3..=5 => return Err(ProxyError::Unreachable),
        code => return Err(ProxyError::Code(code)),
    }
    // The address that the proxy is bound to is not used.
    let length = match kind {
        IPV4 => 4,
        IPV6 => 16,
        NAME => {
            let [length] = read(io).await?;
            usize::from(length)
        }
        _ => return Err(ProxyError::Protocol),
    };
    let mut bound = [0; u8::MAX as usize + 2];
    io.read_exact(&mut bound[..length + 2]).await?;
    Ok(())
}

async fn authenticate(
    io: &mut (impl AsyncRead + AsyncWrite + Unpin),
    credentials: Option<&Credentials>,
) -> Result<(), ProxyError> {
    let offer: &[u8] = match credentials {
        Some(_) => &[VERSION, 2, NO_AUTHENTICATION, NAME_AND_PASSWORD],
        None => &[VERSION, 1, NO_AUTHENTICATION],
    };
    io.write_all(offer).await?;
    match (read(io).await?, credentials) {
        ([VERSION, NO_AUTHENTICATION], _) => Ok(()),
        ([VERSION, NAME_AND_PASSWORD], Some(credentials)) => {
            let mut proof = vec![NEGOTIATION];
            push_text(&mut proof, &credentials.user)?;
            push_text(&mut proof, credentials.password())?;
            io.write_all(&proof).await?;
            match read(io).await? {
                [NEGOTIATION, 0] => Ok(()),
                [NEGOTIATION, _] => Err(ProxyError::Authentication),
                _ => Err(ProxyError::Protocol),
            }
        }
        ([VERSION, NOTHING_ACCEPTABLE], _) => Err(ProxyError::Authentication),
        _ => Err(ProxyError::Protocol),
    }
}

fn push_text(request: &mut Vec<u8>, text: &str) -> Result<(), ProxyError> {
    request.push(u8::try_from(text.len()).map_err(|_| ProxyError::Name)?);
    request.extend_from_slice(text.as_bytes());
    Ok(())
}

async fn read<const LENGTH: usize>(
    io: &mut (impl AsyncRead + Unpin),
) -> Result<[u8; LENGTH], ProxyError> {
    let mut bytes = [0; LENGTH];
    io.read_exact(&mut bytes).await?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The result for a proxy that sends `answer` and closes the connection.
    fn outcome(answer: &[u8], credentials: Option<&Credentials>) -> Result<(), ProxyError> {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(async {
            let (mut io, mut proxy) = tokio::io::duplex(1024);
            proxy.write_all(answer).await.unwrap();
            proxy.shutdown().await.unwrap();
            let host = Host::parse("a.example").unwrap();
            connect(&mut io, credentials, &host, 5222).await
        })
    }

    #[test]
    fn every_response_has_its_result() {
        for (answer, expected) in [
            (&[5, 0, 5, 0, 0, 1, 1, 2, 3, 4, 0, 80][..], Ok(())),
            (&[5, 0, 5, 0, 0, 3, 1, b'x', 0, 80], Ok(())),
            (&[5, 0, 5, 1, 0, 1], Err(ProxyError::Code(1))),
            (&[5, 0, 5, 2, 0, 1], Err(ProxyError::NotAllowed)),
            (&[5, 0, 5, 3, 0, 1], Err(ProxyError::Unreachable)),
            (&[5, 0, 5, 4, 0, 1], Err(ProxyError::Unreachable)),
            (&[5, 0, 5, 5, 0, 1], Err(ProxyError::Unreachable)),
            (&[5, 0, 5, 8, 0, 1], Err(ProxyError::Code(8))),
            (&[5, 0xff], Err(ProxyError::Authentication)),
            // Other versions, a method that was not offered, an unknown address type.
            (&[4, 0], Err(ProxyError::Protocol)),
            (&[5, 2], Err(ProxyError::Protocol)),
            (&[5, 0, 4, 0, 0, 1], Err(ProxyError::Protocol)),
            (&[5, 0, 5, 0, 0, 2], Err(ProxyError::Protocol)),
            (&[], Err(ProxyError::Closed)),
            (&[5, 0, 5, 0, 0, 1, 1, 2, 3], Err(ProxyError::Closed)),
        ] {
            assert_eq!(outcome(answer, None), expected, "{answer:?}");
        }
    }

    #[test]
    fn the_response_to_name_and_password_has_its_result() {
        let credentials = Credentials { user: "alice".to_owned(), password: None };
        for (answer, expected) in [
            (&[5, 2, 1, 0, 5, 2, 0, 1][..], Err(ProxyError::NotAllowed)),
            (&[5, 0, 5, 2, 0, 1], Err(ProxyError::NotAllowed)),
            (&[5, 2, 1, 1], Err(ProxyError::Authentication)),
            (&[5, 2, 5, 0], Err(ProxyError::Protocol)),
        ] {
            assert_eq!(outcome(answer, Some(&credentials)), expected, "{answer:?}");
        }
    }

    proptest! {
        #[test]
        fn no_response_makes_the_client_panic_or_wait(
            answer in proptest::collection::vec(prop_oneof![0..6u8, any::<u8>()], 0..64),
        ) {
            let _ = outcome(&answer, None);
        }
    }
}

//! Free ports on loopback.
//!
//! They lie below the range from which systems take the ports of outgoing connections. A server
//! that is restarted on its port must not find a client's connection there, and a client that dials
//! a port without a listener must not reach itself, which TCP allows within that range.

use crate::transport::Transport;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::sync::atomic::{AtomicU16, Ordering};

/// The range of the ports.
const RANGE: Range<u16> = 20_000..30_000;

/// The last port of this process, so that none is returned twice.
static LAST: AtomicU16 = AtomicU16::new(0);

/// Returns `N` different ports of 127.0.0.1 without a listener.
///
/// # Errors
/// When the whole range is in use.
pub fn free<const N: usize>() -> io::Result<[u16; N]> {
    let mut ports = [0; N];
    for port in &mut ports {
        *port = next()?;
    }
    Ok(ports)
}

/// The ports of a server, each on 127.0.0.1.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    /// TCP, with STARTTLS required.
    pub start_tls: u16,
    /// TCP with TLS from the first byte.
    pub direct_tls: u16,
    /// WebSocket without TLS.
    pub websocket: u16,
    /// WebSocket over TLS.
    pub secure_websocket: u16,
}

impl Ports {
    /// Finds four free ports.
    ///
    /// # Errors
    /// When the whole range is in use.
    pub fn free() -> io::Result<Self> {
        let [start_tls, direct_tls, websocket, secure_websocket] = free()?;
        Ok(Self { start_tls, direct_tls, websocket, secure_websocket })
    }

    /// The address of a transport, with `path` for WebSocket; `None` where no socket is opened.
    #[must_use]
    pub fn address(self, transport: Transport, path: &str) -> Option<String> {
        Some(match transport {
            Transport::StartTls => format!("xmpp://127.0.0.1:{}", self.start_tls),
            Transport::DirectTls => format!("xmpps://127.0.0.1:{}", self.direct_tls),
            Transport::WebSocket => format!("ws://localhost:{}{path}", self.websocket),
            Transport::SecureWebSocket => {
                format!("wss://localhost:{}{path}", self.secure_websocket)
            }
            Transport::MemoryTcp | Transport::MemoryWebSocket => return None,
        })
    }

    /// All four ports.
    #[must_use]
    pub fn all(self) -> [u16; 4] {
        [self.start_tls, self.direct_tls, self.websocket, self.secure_websocket]
    }
}

fn next() -> io::Result<u16> {
    let width = RANGE.end - RANGE.start;
    // Programs that run at the same time begin in different places.
    let offset = u16::try_from(std::process::id().wrapping_mul(97) % u32::from(width)).unwrap_or(0);
    for _ in RANGE {
        let step = LAST.fetch_add(1, Ordering::Relaxed) % width;
        let port = RANGE.start + (offset + step) % width;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Err(io::Error::new(io::ErrorKind::AddrInUse, "every port between 20000 and 30000 is in use"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_returned_once_and_not_while_it_is_in_use() {
        let [first] = free().unwrap();
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, first + 1));
        let [second, third] = free().unwrap();
        assert_ne!(second, first);
        assert_ne!(third, second);
        assert!(taken.is_err() || second != first + 1);
    }
}

//! Free ports on loopback.
//!
//! They lie below the range from which systems take the ports of outgoing connections. A server
//! that is restarted on its port must not find a client's connection there, and a client that dials
//! a port while nobody listens must not reach itself, which TCP allows within that range.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::sync::atomic::{AtomicU16, Ordering};

/// Where ports are looked for.
const RANGE: Range<u16> = 20_000..30_000;

/// What was handed out last in this process, so that nothing is handed out twice before it is used.
static LAST: AtomicU16 = AtomicU16::new(0);

/// `N` different ports of 127.0.0.1 on which nobody listens now.
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
    fn a_port_is_not_handed_out_twice_and_not_while_it_is_in_use() {
        let [first] = free().unwrap();
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, first + 1));
        let [second, third] = free().unwrap();
        assert_ne!(second, first);
        assert_ne!(third, second);
        assert!(taken.is_err() || second != first + 1);
    }
}

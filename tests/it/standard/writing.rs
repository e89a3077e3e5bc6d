//! The number of writes of a session.

use super::{PASSWORD, jid, start};
use async_trait::async_trait;
use futures_util::future::try_join_all;
use mfly_client::standard::{Account, Connector, ConnectorError, Dialled};
use mfly_client::{Password, Redirect};
use mfly_tests::wait::within;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use tokio::io::AsyncWrite;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;

/// Largest stanza, in bytes.
const LIMIT: usize = 64 * 1024;

/// The writing half of a socket, which counts the writes.
struct Counted {
    socket: OwnedWriteHalf,
    writes: Arc<AtomicUsize>,
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.writes.fetch_add(1, Ordering::SeqCst);
        Pin::new(&mut self.socket).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

/// Makes connections whose writes are counted.
struct Counting {
    server: SocketAddr,
    writes: Arc<AtomicUsize>,
}

#[async_trait]
impl Connector for Counting {
    async fn connect(&self, _: Option<&Redirect>) -> Result<Dialled, ConnectorError> {
        let (reader, socket) = TcpStream::connect(self.server).await?.into_split();
        let socket = Counted { socket, writes: Arc::clone(&self.writes) };
        // The server's side of the transport serves as a client, because both sides frame alike.
        let connection = mfly_transport::server::tcp(tokio::io::join(reader, socket), LIMIT);
        Ok(Dialled::new(connection, true))
    }
}

#[tokio::test]
async fn requests_made_at_the_same_time_leave_in_one_write() {
    let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = start(|builder| builder.tcp_listen(any_port).tcp_cleartext(true)).await;
    server.standard_user("alice", PASSWORD).unwrap();
    let writes = Arc::<AtomicUsize>::default();
    let account = Account::new(jid(&server, "alice"), Password::new(PASSWORD).unwrap());
    let account = account.connector(Arc::new(Counting {
        server: server.tcp_listen_address().unwrap(),
        writes: Arc::clone(&writes),
    }));
    let session = super::connect(&account).await;
    // Once this is answered, the login has written everything.
    within("an answer", session.ping(None)).await.unwrap();
    let before = writes.load(Ordering::SeqCst);
    let pings = (0..32).map(|_| session.ping(None));
    within("all answers", try_join_all(pings)).await.unwrap();
    assert_eq!(writes.load(Ordering::SeqCst) - before, 1);
}

//! Two connections joined in memory.

use crate::connection::{self, Connection};
use crate::options::DEFAULT_MAX_FRAME_BYTES;
use crate::upgrade;
use mfly_proto::framing::{Framing, ReceiveLimits};

/// How many bytes one side may send before the other must read.
const BUFFER_BYTES: usize = 64 * 1024;

/// A client's connection and a server's over WebSocket, joined in memory; see [`pair_with`].
///
/// ```
/// use futures_util::{SinkExt, StreamExt};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), mfly_transport::TransportError> {
/// let (mut client, mut server) = mfly_transport::pair();
/// client.send("<presence/>".into()).await?;
/// assert_eq!(server.next().await.transpose()?, Some("<presence/>".into()));
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn pair() -> (Connection, Connection) {
    pair_with(Framing::WebSocket)
}

/// A client's connection and a server's, joined in memory.
///
/// They are the real thing over a pipe: limits, closing and errors are those of a connection over
/// sockets. No socket is opened and no time passes.
#[must_use]
pub fn pair_with(framing: Framing) -> (Connection, Connection) {
    let (client, server) = tokio::io::duplex(BUFFER_BYTES);
    let (limits, limit) = (ReceiveLimits::default(), DEFAULT_MAX_FRAME_BYTES);
    if framing == Framing::Tcp {
        return (connection::tcp_skipping(client, limits), connection::tcp(server, limit));
    }
    (upgrade::take_over(client, limits.hard_bytes), upgrade::serve(server, limit))
}

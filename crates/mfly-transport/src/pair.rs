//! Two connections over a pipe in memory.

use crate::connection::{self, Connection};
use crate::options::DEFAULT_MAX_FRAME_BYTES;
use crate::upgrade;
use mfly_proto::framing::{Framing, ReceiveLimits};

/// The number of bytes that one side can send before the other reads.
const BUFFER_BYTES: usize = 64 * 1024;

/// A client's and a server's WebSocket connection, joined in memory; see [`pair_with`].
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

/// A client's and a server's connection, joined in memory.
///
/// Limits, closing and errors are those of a connection over sockets. No socket is opened and no
/// time passes.
#[must_use]
pub fn pair_with(framing: Framing) -> (Connection, Connection) {
    let (client, server) = tokio::io::duplex(BUFFER_BYTES);
    let (limits, limit) = (ReceiveLimits::default(), DEFAULT_MAX_FRAME_BYTES);
    if framing == Framing::Tcp {
        return (connection::tcp_skipping(client, limits), connection::tcp(server, limit));
    }
    (upgrade::take_over(client, limits.hard_bytes), upgrade::serve(server, limit))
}

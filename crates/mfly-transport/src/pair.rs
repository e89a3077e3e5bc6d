//! Two connections joined in memory.

use crate::connect::DEFAULT_MAX_FRAME_BYTES;
use crate::{Connection, websocket};

/// How many bytes one side may send before the other must read.
const BUFFER_BYTES: usize = 64 * 1024;

/// A client's connection and a server's, joined in memory.
///
/// They speak WebSocket with each other, so that limits, closing and errors are those of the real
/// thing. No socket is opened and no time passes.
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
    let (client, server) = tokio::io::duplex(BUFFER_BYTES);
    (
        websocket::take_over(client, DEFAULT_MAX_FRAME_BYTES),
        websocket::serve(server, DEFAULT_MAX_FRAME_BYTES),
    )
}

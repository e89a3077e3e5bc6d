//! One XMPP connection: moves frames between its socket and the core.

use crate::shared::{Command, Outgoing, Shared};
use crate::stream::StreamMeta;
use crate::world::StreamId;
use futures_util::{SinkExt as _, StreamExt as _};
use mfly_transport::{Connection, TransportError};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tracing::debug;

/// How long the client may take to read what is sent to it.
const WRITING: Duration = Duration::from_secs(30);

/// How long a connection stays open in silence.
const SILENCE: Duration = Duration::from_secs(600);

/// Frames that are handed to the socket before it is flushed.
const BATCH: usize = 32;

/// Why a connection is over.
enum End {
    /// The client closed it, or it broke.
    Gone,
    /// The core closed it.
    Closed,
    /// It is to be dropped without a word.
    Cut,
    /// It is to be left alone.
    Silenced,
}

/// Serves a connection until it ends.
pub(crate) async fn serve(shared: &Shared, mut connection: Connection, meta: StreamMeta) {
    let (id, mut outgoing) = shared.open(meta);
    // A task that is aborted must not leave its session behind.
    let _gone = Gone { shared, id };
    match exchange(shared, &mut connection, id, &mut outgoing).await {
        End::Closed => {
            if let Err(error) = connection.close().await {
                debug!(stream = id.0, %error, "closing failed");
            }
        }
        End::Silenced => {
            let cut = Arc::clone(&outgoing.cut);
            let over = async {
                while let Some(Command::Send(_) | Command::Silence) = outgoing.next().await {}
            };
            tokio::select! {
                () = cut.notified() => {}
                () = over => {}
                () = tokio::time::sleep(SILENCE) => {}
            }
        }
        End::Gone | End::Cut => {}
    }
}

async fn exchange(
    shared: &Shared,
    connection: &mut Connection,
    id: StreamId,
    outgoing: &mut Outgoing,
) -> End {
    let cut = Arc::clone(&outgoing.cut);
    loop {
        tokio::select! {
            biased;
            () = cut.notified() => return End::Cut,
            command = outgoing.next() => {
                let Some(command) = command else { return End::Cut };
                let written = write(connection, command, outgoing).await;
                match written {
                    Ok(None) => {}
                    Ok(Some(end)) => return end,
                    Err(error) => {
                        debug!(stream = id.0, %error, "writing failed");
                        return End::Gone;
                    }
                }
            }
            frame = connection.next() => match frame {
                Some(Ok(frame)) => shared.received(id, frame),
                Some(Err(error)) => {
                    debug!(stream = id.0, %error, "reading failed");
                    return End::Gone;
                }
                None => return End::Gone,
            },
        }
    }
}

/// Does `first` and what else is queued, in one write.
async fn write(
    connection: &mut Connection,
    first: Command,
    outgoing: &mut Outgoing,
) -> Result<Option<End>, TransportError> {
    let cut = Arc::clone(&outgoing.cut);
    let writing = async {
        let mut end = None;
        let mut next = Some(first);
        let mut room = BATCH;
        while let Some(command) = next {
            match command {
                Command::Send(frame) => connection.feed(frame).await?,
                Command::Close => end = Some(End::Closed),
                Command::Silence => end = Some(End::Silenced),
            }
            room -= 1;
            let is_done = end.is_some() || room == 0;
            next = if is_done { None } else { outgoing.try_next() };
        }
        connection.flush().await?;
        Ok(end)
    };
    with_patience(writing, &cut).await
}

/// Bounds a write by [`WRITING`] and by `cut`.
async fn with_patience(
    writing: impl Future<Output = Result<Option<End>, TransportError>>,
    cut: &Notify,
) -> Result<Option<End>, TransportError> {
    tokio::select! {
        written = writing => written,
        () = cut.notified() => Ok(Some(End::Cut)),
        () = tokio::time::sleep(WRITING) => Ok(Some(End::Cut)),
    }
}

/// Tells the core when the connection is gone, however that came.
struct Gone<'a> {
    shared: &'a Shared,
    id: StreamId,
}

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        self.shared.closed(self.id);
    }
}

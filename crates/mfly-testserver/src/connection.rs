//! One XMPP connection: moves frames between its pipe and the core.

use crate::faults::DialFault;
use crate::pipe::{Arrival, Pipe};
use crate::shared::{Command, Outgoing, Shared};
use crate::stream::StreamMeta;
use crate::world::StreamId;
use mfly_proto::sasl::ChannelBindings;
use mfly_proto::stream::StreamCondition;
use mfly_transport::TransportError;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tracing::debug;

/// How long the client may take to read what is sent to it.
const WRITING: Duration = Duration::from_secs(30);

/// How long a connection stays open in silence.
const SILENCE: Duration = Duration::from_secs(600);

/// Frames that are taken from the pipe, or handed to it, before it is flushed.
const BATCH: usize = 32;

/// How a connection is protected.
pub(crate) enum Protection {
    /// Not at all, and it need not be.
    None,
    /// TLS has to be agreed on first.
    StartTls,
    /// By TLS, which logins can be tied to.
    Tls(ChannelBindings),
}

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
pub(crate) async fn serve(shared: &Shared, mut pipe: Pipe, protection: Protection) {
    let (dial, faults) = shared.faults.take_stream();
    if let Some(fault) = dial
        && !survives(shared, &mut pipe, fault).await
    {
        return;
    }
    let meta = StreamMeta {
        framing: pipe.framing(),
        tls: matches!(protection, Protection::Tls(_)),
        must_secure: matches!(protection, Protection::StartTls),
        bindings: match protection {
            Protection::Tls(bindings) => bindings,
            Protection::None | Protection::StartTls => ChannelBindings::NONE,
        },
        faults,
    };
    let (id, mut outgoing) = shared.open(meta);
    // A task that is aborted must not leave its session behind.
    let _gone = Gone { shared, id };
    match exchange(shared, &mut pipe, id, &mut outgoing).await {
        End::Closed => {
            if let Err(error) = pipe.close().await {
                debug!(stream = id.0, %error, "closing failed");
            }
        }
        End::Silenced => {
            let cut = Arc::clone(&outgoing.cut);
            let over = async {
                while let Some(Command::Send(_) | Command::Secure(_) | Command::Silence) =
                    outgoing.next().await
                {}
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

/// Lets a connection suffer a fault before anything is said; whether it is then served.
async fn survives(shared: &Shared, pipe: &mut Pipe, fault: DialFault) -> bool {
    let wait = match fault {
        DialFault::Delay(delay) => {
            return tokio::select! {
                () = tokio::time::sleep(delay) => true,
                () = shared.stopped() => false,
            };
        }
        DialFault::Cut => return false,
        DialFault::Silence => SILENCE,
        DialFault::Garbage(text) => {
            let said = async {
                pipe.feed(text.into()).await?;
                pipe.flush().await?;
                pipe.close().await
            };
            if let Err(error) = said.await {
                debug!(%error, "nobody wants the garbage");
            }
            return false;
        }
    };
    let _ = tokio::time::timeout(wait, shared.stopped()).await;
    false
}

async fn exchange(shared: &Shared, pipe: &mut Pipe, id: StreamId, outgoing: &mut Outgoing) -> End {
    let cut = Arc::clone(&outgoing.cut);
    let mut is_readable = true;
    loop {
        tokio::select! {
            biased;
            () = cut.notified() => return End::Cut,
            command = outgoing.next() => {
                let Some(command) = command else { return End::Cut };
                let written = write(shared, pipe, id, command, outgoing).await;
                match written {
                    Ok(None) => {}
                    Ok(Some(end)) => return end,
                    Err(error) => {
                        debug!(stream = id.0, %error, "writing failed");
                        return End::Gone;
                    }
                }
            }
            arrival = pipe.next(), if is_readable => {
                let mut arrival = Some(arrival);
                let mut room = BATCH;
                while let Some(arrived) = arrival {
                    match arrived {
                        Arrival::Frame(frame) => shared.received(id, frame),
                        // What the core has to say about it is sent before the connection ends.
                        Arrival::Malformed(condition) => {
                            is_readable = false;
                            shared.malformed(id, condition);
                        }
                        Arrival::End => return End::Gone,
                    }
                    room -= 1;
                    // Answers to what came together leave together.
                    let takes_more = is_readable && room > 0;
                    arrival = if takes_more { pipe.next_waiting() } else { None };
                }
            }
        }
    }
}

/// Does `first` and what else is queued, in one write.
async fn write(
    shared: &Shared,
    pipe: &mut Pipe,
    id: StreamId,
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
                Command::Send(frame) => pipe.feed(frame).await?,
                Command::Secure(agreement) => {
                    pipe.flush().await?;
                    if pipe.has_more() {
                        // The next stage would take it for something that TLS protects (RFC 6120 §5.4.2.3).
                        shared.malformed(id, StreamCondition::PolicyViolation);
                    } else {
                        shared.agreed(id, &agreement);
                        pipe.feed(agreement).await?;
                        pipe.flush().await?;
                        shared.secured(id, pipe.secure().await?);
                    }
                }
                Command::Close => end = Some(End::Closed),
                Command::Silence => end = Some(End::Silenced),
            }
            room -= 1;
            let is_done = end.is_some() || room == 0;
            next = if is_done { None } else { outgoing.try_next() };
        }
        pipe.flush().await?;
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

//! One XMPP connection: moves frames between its pipe and the core.

use crate::core::stream::StreamMeta;
use crate::core::world::StreamId;
use crate::core::world::session::frame;
use crate::handle::faults::DialFault;
use crate::net::admission::Place;
use crate::net::pipe::{Arrival, Pipe};
use crate::state::{Command, Fate, Outgoing, ServerState};
use mfly_proto::sasl::ChannelBindings;
use mfly_proto::stream::{StreamCondition, StreamError};
use mfly_transport::TransportError;
use std::time::Duration;
use tracing::debug;

/// How long the client may take to read what is sent to it.
const WRITING: Duration = Duration::from_secs(30);

/// How long a connection stays open in silence.
const SILENCE: Duration = Duration::from_secs(600);

/// How long a client that reads too slowly may take to read that it does.
const TELLING: Duration = Duration::from_secs(5);

/// Frames that are taken from the pipe, or handed to it, before it is flushed.
const BATCH: usize = 32;

/// Bytes that are handed to the pipe before it is flushed. What waits in it is one frame more at
/// most.
const BATCH_BYTES: usize = 64 * 1024;

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
    /// Too much waits for it.
    Shed,
    /// It is to be left alone.
    Silenced,
}

/// Serves a connection until it ends. It gives its `place` back once it has logged in.
pub(crate) async fn serve(
    state: &ServerState,
    mut pipe: Pipe,
    protection: Protection,
    place: &Place,
) {
    let (dial, faults) = state.faults.take_stream();
    if let Some(fault) = dial
        && !survives(state, &mut pipe, fault).await
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
    let (id, outgoing) = state.open(meta);
    // A task that is aborted must not leave its session behind.
    let _gone = Gone { state, id };
    match exchange(state, &mut pipe, id, &outgoing, place).await {
        End::Closed => {
            if let Err(error) = pipe.close().await {
                debug!(stream = id.0, %error, "closing failed");
            }
        }
        End::Silenced => {
            let over = async {
                while let Command::Send(_) | Command::Secure(_) | Command::Silence =
                    outgoing.next().await
                {
                    outgoing.written();
                }
            };
            tokio::select! {
                _ = outgoing.ended() => {}
                () = over => {}
                () = tokio::time::sleep(SILENCE) => {}
            }
        }
        End::Shed => {
            // What waited is given up, and so is everything that the client does not read now.
            let told = tokio::time::timeout(TELLING, tell(&mut pipe));
            if !matches!(told.await, Ok(Ok(()))) {
                debug!(stream = id.0, "the client does not even read why it has to go");
            }
        }
        End::Gone | End::Cut => {}
    }
}

/// Lets a connection suffer a fault before anything is said; whether it is then served.
async fn survives(state: &ServerState, pipe: &mut Pipe, fault: DialFault) -> bool {
    let wait = match fault {
        DialFault::Delay(delay) => {
            return tokio::select! {
                () = tokio::time::sleep(delay) => true,
                () = state.stopped() => false,
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
    let _ = tokio::time::timeout(wait, state.stopped()).await;
    false
}

/// Tells a client that it reads too slowly, and closes the connection.
async fn tell(pipe: &mut Pipe) -> Result<(), TransportError> {
    let mut error = StreamError::new(StreamCondition::ResourceConstraint);
    error.text = Some("too much waits to be read".to_owned());
    pipe.feed(frame(|buffer| error.write(buffer)).into()).await?;
    pipe.feed(pipe.framing().server_close().into()).await?;
    pipe.flush().await?;
    pipe.close().await
}

async fn exchange(
    state: &ServerState,
    pipe: &mut Pipe,
    id: StreamId,
    outgoing: &Outgoing,
    place: &Place,
) -> End {
    let mut is_readable = true;
    let mut is_known = false;
    loop {
        tokio::select! {
            biased;
            fate = outgoing.ended() => return fate.into(),
            command = outgoing.next() => {
                let written = write(state, pipe, id, command, outgoing).await;
                match written {
                    Ok(None) => {}
                    Ok(Some(end)) => return end,
                    Err(error) => {
                        debug!(stream = id.0, %error, "writing failed");
                        return End::Gone;
                    }
                }
            }
            () = place.evicted() => {
                is_readable = false;
                state.malformed(id, StreamCondition::ResourceConstraint);
            }
            arrival = pipe.next(), if is_readable => {
                // Who takes part in the exchange is not idle.
                if !is_known {
                    place.end();
                }
                let mut arrival = Some(arrival);
                let mut room = BATCH;
                while let Some(arrived) = arrival {
                    match arrived {
                        Arrival::Frame(frame) => {
                            if state.received(id, frame) && !is_known {
                                is_known = place.know();
                            }
                        }
                        // What the core has to say about it is sent before the connection ends.
                        Arrival::Malformed(condition) => {
                            is_readable = false;
                            state.malformed(id, condition);
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
    state: &ServerState,
    pipe: &mut Pipe,
    id: StreamId,
    first: Command,
    outgoing: &Outgoing,
) -> Result<Option<End>, TransportError> {
    let writing = async {
        let mut end = None;
        let mut next = Some(first);
        let mut room = BATCH;
        let mut bytes = 0;
        while let Some(command) = next {
            match command {
                Command::Send(parcel) => {
                    bytes += parcel.len();
                    if let Some(copy) = pipe.copies(&parcel) {
                        outgoing.copied(copy);
                        state.copied();
                    }
                    pipe.feed(parcel).await?;
                }
                Command::Secure(agreement) => {
                    pipe.flush().await?;
                    if pipe.has_more() {
                        // The next stage would take it for something that TLS protects (RFC 6120
                        // §5.4.2.3).
                        state.malformed(id, StreamCondition::PolicyViolation);
                    } else {
                        state.agreed(id, &agreement);
                        pipe.feed(agreement.into()).await?;
                        pipe.flush().await?;
                        state.secured(id, pipe.secure().await?);
                    }
                }
                Command::Close => end = Some(End::Closed),
                Command::Silence => end = Some(End::Silenced),
            }
            room -= 1;
            let is_done = end.is_some() || room == 0 || bytes > BATCH_BYTES;
            next = if is_done { None } else { outgoing.try_next() };
        }
        pipe.flush().await?;
        outgoing.written();
        Ok(end)
    };
    tokio::select! {
        written = writing => written,
        fate = outgoing.ended() => Ok(Some(fate.into())),
        () = tokio::time::sleep(WRITING) => Ok(Some(End::Cut)),
    }
}

impl From<Fate> for End {
    fn from(fate: Fate) -> Self {
        match fate {
            Fate::Shed => Self::Shed,
            Fate::Cut | Fate::Spared => Self::Cut,
        }
    }
}

/// Tells the core when the connection is gone, however that came.
struct Gone<'a> {
    state: &'a ServerState,
    id: StreamId,
}

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        self.state.closed(self.id);
    }
}

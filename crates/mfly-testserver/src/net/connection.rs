//! One XMPP connection: passes frames between its pipe and the core.

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

/// How long a connection with a silent fault stays open.
const SILENCE: Duration = Duration::from_secs(600);

/// How long a client that reads too slowly may take to read the stream error.
const TELLING: Duration = Duration::from_secs(5);

/// Frames that are read from the pipe, or written to it, before it is flushed.
const BATCH: usize = 32;

/// Bytes that are written to the pipe before it is flushed. One frame may exceed this.
const BATCH_BYTES: usize = 64 * 1024;

/// How a connection is protected.
pub(crate) enum Protection {
    /// Not at all, and TLS is not required.
    None,
    /// STARTTLS is required.
    StartTls,
    /// By TLS, with these channel bindings.
    Tls(ChannelBindings),
}

/// The reason why a connection ends.
enum End {
    /// The client closed it, or it failed.
    Gone,
    /// The core closed it.
    Closed,
    /// It must be dropped without a closing frame.
    Cut,
    /// The client reads too slowly.
    Shed,
    /// A fault keeps it open and silent.
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
        && !apply_fault(state, &mut pipe, fault).await
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
    // Ends the session even if the task is aborted.
    let _gone = Gone { state, id };
    match pump(state, &mut pipe, id, &outgoing, place).await {
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
            // The queue is dropped, so the stream error is the next frame.
            let sent = tokio::time::timeout(TELLING, send_shed(&mut pipe));
            if !matches!(sent.await, Ok(Ok(()))) {
                debug!(stream = id.0, "the client does not read the stream error");
            }
        }
        End::Gone | End::Cut => {}
    }
}

/// Applies a fault to a new connection. Returns whether the connection is then served.
async fn apply_fault(state: &ServerState, pipe: &mut Pipe, fault: DialFault) -> bool {
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
                debug!(%error, "sending garbage failed");
            }
            return false;
        }
    };
    let _ = tokio::time::timeout(wait, state.stopped()).await;
    false
}

/// Sends a stream error to a client that reads too slowly, and closes the connection.
async fn send_shed(pipe: &mut Pipe) -> Result<(), TransportError> {
    let mut error = StreamError::new(StreamCondition::ResourceConstraint);
    error.text = Some("too much waits to be read".to_owned());
    pipe.feed(frame(|buffer| error.write(buffer)).into()).await?;
    pipe.feed(pipe.framing().server_close().into()).await?;
    pipe.flush().await?;
    pipe.close().await
}

/// Passes frames between pipe and core until one of them ends.
async fn pump(
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
                // A client that sends frames is not idle.
                if !is_known {
                    place.end();
                }
                let mut arrival = Some(arrival);
                let mut room = BATCH;
                while let Some(arrived) = arrival {
                    match arrived {
                        Arrival::Frame(frame) => {
                            if state.received(id, frame) && !is_known {
                                is_known = place.logged_in();
                            }
                        }
                        // The core's stream error is sent before the connection ends.
                        Arrival::Malformed(condition) => {
                            is_readable = false;
                            state.malformed(id, condition);
                        }
                        Arrival::End => return End::Gone,
                    }
                    room -= 1;
                    // Responses to frames that arrive together leave together.
                    let takes_more = is_readable && room > 0;
                    arrival = if takes_more { pipe.next_waiting() } else { None };
                }
            }
        }
    }
}

/// Executes `first` and further queued commands, in one write.
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
                        // It would be read as if TLS protected it (RFC 6120 §5.4.2.3).
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

/// Tells the core that the connection is closed, even if its task is aborted.
struct Gone<'a> {
    state: &'a ServerState,
    id: StreamId,
}

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        self.state.closed(self.id);
    }
}

//! Signalling over WebSocket, from the start or after long-polling.

use super::hub::Poll;
use super::{Origin, close, open, received};
use crate::net::reading::Share;
use crate::state::ServerState;
use futures_util::{SinkExt as _, StreamExt as _};
use mfly_proto::signalling::engine_io::{PROBE, Packet};
use mfly_transport::Connection;
use std::net::IpAddr;
use std::time::Duration;
use tracing::debug;

/// The code that closes a WebSocket for which there is no room (RFC 6455 §7.4, IANA registry).
const TRY_AGAIN_LATER: u16 = 1013;

/// How long a client may take to upgrade from polling.
const UPGRADE: Duration = Duration::from_secs(10);

/// How long a client may take to read packets.
const WRITING: Duration = Duration::from_secs(10);

/// Serves a WebSocket until it ends. `sid` is the id of the polling client that moves to it. Bytes
/// that are read count in `share`.
pub(crate) async fn serve(
    state: &ServerState,
    mut connection: Connection,
    share: &Share,
    address: Option<IpAddr>,
    sid: Option<String>,
) {
    let sid = match sid {
        Some(sid) => {
            let upgrading = tokio::time::timeout(UPGRADE, upgrade(state, &mut connection, &sid));
            if upgrading.await != Ok(Some(())) {
                state.with_hub(|hub| hub.set_upgrading(&sid, false));
                return;
            }
            sid
        }
        None => {
            let origin = Origin { address, is_websocket: true };
            let Some(sid) = open(state, origin) else {
                connection.set_close_code(TRY_AGAIN_LATER);
                let _ = tokio::time::timeout(WRITING, connection.close()).await;
                return;
            };
            sid
        }
    };
    // Removes the client even if the task is aborted.
    let _gone = Gone { state, sid: &sid };
    loop {
        let wake = match state.with_hub(|hub| hub.poll_websocket(&sid)) {
            Poll::Gone => break,
            Poll::Wait(wake) => wake,
            Poll::Ready(packets) => {
                let sending = async {
                    for (packet, _) in &packets {
                        connection.feed(packet.encode().into()).await?;
                    }
                    connection.flush().await
                };
                match tokio::time::timeout(WRITING, sending).await {
                    Ok(Ok(())) => continue,
                    _ => return,
                }
            }
        };
        tokio::select! {
            () = wake.notified() => {}
            () = state.stopped() => break,
            () = share.refused() => break,
            frame = connection.next() => {
                let Some(Ok(frame)) = frame else { return };
                share.complete(0);
                match Packet::decode(frame.as_str()) {
                    Ok(packet) => {
                        if !received(state, &sid, packet) {
                            break;
                        }
                    }
                    Err(error) => {
                        debug!(%error, "a signalling client is closed");
                        break;
                    }
                }
            }
        }
    }
    let _ = connection.close().await;
}

/// Answers the client's probe and waits for its upgrade. `None` if the client does not upgrade.
async fn upgrade(state: &ServerState, connection: &mut Connection, sid: &str) -> Option<()> {
    loop {
        let frame = connection.next().await?.ok()?;
        match Packet::decode(frame.as_str()).ok()? {
            Packet::Ping(data) if data == PROBE => {
                connection.send(Packet::Pong(data).encode().into()).await.ok()?;
                state.with_hub(|hub| hub.set_upgrading(sid, true));
            }
            Packet::Upgrade => {
                state.with_hub(|hub| hub.upgraded(sid));
                return Some(());
            }
            _ => return None,
        }
    }
}

/// Removes the client when it is dropped.
struct Gone<'a> {
    state: &'a ServerState,
    sid: &'a str,
}

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        close(self.state, self.sid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::memory::Memory;
    use crate::signalling::hub::CLIENTS;
    use crate::state::testing::state;
    use tokio::time::Instant;

    #[tokio::test(start_paused = true)]
    async fn a_client_for_which_there_is_no_room_is_asked_to_try_again_later() {
        let state = state(Memory::DEFAULT_LIMITS);
        state.with_hub(|hub| {
            for number in 0..CLIENTS {
                let origin = Origin { is_websocket: true, ..Origin::default() };
                hub.open(&format!("s{number}"), format!("c{number}"), origin, Instant::now());
            }
        });
        let (mut client, server) = mfly_transport::pair();
        let share = state.reading.share();
        let serving = serve(&state, server, &share, None, None);
        let (frame, ()) = tokio::join!(client.next(), serving);
        assert!(frame.is_none(), "{frame:?}");
        assert_eq!(client.close_reason().unwrap().code, Some(TRY_AGAIN_LATER));
    }
}

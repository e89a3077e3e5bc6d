//! The signalling server: Engine.IO 3 and Socket.IO 4 at `/socket.io/`, for socket.io-client 2.x.
//!
//! [`hub`] keeps the clients and has no sockets; [`polling`] and [`websocket`] transport its
//! packets; [`qr_login`] handles the events. The hub's lock is taken after the core's, never
//! before.

pub(crate) mod hub;
pub(crate) mod polling;
pub(crate) mod qr_login;
pub(crate) mod websocket;

use crate::state::ServerState;
pub(crate) use hub::Origin;
use mfly_proto::signalling::engine_io::Packet;
use mfly_proto::signalling::socket_io::{self, Kind};
use serde_json::Value;
use tokio::time::Instant;
use tracing::debug;

/// Whether the signalling server serves this path.
pub(crate) fn is_path(path: &str) -> bool {
    path == "/socket.io/" || path == "/socket.io"
}

/// Adds a client and returns its id. `None` if there is no room.
pub(crate) fn open(state: &ServerState, origin: Origin) -> Option<String> {
    let (sid, code) = state.with_core(|core, _| {
        let world = core.world_mut();
        (world.fresh_id(), world.fresh_id())
    });
    let replaced = state.with_hub(|hub| hub.open(&sid, code, origin, Instant::now()))?;
    if let Some(replaced) = replaced {
        debug!("an idle signalling client is evicted");
        close(state, &replaced);
    }
    state.signalling_deadline_changed();
    Some(sid)
}

/// Removes a client, and revokes a log-in that it has not finished.
pub(crate) fn close(state: &ServerState, sid: &str) {
    if let Some(gone) = state.with_hub(|hub| hub.close(sid)) {
        qr_login::gone(state, &gone);
    }
}

/// Handles a client's packet. `false` if the client must be closed.
pub(crate) fn received(state: &ServerState, sid: &str, packet: Packet) -> bool {
    state.with_hub(|hub| hub.heard(sid, Instant::now()));
    let text = match packet {
        Packet::Ping(data) => return state.with_hub(|hub| hub.push(sid, Packet::Pong(data))),
        Packet::Message(text) => text,
        Packet::Open(_) | Packet::Close => return false,
        Packet::Pong(_) | Packet::Upgrade | Packet::Noop => return true,
    };
    let packet = match socket_io::Packet::decode(&text) {
        Ok(packet) => packet,
        Err(error) => {
            debug!(%error, "a signalling client is closed");
            return false;
        }
    };
    if packet.namespace != socket_io::ROOT {
        let refusal = socket_io::Packet {
            namespace: packet.namespace,
            kind: Kind::Error(Value::from("Invalid namespace")),
        };
        return state.with_hub(|hub| hub.push(sid, Packet::Message(refusal.encode())));
    }
    match packet.kind {
        Kind::Event { name, arguments, id } => {
            let argument = arguments.first().unwrap_or(&Value::Null);
            if let Some(answer) = qr_login::event(state, sid, &name, argument)
                && let Some(id) = id
            {
                let arguments = vec![answer];
                let ack = socket_io::Packet::root(Kind::Ack { id, arguments });
                return state.with_hub(|hub| hub.push(sid, Packet::Message(ack.encode())));
            }
            true
        }
        Kind::Disconnect => false,
        Kind::Connect | Kind::Ack { .. } | Kind::Error(_) => true,
    }
}

/// Lets codes expire earlier: the server's clock was moved forward.
pub(crate) fn advance(state: &ServerState, by: std::time::Duration) {
    state.with_hub(|hub| hub.advance(by));
    state.signalling_deadline_changed();
}

/// Replaces codes that expire, and closes clients that time out.
pub(crate) async fn keep_time(state: &ServerState) {
    loop {
        let due = state.with_hub(|hub| hub.next_deadline());
        let is_due = async {
            match due {
                Some(due) => tokio::time::sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = is_due => {}
            () = state.signalling_changed() => continue,
        }
        let now = Instant::now();
        let (silent, expired) = state.with_hub(|hub| (hub.silent(now), hub.expired(now)));
        for sid in silent {
            close(state, &sid);
        }
        for sid in expired {
            qr_login::fresh_code(state, &sid);
        }
    }
}

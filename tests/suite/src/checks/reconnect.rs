//! Connections that no longer answer or are closed, and the requests made meanwhile.

use crate::check::checks;
use crate::env::{CheckEnv, OnlineUser, connect};
use crate::failure::{Failure, ensure, expect_event, within};
use crate::relay::{Relay, RelayMode};
use mfly_client::standard::Event;
use mfly_client::{DisconnectReason, ErrorKind, KeepaliveConfig, Timeouts};
use std::time::Duration;

checks! {
    "a request made while the session reconnects is answered on the next connection" =>
        waits(), over_sockets();
    "a connection that no longer answers is closed when it is checked, and comes back" =>
        checked(), over_sockets();
    "an attempt that gets no answer is followed by another" => silent_attempt(), over_sockets();
}

/// Longest wait for an answer of the server.
const SILENCE: Duration = Duration::from_millis(500);

/// Connects a session through a relay.
async fn relayed(env: &CheckEnv<'_>) -> Result<(OnlineUser, Relay), Failure> {
    let user = env.user("alice").await?;
    let relay = env.relay().await?;
    let mut timeouts = Timeouts::default();
    timeouts.tls = SILENCE * 4;
    timeouts.handshake = SILENCE * 4;
    let keepalive = KeepaliveConfig { answer: SILENCE, ..KeepaliveConfig::default() };
    let account = env.through(&relay, env.account(&user)?)?.timeouts(timeouts).keepalive(keepalive);
    Ok((connect(&user, &account).await?, relay))
}

async fn waits(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let (mut alice, relay) = relayed(env).await?;
    relay.set_mode(RelayMode::Closed);
    alice.wait_for_disconnection().await?;
    let session = alice.session.clone();
    let hasty = session.with_fail_fast(true).ping(None).await;
    let refused = hasty.err().map(|error| error.kind().clone());
    ensure(refused == Some(ErrorKind::NotConnected), || {
        format!("a request that is to fail fast: {refused:?}")
    })?;
    let return_later = async {
        expect_event!(alice, Event::ConnectionFailed { .. } => ())?;
        relay.set_mode(RelayMode::Forwarding);
        alice.wait_for_connection().await
    };
    let waiting = within("a ping while offline", session.ping(None));
    let (answered, returned) = tokio::join!(waiting, return_later);
    returned?;
    answered
}

async fn checked(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let (mut alice, relay) = relayed(env).await?;
    within("a check", alice.session.check_now()).await?;
    relay.set_mode(RelayMode::Silent);
    let outcome = alice.session.check_now().await;
    relay.set_mode(RelayMode::Forwarding);
    let kind = outcome.err().map(|error| error.kind().clone());
    ensure(
        matches!(&kind, Some(ErrorKind::ConnectionLost { cause }) if matches!(**cause, DisconnectReason::PeerUnresponsive)),
        || format!("a check of a silent connection: {kind:?}"),
    )?;
    alice.wait_for_disconnection().await?;
    alice.wait_for_connection().await?;
    within("a ping", alice.session.ping(None)).await
}

async fn silent_attempt(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let (mut alice, relay) = relayed(env).await?;
    relay.set_mode(RelayMode::Silent);
    alice.session.reconnect_now().await;
    let reason = expect_event!(alice, Event::ConnectionFailed { reason } => reason.clone())?;
    env.note(reason);
    relay.set_mode(RelayMode::Forwarding);
    alice.wait_for_connection().await?;
    within("a ping", alice.session.ping(None)).await
}

//! Stanzas above the limit of the server.

use crate::check::checks;
use crate::env::{CheckEnv, OnlineUser};
use crate::failure::{Failure, ensure, within};
use crate::server::Capability;
use mfly_client::{DisconnectReason, ErrorKind, Jid};
use mfly_proto::stream::StreamCondition;

/// How many times longer than the limit the stanza is: some servers count in pieces and accept a
/// little more.
const TIMES: usize = 2;

checks! {
    "a stanza above the server's limit is refused, and the session works on" => refused(),
        requiring(Capability::StanzaLimit);
}

async fn refused(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let mut alice = env.online("alice").await?;
    within("a ping before", alice.session.ping(None)).await?;
    // A message to the own account comes back if the server accepts it.
    let to = Jid::from(alice.user.jid.clone());
    let text = "x".repeat(TIMES * env.server().max_stanza_bytes());
    match alice.session.send_message(&to, &text).await {
        // The server has announced its limit (XEP-0478).
        Err(error) if matches!(error.kind(), ErrorKind::TooLarge { .. }) => {
            env.note("nothing was sent");
        }
        Err(error) => return Err(error.into()),
        Ok(_) => ended(env, &mut alice).await?,
    }
    within("a ping afterwards", alice.session.ping(None)).await
}

/// The server ends the stream, and the session connects again.
async fn ended(env: &CheckEnv<'_>, alice: &mut OnlineUser) -> Result<(), Failure> {
    let reason = alice.wait_for_disconnection().await?;
    ensure(
        match &reason {
            DisconnectReason::StreamError(error) => {
                error.condition == StreamCondition::PolicyViolation
            }
            // The server does not read the rest, and its error may be lost with that.
            DisconnectReason::ConnectionBroken(_)
            | DisconnectReason::ClosedByServer
            | DisconnectReason::WebSocketClosed { .. } => true,
            _ => false,
        },
        || format!("disconnected because {reason:?}"),
    )?;
    env.note(reason);
    alice.wait_for_connection().await
}

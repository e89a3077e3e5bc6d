//! Stanzas that are longer than the server takes.

use super::restart::{connected, disconnected};
use crate::check::Check;
use crate::env::{CheckEnv, OnlineUser};
use crate::failure::{Failure, ensure, within};
use crate::server::Capability;
use mfly_client::{DisconnectReason, ErrorKind, Jid};
use mfly_proto::stream::StreamCondition;

/// How much longer than allowed the stanza is: servers that count what they read in pieces let a
/// little more pass.
const TIMES: usize = 2;

pub(super) const CHECKS: &[Check] = &[Check::shared(
    "a stanza above the server's limit is refused, and the session works on",
    |env| Box::pin(refused(env)),
)
.requiring(Capability::StanzaLimit)];

async fn refused(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let mut alice = env.online("alice").await?;
    within("a ping before", alice.session.ping(None)).await?;
    // To herself: whatever the server lets pass comes back.
    let to = Jid::from(alice.user.jid.clone());
    let text = "x".repeat(TIMES * env.server().max_stanza_bytes());
    match alice.session.send_message(&to, &text).await {
        // The server had said what it takes (XEP-0478).
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
    let reason = disconnected(alice).await?;
    ensure(
        match &reason {
            DisconnectReason::StreamError(error) => {
                error.condition == StreamCondition::PolicyViolation
            }
            // The server does not read the rest, and its words may be lost in that.
            DisconnectReason::ConnectionBroken(_)
            | DisconnectReason::ClosedByServer
            | DisconnectReason::WebSocketClosed { .. } => true,
            _ => false,
        },
        || format!("disconnected because {reason:?}"),
    )?;
    env.note(reason);
    connected(alice).await
}

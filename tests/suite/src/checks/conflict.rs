//! One session replaces another.

use crate::check::Check;
use crate::env::{CheckEnv, connect};
use crate::failure::{Failure, all_events, ensure, within};
use mfly_client::EndReason;
use mfly_client::standard::Event;

pub(super) const CHECKS: &[Check] = &[Check::shared(
    "a session whose resource another one takes ends, and does not fight for it",
    |env| Box::pin(replaced(env)),
)];

async fn replaced(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let user = env.user("alice").await?;
    let account = env.account(&user)?.resource("balcony");
    let mut first = connect(&user, &account).await?;
    let second = connect(&user, &account).await?;
    let reason =
        within("the end of the first", async { Ok::<_, Failure>(first.session.ended().await) })
            .await?;
    ensure(matches!(reason, EndReason::Replaced), || format!("it ended because {reason:?}"))?;
    let events = all_events(&mut first.events).await?;
    ensure(!events.iter().any(|event| matches!(event, Event::Reconnecting { .. })), || {
        format!("it was connected again: {events:?}")
    })?;
    within("a ping of the second", second.session.ping(None)).await
}

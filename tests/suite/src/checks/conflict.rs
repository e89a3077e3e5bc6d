//! One session replaces another.

use crate::check::checks;
use crate::env::{CheckEnv, connect};
use crate::failure::{Failure, ensure, never_reconnects, within};
use mfly_client::EndReason;

checks! {
    "a session whose resource another one takes ends, and does not connect again" => replaced();
}

async fn replaced(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let user = env.user("alice").await?;
    let account = env.account(&user)?.resource("balcony");
    let mut first = connect(&user, &account).await?;
    let second = connect(&user, &account).await?;
    let reason =
        within("the end of the first", async { Ok::<_, Failure>(first.session.ended().await) })
            .await?;
    ensure(matches!(reason, EndReason::Replaced), || format!("it ended because {reason:?}"))?;
    never_reconnects(&mut first.events).await?;
    within("a ping of the second", second.session.ping(None)).await
}

//! Entity time (XEP-0202).

use crate::check::checks;
use crate::env::CheckEnv;
use crate::failure::{Failure, ensure, within};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Largest difference between the clocks of client and server, which run on one machine.
const TOLERANCE: Duration = Duration::from_secs(60);

checks! {
    "the server sends its time" => now();
}

async fn now(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let alice = env.online("alice").await?;
    let time = within("asking for the time", alice.session.entity_time(None)).await?;
    let there = Duration::from_millis(u64::try_from(time.utc.unix_millis())?);
    let here = SystemTime::now().duration_since(UNIX_EPOCH)?;
    ensure(here.abs_diff(there) < TOLERANCE, || format!("there it is {there:?}, here {here:?}"))
}

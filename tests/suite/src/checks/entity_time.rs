//! Entity time (XEP-0202).

use crate::check::Check;
use crate::env::CheckEnv;
use crate::failure::{Failure, ensure, within};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How far the two clocks may be apart, which are of one machine.
const TOLERANCE: Duration = Duration::from_secs(60);

pub(super) const CHECKS: &[Check] =
    &[Check::shared("the server tells what time it is", |env| Box::pin(now(env)))];

async fn now(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let alice = env.online("alice").await?;
    let time = within("asking for the time", alice.session.entity_time(None)).await?;
    let there = Duration::from_millis(u64::try_from(time.utc.unix_millis())?);
    let here = SystemTime::now().duration_since(UNIX_EPOCH)?;
    ensure(here.abs_diff(there) < TOLERANCE, || format!("there it is {there:?}, here {here:?}"))
}

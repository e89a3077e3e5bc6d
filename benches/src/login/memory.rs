//! The memory of an idle session. A process has one client, because memory that another one has
//! freed would be used again.

use super::{BoxError, Client, Place, open};
use crate::process::resident_kib;
use std::time::Duration;

/// KiB of this process for a session of `client`, from `count` that are open and idle.
pub async fn idle_kib(
    client: &mut dyn Client,
    place: Place,
    count: usize,
) -> Result<f64, BoxError> {
    client.prepare(place).await?;
    // One session first: what is allocated once is not a session's.
    open(client, place).await?.0.close().await;
    settle().await;
    let before = resident_kib()?;
    let mut sessions = Vec::with_capacity(count);
    for _ in 0..count {
        sessions.push(open(client, place).await?.0);
    }
    settle().await;
    let idle = resident_kib()?;
    Ok(idle.saturating_sub(before) as f64 / count as f64)
}

/// Waits until the work of the sessions has ended.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(300)).await;
}

//! The steps in their order, a file for each group of features.

mod account;
mod block;
mod connection;
mod ending;
mod friends;
mod media;
mod plan;
mod presence;
mod profile;
mod qr_login;
mod report;

use super::cast::Cast;
use super::recorder::Recorder;
use crate::exit::Failure;

/// Takes all steps.
pub(super) async fn walk(cast: &mut Cast, recorder: &mut Recorder<'_>) -> Result<(), Failure> {
    account::walk(cast, recorder).await?;
    profile::walk(cast, recorder).await?;
    presence::walk(cast, recorder).await?;
    block::walk(cast, recorder).await?;
    friends::walk(cast, recorder).await?;
    report::walk(cast, recorder).await?;
    media::walk(cast, recorder).await?;
    plan::walk(cast, recorder).await?;
    connection::walk(cast, recorder).await?;
    qr_login::walk(cast, recorder).await?;
    ending::walk(cast, recorder).await
}

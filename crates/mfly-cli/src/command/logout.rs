//! `mfly logout`: logs out on the server and forgets the credentials.

use crate::context::{Context, Saving};
use crate::exit::Failure;
use crate::operation::Operation;
use crate::output::Report;
use clap::Args;
use serde_json::json;

/// Log out on the server and forget the credentials.
#[derive(Args, Debug)]
pub(crate) struct LogoutArgs {}

impl Operation for LogoutArgs {
    fn name(&self) -> &'static str {
        "logout"
    }

    async fn perform(self, context: &Context) -> Result<Report, Failure> {
        let user = context.credentials()?.user;
        let saving = Saving::open(context).await?;
        let done = context.in_session(async |session| Ok(session.logout().await?)).await?;
        saving.forget()?;
        let line = if done.server_told {
            format!("logged out {user}")
        } else {
            format!("forgot {user}, but the server could not be told")
        };
        Ok(Report::line(line, json!({"serverTold": done.server_told})))
    }
}

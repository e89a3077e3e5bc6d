//! `mfly whoami`: who is connected, and where.

use super::Operation;
use crate::args::TargetArgs;
use crate::context::Context;
use crate::exit::Failure;
use crate::output::Report;
use clap::Args;
use mfly_client::Session;
use serde_json::json;

/// Connects and tells who that is.
#[derive(Args, Debug)]
pub(crate) struct WhoamiArgs {
    #[command(flatten)]
    target: TargetArgs,
}

impl Operation for WhoamiArgs {
    fn name(&self) -> &'static str {
        "getCurrentUserJid"
    }

    fn target(&self) -> &TargetArgs {
        &self.target
    }

    async fn perform(self, context: &Context) -> Result<Report, Failure> {
        context
            .in_session(async |session: &Session| {
                let user = session.current_user();
                let result = json!({
                    "userJid": user.as_str(),
                    "apiUrl": context.api_url,
                    "profile": context.profile,
                });
                let rows = [
                    ("user", user.as_str().to_owned()),
                    ("server", context.api_url.clone()),
                    ("profile", context.profile.clone()),
                ];
                Ok(Report::table(&rows, result))
            })
            .await
    }
}

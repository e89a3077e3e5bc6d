//! `mfly whoami`: the account and the server.

use crate::context::Context;
use crate::exit::Failure;
use crate::operation::Operation;
use crate::output::Report;
use clap::Args;
use serde_json::json;

/// Who is connected, and where.
#[derive(Args, Debug)]
pub(crate) struct WhoamiArgs {}

impl Operation for WhoamiArgs {
    fn name(&self) -> &'static str {
        "getCurrentUserJid"
    }

    async fn perform(self, context: &Context) -> Result<Report, Failure> {
        context
            .in_session(async |session| {
                let user = session.current_user();
                let result = json!({
                    "userJid": user.as_str(),
                    "apiUrl": context.api_url().as_str(),
                    "profile": context.profile,
                });
                let rows = [
                    ("user", user.as_str().to_owned()),
                    ("server", context.api_url().to_string()),
                    ("profile", context.profile.clone()),
                ];
                Ok(Report::table(&rows, result))
            })
            .await
    }
}

//! `mfly settings get` and `set`: the settings that the server keeps for the account.

use crate::context::Context;
use crate::exit::Failure;
use crate::operation::Operation;
use crate::output::Report;
use clap::{ArgAction, Args, Subcommand};
use serde_json::json;

/// Show or change the settings kept on the server.
#[derive(Args, Debug)]
pub(crate) struct SettingsArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Show the settings.
    Get,
    /// Change the settings.
    Set {
        /// Whether archived chats stay archived when a message arrives.
        #[arg(long, value_name = "true|false", action = ArgAction::Set)]
        archive: bool,
    },
}

impl Operation for SettingsArgs {
    fn name(&self) -> &'static str {
        match self.verb {
            Verb::Get => "getUserSettings",
            Verb::Set { .. } => "updateUserSettings",
        }
    }

    async fn perform(self, context: &Context) -> Result<Report, Failure> {
        let archive = match self.verb {
            Verb::Get => {
                context.in_session(async |session| Ok(session.settings().await?)).await?.archive
            }
            Verb::Set { archive } => {
                context
                    .in_session(async |session| Ok(session.update_settings(archive).await?))
                    .await?;
                Some(archive)
            }
        };
        let shown = archive.map_or_else(|| "not set".to_owned(), |archive| archive.to_string());
        let result = json!({"archive": archive.map(u8::from)});
        Ok(Report::table(&[("archive", shown)], result))
    }
}

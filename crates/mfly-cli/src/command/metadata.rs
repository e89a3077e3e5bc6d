//! `mfly metadata get` and `set`: the values attached to the account.

use crate::arguments::{meta_value, pair};
use crate::context::Context;
use crate::exit::Failure;
use crate::operation::Operation;
use crate::output::Report;
use clap::{Args, Subcommand};
use mfly_client::{MetaValue, Metadata};
use serde_json::json;

/// Show or replace the account's metadata.
#[derive(Args, Debug)]
pub(crate) struct MetadataArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Show the metadata.
    Get,
    /// Replace all of it.
    Set {
        /// At most three pairs. Numbers, true and false keep their type.
        #[arg(value_name = "NAME=VALUE", value_parser = pair)]
        pairs: Vec<(String, String)>,
    },
}

impl Operation for MetadataArgs {
    fn name(&self) -> &'static str {
        match self.verb {
            Verb::Get => "getMetaData",
            Verb::Set { .. } => "updateMetaData",
        }
    }

    async fn perform(self, context: &Context) -> Result<Report, Failure> {
        let stored = match self.verb {
            Verb::Get => context.in_session(async |session| Ok(session.metadata().await?)).await?,
            Verb::Set { pairs } => {
                let mut metadata = Metadata::new();
                for (name, value) in pairs {
                    metadata.insert(name, meta_value(value))?;
                }
                context
                    .in_session(async |session| Ok(session.update_metadata(&metadata).await?))
                    .await?
            }
        };
        let result = json!(stored);
        if stored.is_empty() {
            return Ok(Report::line("no metadata", result));
        }
        let rows: Vec<_> = stored.iter().map(|(name, value)| (name, text(value))).collect();
        Ok(Report::table(&rows, result))
    }
}

fn text(value: &MetaValue) -> String {
    match value {
        MetaValue::Text(text) => text.clone(),
        other => json!(other).to_string(),
    }
}

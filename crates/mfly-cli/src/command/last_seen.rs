//! `mfly last-seen`: when a user was last online.

use crate::arguments::user;
use crate::context::Context;
use crate::exit::Failure;
use crate::operation::Operation;
use crate::output::{Report, rounded};
use clap::Args;
use mfly_client::{LastSeen, UserReference};
use serde_json::{Value, json};

/// When a user was last online.
#[derive(Args, Debug)]
pub(crate) struct LastSeenArgs {
    /// The user, by id or address.
    #[arg(value_name = "USER", value_parser = user)]
    of: UserReference,
}

impl Operation for LastSeenArgs {
    fn name(&self) -> &'static str {
        "getLastSeen"
    }

    async fn perform(self, context: &Context) -> Result<Report, Failure> {
        context
            .in_session(async |session| {
                let address = session.address_of(&self.of)?;
                let seen = session.last_seen(&address).await?;
                Ok(Report::line(
                    described(self.of.as_str(), &seen),
                    official(address.as_str(), &seen),
                ))
            })
            .await
    }
}

/// A sentence about when a user was online.
pub(crate) fn described(user: &str, seen: &LastSeen) -> String {
    if seen.is_online() {
        format!("{user} is online")
    } else {
        format!("{user} was online {} ago", rounded(seen.seconds))
    }
}

/// The official SDK's result.
pub(crate) fn official(address: &str, seen: &LastSeen) -> Value {
    json!({"fromUserJid": address, "seconds": seen.seconds})
}

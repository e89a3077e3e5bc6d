//! `mfly last-seen`: when a user was last online.

use crate::args::user;
use crate::context::Context;
use crate::exit::Failure;
use crate::operation::Operation;
use crate::output::Report;
use clap::Args;
use mfly_client::{LastSeen, Session, UserReference};
use serde_json::{Value, json};

/// Asks when a user was last online.
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
            .in_session(async |session: &Session| {
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

/// A sentence for people.
pub(crate) fn described(user: &str, seen: &LastSeen) -> String {
    if seen.is_online() {
        format!("{user} is online")
    } else {
        format!("{user} was online {} ago", ago(seen.seconds))
    }
}

/// The official SDK's result.
pub(crate) fn official(address: &str, seen: &LastSeen) -> Value {
    json!({"fromUserJid": address, "seconds": seen.seconds})
}

fn ago(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        7_200..=172_799 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_in_a_unit_that_people_use() {
        let cases =
            [(1, "1 s"), (119, "119 s"), (120, "2 min"), (7_200, "2 h"), (172_800, "2 days")];
        for (seconds, expected) in cases {
            assert_eq!(ago(seconds), expected);
        }
    }
}

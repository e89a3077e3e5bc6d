//! `mfly report`: reports a user or a group for a message.

use crate::arguments::{user, value};
use crate::context::Context;
use crate::exit::Failure;
use crate::operation::Operation;
use crate::output::Report;
use clap::{ArgGroup, Args};
use mfly_client::{GroupJid, ReportedMessage, UserId, UserReference};
use serde_json::json;
use std::time::{SystemTime, UNIX_EPOCH};

/// Report a user or a group.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("whom").required(true))]
#[command(after_help = "\
Examples:
  mfly report bob --message 'unkind words' --message-id m1
  mfly report --group g1@mix.host --publisher bob --message 'unkind words' --message-id m1")]
pub(crate) struct ReportArgs {
    /// The user, by id or address.
    #[arg(value_name = "USER", group = "whom", value_parser = user)]
    reported: Option<UserReference>,
    /// The group's address.
    #[arg(long, value_name = "ADDRESS", group = "whom", requires = "publisher", value_parser = value::<GroupJid>)]
    group: Option<GroupJid>,
    /// Who wrote the message in the group.
    #[arg(long, value_name = "USER", requires = "group", value_parser = value::<UserId>)]
    publisher: Option<UserId>,
    /// The text of the message.
    #[arg(long, value_name = "TEXT")]
    message: String,
    /// The id of the message.
    #[arg(long, value_name = "ID")]
    message_id: String,
    /// When it was sent, in milliseconds since 1970; now unless given.
    #[arg(long, value_name = "MILLISECONDS", value_parser = clap::value_parser!(i64).range(1..))]
    timestamp: Option<i64>,
}

impl Operation for ReportArgs {
    fn name(&self) -> &'static str {
        "reportUserOrGroup"
    }

    async fn perform(self, context: &Context) -> Result<Report, Failure> {
        let message = |publisher: &UserId| ReportedMessage {
            msg_id: self.message_id.clone(),
            message: self.message.clone(),
            msg_type: "text".to_owned(),
            publisher_id: publisher.as_str().to_owned(),
            filename: String::new(),
            timestamp: self.timestamp.unwrap_or_else(now),
        };
        let reported = match (&self.reported, &self.group, &self.publisher) {
            (_, Some(group), Some(publisher)) => {
                let messages = [message(publisher)];
                context
                    .in_session(async |session| Ok(session.report_group(group, &messages).await?))
                    .await?;
                group.as_bare().as_str()
            }
            (Some(user), _, _) => {
                context
                    .in_session(async |session| {
                        let address = session.address_of(user)?;
                        let publisher = UserId::new(address.local().unwrap_or_default())?;
                        Ok(session.report_user(&address, &[message(&publisher)]).await?)
                    })
                    .await?;
                user.as_str()
            }
            // The argument group rules it out.
            _ => {
                let hint = "name a user, or --group and --publisher";
                return Err(Failure::usage("no user or group is named", hint));
            }
        };
        Ok(Report::line(format!("reported {reported}"), json!({"reported": reported})))
    }
}

/// Milliseconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX).max(1)
}

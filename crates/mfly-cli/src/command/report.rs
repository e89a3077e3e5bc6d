//! `mfly report`: reports a user or a group, with messages of theirs.

use crate::argument;
use crate::context::Context;
use crate::exit::Failure;
use crate::operation::Operation;
use crate::output::Report;
use clap::{ArgGroup, Args};
use mfly_client::{GroupJid, ReportedMessage, Session, UserId, UserReference};
use serde_json::json;
use std::time::{SystemTime, UNIX_EPOCH};

/// Reports a user or a group.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("whom").required(true))]
#[command(after_help = "\
Examples:
  mfly report bob --message 'unkind words' --message-id m1
  mfly report --group g1@mix.host --publisher bob --message 'unkind words' --message-id m1")]
pub(crate) struct ReportArgs {
    /// The user, by id or address.
    #[arg(value_name = "USER", group = "whom", value_parser = crate::args::user)]
    reported: Option<UserReference>,
    /// The group's address.
    #[arg(long, value_name = "ADDRESS", group = "whom", requires = "publisher", value_parser = group)]
    group: Option<GroupJid>,
    /// Who wrote the message in the group.
    #[arg(long, value_name = "USER", requires = "group", value_parser = crate::args::user_id)]
    publisher: Option<UserId>,
    /// What the message says.
    #[arg(long, value_name = "TEXT")]
    message: String,
    /// The message's id.
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
                let send = async |session: &Session| {
                    Ok(session.report_group(group, &[message(publisher)]).await?)
                };
                context.in_session(send).await?;
                group.as_bare().as_str()
            }
            (Some(user), _, _) => {
                let send = async |session: &Session| {
                    let address = session.address_of(user)?;
                    let publisher = UserId::new(address.local().unwrap_or_default())?;
                    Ok(session.report_user(&address, &[message(&publisher)]).await?)
                };
                context.in_session(send).await?;
                user.as_str()
            }
            // The argument group rules it out.
            _ => return Err(nobody()),
        };
        Ok(Report::line(format!("reported {reported}"), json!({"reported": reported})))
    }
}

fn nobody() -> Failure {
    Failure::Usage {
        message: "nobody is reported".to_owned(),
        hint: "name a user, or --group and --publisher".to_owned(),
    }
}

fn group(text: &str) -> Result<GroupJid, String> {
    argument::parsed(GroupJid::new(text))
}

/// Milliseconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX).max(1)
}

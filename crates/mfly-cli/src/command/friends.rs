//! `mfly friends`: the contact list.

use crate::context::Context;
use crate::exit::Failure;
use crate::operation::Operation;
use crate::output::{Report, left_out};
use clap::Args;

/// The contact list.
#[derive(Args, Debug)]
pub(crate) struct FriendsArgs {}

impl Operation for FriendsArgs {
    fn name(&self) -> &'static str {
        "getFriendsList"
    }

    async fn perform(self, context: &Context) -> Result<Report, Failure> {
        let friends = context.in_session(async |session| Ok(session.friends().await?)).await?;
        if friends.users.was_empty() {
            return Ok(Report::line("no contacts", friends.official()));
        }
        let left_out = left_out(&friends.users);
        let rows: Vec<_> = friends
            .users
            .iter()
            .map(|friend| {
                let profile = &friend.profile;
                let name = friend.name.as_deref().unwrap_or(&profile.nick_name);
                (friend.user.as_str(), format!("{name}  {}", profile.status).trim_end().to_owned())
            })
            .collect();
        let mut report = Report::table(&rows, friends.official());
        report.lines.extend(left_out);
        Ok(report)
    }
}

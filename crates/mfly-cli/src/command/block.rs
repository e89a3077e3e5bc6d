//! `mfly block`, `unblock`, `blocked` and `blocked-by`.

use crate::arguments::user;
use crate::context::Context;
use crate::exit::Failure;
use crate::operation::Operation;
use crate::output::{Report, left_out};
use clap::Args;
use mfly_client::{BareJid, Listed, UserReference};
use serde_json::{Value, json};

/// Block a user.
#[derive(Args, Debug)]
pub(crate) struct BlockArgs {
    /// The user, by id or address.
    #[arg(value_name = "USER", value_parser = user)]
    whom: UserReference,
}

/// Unblock a user.
#[derive(Args, Debug)]
pub(crate) struct UnblockArgs {
    /// The user, by id or address.
    #[arg(value_name = "USER", value_parser = user)]
    whom: UserReference,
}

/// Whom the account has blocked.
#[derive(Args, Debug)]
pub(crate) struct BlockedArgs {}

/// Who has blocked the account.
#[derive(Args, Debug)]
pub(crate) struct BlockedByArgs {}

impl Operation for BlockArgs {
    fn name(&self) -> &'static str {
        "blockUser"
    }

    async fn perform(self, context: &Context) -> Result<Report, Failure> {
        context.in_session(async |session| Ok(session.block(&self.whom).await?)).await?;
        Ok(done("blocked", &self.whom))
    }
}

impl Operation for UnblockArgs {
    fn name(&self) -> &'static str {
        "unblockUser"
    }

    async fn perform(self, context: &Context) -> Result<Report, Failure> {
        context.in_session(async |session| Ok(session.unblock(&self.whom).await?)).await?;
        Ok(done("unblocked", &self.whom))
    }
}

impl Operation for BlockedArgs {
    fn name(&self) -> &'static str {
        "getUsersIBlocked"
    }

    async fn perform(self, context: &Context) -> Result<Report, Failure> {
        let users = context.in_session(async |session| Ok(session.blocked().await?)).await?;
        Ok(listed(&users, "nobody is blocked"))
    }
}

impl Operation for BlockedByArgs {
    fn name(&self) -> &'static str {
        "getUsersWhoBlockedMe"
    }

    async fn perform(self, context: &Context) -> Result<Report, Failure> {
        let users = context.in_session(async |session| Ok(session.blocked_by().await?)).await?;
        Ok(listed(&users, "nobody has blocked this account"))
    }
}

fn done(what: &str, whom: &UserReference) -> Report {
    Report::line(format!("{what} {}", whom.as_str()), json!({"user": whom.as_str()}))
}

fn listed(users: &Listed<BareJid>, none: &str) -> Report {
    let mut lines: Vec<_> = users.iter().map(|user| user.as_str().to_owned()).collect();
    if users.was_empty() {
        lines.push(none.to_owned());
    }
    lines.extend(left_out(users));
    Report { lines, result: official(users) }
}

/// The official SDK's result.
pub(crate) fn official(users: &[BareJid]) -> Value {
    users.iter().map(|user| json!({"jid": user.as_str()})).collect()
}

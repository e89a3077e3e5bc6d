//! Reporting a user or a group for what they wrote.
//!
//! `POST /moderation/report`. Wire form: [`mfly_api::endpoint::report`]. Official name:
//! `reportUserOrGroup`.

pub use mfly_api::endpoint::report::ReportedMessage;

use crate::error::Result;
use crate::session::Session;
use crate::user::AsUser;
use mfly_api::Feature;
use mfly_api::endpoint::report;
use mfly_proto::jid::GroupJid;

impl Session {
    /// Reports a user, with messages of theirs.
    ///
    /// # Errors
    /// [`PlanGated`](crate::ErrorKind::PlanGated) when the plan does not include reporting,
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) when there is no message or one lacks
    /// something; otherwise see [`ErrorKind`](crate::ErrorKind).
    #[doc(alias = "reportUserOrGroup")]
    pub async fn report_user<U: AsUser + ?Sized>(
        &self,
        user: &U,
        messages: &[ReportedMessage],
    ) -> Result<()> {
        let context = self.context();
        context.require(Feature::Report)?;
        let to = context.address(user)?;
        let request = report::Request::user(&context.user, &to, messages)?;
        self.send_report(&request).await
    }

    /// Reports a group, with messages from it.
    ///
    /// # Errors
    /// As [`Session::report_user`].
    #[doc(alias = "reportUserOrGroup")]
    pub async fn report_group(&self, group: &GroupJid, messages: &[ReportedMessage]) -> Result<()> {
        let context = self.context();
        context.require(Feature::Report)?;
        let request = report::Request::group(&context.user, group, messages)?;
        self.send_report(&request).await
    }

    async fn send_report(&self, request: &report::Request) -> Result<()> {
        let sent = self.send(request).await;
        sent.map_err(|error| error.about_plan(Feature::Report))
    }
}

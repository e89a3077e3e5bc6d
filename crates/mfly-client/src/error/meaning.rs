//! What a refusal means, where what was asked for tells more than the answer.

use super::{Error, ErrorKind};
use mfly_api::Feature;
use mfly_proto::stanza::ErrorCondition;

impl Error {
    /// An error of asking about a user: a server that knows no such user says `item-not-found`.
    pub(crate) fn about_user(self) -> Self {
        match &self.kind {
            ErrorKind::RequestRefused(error) if error.condition == ErrorCondition::ItemNotFound => {
                self.better_known_as(ErrorKind::UserNotAvailable)
            }
            _ => self,
        }
    }

    /// An error of using what a plan may lack: `not-allowed` (RFC 6120 §8.3.3.10: no one may do it
    /// here) and 403 are a server's words for that (inferred). The official code for it is that of
    /// the check before sending.
    pub(crate) fn about_plan(self, feature: Feature) -> Self {
        let is_gated = match &self.kind {
            ErrorKind::RequestRefused(error) => error.condition == ErrorCondition::NotAllowed,
            ErrorKind::Refused { status, .. } | ErrorKind::Http { status } => *status == 403,
            _ => false,
        };
        if !is_gated {
            return self;
        }
        Self { kind: ErrorKind::PlanGated(feature), reported: None, source: self.source }
    }

    /// An error of asking for a file by nothing but its token.
    pub(crate) fn about_file(self) -> Self {
        match &self.kind {
            ErrorKind::Refused { status: 400 | 404 | 410, .. }
            | ErrorKind::Http { status: 404 | 410 } => {
                self.better_known_as(ErrorKind::FileNotAvailable)
            }
            _ => self,
        }
    }

    /// An error of looking up nothing but a licence key.
    pub(crate) fn about_licence(self) -> Self {
        match &self.kind {
            ErrorKind::Refused { status: 400..=499, .. } if !self.is_retryable() => {
                self.better_known_as(ErrorKind::LicenceRefused)
            }
            _ => self,
        }
    }

    /// A kind that says more. What the official SDK reports stays as it was.
    pub(super) fn better_known_as(self, kind: ErrorKind) -> Self {
        let told = self.official();
        let message = told["message"].as_str().unwrap_or_default();
        Self { reported: Some((self.status_code(), message.to_owned())), kind, source: self.source }
    }
}

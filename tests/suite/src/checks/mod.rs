//! The checks, one file for each subject.

mod block;
mod carbons;
mod certificate;
mod conflict;
mod connect;
mod last_activity;
mod message;
mod ping;
mod presence;
mod restart;
mod stanza_limit;

use crate::check::Check;

/// Every check, in the order of the report.
#[must_use]
pub fn all() -> Vec<Check> {
    [
        connect::CHECKS,
        ping::CHECKS,
        presence::CHECKS,
        last_activity::CHECKS,
        message::CHECKS,
        carbons::CHECKS,
        block::CHECKS,
        stanza_limit::CHECKS,
        conflict::CHECKS,
        certificate::CHECKS,
        restart::CHECKS,
    ]
    .concat()
}

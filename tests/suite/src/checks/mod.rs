//! The checks, one file for each subject.

mod block;
mod carbons;
mod certificate;
mod conflict;
mod connect;
mod entity_time;
mod last_activity;
mod message;
mod ping;
mod presence;
mod profile;
mod questions;
mod receive_limits;
mod reconnect;
mod restart;
mod roster;
mod service_discovery;
mod stanza_limit;

use crate::check::Check;

/// Every check, in the order of the report.
#[must_use]
pub fn all() -> Vec<Check> {
    [
        connect::CHECKS,
        ping::CHECKS,
        entity_time::CHECKS,
        service_discovery::CHECKS,
        profile::CHECKS,
        roster::CHECKS,
        presence::CHECKS,
        last_activity::CHECKS,
        message::CHECKS,
        carbons::CHECKS,
        block::CHECKS,
        stanza_limit::CHECKS,
        receive_limits::CHECKS,
        reconnect::CHECKS,
        questions::CHECKS,
        conflict::CHECKS,
        certificate::CHECKS,
        restart::CHECKS,
    ]
    .concat()
}

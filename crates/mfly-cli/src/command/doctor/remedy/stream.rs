//! What to do about a stream that the server does not open.

use crate::command::doctor::finding::Diagnosis;
use crate::command::doctor::options::ExamTarget;
use crate::exit::{Code, with_causes};
use mfly_client::probe::StreamProblem;
use mfly_proto::stream::StreamCondition;

/// The remedy for a stream that the server ended. `from` is the domain that the server answers for.
pub(super) fn ended(
    condition: StreamCondition,
    target: ExamTarget<'_>,
    from: Option<&str>,
) -> String {
    let domain = target.domain;
    let fitting = match from {
        Some(from) if from != domain => format!("try --domain {from}"),
        _ => "name the right domain with --domain".to_owned(),
    };
    match condition {
        StreamCondition::HostUnknown
        | StreamCondition::HostGone
        | StreamCondition::ImproperAddressing => {
            format!("the server does not serve {domain}: {fitting}")
        }
        StreamCondition::SeeOtherHost => "use the address that the server points to".to_owned(),
        StreamCondition::PolicyViolation | StreamCondition::NotAuthorized => {
            "the server's rules forbid it: look at its logs, and at its limits on connections"
                .to_owned()
        }
        StreamCondition::ConnectionTimeout
        | StreamCondition::InternalServerError
        | StreamCondition::RemoteConnectionFailed
        | StreamCondition::Reset
        | StreamCondition::ResourceConstraint
        | StreamCondition::SystemShutdown => {
            "the server has trouble of its own: try again later, and look at its logs".to_owned()
        }
        _ => "the server's logs may say more".to_owned(),
    }
}

/// Diagnoses a stream that the server did not open.
pub(in crate::command::doctor) fn of_stream(
    problem: &StreamProblem,
    target: ExamTarget<'_>,
) -> Diagnosis {
    let code = match problem {
        StreamProblem::TimedOut => Code::TimedOut,
        _ => Code::Failed,
    };
    let remedy = match problem {
        StreamProblem::Ended { error, from } => ended(error.condition, target, from.as_deref()),
        StreamProblem::Moved(_) => "use the address that the server points to".to_owned(),
        StreamProblem::TimedOut => {
            "the server took the connection and does not speak: it may be overloaded, or not XMPP"
                .to_owned()
        }
        StreamProblem::Closed | StreamProblem::Broken(_) => {
            "the server hangs up: look at its logs; too many connections is a usual reason"
                .to_owned()
        }
        _ => "what answers is not XMPP: check the address".to_owned(),
    };
    Diagnosis { code, what: with_causes(problem), remedy }
}

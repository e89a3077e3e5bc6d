//! Faults as JSON: what is asked for, and what waits.

use super::error::{ControlError, ControlResult};
use crate::core::stream::fault::StartTlsFault;
use crate::core::world::session::frame;
use crate::handle::faults::{
    ConnectionFault, DialFault, RequestFault, StreamFault, Target, WaitingFault,
};
use http::StatusCode;
use mfly_proto::jid::UserId;
use mfly_proto::stream::{StreamCondition, StreamError};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::ToSchema;

/// Longest delay, in milliseconds: an hour.
const LONGEST_DELAY: u64 = 3_600_000;

/// Largest number of times that a fault applies.
const MOST_TIMES: u32 = 1_000_000;

/// What a fault applies to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum FaultOn {
    /// The next requests to `path`, of `user` alone if it is named.
    Request,
    /// The next XMPP connections.
    NextConnection,
    /// The XMPP connections that `user` has now.
    ConnectionsOf,
    /// The signalling connections that are open now; the kind is `cut`.
    Signalling,
}

/// A fault to add or to apply.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewFault {
    on: FaultOn,
    /// The path without `/api/v1`, such as `/login`; `/websocket` is the handshake of XMPP. For
    /// `request`.
    path: Option<String>,
    /// The user whose requests or connections fail. For `request` and `connectionsOf`.
    user: Option<String>,
    /// How often the fault applies; once unless set. For `request` and `nextConnection`.
    #[schema(minimum = 1, maximum = 1_000_000)]
    times: Option<u32>,
    fault: FaultDetails,
}

/// A fault that waits.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Fault {
    /// The number of the fault.
    id: u64,
    on: FaultOn,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    /// How often the fault still applies.
    times_left: usize,
    fault: FaultDetails,
}

/// The kind of a fault, and the members that the kind has.
///
/// `request`: `delay` (`ms`), `status` (`status`), `refuse` (`status`, `message`), `expiredToken`,
/// `garbage` (`body`), `silence`, `cut`. `nextConnection`: `delay` (`ms`), `cut`, `silence`,
/// `garbage` (`text`), `withholdStartTls`, `refuseStartTls`, `injectAfterProceed` (`text`),
/// `seeOtherHost` (`host`), `mechanisms` (`names`), `stripChannelBinding`, `scramIterations`
/// (`count`), `forgeServerSignature`. `connectionsOf`: `cut`, `send` (`text`), `closeWith`
/// (`condition`), `silence`. `signalling`: `cut`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FaultDetails {
    kind: String,
    /// The delay in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 3_600_000)]
    ms: Option<u64>,
    /// The HTTP status, or the status in the platform's envelope.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// The message in the platform's envelope.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// The body of the response.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    /// The text that is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// The host that the client is sent to.
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<String>,
    /// The names of the SASL mechanisms that are offered.
    #[serde(skip_serializing_if = "Option::is_none")]
    names: Option<Vec<String>>,
    /// The number of iterations of SCRAM.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u32>,
    /// The condition of the stream error (RFC 6120 §4.9.3), such as `conflict`.
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<String>,
}

/// A fault that was checked.
pub(crate) enum FaultDocument {
    /// It waits for requests or connections.
    Waiting { times: usize, target: Target },
    /// It is applied to the connections of a user.
    Connections { user: String, fault: ConnectionFault },
    /// It is applied to all signalling connections.
    Signalling,
}

impl NewFault {
    /// Checks all members, and refuses those that the kind does not have.
    ///
    /// # Errors
    /// The member at fault.
    pub(crate) fn into_document(self) -> ControlResult<FaultDocument> {
        let Self { on, path, user, times, mut fault } = self;
        let refuse = |field: &str, is_given: bool| match is_given {
            true => Err(ControlError::invalid(field, "does not belong to this kind of fault")),
            false => Ok(()),
        };
        refuse("path", path.is_some() && on != FaultOn::Request)?;
        refuse("user", user.is_some() && !matches!(on, FaultOn::Request | FaultOn::ConnectionsOf))?;
        let is_at_once = matches!(on, FaultOn::ConnectionsOf | FaultOn::Signalling);
        refuse("times", times.is_some() && is_at_once)?;
        let times = times.unwrap_or(1);
        if !(1..=MOST_TIMES).contains(&times) {
            return Err(ControlError::invalid("times", "must be 1 to 1,000,000"));
        }
        let times = usize::try_from(times).unwrap_or(usize::MAX);
        let document = match on {
            FaultOn::Request => {
                let path = path.filter(|path| path.starts_with('/'));
                let example = "must be a path without /api/v1, such as /login";
                let path = path.ok_or_else(|| ControlError::invalid("path", example))?;
                let user = user.map(|user| UserId::new(&user)).transpose();
                let user =
                    user.map_err(|error| ControlError::invalid("user", error.to_string()))?;
                let fault = fault.request()?;
                FaultDocument::Waiting { times, target: Target::Request { path, user, fault } }
            }
            FaultOn::NextConnection => {
                FaultDocument::Waiting { times, target: Target::Stream(fault.stream()?) }
            }
            FaultOn::ConnectionsOf => {
                let user = user.ok_or_else(|| ControlError::invalid("user", "is missing"))?;
                FaultDocument::Connections { user, fault: fault.connection()? }
            }
            FaultOn::Signalling => match fault.kind.as_str() {
                "cut" => FaultDocument::Signalling,
                _ => return Err(unknown_kind("cut")),
            },
        };
        fault.refuse_the_rest()?;
        Ok(document)
    }
}

impl FaultDetails {
    fn request(&mut self) -> ControlResult<RequestFault> {
        Ok(match self.kind.as_str() {
            "delay" => RequestFault::Delay(self.delay()?),
            "status" => {
                let code = needed("fault.status", self.status.take())?;
                let status =
                    StatusCode::from_u16(code).ok().filter(|_| (200..=599).contains(&code));
                let error = || ControlError::invalid("fault.status", "must be 200 to 599");
                RequestFault::HttpStatus(status.ok_or_else(error)?)
            }
            "refuse" => {
                let status = needed("fault.status", self.status.take())?;
                RequestFault::Refuse(status, needed("fault.message", self.message.take())?)
            }
            "expiredToken" => RequestFault::ExpiredToken,
            "garbage" => RequestFault::Garbage(needed("fault.body", self.body.take())?),
            "silence" => RequestFault::Silence,
            "cut" => RequestFault::Cut,
            _ => {
                let kinds = "delay, status, refuse, expiredToken, garbage, silence, cut";
                return Err(unknown_kind(kinds));
            }
        })
    }

    fn stream(&mut self) -> ControlResult<StreamFault> {
        Ok(match self.kind.as_str() {
            "delay" => StreamFault::Dial(DialFault::Delay(self.delay()?)),
            "cut" => StreamFault::Dial(DialFault::Cut),
            "silence" => StreamFault::Dial(DialFault::Silence),
            "garbage" => StreamFault::Dial(DialFault::Garbage(self.text()?)),
            "withholdStartTls" => StreamFault::StartTls(StartTlsFault::Withhold),
            "refuseStartTls" => StreamFault::StartTls(StartTlsFault::Refuse),
            "injectAfterProceed" => StreamFault::StartTls(StartTlsFault::Inject(self.text()?)),
            "seeOtherHost" => StreamFault::SeeOtherHost(needed("fault.host", self.host.take())?),
            "mechanisms" => StreamFault::Mechanisms(needed("fault.names", self.names.take())?),
            "stripChannelBinding" => StreamFault::StripBinding,
            "scramIterations" => StreamFault::Iterations(needed("fault.count", self.count.take())?),
            "forgeServerSignature" => StreamFault::ForgeSignature,
            _ => {
                return Err(unknown_kind(
                    "delay, cut, silence, garbage, withholdStartTls, refuseStartTls, \
                     injectAfterProceed, seeOtherHost, mechanisms, stripChannelBinding, \
                     scramIterations, forgeServerSignature",
                ));
            }
        })
    }

    fn connection(&mut self) -> ControlResult<ConnectionFault> {
        Ok(match self.kind.as_str() {
            "cut" => ConnectionFault::Cut,
            "send" => ConnectionFault::Send(self.text()?),
            "closeWith" => {
                let name = needed("fault.condition", self.condition.take())?;
                let condition = StreamCondition::from_name(&name).ok_or_else(|| {
                    let example = "must be a condition of RFC 6120 §4.9.3, such as conflict";
                    ControlError::invalid("fault.condition", example)
                })?;
                let error = frame(|buffer| StreamError::new(condition).write(buffer));
                ConnectionFault::CloseWith(error.as_str().to_owned())
            }
            "silence" => ConnectionFault::Silence,
            _ => return Err(unknown_kind("cut, send, closeWith, silence")),
        })
    }

    fn delay(&mut self) -> ControlResult<Duration> {
        let ms = needed("fault.ms", self.ms.take())?;
        if ms > LONGEST_DELAY {
            return Err(ControlError::invalid("fault.ms", "must be at most an hour"));
        }
        Ok(Duration::from_millis(ms))
    }

    fn text(&mut self) -> ControlResult<String> {
        needed("fault.text", self.text.take())
    }

    /// Refuses members that were not used.
    fn refuse_the_rest(&self) -> ControlResult<()> {
        let unused = [
            ("fault.ms", self.ms.is_some()),
            ("fault.status", self.status.is_some()),
            ("fault.message", self.message.is_some()),
            ("fault.body", self.body.is_some()),
            ("fault.text", self.text.is_some()),
            ("fault.host", self.host.is_some()),
            ("fault.names", self.names.is_some()),
            ("fault.count", self.count.is_some()),
            ("fault.condition", self.condition.is_some()),
        ];
        match unused.into_iter().find(|(_, is_given)| *is_given) {
            Some((field, _)) => {
                Err(ControlError::invalid(field, "does not belong to this kind of fault"))
            }
            None => Ok(()),
        }
    }
}

impl From<&WaitingFault> for Fault {
    fn from(waiting: &WaitingFault) -> Self {
        let (on, path, user, fault) = match &waiting.target {
            Target::Request { path, user, fault } => {
                let user = user.as_ref().map(ToString::to_string);
                (FaultOn::Request, Some(path.clone()), user, FaultDetails::from(fault))
            }
            Target::Stream(fault) => (FaultOn::NextConnection, None, None, fault.into()),
        };
        Self { id: waiting.id, on, path, user, times_left: waiting.times, fault }
    }
}

impl From<&RequestFault> for FaultDetails {
    fn from(fault: &RequestFault) -> Self {
        match fault {
            RequestFault::Delay(delay) => Self { ms: Some(millis(*delay)), ..kind("delay") },
            RequestFault::HttpStatus(status) => {
                Self { status: Some(status.as_u16()), ..kind("status") }
            }
            RequestFault::Refuse(status, message) => {
                let message = Some(message.clone());
                Self { status: Some(*status), message, ..kind("refuse") }
            }
            RequestFault::ExpiredToken => kind("expiredToken"),
            RequestFault::Garbage(body) => Self { body: Some(body.clone()), ..kind("garbage") },
            RequestFault::Silence => kind("silence"),
            RequestFault::Cut => kind("cut"),
        }
    }
}

impl From<&StreamFault> for FaultDetails {
    fn from(fault: &StreamFault) -> Self {
        let text = |name: &str, text: &String| Self { text: Some(text.clone()), ..kind(name) };
        match fault {
            StreamFault::Dial(DialFault::Delay(delay)) => {
                Self { ms: Some(millis(*delay)), ..kind("delay") }
            }
            StreamFault::Dial(DialFault::Cut) => kind("cut"),
            StreamFault::Dial(DialFault::Silence) => kind("silence"),
            StreamFault::Dial(DialFault::Garbage(garbage)) => text("garbage", garbage),
            StreamFault::StartTls(StartTlsFault::Withhold) => kind("withholdStartTls"),
            StreamFault::StartTls(StartTlsFault::Refuse) => kind("refuseStartTls"),
            StreamFault::StartTls(StartTlsFault::Inject(sent)) => text("injectAfterProceed", sent),
            StreamFault::SeeOtherHost(host) => {
                Self { host: Some(host.clone()), ..kind("seeOtherHost") }
            }
            StreamFault::Mechanisms(names) => {
                Self { names: Some(names.clone()), ..kind("mechanisms") }
            }
            StreamFault::StripBinding => kind("stripChannelBinding"),
            StreamFault::Iterations(count) => {
                Self { count: Some(*count), ..kind("scramIterations") }
            }
            StreamFault::ForgeSignature => kind("forgeServerSignature"),
        }
    }
}

fn kind(kind: &str) -> FaultDetails {
    FaultDetails { kind: kind.to_owned(), ..FaultDetails::default() }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn needed<T>(field: &str, value: Option<T>) -> ControlResult<T> {
    value.ok_or_else(|| ControlError::invalid(field, "is missing for this kind of fault"))
}

fn unknown_kind(kinds: &str) -> ControlError {
    ControlError::invalid("fault.kind", format!("must be one of {kinds}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(value: Value) -> ControlResult<FaultDocument> {
        serde_json::from_value::<NewFault>(value).unwrap().into_document()
    }

    #[test]
    fn every_fault_that_waits_is_listed_as_it_was_asked_for() {
        let request = |fault: Value| json!({ "on": "request", "path": "/login", "fault": fault });
        let connection = |fault: Value| json!({ "on": "nextConnection", "fault": fault });
        for asked in [
            request(json!({ "kind": "delay", "ms": 5 })),
            request(json!({ "kind": "status", "status": 503 })),
            request(json!({ "kind": "refuse", "status": 403, "message": "no" })),
            request(json!({ "kind": "expiredToken" })),
            request(json!({ "kind": "garbage", "body": "<" })),
            request(json!({ "kind": "silence" })),
            request(json!({ "kind": "cut" })),
            connection(json!({ "kind": "delay", "ms": 5 })),
            connection(json!({ "kind": "cut" })),
            connection(json!({ "kind": "silence" })),
            connection(json!({ "kind": "garbage", "text": "<" })),
            connection(json!({ "kind": "withholdStartTls" })),
            connection(json!({ "kind": "refuseStartTls" })),
            connection(json!({ "kind": "injectAfterProceed", "text": "<" })),
            connection(json!({ "kind": "seeOtherHost", "host": "h.test" })),
            connection(json!({ "kind": "mechanisms", "names": ["PLAIN"] })),
            connection(json!({ "kind": "stripChannelBinding" })),
            connection(json!({ "kind": "scramIterations", "count": 1 })),
            connection(json!({ "kind": "forgeServerSignature" })),
        ] {
            let Ok(FaultDocument::Waiting { times, target }) = read(asked.clone()) else {
                panic!("{asked}");
            };
            let listed = json!(Fault::from(&WaitingFault { id: 7, times, target }));
            for member in ["on", "path", "fault"] {
                assert_eq!(listed[member], asked[member], "{asked}");
            }
            assert_eq!((&listed["id"], &listed["timesLeft"]), (&json!(7), &json!(1)));
        }
    }

    #[test]
    fn a_member_that_is_missing_or_does_not_belong_there_is_named() {
        let cut = json!({ "kind": "cut" });
        for (asked, field) in [
            (json!({ "on": "request", "fault": cut }), "path"),
            (json!({ "on": "request", "path": "login", "fault": cut }), "path"),
            (json!({ "on": "request", "path": "/login", "user": "a b", "fault": cut }), "user"),
            (json!({ "on": "nextConnection", "path": "/login", "fault": cut }), "path"),
            (json!({ "on": "nextConnection", "times": 0, "fault": cut }), "times"),
            (json!({ "on": "connectionsOf", "fault": cut }), "user"),
            (json!({ "on": "connectionsOf", "user": "a", "times": 2, "fault": cut }), "times"),
            (json!({ "on": "signalling", "fault": { "kind": "silence" } }), "fault.kind"),
            (json!({ "on": "nextConnection", "fault": { "kind": "status" } }), "fault.kind"),
            (json!({ "on": "nextConnection", "fault": { "kind": "delay" } }), "fault.ms"),
            (json!({ "on": "nextConnection", "fault": { "kind": "cut", "ms": 1 } }), "fault.ms"),
        ] {
            let error = read(asked.clone()).err().unwrap_or_else(|| panic!("{asked}"));
            assert_eq!(error.field(), Some(field), "{asked}");
        }
    }
}

//! Events in the shape of the official SDK's listeners, for bridges to JavaScript.
//!
//! | event | listener | payload |
//! |---|---|---|
//! | [`Event::Connected`] | `connectionListener` | `{"status":"CONNECTED"}` |
//! | [`Event::Disconnected`], and [`Event::Ended`] by this side | `connectionListener` | `{"status":"DISCONNECTED"}` |
//! | [`Event::Reconnecting`] | `connectionListener` | `{"status":"RECONNECTING"}` |
//! | [`Event::ConnectionFailed`], unless the credentials were refused | `connectionListener` | `{"status":"CONNECTIONFAILED"}` |
//! | [`Event::AuthenticationFailed`] | `connectionListener` | `{"status":"AUTHFAIL","statusCode":401,"errorMessage":"Invalid Credentials"}` |
//! | [`Event::ProfileChanged`] with its content, [`Event::ProfileRead`] | `userProfileListener` | the profile |
//! | [`Event::Presence`] of another user | `presenceListener` | `{"fromUserJid","status"}` |
//! | [`Event::Blocked`], [`Event::Unblocked`] | `blockUserListener` | `{"blockedUserId","msgType","type"}`, once for each user |
//! | [`Event::BlockedBy`] | `presenceListener`, then `messageListener` | unavailable, then `{"type","blockedUserId","msgType"}` |
//! | [`Event::UnblockedBy`] | `messageListener` | the same |
//! | [`Event::UserDeleted`] | `userDeletedListener` | the address, a bare string |
//! | [`Event::AdminBlock`] | `adminBlockListener` | `{"type","chatType","toUserJid","blockStatus","toUserId"}` |
//! | [`Event::ForcedLogout`] | `messageListener` | `{"msgType":"logout"}`; the official SDK stays silent unless one of the ids is its own |
//! | [`Event::Friends`], [`Event::FriendsChanged`] without permission | `friendsListListener` | `{"users","permission"}` |
//! | [`Event::Settings`] | `userSettingsListener` | `{"archive":0}` or `1` |
//!
//! Source: observed: Web SDK 4.25.10. Where it names only the first of several unblocked users,
//! each is named here.

use super::platform::Event;
use crate::machine::{DisconnectReason, EndReason};
use mfly_proto::jid::BareJid;
use mfly_proto::sasl::FailureCondition;
use mfly_proto::stanza::PresenceKind;
use serde_json::{Value, json};

/// One call of one listener of the official SDK.
#[derive(Clone, Debug, PartialEq)]
pub struct OfficialEvent {
    /// The name of the listener.
    pub listener: &'static str,
    /// The argument of the call.
    pub payload: Value,
}

impl Event {
    /// The listener calls that the official SDK would make for this event, in its order.
    ///
    /// Empty for events that its listeners are not told. See [`official`](super::official) for the
    /// table.
    ///
    /// ```
    /// use mfly_client::{Event, EndReason};
    /// assert!(Event::Lagged(3).official().is_empty());
    /// ```
    #[must_use]
    pub fn official(&self) -> Vec<OfficialEvent> {
        match self {
            Self::Connected { .. } => status("CONNECTED"),
            // A session that this side ends was not disconnected before.
            Self::Disconnected { .. }
            | Self::Ended(EndReason::Closed | EndReason::AccountDeleted) => status("DISCONNECTED"),
            Self::Reconnecting { .. } => status("RECONNECTING"),
            Self::ConnectionFailed { reason: DisconnectReason::AuthenticationRefused(failure) } => {
                match failure.condition {
                    // There AUTHFAIL is the one thing told, whatever the condition. Here
                    // `AuthenticationFailed` follows unless an administrator blocked the account,
                    // and some failures pass.
                    FailureCondition::AccountDisabled => authentication_failed(),
                    condition if condition.is_credentials_fault() => Vec::new(),
                    _ => status("CONNECTIONFAILED"),
                }
            }
            Self::ConnectionFailed { .. } => status("CONNECTIONFAILED"),
            Self::AuthenticationFailed => authentication_failed(),
            Self::ProfileChanged { profile: Some(profile), .. }
            | Self::ProfileRead { profile, .. } => one("userProfileListener", profile.official()),
            Self::Presence { own: false, user, kind, .. } => {
                one("presenceListener", presence(user, *kind))
            }
            Self::Blocked { users } => users.iter().map(|user| block(user, "block_user")).collect(),
            Self::Unblocked { users } => {
                users.iter().map(|user| block(user, "unblock_user")).collect()
            }
            Self::BlockedBy { user, carbon } => vec![
                call("presenceListener", presence(user, PresenceKind::Unavailable)),
                call("messageListener", blocked_by(user, "block_user", *carbon)),
            ],
            Self::UnblockedBy { user, carbon } => {
                one("messageListener", blocked_by(user, "unblock_user", *carbon))
            }
            Self::UserDeleted { user } => one("userDeletedListener", json!(user.as_str())),
            Self::AdminBlock { target, blocked, chat_type, .. } => one(
                "adminBlockListener",
                json!({
                    "type": "",
                    "chatType": chat_type,
                    "toUserJid": target.as_str(),
                    "blockStatus": if *blocked { "1" } else { "0" },
                    "toUserId": target.local(),
                }),
            ),
            Self::ForcedLogout { carbon, .. } => one(
                "messageListener",
                json!({"msgType": if *carbon { "carbonLogout" } else { "logout" }}),
            ),
            Self::Friends(friends) => one("friendsListListener", friends.official()),
            Self::FriendsChanged { permission: Some(false) } => {
                one("friendsListListener", json!({"users": [], "permission": 0}))
            }
            Self::Settings(settings) => {
                one("userSettingsListener", settings_payload(settings.archive))
            }
            Self::ProfileChanged { profile: None, .. }
            | Self::Presence { own: true, .. }
            | Self::FriendsChanged { .. }
            | Self::Ended(_)
            | Self::StanzaSkipped(_)
            | Self::UnknownStanza(_)
            | Self::Lagged(_) => Vec::new(),
        }
    }
}

fn call(listener: &'static str, payload: Value) -> OfficialEvent {
    OfficialEvent { listener, payload }
}

fn one(listener: &'static str, payload: Value) -> Vec<OfficialEvent> {
    vec![call(listener, payload)]
}

fn status(status: &str) -> Vec<OfficialEvent> {
    one("connectionListener", json!({"status": status}))
}

fn authentication_failed() -> Vec<OfficialEvent> {
    one(
        "connectionListener",
        json!({"status": "AUTHFAIL", "statusCode": 401, "errorMessage": "Invalid Credentials"}),
    )
}

fn presence(user: &BareJid, kind: PresenceKind) -> Value {
    json!({"fromUserJid": user.as_str(), "status": kind.as_str().unwrap_or("online")})
}

fn block(user: &BareJid, kind: &str) -> OfficialEvent {
    call(
        "blockUserListener",
        json!({"blockedUserId": user.local(), "msgType": "userBlockStatus", "type": kind}),
    )
}

fn blocked_by(user: &BareJid, kind: &str, carbon: bool) -> Value {
    let message = if carbon { "carbonUserBlockStatus" } else { "userBlockStatus" };
    json!({"type": kind, "blockedUserId": user.local(), "msgType": message})
}

fn settings_payload(archive: Option<bool>) -> Value {
    match archive {
        Some(archive) => json!({"archive": u8::from(archive)}),
        None => json!({}),
    }
}

#[cfg(test)]
mod tests;

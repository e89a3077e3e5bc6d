//! Events as text for people and as JSON for programs.

use mfly_client::{Event, PresenceKind};
use serde_json::{Value, json};

/// An event in a few words.
pub(crate) fn described(event: &Event) -> String {
    match event {
        Event::Connected { jid, .. } => format!("connected as {jid}"),
        Event::Disconnected { reason } => format!("disconnected: {reason}"),
        Event::Reconnecting { attempt, delay } => {
            format!("reconnecting in {:.1} s, attempt {attempt}", delay.as_secs_f64())
        }
        Event::ConnectionFailed { reason } => format!("connection failed: {reason}"),
        Event::AuthenticationFailed => "authentication failed".to_owned(),
        Event::Ended(reason) => format!("the session is over: {reason}"),
        Event::ProfileChanged { user, profile, .. } => match profile {
            Some(profile) => {
                format!("{user} changed the profile: {} - {}", profile.nick_name, profile.status)
            }
            None => format!("{user} changed the profile"),
        },
        Event::ProfileRead { user, profile, .. } => {
            format!("{user}'s profile was read: {}", profile.nick_name)
        }
        Event::Presence { user, kind, show, .. } => match (kind, show) {
            (PresenceKind::Available, Some(show)) => {
                format!("{user} is online ({})", show.as_str())
            }
            (PresenceKind::Available, None) => format!("{user} is online"),
            (PresenceKind::Unavailable, _) => format!("{user} is offline"),
            (other, _) => format!("{user} sent presence {}", other.as_str().unwrap_or_default()),
        },
        Event::Blocked { users } => format!("this account blocked {}", joined(users)),
        Event::Unblocked { users } if users.is_empty() => {
            "this account unblocked everybody".to_owned()
        }
        Event::Unblocked { users } => format!("this account unblocked {}", joined(users)),
        Event::BlockedBy { user, .. } => format!("{user} blocked this account"),
        Event::UnblockedBy { user, .. } => format!("{user} unblocked this account"),
        Event::UserDeleted { user } => format!("{user} was deleted"),
        Event::AdminBlock { target, blocked: true, .. } => {
            format!("an administrator blocked {target}")
        }
        Event::AdminBlock { target, blocked: false, .. } => {
            format!("an administrator unblocked {target}")
        }
        Event::ForcedLogout { .. } => "sessions that came from a QR code must end".to_owned(),
        Event::Friends(friends) => format!("the contact list has {} users", friends.users.len()),
        Event::FriendsChanged { .. } => "the contact list changed".to_owned(),
        Event::Settings(settings) => match settings.archive {
            Some(archive) => format!("another session set archive to {archive}"),
            None => "another session changed the settings".to_owned(),
        },
        // The stanza may be private. --json shows it.
        Event::UnknownStanza(stanza) => {
            format!("an unknown stanza of {} bytes", stanza.as_str().len())
        }
        Event::StanzaSkipped(skipped) => format!(
            "skipped a {} of {}: it has {}",
            skipped.name,
            skipped.sender().map_or_else(|| "the server".to_owned(), |from| from.to_string()),
            skipped.limit
        ),
        Event::Lagged(missed) => format!("{missed} events were missed"),
        other => format!("{other:?}"),
    }
}

/// The listener calls of the official SDK for an event, or one object of our own where the SDK has
/// no listener.
pub(crate) fn objects(event: &Event) -> Vec<Value> {
    let official = event.official();
    if official.is_empty() {
        let name = match event {
            Event::Ended(_) => "ended",
            Event::Lagged(_) => "lagged",
            Event::StanzaSkipped(_) => "stanzaSkipped",
            Event::UnknownStanza(_) => "unknownStanza",
            Event::FriendsChanged { .. } => "friendsChanged",
            Event::ProfileChanged { .. } => "profileChanged",
            Event::Presence { .. } => "ownPresence",
            _ => "other",
        };
        let mut object = json!({"event": name, "what": described(event)});
        match event {
            Event::Lagged(missed) => object["missed"] = json!(missed),
            Event::StanzaSkipped(skipped) => {
                object["from"] = json!(skipped.from);
                object["id"] = json!(skipped.id);
                object["setting"] = json!(skipped.setting());
            }
            Event::UnknownStanza(stanza) => object["stanza"] = json!(stanza.as_str()),
            _ => {}
        }
        return vec![object];
    }
    official
        .into_iter()
        .map(|call| json!({"listener": call.listener, "payload": call.payload}))
        .collect()
}

fn joined(users: &[mfly_client::BareJid]) -> String {
    users.iter().map(|user| user.as_str()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use mfly_client::{BareJid, EndReason};

    fn bob() -> BareJid {
        BareJid::new("bob@localhost").unwrap()
    }

    #[test]
    fn an_event_with_a_listener_is_shown_as_that_listeners_call() {
        let objects = objects(&Event::UserDeleted { user: bob() });
        assert_eq!(
            objects,
            [json!({"listener": "userDeletedListener", "payload": "bob@localhost"})]
        );
    }

    #[test]
    fn an_event_without_listener_is_shown_all_the_same() {
        assert_eq!(objects(&Event::Lagged(3))[0]["missed"], 3);
        let ended = &objects(&Event::Ended(EndReason::Replaced))[0];
        assert_eq!(ended["event"], "ended");
        assert!(ended["what"].as_str().unwrap().contains("replaced by another session"));
    }

    #[test]
    fn people_read_who_did_what() {
        let blocked = Event::BlockedBy { user: bob(), carbon: false };
        assert_eq!(described(&blocked), "bob@localhost blocked this account");
        assert_eq!(
            described(&Event::Blocked { users: vec![bob()].into() }),
            "this account blocked bob@localhost"
        );
    }
}

//! The operation that an entry belongs to, by the name that its feature has in this project.

use super::{Entry, FrameEntry};

/// The beginnings of paths, longer ones first where one is the beginning of another.
const PATHS: [(&str, &str); 21] = [
    ("/login", "login"),
    ("/register", "register"),
    ("/logout", "logout"),
    ("/users/config", "config"),
    ("/users/deleteMyAccount", "delete_account"),
    ("/users/getMetaData", "metadata"),
    ("/users/updateMetaData", "metadata"),
    ("/users/mute", "mute"),
    ("/users/callLogs", "call_logs"),
    ("/moderation/feedback", "feedback"),
    ("/moderation/report", "report"),
    ("/contacts/userList", "user_list"),
    ("/contacts/vcard", "profile"),
    ("/contacts/sandbox/syncContacts", "sync_contacts"),
    ("/media", "media"),
    ("/chat/", "chat"),
    ("/group/", "group"),
    ("/licen", "licence"),
    ("/token", "token"),
    ("/websocket", "connect"),
    ("/socket.io", "qr_login"),
];

/// Payloads by their names, with a text of the payload where the name alone says too little.
const PAYLOADS: [(&str, &str, &str); 17] = [
    ("block", "", "block"),
    ("unblock", "", "unblock"),
    ("blocklist", "", "blocked"),
    ("userblocked", "", "block"),
    ("query", "status=\"block_user\"", "blocked_by"),
    ("query", "jabber:iq:last", "last_seen"),
    ("query", "jabber:iq:roster", "roster"),
    ("query", "disco#", "service_discovery"),
    ("vCard", "", "profile"),
    ("ping", "", "ping"),
    ("bind", "", "bind"),
    ("session", "", "session"),
    ("enable", "urn:xmpp:carbons", "carbons"),
    ("user_deleted", "", "delete_account"),
    ("admin_block", "", "admin_block"),
    ("body", "", "message"),
    ("error", "", "error"),
];

/// The operation of an entry; `None` if the entry belongs to none that has a name.
pub(crate) fn of(entry: &Entry) -> Option<&str> {
    match entry {
        Entry::Request(request) => {
            let found = PATHS.iter().find(|(path, _)| request.path.starts_with(path));
            found.map(|(_, operation)| *operation)
        }
        Entry::Frame(frame) => of_frame(frame),
    }
}

/// The kind of a stanza: `iq`, `message` or `presence`; `other` for what is no stanza.
pub(crate) fn kind(frame: &FrameEntry) -> &'static str {
    let name = names(&frame.text).next().unwrap_or_default();
    ["iq", "message", "presence"].into_iter().find(|kind| *kind == name).unwrap_or("other")
}

/// The name of a stanza's payload.
pub(crate) fn payload(frame: &FrameEntry) -> Option<&str> {
    names(&frame.text).nth(1)
}

fn of_frame(frame: &FrameEntry) -> Option<&str> {
    let mut names = names(&frame.text);
    match names.next()? {
        "iq" | "message" => {}
        "presence" => return Some("presence"),
        "open" | "close" | "stream:stream" | "stream:features" | "stream:error" => {
            return Some("stream");
        }
        _ => return Some("login"),
    }
    let payload = names.next()?;
    let of_payload =
        |(name, text, _): &&(&str, &str, &str)| *name == payload && frame.text.contains(text);
    PAYLOADS.iter().find(of_payload).map(|(_, _, operation)| *operation).or(Some(payload))
}

/// The names of a text's start tags, with their prefixes.
fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split('<').skip(1).filter_map(|tag| {
        let is_start = tag.starts_with(|first: char| first.is_alphabetic());
        let end = tag.find(|c: char| c.is_whitespace() || matches!(c, '/' | '>'));
        tag.get(..end.unwrap_or(tag.len())).filter(|_| is_start)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handle::journal::{Direction, RequestEntry};
    use http::Method;

    #[test]
    fn an_entry_has_the_name_of_its_feature() {
        let frame = |text: &str| {
            let text = text.to_owned();
            Entry::Frame(FrameEntry {
                direction: Direction::Sent,
                stream: 1,
                user: None,
                text,
                at_ms: 0,
            })
        };
        for (text, expected) in [
            (
                "<iq id='1' type='set'><block xmlns='urn:xmpp:blocking'><item/></block></iq>",
                Some("block"),
            ),
            ("<message><userblocked type='block_user'/></message>", Some("block")),
            (
                "<iq><query status=\"block_user\" xmlns='jabber:iq:user_activities'/></iq>",
                Some("blocked_by"),
            ),
            ("<iq><query xmlns='jabber:iq:last'/></iq>", Some("last_seen")),
            ("<iq><vCard xmlns='vcard-temp'/></iq>", Some("profile")),
            ("<iq><mood/></iq>", Some("mood")),
            ("<iq type='result'/>", None),
            ("<presence/>", Some("presence")),
            ("<open xmlns='x'/>", Some("stream")),
            ("<auth>x</auth>", Some("login")),
            ("", None),
        ] {
            assert_eq!(of(&frame(text)), expected, "{text}");
        }
        let request = RequestEntry::new(&Method::GET, "/users/config");
        assert_eq!(of(&Entry::Request(request)), Some("config"));
    }
}

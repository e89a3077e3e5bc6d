//! Stanzas as the platform sends them, from 117 bytes to 118 kB.
//!
//! They are generated from a fixed sequence, so that they do not change.

use std::fmt::Write as _;

/// The kind of a stanza, by which each contender chooses its types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The answer with a profile.
    VCardResult,
    /// The request for a profile.
    VCardGet,
    /// The request for a user's last activity.
    LastGet,
    /// The answer with a user's last activity.
    LastResult,
    /// The request that blocks a user.
    Block,
    /// The request that unblocks a user.
    Unblock,
    /// The list of blocked users.
    BlockList,
    /// The list of users who blocked the account.
    BlockedBy,
    /// A contact's presence.
    Presence,
    /// A chat message that asks for a receipt.
    Message,
    /// The contact list, profiles in attributes.
    Roster,
}

/// A stanza of the corpus.
#[derive(Clone, Debug)]
pub struct Stanza {
    /// The name of its row.
    pub name: &'static str,
    /// The kind of stanza.
    pub kind: Kind,
    /// The text as the server sends it.
    pub text: String,
}

/// The thirteen stanzas of the corpus.
pub fn stanzas() -> Vec<Stanza> {
    let mut random = Random(7);
    let stanza = |name, kind, text| Stanza { name, kind, text };
    let block_list = |count| {
        let items = (0..count)
            .fold(String::new(), |items, index| items + &format!("<item jid='{}'/>", jid(index)));
        answer("#A12", &format!("<blocklist xmlns='urn:xmpp:blocking'>{items}</blocklist>"))
    };
    let members = (0..50).fold(String::new(), |members, index| {
        members + &format!("<members>{}</members>", jid(index))
    });
    vec![
        stanza("vcard result", Kind::VCardResult, vcard_result(&mut random)),
        stanza(
            "vcard get",
            Kind::VCardGet,
            request("get", "BA1a2b3c4d", Some(&jid(1)), "<vCard xmlns='vcard-temp'/>"),
        ),
        stanza(
            "last get",
            Kind::LastGet,
            request("get", "BA77", Some(&jid(1)), "<query xmlns='jabber:iq:last'/>"),
        ),
        stanza(
            "last result",
            Kind::LastResult,
            from_contact("BA77", "<query xmlns='jabber:iq:last' seconds='8123'/>"),
        ),
        stanza("block set", Kind::Block, request("set", "BA78", None, &one_item("block"))),
        stanza("unblock set", Kind::Unblock, request("set", "BA79", None, &one_item("unblock"))),
        stanza("block list 1", Kind::BlockList, block_list(1)),
        stanza("block list 50", Kind::BlockList, block_list(50)),
        stanza("block list 1000", Kind::BlockList, block_list(1000)),
        stanza(
            "blocked by 50",
            Kind::BlockedBy,
            answer(
                "!A12",
                &format!(
                    "<blocklist xmlns='jabber:iq:user_activities' status='block_user'>{members}</blocklist>"
                ),
            ),
        ),
        stanza("presence", Kind::Presence, presence(&mut random)),
        stanza("message", Kind::Message, message(&mut random)),
        stanza("roster 200", Kind::Roster, roster(&mut random)),
    ]
}

fn jid(index: u64) -> String {
    format!("91{}@xmpp.example.im", 7_000_000_000 + index * 7919)
}

fn request(kind: &str, id: &str, to: Option<&str>, payload: &str) -> String {
    let to = to.map(|to| format!(" to='{to}'")).unwrap_or_default();
    format!("<iq xmlns='jabber:client' type='{kind}' id='{id}'{to}>{payload}</iq>")
}

fn answer(id: &str, payload: &str) -> String {
    let to = jid(2);
    format!("<iq xmlns='jabber:client' type='result' id='{id}' to='{to}/web'>{payload}</iq>")
}

fn from_contact(id: &str, payload: &str) -> String {
    let (from, to) = (jid(1), jid(2));
    format!(
        "<iq xmlns='jabber:client' type='result' id='{id}' from='{from}' to='{to}/web'>{payload}</iq>"
    )
}

fn one_item(name: &str) -> String {
    format!("<{name} xmlns='urn:xmpp:blocking'><item jid='{}'/></{name}>", jid(3))
}

fn vcard_result(random: &mut Random) -> String {
    from_contact(
        "BA1a2b3c4d",
        &format!(
            "<vCard xmlns='vcard-temp'><nickName>{}</nickName><image>uploads/{}</image>\
             <thumbImage>{}</thumbImage><email>{}</email><mobileNumber>{}</mobileNumber>\
             <status>I am in &amp; around</status></vCard>",
            random.base64(32),
            random.base64(60),
            random.base64(900),
            random.base64(48),
            random.base64(32),
        ),
    )
}

fn presence(random: &mut Random) -> String {
    format!(
        "<presence xmlns='jabber:client' from='{}/android' to='{}'><priority>1</priority>\
         <status>{}</status><show>away</show></presence>",
        jid(1),
        jid(2),
        random.base64(24),
    )
}

fn message(random: &mut Random) -> String {
    format!(
        "<message xmlns='jabber:client' from='{}/android' to='{}' type='chat' id='a1b2c3d4e5'>\
         <body>{}</body><request xmlns='urn:xmpp:receipts'/><markable xmlns='urn:xmpp:chat-markers:0'/>\
         <time xmlns='urn:xmpp:time'>1730000000000000</time></message>",
        jid(1),
        jid(2),
        random.base64(300),
    )
}

fn roster(random: &mut Random) -> String {
    let mut items = String::new();
    for index in 0..200 {
        let profile = format!(
            r#"{{"nickName": "Üser <{index}> & Co", "image": "uploads/{}", "thumbImage": "{}", "email": "user{index}@example.com", "mobileNumber": "+91{}", "status": "Hey there! \"I'm\" using it", "isFriend": {}}}"#,
            random.base64(30),
            random.base64(60),
            7_000_000_000_u64 + index,
            index % 2 == 1,
        );
        // Writing to a String cannot fail.
        let _ = write!(
            items,
            "<item jid='{}' name='user{index}' subscription='both' user_profile='{}'><group>friends</group></item>",
            jid(index),
            escape(&profile),
        );
    }
    answer("#A99", &format!("<query xmlns='jabber:iq:roster' ver='77'>{items}</query>"))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('\'', "&apos;")
        .replace('"', "&quot;")
}

/// A fixed sequence of numbers (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Text in base64 as of `bytes` random bytes.
    fn base64(&mut self, bytes: usize) -> String {
        const ALPHABET: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let letters = (bytes * 8).div_ceil(6);
        let mut text: String =
            (0..letters).map(|_| char::from(ALPHABET[(self.next() >> 58) as usize])).collect();
        while !text.len().is_multiple_of(4) {
            text.push('=');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corpus_has_the_sizes_it_is_known_for() {
        let sizes: Vec<_> = stanzas().iter().map(|stanza| stanza.text.len()).collect();
        assert_eq!(
            sizes,
            [1751, 119, 117, 175, 135, 139, 184, 2242, 42142, 2520, 209, 690, 118_112]
        );
    }

    #[test]
    fn the_corpus_is_the_same_every_time() {
        let texts = || stanzas().into_iter().map(|stanza| stanza.text).collect::<Vec<_>>();
        assert_eq!(texts(), texts());
    }
}

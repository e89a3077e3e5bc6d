//! Opens what is sealed in requests and frames, without the secrets in it.

use super::{RequestEntry, redact};
use mfly_proto::cipher::{ConfigCipher, Decrypted, Iv, ProfileCipher, RequestCipher};
use mfly_proto::jid::{Jid, UserId};
use mfly_proto::xml::{Document, Element, Limits};
use serde_json::{Map, Value};

/// The fields of a profile that are sealed.
const PROFILE_FIELDS: [&str; 3] = ["nickName", "email", "mobileNumber"];

/// The sealed parts of a request and its response in clear, as JSON; empty if there are none.
pub(crate) fn request(
    entry: &RequestEntry,
    body: &[u8],
    answer: &[u8],
    cipher: impl FnOnce() -> RequestCipher,
) -> String {
    let opened = match entry.path.as_str() {
        "/register" => {
            let cipher = cipher();
            let open = |sealed: &str| cipher.open(sealed);
            members([
                ("request", member(body, "registerData").and_then(|sealed| json(open(&sealed)))),
                ("response", member(answer, "data").and_then(|sealed| json(open(&sealed)))),
            ])
        }
        "/users/config" => {
            let Some(user) = &entry.user else { return String::new() };
            let cipher = ConfigCipher::new(user);
            let config = member(answer, "data").and_then(|sealed| json(cipher.open(&sealed)));
            members([("response", config), ("request", None)])
        }
        _ => return String::new(),
    };
    if opened.is_empty() { String::new() } else { Value::Object(opened).to_string() }
}

/// The sealed fields of profiles in a frame in clear. `user` is the user of the connection.
pub(crate) fn frame(text: &str, user: Option<&str>, iv: &Iv) -> Option<Value> {
    if !PROFILE_FIELDS.iter().any(|field| text.contains(field)) {
        return None;
    }
    let document = Document::parse(text.to_owned(), &Limits::default()).ok()?;
    let root = document.root();
    let address = |name: &str| Jid::new(&root.attr(name)?).ok()?.user_id();
    // A profile is sealed with the id of its owner, who is not always named.
    let owners = [address("from"), address("to"), user.and_then(|user| UserId::new(user).ok())];
    let owners: Vec<_> =
        owners.into_iter().flatten().map(|id| ProfileCipher::new(&id, iv)).collect();
    let mut opened = Map::new();
    collect(root, &owners, &mut opened);
    (!opened.is_empty()).then_some(Value::Object(opened))
}

/// Opens the fields of an element's children, two levels down: a stanza, its payload, its fields.
fn collect(root: Element<'_>, owners: &[ProfileCipher], opened: &mut Map<String, Value>) {
    let fields = root.children().flat_map(|payload| payload.children().chain([payload]));
    for field in fields.filter(|field| PROFILE_FIELDS.contains(&field.name())) {
        let sealed = field.text();
        let clear = owners.iter().find_map(|cipher| match cipher.open(&sealed) {
            Decrypted::Plain(clear) => Some(clear),
            Decrypted::Passthrough(_) => None,
        });
        if let Some(clear) = clear {
            opened.insert(field.name().to_owned(), clear.into());
        }
    }
}

/// The text of a member of a JSON object.
fn member(body: &[u8], name: &str) -> Option<String> {
    let value: Value = serde_json::from_slice(body).ok()?;
    Some(value.get(name)?.as_str()?.to_owned())
}

/// Opened JSON without secrets.
fn json(opened: Decrypted) -> Option<Value> {
    let Decrypted::Plain(text) = opened else { return None };
    serde_json::from_str(&redact::body(text.as_bytes())).ok()
}

fn members(parts: [(&str, Option<Value>); 2]) -> Map<String, Value> {
    parts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Method;
    use mfly_proto::secret::LicenceKey;
    use serde_json::json;

    #[test]
    fn a_registration_is_opened_without_its_secrets() {
        let cipher = || RequestCipher::new(&LicenceKey::new("a licence").unwrap());
        let data = json!({ "userIdentifier": "alice", "licenseKey": "a licence", "metaData": {} });
        let body = json!({ "registerData": cipher().seal(&data.to_string()) }).to_string();
        let answer = json!({ "username": "alice", "password": "secret", "token": "jwt" });
        let answer =
            json!({ "status": 200, "data": cipher().seal(&answer.to_string()) }).to_string();
        let entry = RequestEntry::new(&Method::POST, "/register");
        let opened = request(&entry, body.as_bytes(), answer.as_bytes(), cipher);
        assert!(opened.contains("\"userIdentifier\":\"alice\""), "{opened}");
        assert!(opened.contains("\"username\":\"alice\""), "{opened}");
        for secret in ["a licence", "secret", "jwt"] {
            assert!(!opened.contains(secret), "{opened}");
        }
        let entry = RequestEntry::new(&Method::POST, "/login");
        assert_eq!(request(&entry, body.as_bytes(), b"", cipher), "");
    }

    #[test]
    fn a_profile_is_opened_with_the_key_of_its_owner() {
        let iv = Iv::new("f9d3c1a2b4e5d6c7").unwrap();
        let sealed = ProfileCipher::new(&UserId::new("bob").unwrap(), &iv).seal("Bob");
        let card = format!(
            "<vCard xmlns='vcard-temp'><nickName>{sealed}</nickName><status>x</status></vCard>"
        );
        for (from, user) in [("from='bob@h.test'", "alice"), ("", "bob")] {
            let text =
                format!("<iq xmlns='jabber:client' {from} to='alice@h.test/a' id='1'>{card}</iq>");
            assert_eq!(frame(&text, Some(user), &iv), Some(json!({ "nickName": "Bob" })));
        }
        assert_eq!(frame("<presence xmlns='jabber:client'/>", None, &iv), None);
    }
}

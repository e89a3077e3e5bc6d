//! Takes secrets out of what a journal keeps.

use serde_json::Value;

const REDACTED: &str = "<redacted>";

/// Longer texts are files, not requests, and are not looked into.
const JSON_BYTES: usize = 256 * 1024;

/// Members of a JSON object whose value is a secret.
const SECRET_MEMBERS: [&str; 7] =
    ["password", "token", "userToken", "registerData", "licenseKey", "uploadUrls", "commitUrl"];

/// Where credentials travel in SASL, with or without a prefix.
const SASL_ELEMENTS: [&str; 8] = [
    "<auth",
    ":auth",
    "<response",
    ":response",
    "<challenge",
    ":challenge",
    "<success",
    ":success",
];

/// A query: licence keys go, the rest stays.
pub(super) fn query(query: &str) -> String {
    let shown = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if SECRET_MEMBERS.contains(&name) => format!("{name}={REDACTED}"),
        _ => pair.to_owned(),
    });
    shown.collect::<Vec<_>>().join("&")
}

/// A path: the secret segment of a pre-signed one goes.
pub(super) fn path(path: &str) -> String {
    let Some(rest) = path.strip_prefix("/media-store/") else {
        return path.to_owned();
    };
    match rest.split_once('/') {
        Some((_, part)) => format!("/media-store/{REDACTED}/{part}"),
        None => format!("/media-store/{REDACTED}"),
    }
}

/// A request's body: JSON without secrets, otherwise only how long it is.
pub(super) fn body(body: &[u8]) -> String {
    json(body, |_| {})
}

/// An answer's body; text in `data` is a sealed payload or a pre-signed address, and goes too.
pub(super) fn answer(body: &[u8]) -> String {
    json(body, |value| {
        if let Some(data) = value.get_mut("data").filter(|data| data.is_string()) {
            *data = REDACTED.into();
        }
    })
}

fn json(body: &[u8], extra: impl FnOnce(&mut Value)) -> String {
    if body.is_empty() {
        return String::new();
    }
    let value = if body.len() > JSON_BYTES { None } else { serde_json::from_slice(body).ok() };
    match value {
        Some(mut value) => {
            extra(&mut value);
            members(&mut value);
            value.to_string()
        }
        None => format!("({} bytes)", body.len()),
    }
}

/// The depth is bounded by the JSON parser's own limit of 128.
fn members(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                if SECRET_MEMBERS.contains(&name.as_str()) {
                    *value = REDACTED.into();
                } else {
                    members(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(members),
        _ => {}
    }
}

/// A frame: text of SASL elements goes, whatever state the XML is in.
pub(super) fn frame(text: &str) -> String {
    if !SASL_ELEMENTS.iter().any(|name| holds(text, name)) {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(end) = rest.find('>') {
        let (tag, after) = rest.split_at(end + 1);
        // `<![CDATA[…]]>` is text too, and so is what no `<` begins.
        let start = tag.find('<').filter(|start| !tag[*start..].starts_with("<!")).unwrap_or(end);
        if !tag[..start].trim().is_empty() {
            shown.push_str(REDACTED);
        }
        shown.push_str(&tag[start..]);
        rest = after;
    }
    if !rest.trim().is_empty() {
        shown.push_str(REDACTED);
    }
    shown
}

/// Whether a text has an element whose name begins so. The offer of mechanisms,
/// `<authentication/>`, is no secret.
fn holds(text: &str, name: &str) -> bool {
    let mut ends = text.match_indices(name).map(|(at, _)| at + name.len());
    ends.any(|end| !text[end..].starts_with("entication"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_tokens_and_licence_keys_leave_json_at_any_depth() {
        let shown =
            body(br#"{"username":"alice","password":"hunter2","a":[{"licenseKey":"k3y"}]}"#);
        assert!(shown.contains("alice"), "{shown}");
        assert!(!shown.contains("hunter2") && !shown.contains("k3y"), "{shown}");
    }

    #[test]
    fn a_sealed_answer_and_its_token_are_not_kept() {
        let shown = answer(br#"{"status":200,"data":"c2VhbGVk"}"#);
        assert_eq!(shown, r#"{"data":"<redacted>","status":200}"#);
        assert!(!answer(br#"{"data":{"token":"jwt"}}"#).contains("jwt"));
    }

    #[test]
    fn a_body_that_is_not_json_is_only_counted() {
        assert_eq!(body(b"password=hunter2"), "(16 bytes)");
        let file = format!("[{}1]", "1,".repeat(JSON_BYTES));
        assert_eq!(body(file.as_bytes()), format!("({} bytes)", file.len()));
    }

    #[test]
    fn the_licence_key_leaves_a_query() {
        assert_eq!(query("licenseKey=abc&size=1000"), "licenseKey=<redacted>&size=1000");
    }

    #[test]
    fn the_secret_of_a_presigned_path_is_not_kept() {
        assert_eq!(path("/media-store/abc/1"), "/media-store/<redacted>/1");
        assert_eq!(path("/media-store/abc"), "/media-store/<redacted>");
        assert_eq!(path("/login"), "/login");
    }

    #[test]
    fn the_text_of_a_sasl_element_is_not_kept_even_when_it_is_broken() {
        let auth = r#"<auth mechanism="PLAIN" xmlns="urn:ietf:params:xml:ns:xmpp-sasl">"#;
        for tail in [
            "AGFsaWNl</auth>",
            "AGFsaWNl",
            "AGFsaWNl</auth",
            "\nAGFsaWNl<x/>AGFsaWNl",
            "<![CDATA[AGFsaWNl]]></auth>",
            "AGFsaWNl></auth>",
        ] {
            let shown = frame(&format!("{auth}{tail}"));
            assert!(shown.starts_with(auth), "{shown}");
            assert!(!shown.contains("AGFsaWNl"), "{shown}");
        }
        for text in [
            "<auth>AGFsaWNl</auth>",
            "<authenticate mechanism='PLAIN' xmlns='urn:xmpp:sasl:2'><initial-response>AGFsaWNl</initial-response></authenticate>",
            "<success xmlns='urn:xmpp:sasl:2'><additional-data>AGFsaWNl</additional-data></success>",
            "<authentication/><auth>AGFsaWNl</auth>",
        ] {
            assert!(!frame(text).contains("AGFsaWNl"), "{text}");
        }
    }

    #[test]
    fn other_frames_stay_as_they_are() {
        for text in [
            "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>",
            "<authentication xmlns='urn:xmpp:sasl:2'><mechanism>PLAIN</mechanism></authentication>",
            "<iq id='1' type='get'><ping xmlns='urn:xmpp:ping'/></iq>",
            "not xml",
        ] {
            assert_eq!(frame(text), text);
        }
    }
}

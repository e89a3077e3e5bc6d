//! Removes secrets from entries of the journal.

use serde_json::Value;

const REDACTED: &str = "<redacted>";

/// Largest body that is parsed, in bytes. Larger ones are files.
const JSON_BYTES: usize = 256 * 1024;

/// Names of JSON members and query parameters whose values are secrets.
const SECRET_MEMBERS: [&str; 7] =
    ["password", "token", "userToken", "registerData", "licenseKey", "uploadUrls", "commitUrl"];

/// The beginnings of SASL elements with credentials, with and without a prefix.
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

/// Removes secrets from a query.
pub(super) fn query(query: &str) -> String {
    let shown = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if SECRET_MEMBERS.contains(&name) => format!("{name}={REDACTED}"),
        _ => pair.to_owned(),
    });
    shown.collect::<Vec<_>>().join("&")
}

/// Removes the secret from a pre-signed path.
pub(super) fn path(path: &str) -> String {
    let Some(rest) = path.strip_prefix("/media-store/") else {
        return path.to_owned();
    };
    match rest.split_once('/') {
        Some((_, part)) => format!("/media-store/{REDACTED}/{part}"),
        None => format!("/media-store/{REDACTED}"),
    }
}

/// The body of a request as JSON without secrets; the length of another body.
pub(super) fn body(body: &[u8]) -> String {
    json(body, |_| {})
}

/// The body of a response. Text in `data` is removed, too: it is encrypted, or a pre-signed URL.
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

/// Removes secrets at any depth. The JSON parser limits the depth to 128.
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

/// Removes the text of SASL elements from a frame, even if its XML is malformed.
pub(super) fn frame(text: &str) -> String {
    if !SASL_ELEMENTS.iter().any(|name| holds(text, name)) {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(end) = rest.find('>') {
        let (tag, after) = rest.split_at(end + 1);
        // `<![CDATA[…]]>` is text, too, and so are characters before `<`.
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

/// Whether a text has an element whose name begins with `name`. `<authentication/>`, the offer of
/// mechanisms, does not count.
fn holds(text: &str, name: &str) -> bool {
    let mut ends = text.match_indices(name).map(|(at, _)| at + name.len());
    ends.any(|end| !text[end..].starts_with("entication"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_leave_bodies_queries_and_paths() {
        for (shown, expected) in [
            (
                body(br#"{"username":"alice","password":"p","a":[{"licenseKey":"k"}]}"#),
                r#"{"a":[{"licenseKey":"<redacted>"}],"password":"<redacted>","username":"alice"}"#,
            ),
            (body(b"password=hunter2"), "(16 bytes)"),
            (body(format!("[{}1]", "1,".repeat(JSON_BYTES)).as_bytes()), "(524291 bytes)"),
            (
                answer(br#"{"status":200,"data":"c2VhbGVk"}"#),
                r#"{"data":"<redacted>","status":200}"#,
            ),
            (answer(br#"{"data":{"token":"jwt"}}"#), r#"{"data":{"token":"<redacted>"}}"#),
            (query("licenseKey=abc&size=1000"), "licenseKey=<redacted>&size=1000"),
            (path("/media-store/abc/1"), "/media-store/<redacted>/1"),
            (path("/media-store/abc"), "/media-store/<redacted>"),
            (path("/login"), "/login"),
        ] {
            assert_eq!(shown, expected);
        }
    }

    #[test]
    fn the_text_of_sasl_elements_is_removed_even_if_they_are_malformed() {
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
    fn other_frames_do_not_change() {
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

//! Logs each request and frame in one line, without secrets.
//!
//! | level | logged |
//! |---|---|
//! | info | the names of HTTP requests, and of frames that were received |
//! | debug | the names of frames that were sent |
//! | trace | the text of frames |

use super::{Direction, FrameEntry, RequestEntry, redact};
use http::{Method, Response};
use tracing::{Level, debug, enabled, info, trace};

/// The paths below `/media/` that are no file tokens.
const MEDIA_ROUTES: [&str; 4] =
    ["upload", "upload/commit", "forward", "generatePreAuthenticationUrlDownload"];

/// Longest name that is logged, in bytes. Clients choose the names.
const NAME_BYTES: usize = 64;

pub(super) fn request(entry: &RequestEntry) {
    if enabled!(Level::INFO) {
        let (method, path) = (clipped(&entry.method), path(&entry.path));
        let user = entry.user.as_deref();
        let (http, status) = (entry.http_status, entry.status);
        info!(user, http, status, "{method:?} {path:?}");
    }
}

/// Logs the response to a request that the journal does not keep, and returns the response. `path`
/// is without `/api/v1`.
pub(crate) fn answered<B>(method: &Method, path: &str, answer: Response<B>) -> Response<B> {
    if enabled!(Level::INFO) {
        let (shown, http) = (redact::path(path), answer.status().as_u16());
        info!(http, "{:?} {:?}", clipped(method.as_str()), self::path(&shown));
    }
    answer
}

pub(super) fn frame(entry: &FrameEntry) {
    if enabled!(Level::INFO) {
        let (stream, user) = (entry.stream, entry.user.as_deref());
        let what = summary(&entry.text);
        match entry.direction {
            Direction::Received => info!(stream, user, "received {what:?}"),
            Direction::Sent => debug!(stream, user, "sent {what:?}"),
        }
        trace!(stream, text = ?entry.text);
    }
}

/// Replaces a file token in a path: with the token, every user could read the file.
fn path(path: &str) -> &str {
    match path.strip_prefix("/media/") {
        Some(rest) if !rest.is_empty() && !MEDIA_ROUTES.contains(&rest) => "/media/<redacted>",
        _ => clipped(path),
    }
}

/// The name and the type of a frame's element, and the name of its first child.
fn summary(frame: &str) -> String {
    let mut tags = frame.split('<').filter_map(|tag| {
        let tag = tag.split('>').next()?;
        let is_start = tag.starts_with(|first: char| first.is_alphabetic());
        is_start.then_some(tag)
    });
    let Some(element) = tags.next() else {
        return "nothing that is XML".to_owned();
    };
    let mut what = name(element).to_owned();
    let parts = [attribute(element, "type"), tags.next().map(name)];
    for part in parts.into_iter().flatten() {
        what.push(' ');
        what.push_str(clipped(part));
    }
    what
}

fn name(tag: &str) -> &str {
    let end = tag.find(|c: char| c.is_whitespace() || c == '/');
    clipped(tag.get(..end.unwrap_or(tag.len())).unwrap_or(tag))
}

/// The value of an attribute, if the tag has it.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let mut parts = tag.split(['"', '\'']);
    while let (Some(before), Some(value)) = (parts.next(), parts.next()) {
        let before = before.trim_end().strip_suffix('=')?.trim_end();
        let is_it = before.strip_suffix(name);
        if is_it.is_some_and(|rest| rest.ends_with(char::is_whitespace)) {
            return Some(value);
        }
    }
    None
}

fn clipped(text: &str) -> &str {
    let end = (0..=NAME_BYTES).rev().find(|end| text.is_char_boundary(*end));
    match end {
        Some(end) if text.len() > NAME_BYTES => &text[..end],
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_logged_by_its_names_only() {
        for (frame, expected) in [
            (
                "<iq id='1' type='get' to=\"u1@h\"><query xmlns='jabber:iq:last'/></iq>",
                "iq get query",
            ),
            ("<message xmlns=\"jabber:client\"><body>secret</body></message>", "message body"),
            ("<presence/>", "presence"),
            ("<?xml version='1.0'?><stream:stream to='h'>", "stream:stream"),
            ("</stream:stream>", "nothing that is XML"),
            ("", "nothing that is XML"),
        ] {
            assert_eq!(summary(frame), expected, "{frame}");
        }
        assert!(summary(&format!("<{}/>", "ä".repeat(9000))).len() <= NAME_BYTES);
    }

    #[test]
    fn the_token_of_a_file_is_not_in_the_log() {
        assert_eq!(path("/media/abc.png"), "/media/<redacted>");
        assert_eq!(path("/media/upload/commit"), "/media/upload/commit");
        assert_eq!(path("/users/config"), "/users/config");
    }
}

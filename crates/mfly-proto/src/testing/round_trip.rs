//! Round trips: a frame is read by the type that it belongs to and written again.

use crate::framing::websocket::Incoming;
use crate::payload::{
    bind, block, carbons, every_request, friends, last_seen, logout, ping, profile, session,
    settings, standard,
};
use crate::push::{Push, StandardPush};
use crate::stanza::iq::{self, IqKind, IqRequest, Reply};
use crate::stanza::{Iq, Message, Stanza};
use crate::stream::{Features, StreamError, starttls};
use crate::xml::{Element, Limits, Parser, Writer};
use crate::{ns, sasl, sasl2};

/// The outcome of a round trip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoundTrip {
    /// The frame is not restricted XML.
    Refused,
    /// The frame is well-formed, but no type of this crate reads it.
    Unknown,
    /// The frame was read and written again.
    Written {
        /// Name of the type that read it.
        by: &'static str,
        /// The text that the type wrote.
        text: String,
    },
}

/// The dialect of a payload: the platform and other servers give one name to different forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Forms of the platform.
    Platform,
    /// Forms of any XMPP server.
    Standard,
}

/// Reads a frame with the type it belongs to and writes it again.
///
/// `question` is the frame that an `iq` result answers; without it a result is read as a push.
#[must_use]
pub fn round_trip(text: &[u8], question: Option<&[u8]>, dialect: Dialect) -> RoundTrip {
    let mut parser = Parser::new(Limits::default());
    let Ok(element) = parser.parse(text) else {
        return RoundTrip::Refused;
    };
    let mut buffer = Vec::new();
    let Some(by) = frame(element, question, dialect, &mut buffer) else {
        return RoundTrip::Unknown;
    };
    RoundTrip::Written { by, text: String::from_utf8_lossy(&buffer).into_owned() }
}

fn frame(
    element: Element<'_>,
    question: Option<&[u8]>,
    dialect: Dialect,
    out: &mut Vec<u8>,
) -> Option<&'static str> {
    match Incoming::read(element).ok()? {
        Incoming::Open(open) => {
            open.write(out);
            return Some("Open");
        }
        Incoming::Close { .. } => return None,
        Incoming::Element(_) => {}
    }
    if Features::is(element) {
        Features::read(element).ok()?.write(out);
        return Some("Features");
    }
    if StreamError::is(element) {
        StreamError::read(element).write(out);
        return Some("StreamError");
    }
    if matches!(element.ns(), ns::SASL | ns::SASL2 | ns::TLS) {
        return negotiation(element, out);
    }
    match Stanza::read(element).ok()?? {
        Stanza::Presence(presence) => {
            presence.write(out);
            Some("Presence")
        }
        Stanza::Message(message) => message_push(&message, out),
        Stanza::Iq(iq) => match iq.kind {
            // Other servers address pushes, which look like requests, to one session.
            IqKind::Set if dialect == Dialect::Standard && iq.to.is_some() => {
                iq_push(&iq, dialect, out).or_else(|| request(&iq, dialect, out))
            }
            IqKind::Get | IqKind::Set => {
                request(&iq, dialect, out).or_else(|| {
                    // A push may leave out entries that a request must not have; what remains could
                    // then be a request.
                    let by = iq_push(&iq, dialect, out)?;
                    (!is_request(out, dialect)).then_some(by)
                })
            }
            IqKind::Error => {
                let (from, to) = addresses(&iq);
                iq::write_error(&iq.error()?, &iq.id, from, to, out);
                Some("StanzaError")
            }
            IqKind::Result => match question {
                Some(question) => {
                    let mut parser = Parser::new(Limits::default());
                    let question = Iq::read(parser.parse(question).ok()?).ok()?;
                    result(&question, &iq, dialect, out)
                }
                None => iq_push(&iq, dialect, out),
            },
        },
    }
}

fn addresses<'a>(iq: &'a Iq<'_>) -> (Option<&'a str>, Option<&'a str>) {
    (iq.from.as_ref().map(|jid| jid.as_str()), iq.to.as_ref().map(|jid| jid.as_str()))
}

fn belongs<R: IqRequest>(iq: &Iq<'_>, payload: Element<'_>) -> bool {
    iq.kind == R::KIND
        && payload.is(R::NAMESPACE, R::NAME)
        && R::STATUS.is_none_or(|status| payload.attr("status").as_deref() == Some(status))
}

fn request(iq: &Iq<'_>, dialect: Dialect, out: &mut Vec<u8>) -> Option<&'static str> {
    let payload = iq.payload()?;
    macro_rules! visit {
        ($($type:ty,)*) => {{$(
            if belongs::<$type>(iq, payload) {
                let value = <$type>::read(iq, payload).ok()?;
                let (from, to) = addresses(iq);
                iq::write(out, iq.kind, &iq.id, from, to, |w| value.write(w));
                return Some(stringify!($type));
            }
        )*}};
    }
    every_request!(dialect, visit);
    None
}

fn result(
    question: &Iq<'_>,
    iq: &Iq<'_>,
    dialect: Dialect,
    out: &mut Vec<u8>,
) -> Option<&'static str> {
    let asked = question.payload()?;
    let reply = Reply { from: iq.from.as_ref(), payload: iq.payload() };
    macro_rules! visit {
        ($($type:ty,)*) => {{$(
            if belongs::<$type>(question, asked) {
                let value = <$type>::read_response(&reply).ok()?;
                let (from, to) = addresses(iq);
                iq::write_result::<$type>(&value, &iq.id, from, to, out);
                return Some(stringify!($type));
            }
        )*}};
    }
    every_request!(dialect, visit);
    None
}

fn is_request(text: &[u8], dialect: Dialect) -> bool {
    let mut parser = Parser::new(Limits::default());
    let iq = parser.parse(text).ok().and_then(|root| Iq::read(root).ok());
    iq.is_some_and(|iq| request(&iq, dialect, &mut Vec::new()).is_some())
}

fn iq_push(iq: &Iq<'_>, dialect: Dialect, out: &mut Vec<u8>) -> Option<&'static str> {
    let (from, to) = addresses(iq);
    match dialect {
        Dialect::Platform => {
            let push = Push::from_iq(iq).ok()??;
            iq::write(out, iq.kind, &iq.id, from, to, |w| push.write(w));
            Some("Push")
        }
        Dialect::Standard => {
            let push = StandardPush::from_iq(iq).ok()??;
            iq::write(out, iq.kind, &iq.id, from, to, |w| push.write(w));
            Some("StandardPush")
        }
    }
}

fn message_push(message: &Message<'_>, out: &mut Vec<u8>) -> Option<&'static str> {
    let push = Push::from_message(message).ok()??;
    let element = message.element();
    Writer::new(out).element("message", |w| {
        for name in ["from", "id", "to", "type"] {
            w.attr_opt(name, element.attr(name).as_deref());
        }
        w.attr("xmlns", ns::CLIENT);
        push.write(w);
    });
    Some("Push")
}

/// Reads an element with the type of its name and writes it again.
macro_rules! read_and_write {
    ($element:ident, $out:ident: $($name:literal => $type:ty,)*) => {
        match $element.name() {
            $($name => {
                <$type>::read($element).ok()?.write(&mut Writer::new($out));
                Some(stringify!($type))
            })*
            _ => None,
        }
    };
}

fn negotiation(element: Element<'_>, out: &mut Vec<u8>) -> Option<&'static str> {
    match element.ns() {
        ns::SASL => read_and_write!(
            element, out:
            "auth" => sasl::Auth,
            "challenge" => sasl::Challenge,
            "response" => sasl::Response,
            "success" => sasl::Success,
            "failure" => sasl::Failure,
        ),
        ns::SASL2 => read_and_write!(
            element, out:
            "authenticate" => sasl2::Authenticate,
            "challenge" => sasl2::Challenge,
            "response" => sasl2::Response,
            "success" => sasl2::Success,
            "failure" => sasl2::Failure,
            "continue" => sasl2::Continue,
        ),
        _ => read_and_write!(
            element, out:
            "starttls" => starttls::StartTls,
            "proceed" => starttls::Proceed,
            "failure" => starttls::Failure,
        ),
    }
}

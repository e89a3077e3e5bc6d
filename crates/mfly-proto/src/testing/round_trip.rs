//! Round trips: a frame is read by the type that it belongs to and written again.

use crate::decode::DecodeError;
use crate::framing::websocket::Incoming;
use crate::payload::every_request;
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
    /// The type that the frame belongs to refuses it.
    Invalid(DecodeError),
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

/// The role of an `iq` in its stream, which its text does not always show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role<'a> {
    /// A request if it can be read as one, otherwise a push.
    RequestOrPush,
    /// A push of the server.
    Push,
    /// The result of this request.
    ResultOf(&'a [u8]),
}

/// Name of the type that read a frame and wrote it again; `None` when no type reads it.
type Outcome = Result<Option<&'static str>, DecodeError>;

/// Reads a frame with the type it belongs to and writes it again.
#[must_use]
pub fn round_trip(text: &[u8], role: Role<'_>, dialect: Dialect) -> RoundTrip {
    let mut parser = Parser::new(Limits::default());
    let Ok(element) = parser.parse(text) else {
        return RoundTrip::Refused;
    };
    let mut buffer = Vec::new();
    match frame(element, role, dialect, &mut buffer) {
        Ok(Some(by)) => {
            RoundTrip::Written { by, text: String::from_utf8_lossy(&buffer).into_owned() }
        }
        Ok(None) => RoundTrip::Unknown,
        Err(error) => RoundTrip::Invalid(error),
    }
}

fn frame(element: Element<'_>, role: Role<'_>, dialect: Dialect, out: &mut Vec<u8>) -> Outcome {
    match Incoming::read(element)? {
        Incoming::Open(open) => {
            open.write(out);
            return Ok(Some("Open"));
        }
        Incoming::Close { .. } => return Ok(None),
        Incoming::Element(_) => {}
    }
    if Features::is(element) {
        Features::read(element)?.write(out);
        return Ok(Some("Features"));
    }
    if StreamError::is(element) {
        StreamError::read(element).write(out);
        return Ok(Some("StreamError"));
    }
    if matches!(element.ns(), ns::SASL | ns::SASL2 | ns::TLS) {
        return negotiation(element, out);
    }
    match Stanza::read(element)? {
        None => Ok(None),
        Some(Stanza::Presence(presence)) => {
            presence.write(out);
            Ok(Some("Presence"))
        }
        Some(Stanza::Message(message)) => message_push(&message, out),
        Some(Stanza::Iq(iq)) => match (iq.kind, role) {
            (IqKind::Error, _) => {
                let (from, to) = addresses(&iq);
                iq::write_error(&iq.error().unwrap_or_default(), &iq.id, from, to, out);
                Ok(Some("StanzaError"))
            }
            (IqKind::Result, Role::ResultOf(request)) => {
                let mut parser = Parser::new(Limits::default());
                match parser.parse(request).ok().map(Iq::read) {
                    Some(Ok(request)) => result(&request, &iq, dialect, out),
                    _ => Ok(None),
                }
            }
            (IqKind::Result, _) | (_, Role::Push) => iq_push(&iq, dialect, out),
            // Other servers address pushes, which look like requests, to one session.
            (IqKind::Set, _) if dialect == Dialect::Standard && iq.to.is_some() => {
                match iq_push(&iq, dialect, out) {
                    Ok(Some(by)) => Ok(Some(by)),
                    _ => request(&iq, dialect, out),
                }
            }
            (IqKind::Get | IqKind::Set, _) => {
                let request = request(&iq, dialect, out);
                if let Ok(Some(_)) = request {
                    return request;
                }
                // A push may leave out entries that a request must not have; what remains could
                // then be a request.
                match iq_push(&iq, dialect, out) {
                    Ok(Some(by)) if !is_request(out, dialect) => Ok(Some(by)),
                    _ => request,
                }
            }
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

fn request(iq: &Iq<'_>, dialect: Dialect, out: &mut Vec<u8>) -> Outcome {
    let Some(payload) = iq.payload() else {
        return Ok(None);
    };
    macro_rules! visit {
        ($($type:ty,)*) => {{$(
            if belongs::<$type>(iq, payload) {
                let value = <$type>::read(iq, payload)?;
                let (from, to) = addresses(iq);
                iq::write(out, iq.kind, &iq.id, from, to, |w| value.write(w));
                return Ok(Some(stringify!($type)));
            }
        )*}};
    }
    every_request!(dialect, visit);
    Ok(None)
}

fn result(request: &Iq<'_>, iq: &Iq<'_>, dialect: Dialect, out: &mut Vec<u8>) -> Outcome {
    let Some(requested) = request.payload() else {
        return Ok(None);
    };
    let reply = Reply { from: iq.from.as_ref(), payload: iq.payload() };
    macro_rules! visit {
        ($($type:ty,)*) => {{$(
            if belongs::<$type>(request, requested) {
                let value = <$type>::read_response(&reply)?;
                let (from, to) = addresses(iq);
                iq::write_result::<$type>(&value, &iq.id, from, to, out);
                return Ok(Some(stringify!($type)));
            }
        )*}};
    }
    every_request!(dialect, visit);
    Ok(None)
}

fn is_request(text: &[u8], dialect: Dialect) -> bool {
    let mut parser = Parser::new(Limits::default());
    let iq = parser.parse(text).ok().and_then(|root| Iq::read(root).ok());
    iq.is_some_and(|iq| matches!(request(&iq, dialect, &mut Vec::new()), Ok(Some(_))))
}

fn iq_push(iq: &Iq<'_>, dialect: Dialect, out: &mut Vec<u8>) -> Outcome {
    let (from, to) = addresses(iq);
    match dialect {
        Dialect::Platform => Ok(Push::from_iq(iq)?.map(|push| {
            iq::write(out, iq.kind, &iq.id, from, to, |w| push.write(w));
            "Push"
        })),
        Dialect::Standard => Ok(StandardPush::from_iq(iq)?.map(|push| {
            iq::write(out, iq.kind, &iq.id, from, to, |w| push.write(w));
            "StandardPush"
        })),
    }
}

fn message_push(message: &Message<'_>, out: &mut Vec<u8>) -> Outcome {
    let Some(push) = Push::from_message(message)? else {
        return Ok(None);
    };
    let element = message.element();
    Writer::new(out).element("message", |w| {
        for name in ["from", "id", "to", "type"] {
            w.attr_opt(name, element.attr(name).as_deref());
        }
        w.attr("xmlns", ns::CLIENT);
        push.write(w);
    });
    Ok(Some("Push"))
}

/// Reads an element with the type of its name and writes it again.
macro_rules! read_and_write {
    ($element:ident, $out:ident: $($name:literal => $type:ty,)*) => {
        match $element.name() {
            $($name => {
                <$type>::read($element)?.write(&mut Writer::new($out));
                Ok(Some(stringify!($type)))
            })*
            _ => Ok(None),
        }
    };
}

fn negotiation(element: Element<'_>, out: &mut Vec<u8>) -> Outcome {
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

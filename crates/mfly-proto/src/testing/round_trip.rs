//! Decode, encode, and decode again: any frame through the types that read it.

use crate::framing::websocket::Incoming;
use crate::ns;
use crate::payload::standard;
use crate::payload::{
    bind, block, carbons, friends, last_seen, logout, ping, profile, session, settings,
};
use crate::push::{Push, StandardPush};
use crate::sasl;
use crate::sasl2;
use crate::stanza::iq::{self, IqKind, IqRequest, Reply};
use crate::stanza::{Iq, Message, Stanza};
use crate::stream::{Features, StreamError, starttls};
use crate::xml::{Element, Limits, Parser, Writer};

/// What became of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoundTrip {
    /// Not restricted XML.
    Refused,
    /// Well-formed, but no type of this crate reads it.
    Unknown,
    /// Read and written again: the type's name, and the text that was written.
    Written {
        /// Which type read it.
        by: &'static str,
        /// What it wrote.
        text: String,
    },
}

/// Whose form a payload has, where the platform and other servers use one name for two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// The platform's.
    Platform,
    /// That of any XMPP server.
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
    match element.ns() {
        ns::SASL | ns::SASL2 => return sasl_element(element, out),
        ns::TLS => return starttls_element(element, out),
        _ => {}
    }
    match Stanza::read(element).ok()?? {
        Stanza::Presence(presence) => {
            presence.write(out);
            Some("Presence")
        }
        Stanza::Message(message) => message_push(&message, out),
        Stanza::Iq(iq) => match iq.kind {
            // Other servers push what looks like a request, to one session.
            IqKind::Set if dialect == Dialect::Standard && iq.to.is_some() => {
                iq_push(&iq, dialect, out).or_else(|| request(&iq, dialect, out))
            }
            IqKind::Get | IqKind::Set => {
                request(&iq, dialect, out).or_else(|| {
                    // A request is read whole; of a push, odd entries are left out, and the rest
                    // may be a request.
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

/// Every request type of a dialect: the only lists of them in this crate, and only for checks. A
/// macro is called with the one of a dialect.
macro_rules! every_request {
    ($dialect:expr, $visit:ident) => {
        match $dialect {
            Dialect::Platform => $visit!(
                bind::Bind,
                session::EstablishSession,
                carbons::EnableCarbons,
                ping::Ping,
                profile::SetProfile,
                profile::GetProfile,
                last_seen::GetLastSeen,
                block::Block,
                block::Unblock,
                block::GetBlocked,
                block::GetBlockedBy,
                friends::GetFriends,
                friends::RegisterUpdate,
                settings::GetSettings,
                settings::UpdateSettings,
                logout::LogOut,
            ),
            Dialect::Standard => $visit!(
                bind::Bind,
                session::EstablishSession,
                carbons::EnableCarbons,
                ping::Ping,
                standard::profile::SetVCard,
                standard::profile::GetVCard,
                last_seen::GetLastSeen,
                standard::block::BlockAddresses,
                standard::block::UnblockAddresses,
                standard::block::GetBlockList,
                standard::roster::GetRoster,
                standard::roster::SetRosterItem,
                standard::entity_time::GetEntityTime,
                standard::service_discovery::GetInfo,
            ),
        }
    };
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
    if dialect == Dialect::Standard {
        let push = StandardPush::from_iq(iq).ok()??;
        iq::write(out, IqKind::Set, &iq.id, from, to, |w| match &push {
            StandardPush::BlockList(push) => push.write(w),
            StandardPush::Roster(push) => push.write(w),
        });
        return Some("StandardPush");
    }
    match Push::from_iq(iq).ok()?? {
        Push::Block(push) => {
            iq::write(out, IqKind::Set, &iq.id, from, to, |w| push.write(w));
            Some("BlockPush")
        }
        Push::Profile(push) => {
            iq::write(out, IqKind::Result, &iq.id, from, to, |w| push.card.write(w));
            Some("ProfilePush")
        }
        Push::Friends(friends) => {
            iq::write_result::<friends::GetFriends>(&friends, &iq.id, from, to, out);
            Some("Friends")
        }
        _ => None,
    }
}

fn message_push(message: &Message<'_>, out: &mut Vec<u8>) -> Option<&'static str> {
    let push = Push::from_message(message).ok()??;
    let element = message.element();
    let mut by = None;
    Writer::new(out).element("message", |w| {
        for name in ["from", "id", "to", "type"] {
            w.attr_opt(name, element.attr(name).as_deref());
        }
        w.attr("xmlns", ns::CLIENT);
        by = Some(match &push {
            Push::AdminBlock(push) => {
                push.write(w);
                "AdminBlock"
            }
            Push::FriendsNotice(push) => {
                push.write(w);
                "FriendsNotice"
            }
            Push::Logout(push) => {
                push.write(w);
                "ForcedLogout"
            }
            Push::Settings(push) => {
                push.write_push(w);
                "Settings"
            }
            Push::UserBlocked(push) => {
                push.write(w);
                "UserBlocked"
            }
            Push::UserDeleted(push) => {
                push.write(w);
                "UserDeleted"
            }
            _ => return,
        });
    });
    by
}

fn sasl_element(element: Element<'_>, out: &mut Vec<u8>) -> Option<&'static str> {
    macro_rules! read_and_write {
        ($($name:literal => $type:ty,)*) => {
            match element.name() {
                $($name => {
                    <$type>::read(element).ok()?.write(&mut Writer::new(out));
                    Some(stringify!($type))
                })*
                _ => None,
            }
        };
    }
    if element.ns() == ns::SASL2 {
        return read_and_write!(
            "authenticate" => sasl2::Authenticate,
            "challenge" => sasl2::Challenge,
            "response" => sasl2::Response,
            "success" => sasl2::Success,
            "failure" => sasl2::Failure,
            "continue" => sasl2::Continue,
        );
    }
    read_and_write!(
        "auth" => sasl::Auth,
        "challenge" => sasl::Challenge,
        "response" => sasl::Response,
        "success" => sasl::Success,
        "failure" => sasl::Failure,
    )
}

fn starttls_element(element: Element<'_>, out: &mut Vec<u8>) -> Option<&'static str> {
    if let Ok(start) = starttls::StartTls::read(element) {
        start.write(out);
        Some("StartTls")
    } else if let Ok(proceed) = starttls::Proceed::read(element) {
        proceed.write(out);
        Some("Proceed")
    } else {
        starttls::Failure::read(element).ok()?.write(out);
        Some("Failure")
    }
}

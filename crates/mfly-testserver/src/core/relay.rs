//! Passing a client's stanza on: with the true sender, and never larger than its receiver takes.
//!
//! What a client may send is as large as what it takes, and a stanza grows on its way: addresses
//! are added, namespaces that it inherited are declared on it. One that would arrive too large is
//! refused instead.

use crate::core::world::session::frame;
use crate::core::world::{StreamId, World};
use mfly_proto::framing::Frame;
use mfly_proto::jid::{FullJid, Jid};
use mfly_proto::ns;
use mfly_proto::stanza::{ErrorCondition, Iq, Message, Presence, StanzaError, iq};
use mfly_proto::xml::{Element, Writer};
use mfly_transport::DEFAULT_MAX_FRAME_BYTES;

/// The largest stanza that a client may send and that is passed on to one, in bytes.
pub(crate) const MAX_STANZA_BYTES: usize = DEFAULT_MAX_FRAME_BYTES;

/// The longest answer to a question of the client's own, in bytes: half of what may wait for a
/// connection.
pub(crate) const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// Most bytes of an envelope: two addresses, an id and the element around the content. Stored
/// content must leave this much room.
pub(crate) const MAX_ENVELOPE_BYTES: usize = 8 * 1024;

/// A message on its way, with its true sender and its recipient.
pub(crate) struct Letter<'a> {
    pub(crate) from: &'a FullJid,
    pub(crate) to: &'a Jid,
    pub(crate) message: &'a Message<'a>,
}

/// A message or presence as it came, but with these addresses.
///
/// # Errors
/// `policy-violation` when it would be too large.
pub(crate) fn stanza(element: Element<'_>, from: &str, to: &str) -> Result<Frame, StanzaError> {
    stanza_where(element, from, to, |_| true)
}

/// A stanza as [`stanza`] writes it, with only the children that satisfy a condition.
///
/// # Errors
/// As [`stanza`].
pub(crate) fn stanza_where(
    element: Element<'_>,
    from: &str,
    to: &str,
    keep: impl Fn(&Element<'_>) -> bool,
) -> Result<Frame, StanzaError> {
    checked(frame(|buffer| {
        write_where(&mut Writer::new(buffer), element, from, to, keep);
    }))
}

/// Writes a stanza as it came, but with these addresses: the sender's are not believed.
pub(crate) fn write(writer: &mut Writer<'_>, element: Element<'_>, from: &str, to: &str) {
    write_where(writer, element, from, to, |_| true);
}

fn write_where(
    writer: &mut Writer<'_>,
    element: Element<'_>,
    from: &str,
    to: &str,
    keep: impl Fn(&Element<'_>) -> bool,
) {
    writer.other_element("stanza", element.name(), |w| {
        w.attr("from", from);
        w.attr("to", to);
        for (namespace, name, value) in element.attributes() {
            match (namespace, name) {
                ("", "from" | "to") => {}
                ("", name) => w.other_attr("stanza", name, &value),
                (ns::XML, "lang") => w.attr("xml:lang", &value),
                _ => {}
            }
        }
        w.attr("xmlns", ns::CLIENT);
        for child in element.children().filter(keep) {
            child.write_to(w);
        }
    });
}

/// Passes an `iq` to one session.
///
/// # Errors
/// `policy-violation` when it would be too large.
pub(crate) fn iq(
    world: &mut World,
    stream: StreamId,
    iq: &Iq<'_>,
    from: &FullJid,
    to: &Jid,
) -> Result<(), StanzaError> {
    let addresses = (Some(from.as_str()), Some(to.as_str()));
    let element = iq.element();
    let passed = frame(|buffer| {
        iq::write(buffer, iq.kind, &iq.id, addresses.0, addresses.1, |w| {
            for child in element.children() {
                child.write_to(w);
            }
        });
    });
    world.send(stream, checked(passed)?);
    Ok(())
}

/// Returns a message or presence to the session that sent it, as an error. `from` is the address
/// that it was sent to; without one, the session's account.
pub(crate) fn refuse(
    world: &mut World,
    stream: StreamId,
    (name, id): (&str, Option<&str>),
    from: Option<&Jid>,
    error: &StanzaError,
) {
    let Some(to) = world.session(stream).map(|session| session.jid.clone()) else {
        return;
    };
    let refusal = frame(|buffer| {
        Writer::new(buffer).other_element("stanza", name, |w| {
            w.attr("from", from.map_or(to.bare_str(), Jid::as_str));
            w.attr_opt("id", id);
            w.attr("to", to.as_str());
            w.attr("type", "error");
            w.attr("xmlns", ns::CLIENT);
            error.write(w);
        });
    });
    world.send(stream, refusal);
}

/// Returns a presence to the session that sent it, as an error.
pub(crate) fn refuse_presence(
    world: &mut World,
    stream: StreamId,
    presence: &Presence,
    condition: ErrorCondition,
) {
    let error = StanzaError::new(condition);
    refuse(world, stream, ("presence", None), presence.to.as_ref(), &error);
}

/// The condition for an address without an account here.
pub(crate) fn unreachable(world: &World, to: &Jid) -> ErrorCondition {
    if world.serves(to) {
        ErrorCondition::ServiceUnavailable
    } else {
        ErrorCondition::RemoteServerNotFound
    }
}

fn checked(frame: Frame) -> Result<Frame, StanzaError> {
    if frame.len() <= MAX_STANZA_BYTES {
        Ok(frame)
    } else {
        Err(StanzaError::new(ErrorCondition::PolicyViolation)
            .with_text("too large for its receiver"))
    }
}

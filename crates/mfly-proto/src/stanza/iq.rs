//! Requests and results (RFC 6120 §8.2.3).
//!
//! A request type names its response: [`IqRequest`] is implemented once, in the payload's file, and
//! serves both the requesting and the answering side.

use super::error::StanzaError;
use crate::argument::InvalidArgument;
use crate::decode::{DecodeError, expect};
use crate::id::StanzaId;
use crate::jid::Jid;
use crate::ns;
use crate::xml::{Element, Writer};

named! {
    /// The `type` of an `iq`.
    pub enum IqKind {
        /// Asks for information.
        Get = "get",
        /// Asks for a change.
        Set = "set",
        /// Answers a get or set.
        Result = "result",
        /// Refuses a get or set.
        Error = "error",
    }
}

/// A received `iq`, its payload still borrowed.
#[derive(Clone, Debug)]
pub struct Iq<'a> {
    /// The `type` attribute.
    pub kind: IqKind,
    /// The id, which a result shares with its request.
    pub id: StanzaId,
    /// The sender; when absent, the server on behalf of the own account.
    pub from: Option<Jid>,
    /// Address of the recipient.
    pub to: Option<Jid>,
    element: Element<'a>,
}

impl<'a> Iq<'a> {
    /// Reads the envelope.
    ///
    /// # Errors
    /// When the type or id is missing or invalid, or an address is malformed.
    pub fn read(element: Element<'a>) -> Result<Self, DecodeError> {
        let missing = |attribute| DecodeError::MissingAttribute { element: "iq", attribute };
        let invalid = |field| DecodeError::InvalidValue { element: "iq", field };
        let kind = element.attr("type").ok_or(missing("type"))?;
        let id = element.attr("id").ok_or(missing("id"))?;
        Ok(Self {
            kind: IqKind::from_name(&kind).ok_or(invalid("type"))?,
            id: StanzaId::new(id).map_err(|_| invalid("id"))?,
            from: super::address(element, "iq", "from")?,
            to: super::address(element, "iq", "to")?,
            element,
        })
    }

    /// The whole stanza.
    #[must_use]
    pub const fn element(&self) -> Element<'a> {
        self.element
    }

    /// The first child that is not `<error/>`: a request, a result, or the request repeated in an
    /// error.
    #[must_use]
    pub fn payload(&self) -> Option<Element<'a>> {
        self.element.children().find(|child| child.name() != "error")
    }

    /// The reason of the refusal, when the type is `error`.
    #[must_use]
    pub fn error(&self) -> Option<StanzaError> {
        (self.kind == IqKind::Error)
            .then(|| self.element.child_named("error").map(StanzaError::read).unwrap_or_default())
    }
}

/// The result of a request, as input for the decoder of its response.
#[derive(Clone, Copy, Debug)]
pub struct Reply<'a> {
    /// The sender of the result.
    pub from: Option<&'a Jid>,
    /// The first child element of the result.
    pub payload: Option<Element<'a>>,
}

impl<'a> Reply<'a> {
    /// The payload, which must be present.
    ///
    /// # Errors
    /// When the result is empty.
    pub fn require(&self, child: &'static str) -> Result<Element<'a>, DecodeError> {
        self.payload.ok_or(DecodeError::MissingChild { element: "iq", child })
    }
}

/// A request in an `iq`: writes and reads the request and its response.
pub trait IqRequest: Sized {
    /// [`IqKind::Get`] or [`IqKind::Set`].
    const KIND: IqKind;
    /// Namespace of the payload element.
    const NAMESPACE: &'static str;
    /// Name of the payload element.
    const NAME: &'static str;
    /// The `status` attribute that tells apart requests in `jabber:iq:user_activities`.
    const STATUS: Option<&'static str> = None;
    /// The response in a result.
    type Response;

    /// The recipient of the request; `None` means the own account.
    fn to(&self) -> Option<&Jid> {
        None
    }

    /// Writes the payload element: without an own implementation, an empty element with
    /// [`STATUS`](Self::STATUS) and [`NAMESPACE`](Self::NAMESPACE).
    fn write(&self, writer: &mut Writer<'_>) {
        writer.element(Self::NAME, |w| {
            w.attr_opt("status", Self::STATUS);
            w.attr("xmlns", Self::NAMESPACE);
        });
    }

    /// Reads the request, on the answering side.
    ///
    /// # Errors
    /// When the payload is not of the expected form.
    fn read(iq: &Iq<'_>, payload: Element<'_>) -> Result<Self, DecodeError>;

    /// Writes the payload of the result; writes nothing for an empty result.
    fn write_response(response: &Self::Response, writer: &mut Writer<'_>);

    /// Reads the response from the result, on the requesting side.
    ///
    /// # Errors
    /// When the result is not of the expected form.
    fn read_response(reply: &Reply<'_>) -> Result<Self::Response, DecodeError>;
}

/// Refuses a payload that is not that of the request `R`.
pub(crate) fn check<R: IqRequest>(payload: Element<'_>) -> Result<(), DecodeError> {
    expect(payload, R::NAMESPACE, R::NAME)
}

/// The payload of a result, which must have the name and namespace of the request `R`.
pub(crate) fn result<'a, R: IqRequest>(reply: &Reply<'a>) -> Result<Element<'a>, DecodeError> {
    let payload = reply.require(R::NAME)?;
    check::<R>(payload)?;
    Ok(payload)
}

/// Writes a request: `<iq id to type xmlns>payload</iq>`, without `from`, as the official SDK does.
///
/// # Errors
/// When a text of the request holds characters that XML cannot hold; see [`Writer::finish`].
pub fn write_request<R: IqRequest>(
    request: &R,
    id: &StanzaId,
    buffer: &mut Vec<u8>,
) -> Result<(), InvalidArgument> {
    let to = request.to().map(Jid::as_str);
    let mut writer = Writer::new(buffer);
    write_to(&mut writer, R::KIND, id, None, to, |w| request.write(w));
    writer.finish()
}

/// Writes a result, with `from` and `to` as the recipient should see them.
pub fn write_result<R: IqRequest>(
    response: &R::Response,
    id: &StanzaId,
    from: Option<&str>,
    to: Option<&str>,
    buffer: &mut Vec<u8>,
) {
    write(buffer, IqKind::Result, id, from, to, |w| R::write_response(response, w));
}

/// Writes an `iq` of type `error`.
pub fn write_error(
    error: &StanzaError,
    id: &StanzaId,
    from: Option<&str>,
    to: Option<&str>,
    buffer: &mut Vec<u8>,
) {
    write(buffer, IqKind::Error, id, from, to, |w| error.write(w));
}

/// Writes an `iq` with its attributes in the alphabetical order of the official SDK.
pub fn write(
    buffer: &mut Vec<u8>,
    kind: IqKind,
    id: &StanzaId,
    from: Option<&str>,
    to: Option<&str>,
    payload: impl FnOnce(&mut Writer<'_>),
) {
    write_to(&mut Writer::new(buffer), kind, id, from, to, payload);
}

fn write_to(
    writer: &mut Writer<'_>,
    kind: IqKind,
    id: &StanzaId,
    from: Option<&str>,
    to: Option<&str>,
    payload: impl FnOnce(&mut Writer<'_>),
) {
    writer.element("iq", |w| {
        w.attr_opt("from", from);
        w.attr("id", id.as_str());
        w.attr_opt("to", to);
        w.attr("type", kind.as_str());
        w.attr("xmlns", ns::CLIENT);
        payload(w);
    });
}

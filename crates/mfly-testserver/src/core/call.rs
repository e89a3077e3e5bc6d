//! A request that a feature answers, and what it answers with.

use crate::core::world::session::Notice;
use crate::core::world::{StreamId, Timestamp, World};
use mfly_proto::jid::{Jid, UserId};
use mfly_proto::stanza::{ErrorCondition, Iq, IqRequest, StanzaError};
use mfly_proto::xml::{Element, Writer};

/// An `iq` that a feature answers: who sent it, about whom, and when.
pub(crate) struct Call<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) now: Timestamp,
    pub(crate) stream: StreamId,
    /// The account that sent the request.
    pub(crate) user: UserId,
    /// The account that the request is about: the sender's own if it is about the server. Another
    /// account need not exist.
    pub(crate) target: UserId,
    pub(crate) iq: &'a Iq<'a>,
    pub(crate) payload: Element<'a>,
}

impl Call<'_> {
    /// The sender's own address, without resource.
    pub(crate) fn own(&self) -> Jid {
        self.world.jid_of(&self.user)
    }

    /// Tells the account's other sessions of something, from the account's own address.
    pub(crate) fn tell_others(&mut self, content: impl Fn(&mut Writer<'_>)) {
        let from = self.own();
        let notice = Notice { from: from.as_str(), chat: false, except: Some(self.stream) };
        self.world.notify(&self.user, &notice, content);
    }

    /// Reads the request.
    ///
    /// # Errors
    /// `bad-request` when the payload has another form.
    pub(crate) fn read<R: IqRequest>(&self) -> Result<R, StanzaError> {
        R::read(self.iq, self.payload).map_err(|_| refusal(ErrorCondition::BadRequest))
    }
}

/// The content of a result.
pub(crate) struct Reply(Option<Write>);

type Write = Box<dyn FnOnce(&mut Writer<'_>)>;

impl Reply {
    /// A result without content.
    pub(crate) const EMPTY: Self = Self(None);

    /// Content that this function writes.
    pub(crate) fn with(write: impl FnOnce(&mut Writer<'_>) + 'static) -> Self {
        Self(Some(Box::new(write)))
    }

    /// The response to a request of this type.
    pub(crate) fn of<R>(response: R::Response) -> Self
    where
        R: IqRequest,
        R::Response: 'static,
    {
        Self::with(move |w| R::write_response(&response, w))
    }

    /// Writes the content.
    pub(crate) fn write(self, writer: &mut Writer<'_>) {
        if let Some(write) = self.0 {
            write(writer);
        }
    }
}

/// The refusal with this condition.
pub(crate) fn refusal(condition: ErrorCondition) -> StanzaError {
    StanzaError::new(condition)
}

/// Whether an `iq` has the one child that a request must have (RFC 6120 §8.2.3).
pub(crate) fn has_one_payload(iq: &Iq<'_>) -> bool {
    iq.element().children().count() == 1
}

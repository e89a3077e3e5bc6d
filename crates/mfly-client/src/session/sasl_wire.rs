//! What an authentication looks like on the stream, in either protocol.

use super::negotiate::Protocol;
use mfly_proto::sasl::{Abort, Auth, Challenge, Failure, Response, Success};
use mfly_proto::xml::{Element, Writer};

/// What the server says.
pub(super) enum Heard {
    Challenge(Vec<u8>),
    Failure(Failure),
    /// With what the mechanism has to check.
    Success(Vec<u8>),
    /// One of the above, in a form that cannot be read.
    Malformed,
    /// Something that has no place here.
    Other,
}

impl Protocol {
    /// Begins.
    pub(super) fn write_begin(self, mechanism: &str, initial: Vec<u8>, writer: &mut Writer<'_>) {
        Auth::new(mechanism, initial).write(writer);
    }

    /// Answers a challenge.
    pub(super) fn write_answer(self, answer: Vec<u8>, writer: &mut Writer<'_>) {
        Response::new(answer).write(writer);
    }

    /// Gives up.
    pub(super) fn write_abort(self, writer: &mut Writer<'_>) {
        Abort.write(writer);
    }

    pub(super) fn read(self, element: Element<'_>) -> Heard {
        if let Ok(failure) = Failure::read(element) {
            return Heard::Failure(failure);
        }
        if Success::is(element) {
            return match Success::read(element) {
                Ok(success) => Heard::Success(success.data.unwrap_or_default().to_vec()),
                Err(_) => Heard::Malformed,
            };
        }
        if Challenge::is(element) {
            return match Challenge::read(element) {
                Ok(challenge) => Heard::Challenge(challenge.data.to_vec()),
                Err(_) => Heard::Malformed,
            };
        }
        Heard::Other
    }
}

//! The pushes of a standard server.
//!
//! | push | accepted from |
//! |---|---|
//! | contact list (RFC 6121 §2.1.6), block list (XEP-0191 §3) | the own account: no `from`, or the own bare address |
//! | a message with a body, or a message error | any sender |
//!
//! Other requests of the server are refused. Other messages become unknown stanzas.

use super::PushVerdict;
use crate::machine::io::{self, Notice};
use crate::machine::requests::OwnAddress;
use mfly_proto::jid::Jid;
use mfly_proto::push::StandardPush;
use mfly_proto::stanza::{Carbon, Iq, Message, MessageKind};
use mfly_proto::xml::Document;

pub(super) fn judge_iq(iq: &Iq<'_>, own: &OwnAddress) -> PushVerdict {
    match StandardPush::from_iq(iq) {
        Ok(Some(push)) if is_account(iq.from.as_ref(), own) => accepted(Notice::StandardPush(push)),
        Ok(Some(_)) => PushVerdict::Rejected,
        Ok(None) => PushVerdict::NotAPush,
        Err(error) => PushVerdict::Malformed(error),
    }
}

pub(super) fn judge_message(
    document: &Document,
    message: &Message<'_>,
    carbon: Option<&Carbon<'_>>,
) -> PushVerdict {
    let (message, carbon, stanza) = match carbon {
        Some(copy) => {
            let kind = if copy.sent { io::Carbon::Sent } else { io::Carbon::Received };
            let stanza = copy.message.element().to_document();
            (&copy.message, Some(kind), stanza)
        }
        None => (message, None, document.clone()),
    };
    if message.kind == MessageKind::Error || message.body().is_some() {
        accepted(Notice::Message { stanza, carbon })
    } else {
        PushVerdict::NotAPush
    }
}

const fn accepted(notice: Notice) -> PushVerdict {
    PushVerdict::Accepted { notice, pending_end: None }
}

/// Whether a stanza with this sender comes from the own account. Unlike on the platform, the
/// server's own address is not accepted.
fn is_account(from: Option<&Jid>, own: &OwnAddress) -> bool {
    from.is_none_or(|from| *from == *own.bare)
}

//! The news of plain XMPP.
//!
//! | news | believed from |
//! |---|---|
//! | contact list (RFC 6121 §2.1.6), block list (XEP-0191 §3) | the own account: no `from`, or the own bare address |
//! | a message with a text, or one that failed | anybody |
//!
//! A question of the server that is no news is refused; a message without a text is shown as it is.

use super::PushVerdict;
use crate::machine::io::{self, Notice};
use crate::machine::requests::OwnAddress;
use mfly_proto::jid::Jid;
use mfly_proto::push::StandardPush;
use mfly_proto::stanza::{Carbon, Iq, Message, MessageKind};
use mfly_proto::xml::Document;

pub(super) fn told_by_iq(iq: &Iq<'_>, own: &OwnAddress) -> PushVerdict {
    match StandardPush::from_iq(iq) {
        Ok(Some(push)) if is_account(iq.from.as_ref(), own) => believed(Notice::StandardPush(push)),
        Ok(Some(_)) => PushVerdict::Disbelieved,
        Ok(None) => PushVerdict::NoPush,
        Err(error) => PushVerdict::Malformed(error),
    }
}

pub(super) fn told_by_message(
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
        believed(Notice::Message { stanza, carbon })
    } else {
        PushVerdict::NoPush
    }
}

const fn believed(notice: Notice) -> PushVerdict {
    PushVerdict::Believed { notice, pending_end: None }
}

/// Whether a stanza from here speaks for the own account. Unlike on the platform, the server alone
/// does not.
fn is_account(from: Option<&Jid>, own: &OwnAddress) -> bool {
    from.is_none_or(|from| *from == *own.bare)
}

//! Over TCP, before TLS: nothing else is offered, and nothing else is done (RFC 6120 §5).

use super::fault::StartTlsFault;
use super::{Cx, Phase, Step};
use crate::core::world::session::frame;
use mfly_proto::sasl::{Auth, Failure, FailureCondition};
use mfly_proto::stream::starttls::{self, Proceed, StartTls};
use mfly_proto::stream::{Features, StartTlsOffer, StreamCondition};
use mfly_proto::xml::{Element, Writer};

/// The phase between opening and encrypting.
pub(super) struct Securing {
    /// The client was told to go on, and the next bytes are TLS.
    is_agreed: bool,
}

impl Securing {
    /// Sends the features with STARTTLS.
    pub(super) fn begin(cx: &mut Cx<'_>) -> Self {
        let features =
            Features { start_tls: Some(StartTlsOffer { required: true }), ..Features::default() };
        cx.send(|buffer| features.write(buffer));
        Self { is_agreed: false }
    }

    pub(super) fn on_element(self, element: Element<'_>, cx: &mut Cx<'_>) -> Step {
        if self.is_agreed {
            return Step::Become(Phase::Closed);
        }
        if Auth::is(element) {
            let failure = Failure::new(FailureCondition::EncryptionRequired);
            cx.send(|buffer| failure.write(&mut Writer::new(buffer)));
        }
        if !StartTls::is(element) {
            return Step::Fail(StreamCondition::PolicyViolation);
        }
        match &cx.meta.faults.start_tls {
            Some(StartTlsFault::Refuse) => {
                cx.send(|buffer| starttls::Failure.write(&mut Writer::new(buffer)));
                cx.world.close(cx.id);
                return Step::Become(Phase::Closed);
            }
            Some(StartTlsFault::Inject(text)) => {
                let agreement = frame(|buffer| {
                    Proceed.write(&mut Writer::new(buffer));
                    buffer.extend_from_slice(text.as_bytes());
                });
                cx.world.secure(cx.id, agreement);
            }
            Some(StartTlsFault::Withhold) | None => {
                cx.world.secure(cx.id, frame(|buffer| Proceed.write(&mut Writer::new(buffer))));
            }
        }
        Step::Become(Phase::Securing(Self { is_agreed: true }))
    }
}

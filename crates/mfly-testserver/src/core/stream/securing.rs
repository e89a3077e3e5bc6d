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

#[cfg(test)]
mod tests {
    use crate::core::stream::fault::StartTlsFault;
    use crate::core::testing::{HOST, PRESENCE, Server};
    use crate::core::world::StreamId;
    use mfly_proto::framing::Framing;
    use mfly_proto::sasl::ChannelBindings;
    use mfly_proto::secret::Password;
    use mfly_proto::stream::StreamCondition;
    use std::time::Duration;

    const STARTTLS: &str = r#"<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>"#;
    const PROCEED: &str = r#"<proceed xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>"#;

    fn server() -> Server {
        let mut server = Server::with(crate::core::world::Settings {
            scram: true,
            ..crate::core::testing::settings()
        });
        server.meta.framing = Framing::Tcp;
        server.meta.tls = false;
        server.meta.must_secure = true;
        server
    }

    fn opened(server: &mut Server) -> (StreamId, Vec<String>) {
        let stream = server.open();
        server.send(stream, &server.opening());
        let said = server.received(stream);
        (stream, said)
    }

    #[test]
    fn nothing_but_tls_is_offered_and_a_new_stream_begins_inside_of_it() {
        let mut server = server();
        server.standard("u1");
        let (stream, said) = opened(&mut server);
        assert_eq!(said[0], server.answer_to_opening());
        assert_eq!(
            said[1],
            r#"<stream:features xmlns:stream="http://etherx.jabber.org/streams"><starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"><required/></starttls></stream:features>"#
        );
        server.send(stream, STARTTLS);
        assert_eq!(server.received(stream), [PROCEED]);
        let bindings =
            ChannelBindings { tls_exporter: Some(vec![1; 32]), tls_server_end_point: None };
        server.secure(stream, bindings);
        server.send(stream, &server.opening());
        let said = server.received(stream);
        assert_eq!(said[0], server.answer_to_opening());
        assert!(
            said[1].contains("SCRAM-SHA-256-PLUS") && !said[1].contains("starttls"),
            "{said:?}"
        );
        assert!(
            said[1].contains(r#"type="tls-exporter""#) && !said[1].contains("end-point"),
            "{said:?}"
        );
        server.send(stream, &Server::auth("u1", &Password::new("secret").unwrap()));
        assert!(server.received(stream)[0].starts_with("<success "));
    }

    #[test]
    fn whatever_else_is_said_before_tls_ends_the_stream() {
        for early in [
            PRESENCE.to_owned(),
            "<iq id='1' type='get'><ping xmlns='urn:xmpp:ping'/></iq>".to_owned(),
            PROCEED.to_owned(),
            Server::auth("u1", &Password::new("secret").unwrap()),
        ] {
            let mut server = server();
            let (stream, _) = opened(&mut server);
            server.send(stream, &early);
            let said = server.received(stream);
            let error = &said[said.len() - 2];
            assert!(error.contains("<policy-violation "), "{said:?}");
            let is_auth = early.starts_with("<auth");
            assert_eq!(said[0].contains("<encryption-required/>"), is_auth, "{said:?}");
            assert!(server.is_closed(stream));
        }
    }

    #[test]
    fn the_deadline_of_the_whole_handshake_goes_on_while_tls_is_agreed_on() {
        let mut server = server();
        let (stream, _) = opened(&mut server);
        server.send(stream, STARTTLS);
        server.received(stream);
        server.secure(stream, ChannelBindings::NONE);
        server.pass(Duration::from_secs(30));
        let said = server.received(stream);
        assert_eq!(said[0], server.answer_to_opening());
        assert!(said[1].contains("<connection-timeout "), "{said:?}");
    }

    #[test]
    fn a_client_that_said_more_than_its_request_is_told_so_in_the_stream_it_knows() {
        let mut server = server();
        let (stream, _) = opened(&mut server);
        server.send(stream, STARTTLS);
        server.received(stream);
        server.malformed(stream, StreamCondition::PolicyViolation);
        let said = server.received(stream);
        assert!(said[0].contains("<policy-violation "), "{said:?}");
        assert_eq!(said[1], "</stream:stream>");
        assert!(server.is_closed(stream));
    }

    #[test]
    fn faults_withhold_refuse_and_spoil_the_agreement() {
        let mut server = server();
        server.meta.faults.start_tls = Some(StartTlsFault::Withhold);
        let (_, said) = opened(&mut server);
        assert!(said[1].contains("<mechanism>PLAIN</mechanism>") && !said[1].contains("starttls"));

        server.meta.faults.start_tls = Some(StartTlsFault::Refuse);
        let (stream, _) = opened(&mut server);
        server.send(stream, STARTTLS);
        let refusal = r#"<failure xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>"#;
        assert_eq!(server.received(stream), [refusal, "</stream:stream>"]);
        assert!(server.is_closed(stream) && server.secured.is_empty());

        let injected = "<message/>";
        server.meta.faults.start_tls = Some(StartTlsFault::Inject(injected.to_owned()));
        let (stream, _) = opened(&mut server);
        server.send(stream, STARTTLS);
        assert_eq!(server.received(stream), [format!("{PROCEED}{injected}")]);
    }

    #[test]
    fn a_client_is_sent_elsewhere_only_once_it_can_believe_it() {
        let mut server = server();
        server.meta.faults.see_other_host = Some("other.test:5222".to_owned());
        let (stream, said) = opened(&mut server);
        assert!(said[1].contains("<starttls "), "{said:?}");
        server.send(stream, STARTTLS);
        server.received(stream);
        server.secure(stream, ChannelBindings::NONE);
        server.send(stream, &server.opening());
        let said = server.received(stream);
        assert!(
            said[1].contains(r#"<see-other-host xmlns="urn:ietf:params:xml:ns:xmpp-streams">other.test:5222</see-other-host>"#),
            "{said:?}"
        );
        assert!(server.is_closed(stream));
        assert_eq!(said[0], server.answer_to_opening(), "{HOST}");
    }
}

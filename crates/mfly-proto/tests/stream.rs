//! What a stream offers, and why it ends: odd cases that traces do not show.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests: what must not happen fails the test"
)]

use mfly_proto::decode::DecodeError;
use mfly_proto::stream::starttls::{Failure, Proceed, StartTls};
use mfly_proto::stream::{
    Features, Sasl2Offer, SeeOtherHost, StartTlsOffer, StreamCondition, StreamError, StreamLimits,
};
use mfly_proto::xml::{Document, Limits, XmlErrorKind};

fn document(text: &str) -> Document {
    Document::parse(text.to_owned(), &Limits::default()).unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn features(content: &str) -> Features {
    let text = format!(
        "<stream:features xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>{content}</stream:features>"
    );
    Features::read(document(&text).root()).unwrap()
}

#[test]
fn features_are_read_as_they_were_written() {
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let all = Features {
        start_tls: Some(StartTlsOffer { required: true }),
        mechanisms: names(&["SCRAM-SHA-256-PLUS", "PLAIN"]),
        sasl_channel_bindings: names(&["tls-exporter", "tls-server-end-point"]),
        sasl2: Some(Sasl2Offer {
            mechanisms: names(&["SCRAM-SHA-1"]),
            bind2: true,
            bind2_features: names(&["urn:xmpp:carbons:2"]),
            stream_management: true,
        }),
        bind: true,
        session: true,
        session_optional: true,
        stream_management: true,
        roster_versioning: true,
        client_state: true,
        limits: Some(StreamLimits { max_bytes: Some(10_000), idle_seconds: None }),
    };
    for features in [all, Features::default()] {
        let mut buffer = Vec::new();
        features.write(&mut buffer);
        let written = document(&String::from_utf8(buffer).unwrap());
        assert_eq!(Features::read(written.root()), Ok(features));
    }
}

#[test]
fn a_feature_counts_in_its_own_namespace_only() {
    let others = "<starttls/><mechanisms><mechanism>PLAIN</mechanism></mechanisms><bind/><sm/><ver/><csi/>\
        <limits><max-bytes>1</max-bytes></limits><authentication/><sasl-channel-binding/>";
    assert_eq!(features(others), Features::default());
    let nested =
        "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required xmlns='u'/></starttls>";
    assert_eq!(features(nested).start_tls, Some(StartTlsOffer { required: false }));
}

#[test]
fn limits_that_are_no_numbers_are_passed_over() {
    for (content, limits) in [
        ("", StreamLimits::default()),
        ("<max-bytes>-1</max-bytes><idle-seconds>soon</idle-seconds>", StreamLimits::default()),
        (
            "<max-bytes> 7 </max-bytes><idle-seconds>0</idle-seconds>",
            StreamLimits { max_bytes: Some(7), idle_seconds: Some(0) },
        ),
    ] {
        let text = format!("<limits xmlns='urn:xmpp:stream-limits:0'>{content}</limits>");
        assert_eq!(features(&text).limits, Some(limits), "{content}");
    }
}

#[test]
fn what_can_be_done_along_with_sasl2_is_read_where_it_belongs() {
    let offer = |inline: &str| {
        let text = format!(
            "<authentication xmlns='urn:xmpp:sasl:2'><mechanism> PLAIN\n</mechanism>{inline}</authentication>"
        );
        features(&text).sasl2.unwrap()
    };
    let plain = Sasl2Offer { mechanisms: vec!["PLAIN".to_owned()], ..Sasl2Offer::default() };
    assert_eq!(offer(""), plain);
    assert_eq!(offer("<bind xmlns='urn:xmpp:bind:0'/>"), plain);
    assert_eq!(offer("<inline><bind/><sm xmlns='urn:xmpp:sm:2'/></inline>"), plain);
    assert_eq!(
        offer("<inline><bind xmlns='urn:xmpp:bind:0'/></inline>"),
        Sasl2Offer { bind2: true, ..plain }
    );
}

#[test]
fn the_elements_of_starttls_are_told_apart() {
    let element = |name: &str, ns: &str| document(&format!("<{name} xmlns='{ns}'/>"));
    let tls = "urn:ietf:params:xml:ns:xmpp-tls";
    assert_eq!(StartTls::read(element("starttls", tls).root()), Ok(StartTls));
    assert_eq!(Proceed::read(element("proceed", tls).root()), Ok(Proceed));
    assert_eq!(Failure::read(element("failure", tls).root()), Ok(Failure));
    let expected = DecodeError::UnexpectedElement { expected: "proceed" };
    for other in [element("failure", tls), element("proceed", "urn:ietf:params:xml:ns:xmpp-sasl")] {
        assert_eq!(Proceed::read(other.root()), Err(expected.clone()));
    }
}

#[test]
fn a_stream_error_that_sends_us_elsewhere_says_where() {
    let error = |content: &str| {
        let text =
            format!("<s:error xmlns:s='http://etherx.jabber.org/streams'>{content}</s:error>");
        StreamError::read(document(&text).root())
    };
    let other = |host: &str| {
        format!(
            "<see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>{host}</see-other-host>"
        )
    };
    let redirect = error(&other(" [2001:db8::1]:9222\n")).redirect();
    let expected = SeeOtherHost { host: "2001:db8::1".to_owned(), port: 9222 };
    assert_eq!(redirect, Ok(Some(expected)));
    let conflict = "<conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>";
    assert_eq!(error(conflict).redirect(), Ok(None));
    assert!(error(&other("")).redirect().is_err());
    assert!(error(&other("a b")).redirect().is_err());
}

#[test]
fn every_refusal_of_a_text_has_a_stream_error() {
    for (kind, condition) in [
        (XmlErrorKind::Doctype, StreamCondition::RestrictedXml),
        (XmlErrorKind::UndeclaredEntity, StreamCondition::RestrictedXml),
        (XmlErrorKind::TooManyChildren, StreamCondition::PolicyViolation),
        (XmlErrorKind::UnboundPrefix, StreamCondition::BadNamespacePrefix),
        (XmlErrorKind::InvalidUtf8, StreamCondition::UnsupportedEncoding),
        (XmlErrorKind::WrongStreamNamespace, StreamCondition::InvalidNamespace),
        (XmlErrorKind::WrongStreamVersion, StreamCondition::UnsupportedVersion),
        (XmlErrorKind::MismatchedTag, StreamCondition::NotWellFormed),
    ] {
        assert_eq!(StreamCondition::from(kind), condition);
    }
}

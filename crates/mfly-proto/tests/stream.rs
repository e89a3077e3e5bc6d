//! Stream errors: where they redirect to, and which one answers a malformed text.

use mfly_proto::framing::tcp::SplitError;
use mfly_proto::stream::{SeeOtherHost, StreamCondition, StreamError};
use mfly_proto::xml::{Document, Limits, XmlErrorKind};

#[test]
fn a_stream_error_that_redirects_names_the_host() {
    let redirect = |condition: &str, content: &str| {
        let text = format!(
            "<s:error xmlns:s='http://etherx.jabber.org/streams'><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'>{content}</{condition}></s:error>"
        );
        let document = Document::parse(text, &Limits::default()).unwrap();
        StreamError::read(document.root()).redirect()
    };
    let expected = SeeOtherHost { host: "2001:db8::1".to_owned(), port: 9222 };
    assert_eq!(redirect("see-other-host", " [2001:db8::1]:9222\n"), Ok(Some(expected)));
    assert_eq!(redirect("conflict", ""), Ok(None));
    assert!(redirect("see-other-host", "").is_err());
    assert!(redirect("see-other-host", "a b").is_err());
}

#[test]
fn every_refusal_of_a_text_has_a_stream_error() {
    for (kind, condition) in [
        (XmlErrorKind::Comment, StreamCondition::RestrictedXml),
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
        assert_eq!(StreamCondition::from(SplitError::Malformed(kind)), condition);
    }
    for (error, condition) in [
        (SplitError::TooLarge { limit: 1 }, StreamCondition::PolicyViolation),
        (SplitError::TooDeep { limit: 1 }, StreamCondition::PolicyViolation),
        (SplitError::NotUtf8, StreamCondition::UnsupportedEncoding),
        (SplitError::NoHeader, StreamCondition::BadFormat),
        (SplitError::AfterFooter, StreamCondition::BadFormat),
    ] {
        assert_eq!(StreamCondition::from(error), condition);
    }
}

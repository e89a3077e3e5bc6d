//! SASL2 and Bind 2 beyond what a round trip shows: see `fixtures/decoding/sasl2.txt`.
#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use mfly_proto::bind2::{Bind, Bound};
use mfly_proto::decode::DecodeError;
use mfly_proto::jid::Jid;
use mfly_proto::sasl::{Failure as Refusal, FailureCondition};
use mfly_proto::sasl2::{
    Abort, Authenticate, Challenge, Continue, Failure, Response, Success, UserAgent,
};
use mfly_proto::xml::{Document, Limits, Writer};

fn document(xml: &str) -> Document {
    Document::parse(xml.to_owned(), &Limits::default()).unwrap()
}

fn written(write: impl FnOnce(&mut Writer<'_>)) -> String {
    let mut buffer = Vec::new();
    write(&mut Writer::new(&mut buffer));
    String::from_utf8(buffer).unwrap()
}

const NS: &str = r#"xmlns="urn:xmpp:sasl:2""#;

#[test]
fn an_authentication_with_everything_reads_as_the_specification_prints_it() {
    // XEP-0388 §2.3, with the inline request of XEP-0386 §3.2.
    let xml = format!(
        "<authenticate mechanism=\"SCRAM-SHA-1-PLUS\" {NS}>\
         <initial-response>cD10bHMtZXhwb3J0ZXIsLG49dXNlcixyPTEyQzRDRDVDLUUzOEUtNEE5OC04RjZELTE1QzM4RjUxQ0NDNg==</initial-response>\
         <user-agent id=\"d4565fa7-4d72-4749-b3d3-740edbf87770\"><software>AwesomeXMPP</software>\
         <device>Kiva&apos;s Phone</device></user-agent>\
         <bind xmlns=\"urn:xmpp:bind:0\"><tag>AwesomeXMPP</tag><enable xmlns=\"urn:xmpp:carbons:2\"/>\
         <inactive xmlns=\"urn:xmpp:csi:0\"/></bind></authenticate>"
    );
    let initial = b"p=tls-exporter,,n=user,r=12C4CD5C-E38E-4A98-8F6D-15C38F51CCC6".to_vec();
    let expected = Authenticate {
        user_agent: Some(UserAgent {
            id: Some("d4565fa7-4d72-4749-b3d3-740edbf87770".to_owned()),
            software: Some("AwesomeXMPP".to_owned()),
            device: Some("Kiva's Phone".to_owned()),
        }),
        bind: Some(Bind { tag: Some("AwesomeXMPP".to_owned()), carbons: true, inactive: true }),
        ..Authenticate::new("SCRAM-SHA-1-PLUS", initial)
    };
    let document = document(&xml);
    assert!(Authenticate::is(document.root()));
    let read = Authenticate::read(document.root()).unwrap();
    assert_eq!(read, expected);
    assert_eq!(written(|w| read.write(w)), xml);
    assert_eq!(
        format!("{read:?} {:?}", read.user_agent),
        "Authenticate { mechanism: \"SCRAM-SHA-1-PLUS\", bind: Some(Bind { tag: Some(\"AwesomeXMPP\"), \
         carbons: true, inactive: true }), .. } Some(UserAgent { software: Some(\"AwesomeXMPP\"), .. })"
    );
}

#[test]
fn every_condition_of_a_failure_is_read_and_written() {
    for &condition in FailureCondition::ALL {
        let failure = Failure(Refusal::new(condition));
        let xml = written(|w| failure.write(w));
        assert_eq!(Failure::read(document(&xml).root()), Ok(failure));
    }
}

#[test]
fn every_type_refuses_another_element() {
    let other = document("<a xmlns='urn:xmpp:sasl:2'/>");
    let root = other.root();
    let refused = [
        Authenticate::read(root).err(),
        Challenge::read(root).err(),
        Response::read(root).err(),
        Abort::read(root).err(),
        Failure::read(root).err(),
        Continue::read(root).err(),
        Success::read(root).err(),
        Bind::read(root).err(),
        Bound::read(root).err(),
    ];
    let names = [
        "authenticate",
        "challenge",
        "response",
        "abort",
        "failure",
        "continue",
        "success",
        "bind",
        "bound",
    ];
    for (refused, expected) in refused.into_iter().zip(names) {
        assert_eq!(refused, Some(DecodeError::UnexpectedElement { expected }));
    }
    let abort = document(&written(|w| Abort.write(w)));
    assert!(Abort::is(abort.root()) && !Response::is(abort.root()));
}

#[test]
fn debug_output_does_not_show_the_data() {
    let success = Success {
        data: Some(b"secret".to_vec().into()),
        identity: Jid::new("u@h").unwrap(),
        bound: None,
    };
    let shown =
        format!("{:?} {:?} {success:?}", Challenge::new(b"secret".to_vec()), Response::default());
    assert!(shown.starts_with("Challenge { .. } Response { .. } Success {"), "{shown}");
    assert!(!shown.contains("secret") && !shown.contains("115"), "{shown}");
    let more = Continue { data: success.data, tasks: vec!["TOTP".to_owned()], text: None };
    assert_eq!(format!("{more:?}"), "Continue { tasks: [\"TOTP\"], text: None, .. }");
}

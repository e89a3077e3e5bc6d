//! SASL2 and Bind 2: the examples of their specifications, and what is refused.
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
fn no_initial_response_differs_from_an_empty_one() {
    let absent = Authenticate { initial: None, ..Authenticate::new("X", Vec::new()) };
    let cases = [
        (absent, format!("<authenticate mechanism=\"X\" {NS}/>")),
        (
            Authenticate::new("X", Vec::new()),
            format!("<authenticate mechanism=\"X\" {NS}><initial-response/></authenticate>"),
        ),
    ];
    for (authenticate, xml) in cases {
        assert_eq!(written(|w| authenticate.write(w)), xml);
        assert_eq!(Authenticate::read(document(&xml).root()).unwrap(), authenticate);
    }
}

#[test]
fn what_is_not_known_is_passed_over() {
    let xml = format!(
        "<authenticate mechanism=\"X\" {NS}><resume xmlns=\"urn:xmpp:sm:3\" previd=\"1\" h=\"2\"/>\
         <initial-response xmlns=\"urn:other\">?</initial-response>\
         <bind xmlns=\"urn:xmpp:bind:0\"><enable xmlns=\"urn:xmpp:sm:3\"/></bind></authenticate>"
    );
    let read = Authenticate::read(document(&xml).root()).unwrap();
    assert_eq!((read.initial, read.bind), (None, Some(Bind::default())));
}

#[test]
fn challenges_and_responses_come_back_as_they_were_written() {
    let challenge = Challenge::new(b"r=x".to_vec());
    let xml = written(|w| challenge.write(w));
    assert_eq!(xml, format!("<challenge {NS}>cj14</challenge>"));
    assert_eq!(Challenge::read(document(&xml).root()).unwrap(), challenge);
    let response = Response::new(Vec::new());
    let xml = written(|w| response.write(w));
    assert_eq!(xml, format!("<response {NS}/>"));
    assert_eq!(Response::read(document(&xml).root()).unwrap(), response);
    let abort = document(&written(|w| Abort.write(w)));
    assert!(Abort::is(abort.root()) && !Response::is(abort.root()));
}

#[test]
fn success_names_the_address_and_what_was_bound() {
    let cases = [
        (
            "<additional-data>dj1tc1ZIcy9CeklPSERxWGVWSDdFbW1EdTlpZDg9</additional-data>\
             <authorization-identifier>user@example.org</authorization-identifier>",
            Some(&b"v=msVHs/BzIOHDqXeVH7EmmDu9id8="[..]),
            None,
        ),
        (
            "<authorization-identifier>user@example.org/mfly.42</authorization-identifier>\
             <bound xmlns=\"urn:xmpp:bind:0\"/>",
            None,
            Some(Bound),
        ),
        (
            "<additional-data/><authorization-identifier>user@example.org</authorization-identifier>",
            Some(&b""[..]),
            None,
        ),
    ];
    for (content, data, bound) in cases {
        let xml = format!("<success {NS}>{content}</success>");
        let read = Success::read(document(&xml).root()).unwrap();
        assert_eq!(read.data.as_ref().map(|data| data.as_slice()), data);
        assert_eq!(read.identity.bare_str(), "user@example.org");
        assert_eq!(read.bound, bound);
        assert_eq!(written(|w| read.write(w)), xml);
    }
    // The archive's state is not read here.
    let xml = format!(
        "<success {NS}><authorization-identifier>u@h/r</authorization-identifier><bound xmlns=\"urn:xmpp:bind:0\">\
         <metadata xmlns=\"urn:xmpp:mam:2\"/></bound></success>"
    );
    let read = Success::read(document(&xml).root()).unwrap();
    assert_eq!((read.identity, read.bound), (Jid::new("u@h/r").unwrap(), Some(Bound)));
}

#[test]
fn failure_holds_a_condition_of_the_first_sasl_and_a_text_of_its_own() {
    let xml = format!(
        "<failure {NS}><aborted xmlns=\"urn:ietf:params:xml:ns:xmpp-sasl\"/>\
         <optional-application-specific xmlns=\"urn:something:else\"/><text>This is a terrible example.</text></failure>"
    );
    let read = Failure::read(document(&xml).root()).unwrap();
    assert_eq!(read.0.condition, FailureCondition::Aborted);
    assert_eq!(read.0.text.as_deref(), Some("This is a terrible example."));
    for &condition in FailureCondition::ALL {
        let failure = Failure(Refusal::new(condition));
        let xml = written(|w| failure.write(w));
        assert_eq!(Failure::read(document(&xml).root()).unwrap(), failure);
    }
    for content in ["", "<aborted/>", "<new xmlns=\"urn:ietf:params:xml:ns:xmpp-sasl\"/>"] {
        let read = Failure::read(document(&format!("<failure {NS}>{content}</failure>")).root());
        assert_eq!(read.unwrap().0.condition, FailureCondition::NotAuthorized, "{content}");
    }
}

#[test]
fn continue_names_the_tasks() {
    let xml = format!(
        "<continue {NS}><additional-data>SSdtIGJvcmVkIG5vdy4=</additional-data>\
         <tasks><task>HOTP-EXAMPLE</task><task>TOTP-EXAMPLE</task></tasks>\
         <text>This account requires 2FA</text></continue>"
    );
    let read = Continue::read(document(&xml).root()).unwrap();
    assert_eq!(read.tasks, ["HOTP-EXAMPLE", "TOTP-EXAMPLE"]);
    assert_eq!(read.text.as_deref(), Some("This account requires 2FA"));
    assert_eq!(written(|w| read.write(w)), xml);
    assert!(!format!("{read:?}").contains("bored"));
    for content in ["", "<tasks/>", "<tasks><task xmlns=\"urn:other\">X</task></tasks>"] {
        let xml = format!("<continue {NS}>{content}</continue>");
        let refused = DecodeError::MissingChild { element: "continue", child: "task" };
        assert_eq!(Continue::read(document(&xml).root()).unwrap_err(), refused);
    }
}

#[test]
fn what_is_malformed_is_refused_with_its_fault() {
    let invalid = |element, field| DecodeError::InvalidValue { element, field };
    let authenticate = |xml: &str| Authenticate::read(document(xml).root()).unwrap_err();
    let success = |content: &str| {
        Success::read(document(&format!("<success {NS}>{content}</success>")).root()).unwrap_err()
    };
    let unexpected = |expected| DecodeError::UnexpectedElement { expected };
    assert_eq!(authenticate("<authenticate/>"), unexpected("authenticate"));
    assert_eq!(
        authenticate(&format!("<authenticate {NS}/>")),
        DecodeError::MissingAttribute { element: "authenticate", attribute: "mechanism" }
    );
    let start = format!("<authenticate mechanism='X' {NS}>");
    for data in ["?", "=", " dj14", "dj14\n", "dj1"] {
        let xml = format!("{start}<initial-response>{data}</initial-response></authenticate>");
        assert_eq!(authenticate(&xml), invalid("initial-response", "base64"), "{data:?}");
    }
    let twice = "<initial-response/><initial-response/></authenticate>";
    assert_eq!(
        authenticate(&format!("{start}{twice}")),
        invalid("authenticate", "initial-response")
    );
    let missing =
        DecodeError::MissingChild { element: "success", child: "authorization-identifier" };
    assert_eq!(success(""), missing);
    let identity = |jid| format!("<authorization-identifier>{jid}</authorization-identifier>");
    let bound = "<bound xmlns='urn:xmpp:bind:0'/>";
    for content in [
        identity("@"),
        identity(""),
        identity("u@h").repeat(2),
        format!("{}{bound}", identity("u@h")),
    ] {
        assert_eq!(success(&content), invalid("success", "authorization-identifier"), "{content}");
    }
    let other = document("<a xmlns='urn:xmpp:sasl:2'/>");
    assert_eq!(Challenge::read(other.root()).unwrap_err(), unexpected("challenge"));
    assert_eq!(Failure::read(other.root()).unwrap_err(), unexpected("failure"));
    assert_eq!(Continue::read(other.root()).unwrap_err(), unexpected("continue"));
    assert_eq!(Success::read(other.root()).unwrap_err(), unexpected("success"));
    assert_eq!(Bind::read(other.root()).unwrap_err(), unexpected("bind"));
    assert_eq!(Bound::read(other.root()).unwrap_err(), unexpected("bound"));
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
}

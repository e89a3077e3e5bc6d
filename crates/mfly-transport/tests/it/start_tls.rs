//! STARTTLS with faulty peers, each of which could be an attacker in the network.

use crate::setup::{
    LIMIT, TIME_LIMIT, accepted, io_kind, listen, read_until, serve_start_tls, tcp_address, tls,
};
use mfly_proto::stream::StreamCondition;
use mfly_transport::{
    CertificateProblem, Connection, Fault, Options, Stage, StartTlsError, TransportError, connect,
    server,
};
use rustls_pki_types::ServerName;
use std::io::ErrorKind;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsConnector;

const DOMAIN: &str = "example.com";

const HEADER: &str = "<?xml version='1.0'?><stream:stream from='example.com' id='1' \
    version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";

const FEATURES: &str = "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'>\
    <required/></starttls></stream:features>";

const REQUEST: &str = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

const PROCEED: &str = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

/// The client's error for a server that answers its header and then its request, and everything
/// that the client sent.
async fn meet(answers: [&str; 2], options: Options) -> (TransportError, String) {
    let (listener, options) = (listen().await, domain(options));
    let address = tcp_address("xmpp", &listener);
    let serving = async {
        let mut socket = accepted(&listener).await;
        let mut said = read_until(&mut socket, "version=\"1.0\">").await;
        for answer in answers {
            if answer.is_empty() {
                break;
            }
            socket.write_all(answer.as_bytes()).await.unwrap();
            if answer == answers[0] && !answers[1].is_empty() && !said.contains("<starttls") {
                said += &read_until(&mut socket, "xmpp-tls\"/>").await;
            }
        }
        let mut rest = Vec::new();
        // A client with unread bytes resets the connection.
        let _ = socket.read_to_end(&mut rest).await;
        said + &String::from_utf8_lossy(&rest)
    };
    let (outcome, said) =
        tokio::join!(async { connect(&address, &options).await.unwrap_err() }, serving);
    (outcome, said)
}

fn domain(options: Options) -> Options {
    Options { domain: Some(DOMAIN.to_owned()), ..options }
}

/// The reason of a failed negotiation.
fn reason(error: &TransportError) -> Option<StartTlsError> {
    match error {
        TransportError::StartTls { reason, .. } => Some(*reason),
        _ => None,
    }
}

/// The reason why a client refuses a server, after it sent its header and at most a request.
async fn refusal(first: &str, second: &str) -> StartTlsError {
    // STARTTLS is required even if clear text is allowed.
    let allowing = Options { allow_cleartext: true, ..Options::default() };
    let (error, said) = meet([first, second], allowing).await;
    let after_header = said.split_once("version=\"1.0\">").unwrap().1;
    let requests = ["", "<starttls xmlns=\"urn:ietf:params:xml:ns:xmpp-tls\"/>"];
    assert!(requests.contains(&after_header), "{said}");
    assert!(said.contains("to=\"example.com\""), "{said}");
    match error {
        TransportError::StartTls { peer, reason } => {
            assert_eq!(peer, DOMAIN);
            reason
        }
        other => panic!("not about STARTTLS: {other:?}"),
    }
}

#[tokio::test]
async fn a_server_that_does_not_begin_tls_is_refused() {
    let offer = format!("{HEADER}{FEATURES}");
    let sasl_only = "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>\
        <mechanism>PLAIN</mechanism></mechanisms></stream:features>";
    let other_namespace = FEATURES.replace("xmpp-tls", "xmpp-tl5");
    let failure = "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>";
    let stanza = "<message><body>psst</body></message>";
    let features = StartTlsError::Unexpected { expected: "the stream features" };
    let proceed = StartTlsError::Unexpected { expected: "<proceed/>" };
    for (first, second, expected) in [
        (format!("{HEADER}{sasl_only}"), "", StartTlsError::NotOffered),
        (format!("{HEADER}{other_namespace}"), "", StartTlsError::NotOffered),
        (offer.clone(), failure, StartTlsError::Refused),
        (offer.clone(), "</stream:stream>", StartTlsError::Closed),
        (format!("{HEADER}{stanza}"), "", features),
        (format!("{HEADER}{HEADER}"), "", features),
        (offer.clone(), stanza, proceed),
        (offer.clone(), FEATURES, proceed),
        (offer, HEADER, proceed),
    ] {
        assert_eq!(refusal(&first, second).await, expected, "{first} {second}");
    }
}

#[tokio::test]
async fn bytes_after_proceed_are_refused() {
    let offer = format!("{HEADER}{FEATURES}");
    for injected in [
        "<iq type='result' id='1'/>",
        "<?xml version='1.0'?><stream:stream",
        "<",
        "</stream:stream>",
        "\n",
        "\u{16}\u{3}\u{3}",
    ] {
        let reason = refusal(&offer, &format!("{PROCEED}{injected}")).await;
        assert_eq!(reason, StartTlsError::Injected, "{injected:?}");
    }
}

#[tokio::test]
async fn plain_text_after_proceed_is_not_tls() {
    let (listener, options) = (listen().await, domain(Options::default()));
    let address = tcp_address("xmpp", &listener);
    let serving = async {
        let mut socket = accepted(&listener).await;
        read_until(&mut socket, "version=\"1.0\">").await;
        let offer = format!("{HEADER}{FEATURES}");
        socket.write_all(offer.as_bytes()).await.unwrap();
        read_until(&mut socket, "xmpp-tls\"/>").await;
        socket.write_all(PROCEED.as_bytes()).await.unwrap();
        // The first byte of a TLS handshake.
        read_until(&mut socket, "\u{16}").await;
        socket.write_all(b"<iq type='result'/>").await.unwrap();
        let _ = socket.read_to_end(&mut Vec::new()).await;
    };
    let (outcome, ()) = tokio::join!(connect(&address, &options), serving);
    let error = outcome.unwrap_err();
    assert!(matches!(error, TransportError::Tls { .. }), "{error:?}");
}

#[tokio::test]
async fn a_stream_error_is_the_reason_and_decides_whether_to_retry() {
    let error = |condition: &str| {
        format!(
            "{HEADER}<stream:error><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>\
             </stream:error></stream:stream>"
        )
    };
    assert_eq!(
        refusal(&error("host-unknown"), "").await,
        StartTlsError::Ended(StreamCondition::HostUnknown)
    );
    for (condition, is_retryable) in
        [("host-unknown", false), ("see-other-host", false), ("system-shutdown", true)]
    {
        let (error, _) = meet([&error(condition), ""], Options::default()).await;
        assert_eq!(error.is_retryable(), is_retryable, "{condition}");
        assert_eq!(error.fault(), Fault::Peer);
    }
}

#[tokio::test]
async fn another_protocol_is_refused() {
    let other_namespace = HEADER.replace("etherx", "ether");
    let no_version = HEADER.replace(" version='1.0' xmlns", " xmlns");
    assert_ne!(no_version, HEADER);
    for answer in [
        "HTTP/1.1 400 Bad Request\r\n\r\n",
        "<html><body>",
        "<!DOCTYPE html>",
        &other_namespace,
        &no_version,
    ] {
        assert_eq!(refusal(answer, "").await, StartTlsError::Malformed, "{answer}");
    }
}

#[tokio::test]
async fn too_many_bytes_before_tls_are_refused() {
    let limit = 16 * 1024;
    for much in [
        format!("{HEADER}<stream:features>{}", "<a/>".repeat(limit / 4)),
        format!("{HEADER}{}", " ".repeat(limit)),
        format!("<stream:stream a='{}", "a".repeat(limit)),
    ] {
        let reason = refusal(&much, "").await;
        assert_eq!(reason, StartTlsError::TooLarge { limit });
    }
}

#[tokio::test]
async fn a_disconnect_is_a_network_error() {
    let (listener, options) = (listen().await, domain(Options::default()));
    let address = tcp_address("xmpp", &listener);
    let serving = async {
        let mut socket = accepted(&listener).await;
        read_until(&mut socket, "version=\"1.0\">").await;
        socket.write_all(HEADER.as_bytes()).await.unwrap();
    };
    let (outcome, ()) = tokio::join!(connect(&address, &options), serving);
    let error = outcome.unwrap_err();
    assert_eq!(io_kind(&error), Some(ErrorKind::UnexpectedEof), "{error:?}");
    assert_eq!(error.fault(), Fault::Network);
}

/// Connects to a server with a certificate for `name`, as a client of `domain`.
async fn visit(name: &str, domain: Option<&str>) -> Result<Connection, TransportError> {
    let (tls, trust) = tls(name, &[]);
    let listener = listen().await;
    let options = Options { domain: domain.map(str::to_owned), ..Options::new(trust) };
    let address = tcp_address("xmpp", &listener);
    let serving = serve_start_tls(&listener, &tls, DOMAIN);
    tokio::join!(connect(&address, &options), serving).0
}

#[tokio::test]
async fn the_certificate_is_checked_for_the_domain_and_not_for_the_host() {
    assert!(visit(DOMAIN, Some(DOMAIN)).await.is_ok());
    for (name, domain) in [
        ("127.0.0.1", Some(DOMAIN)),
        ("other.example", Some(DOMAIN)),
        ("sub.example.com", Some(DOMAIN)),
        (DOMAIN, None),
    ] {
        let error = visit(name, domain).await.unwrap_err();
        assert_eq!(
            error.certificate_problem(),
            Some(CertificateProblem::WrongName),
            "{name}: {error:?}"
        );
    }
    assert!(visit("127.0.0.1", None).await.is_ok());
}

#[tokio::test]
async fn a_client_that_expects_start_tls_asks_for_it_at_once() {
    let (tls, trust) = tls(DOMAIN, &[]);
    let listener = listen().await;
    let address = tcp_address("xmpp", &listener);
    let options = domain(Options { expect_start_tls: true, ..Options::new(trust) });
    let serving = async {
        let mut socket = accepted(&listener).await;
        let said = read_until(&mut socket, "xmpp-tls\"/>").await;
        assert!(said.contains("<stream:stream "), "{said}");
        let all = format!("{HEADER}{FEATURES}{PROCEED}");
        socket.write_all(all.as_bytes()).await.unwrap();
        server::secure(socket, tls.config().clone(), TIME_LIMIT).await
    };
    let (client, served) = tokio::join!(connect(&address, &options), serving);
    served.unwrap();
    assert!(client.unwrap().security().is_some());
}

#[tokio::test]
async fn a_client_that_expects_start_tls_still_checks_the_offer() {
    let expecting = || Options { expect_start_tls: true, ..Options::default() };
    let (error, _) = meet([&format!("{HEADER}<stream:features/>{PROCEED}"), ""], expecting()).await;
    assert_eq!(reason(&error), Some(StartTlsError::NotOffered));
    let (error, _) = meet([&format!("{HEADER}{FEATURES}{PROCEED}<iq/>"), ""], expecting()).await;
    assert_eq!(reason(&error), Some(StartTlsError::Injected));
}

/// The server's error for the data of a client, and its answer.
async fn receive(said: &str) -> (TransportError, String) {
    let (tls, _) = tls(DOMAIN, &[]);
    let (io, mut raw) = tokio::io::duplex(LIMIT);
    let client = async move {
        raw.write_all(said.as_bytes()).await.unwrap();
        let mut answer = String::new();
        raw.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let config = tls.config().clone();
    let (served, answer) = tokio::join!(server::start_tls(io, DOMAIN, config, TIME_LIMIT), client);
    (served.unwrap_err(), answer)
}

#[tokio::test]
async fn white_space_after_the_request_is_dropped_before_and_after_proceed() {
    let (tls, trust) = tls(DOMAIN, &[]);
    for (before, after) in [("", ""), ("\n", ""), (" \t\r\n", ""), ("", "\n"), ("\n", "\r\n ")] {
        let (io, mut raw) = tokio::io::duplex(LIMIT);
        let config = tls.config().clone();
        let serving = tokio::spawn(server::start_tls(io, DOMAIN, config, TIME_LIMIT));
        let request = format!("{HEADER}{REQUEST}{before}");
        raw.write_all(request.as_bytes()).await.unwrap();
        read_until(&mut raw, "<proceed xmlns=\"urn:ietf:params:xml:ns:xmpp-tls\"/>").await;
        raw.write_all(after.as_bytes()).await.unwrap();
        let connector = TlsConnector::from(trust.client_config(&[]));
        let name = ServerName::try_from(DOMAIN).unwrap();
        let mut client = connector.connect(name, raw).await.unwrap();
        client.write_all(b" \n<a/>").await.unwrap();
        client.flush().await.unwrap();
        let mut served = serving.await.unwrap().unwrap();
        let mut said = [0; 6];
        served.read_exact(&mut said).await.unwrap();
        assert_eq!(&said, b" \n<a/>", "{before:?} {after:?}");
    }
}

#[tokio::test]
async fn a_refused_client_receives_a_header_the_reason_and_the_end() {
    let much = "x".repeat(32 * 1024);
    for (said, condition) in [
        (REQUEST.to_owned(), "bad-format"),
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), "bad-format"),
        ("\u{16}\u{3}\u{1}".to_owned(), "bad-format"),
        (format!("{HEADER}<a></b>"), "bad-format"),
        (format!("{HEADER}<a>{much}</a>"), "policy-violation"),
        (format!("{HEADER}{REQUEST}<iq/>"), "policy-violation"),
        (format!("{HEADER}{REQUEST} <"), "policy-violation"),
        (format!("{HEADER}{REQUEST}x"), "policy-violation"),
    ] {
        let (_, answer) = receive(&said).await;
        assert_eq!(answer.matches("<stream:stream ").count(), 1, "{answer}");
        assert!(answer.contains(&format!("<{condition} ")), "{answer}");
        assert!(answer.contains("</text></stream:error></stream:stream>"), "{answer}");
        assert!(!answer.contains("<proceed"), "{answer}");
    }
    let (_, answer) = receive(&format!("{HEADER}</stream:stream>")).await;
    assert!(answer.ends_with("</stream:features></stream:stream>"), "{answer}");
}

#[tokio::test]
async fn another_request_than_start_tls_is_refused() {
    let auth = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGEAYg==</auth>";
    let (error, answer) = receive(&format!("{HEADER}{auth}")).await;
    assert_eq!(reason(&error), Some(StartTlsError::Unexpected { expected: "<starttls/>" }));
    assert!(answer.contains("<required/>"), "{answer}");
    assert!(answer.contains("from=\"example.com\""), "{answer}");
    assert!(answer.contains("<policy-violation "), "{answer}");
    assert!(answer.ends_with("</stream:stream>"), "{answer}");
}

#[tokio::test]
async fn bytes_after_the_request_are_refused() {
    let (error, answer) = receive(&format!("{HEADER}{REQUEST}<iq/>")).await;
    assert_eq!(reason(&error), Some(StartTlsError::Injected));
    assert!(!answer.contains("<proceed"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_silent_client_exceeds_the_time_limit() {
    let (tls, _) = tls(DOMAIN, &[]);
    let (io, _silent) = tokio::io::duplex(64);
    let limit = Duration::from_secs(3);
    let served = server::start_tls(io, DOMAIN, tls.config().clone(), limit).await;
    let error = served.unwrap_err();
    assert!(matches!(error, TransportError::TimedOut { stage: Stage::StartTls }), "{error:?}");
}

//! SCRAM with the client of mfly-proto, over real TLS: both sides have to compute equal bindings.

use crate::xmpp::Xmpp;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mfly_proto::sasl::{
    Binding, BindingKind, Mechanism as _, SaslError, Scram, ScramError, ScramHash, ScramParameters,
};
use mfly_proto::secret::Password;
use mfly_testserver::TestServer;

async fn server() -> TestServer {
    let server = TestServer::builder().scram(true).start().await.unwrap();
    server.standard_user("u1", "secret").unwrap();
    server
}

fn client(hash: ScramHash, password: &str, binding: Binding) -> Scram {
    let password = Password::new(password).unwrap();
    Scram::new(ScramParameters::new(hash, "u1", &password, [9; 24]).binding(binding)).unwrap()
}

/// The channel binding of a connection.
fn bound(stream: &Xmpp, kind: BindingKind) -> Binding {
    let bindings = stream.connection().channel_bindings();
    Binding::Bound(kind, bindings.get(kind).unwrap().to_vec())
}

/// Logs in on an open stream. Fails with the refusal of the server, or of the client.
async fn log_in(stream: &mut Xmpp, mut client: Scram) -> Result<(), String> {
    let data = |frame: &str| {
        let content = frame.split_once('>').unwrap().1;
        STANDARD.decode(content.split('<').next().unwrap()).unwrap()
    };
    let namespace = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";
    let initial = STANDARD.encode(client.initial());
    let mechanism = client.name();
    stream.send(&format!("<auth mechanism='{mechanism}' {namespace}>{initial}</auth>")).await;
    let challenge = stream.next().await.unwrap();
    if !challenge.starts_with("<challenge ") {
        return Err(challenge);
    }
    let response = client.step(&data(&challenge)).map_err(|error| error.to_string())?;
    let response = STANDARD.encode(response);
    stream.send(&format!("<response {namespace}>{response}</response>")).await;
    let success = stream.next().await.unwrap();
    if !success.starts_with("<success ") {
        return Err(success);
    }
    client.success(&data(&success)).map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_login_can_be_bound_to_the_channel_by_either_binding_with_tls() {
    let server = server().await;
    for url in [
        server.tcp_address().unwrap(),
        server.tcps_address().unwrap(),
        server.websocket_url_tls().unwrap(),
    ] {
        for &kind in BindingKind::ALL {
            let mut stream = Xmpp::dial(&server, &url).await;
            stream.open().await;
            let binding = bound(&stream, kind);
            let outcome = log_in(&mut stream, client(ScramHash::Sha256, "secret", binding)).await;
            assert_eq!(outcome, Ok(()), "{url} {kind}");
            assert!(stream.bind().await.contains("<jid>u1@localhost/"));
        }
    }
}

#[tokio::test]
async fn each_fault_hits_the_next_connection_only() {
    let server = server().await;
    let url = server.tcps_address().unwrap();
    let plain = || client(ScramHash::Sha256, "secret", Binding::None);

    server.fault().next_connection().mechanisms(["SCRAM-SHA-1", "PLAIN"]);
    let offer = Xmpp::dial(&server, &url).await.open().await;
    assert!(
        !offer.contains("SCRAM-SHA-256") && offer.contains("SCRAM-SHA-1</mechanism>"),
        "{offer}"
    );

    server.fault().next_connection().strip_channel_binding();
    let mut stream = Xmpp::dial(&server, &url).await;
    let offer = stream.open().await;
    assert!(offer.contains("SCRAM-SHA-256") && !offer.contains("PLUS"), "{offer}");
    let noticed = client(ScramHash::Sha256, "secret", Binding::NotOffered);
    assert!(log_in(&mut stream, noticed).await.unwrap_err().contains("<not-authorized/>"));

    server.fault().next_connection().scram_iterations(u32::MAX);
    let mut stream = Xmpp::dial(&server, &url).await;
    stream.open().await;
    let error = log_in(&mut stream, plain()).await.unwrap_err();
    assert!(error.contains("4294967295 iterations"), "{error}");

    server.fault().next_connection().forge_server_signature();
    let mut stream = Xmpp::dial(&server, &url).await;
    stream.open().await;
    let expected = SaslError::from(ScramError::ServerSignature).to_string();
    assert_eq!(log_in(&mut stream, plain()).await, Err(expected));

    server.fault().next_connection().see_other_host("[::1]:5222");
    let mut stream = Xmpp::dial(&server, &url).await;
    assert!(stream.open().await.contains(">[::1]:5222</see-other-host>"));

    let mut stream = Xmpp::dial(&server, &url).await;
    assert!(stream.open().await.contains("SCRAM-SHA-512-PLUS"));
    assert_eq!(log_in(&mut stream, plain()).await, Ok(()));
}

#[tokio::test]
async fn the_iteration_count_can_be_chosen_within_reason() {
    let server = TestServer::builder().tls(false).tcp_cleartext(true).scram(true);
    let server = server.scram_iterations(4097).start().await.unwrap();
    server.standard_user("u1", "secret").unwrap();
    let mut stream = Xmpp::dial(&server, &server.tcp_address().unwrap()).await;
    stream.open().await;
    let outcome = log_in(&mut stream, client(ScramHash::Sha1, "secret", Binding::None)).await;
    assert_eq!(outcome, Ok(()));
    let journal = server.journal();
    assert!(journal.frames().iter().all(|frame| !frame.text.contains("4097")));
    for count in [0, 10_000_001] {
        let started = TestServer::builder().scram_iterations(count).start().await;
        assert!(started.unwrap_err().to_string().contains("scramIterations"));
    }
}

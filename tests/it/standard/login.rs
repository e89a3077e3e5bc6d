//! Authentication, against the test server's half of it.

use super::*;
use mfly_client::{EndReason, ErrorKind, KnownServer, MechanismKind, MechanismPolicy};
use mfly_tests::wait::expect_event;

fn kind(name: &str) -> MechanismKind {
    MechanismKind::from_name(name).unwrap()
}

fn mechanism(session: &Session) -> String {
    session.known_server().unwrap().mechanism().to_owned()
}

#[tokio::test]
async fn the_strongest_mechanism_is_used_over_every_way_with_and_without_sasl2() {
    for sasl2 in [false, true] {
        let server = start(|builder| builder.scram(true).sasl2(sasl2)).await;
        for way in WAYS {
            let account = account(&server, "alice", way);
            let session = connect(&account).await;
            let plus = if way.is_tls() { "-PLUS" } else { "" };
            assert_eq!(mechanism(&session), format!("SCRAM-SHA-512{plus}"), "{way:?} {sasl2}");
            assert!(session.jid().resource().unwrap().starts_with("mfly"), "{way:?}");
            session.ping(None).await.unwrap();

            // With what was found out, the next one takes fewer steps and ends up the same.
            let known = session.known_server();
            let again = connect(&account.clone().known_server(known.clone())).await;
            assert_eq!(again.known_server(), known, "{way:?}");
            let slow = connect(&account.pipelined(false)).await;
            assert_eq!(slow.known_server(), known, "{way:?}");
        }
    }
}

#[tokio::test]
async fn a_server_without_scram_gets_plain_where_nobody_listens() {
    let server = start(|builder| builder).await;
    for way in WAYS {
        let session = connect(&account(&server, "alice", way)).await;
        assert_eq!(mechanism(&session), "PLAIN");
    }
    let strict = account(&server, "alice", Way::StartTls)
        .mechanisms(MechanismPolicy::password().without_plain());
    let error = failure(&strict).await;
    let ErrorKind::Ended(EndReason::MechanismUnavailable { offered }) = error.kind() else {
        panic!("{error:?}");
    };
    assert_eq!(offered, &["PLAIN"]);
}

#[tokio::test]
async fn a_wrong_password_or_an_unknown_account_is_refused_alike() {
    for scram in [false, true] {
        let server = start(|builder| builder.scram(scram)).await;
        server.standard_user("alice", PASSWORD).unwrap();
        let wrong = Account::new(jid(&server, "alice"), Password::new("wrong").unwrap())
            .address(&server.tcp_address().unwrap())
            .tls(trusting(&server));
        for account in [wrong, unknown(&server, "nobody", Way::StartTls)] {
            let connecting = account.connect();
            let mut events = connecting.events();
            let error = within("a failure", async { connecting.await }).await.unwrap_err();
            assert_eq!(*error.kind(), ErrorKind::InvalidCredentials { status: 401 });
            assert!(!error.is_retryable());
            expect_event(&mut events, "the end", |event| match event {
                Event::Ended(EndReason::InvalidCredentials(_)) => Some(()),
                _ => None,
            })
            .await;
        }
    }
}

#[tokio::test]
async fn a_mechanism_can_be_pinned() {
    let server = start(|builder| builder.scram(true)).await;
    let account = account(&server, "alice", Way::DirectTls);
    let session = connect(&account.clone().pin_mechanism(kind("SCRAM-SHA-1"))).await;
    assert_eq!(mechanism(&session), "SCRAM-SHA-1");
    server.fault().next_connection().mechanisms(["PLAIN", "SCRAM-SHA-512"]);
    let error = failure(&account.pin_mechanism(kind("SCRAM-SHA-1"))).await;
    assert!(matches!(error.kind(), ErrorKind::MechanismRefused(_)), "{error:?}");
    assert!(!error.is_retryable());
}

#[tokio::test]
async fn less_than_before_is_refused_although_the_server_would_take_it() {
    let server = start(|builder| builder.scram(true)).await;
    let account = account(&server, "alice", Way::StartTls);
    let known = connect(&account).await.known_server();
    let account = account.known_server(known);
    for pipelined in [true, false] {
        let account = account.clone().pipelined(pipelined);
        server.fault().next_connection().times(2).mechanisms(["PLAIN"]);
        let error = failure(&account).await;
        assert!(matches!(error.kind(), ErrorKind::MechanismRefused(_)), "{error:?}");
        server.fault().clear();
        server.fault().next_connection().times(2).strip_channel_binding();
        let error = failure(&account).await;
        assert!(matches!(error.kind(), ErrorKind::MechanismRefused(_)), "{error:?}");
        server.fault().clear();
        connect(&account).await;
    }
}

#[tokio::test]
async fn a_server_that_took_channel_binding_out_of_its_own_offer_notices() {
    let server = start(|builder| builder.scram(true)).await;
    let account = account(&server, "alice", Way::DirectTls);
    server.fault().next_connection().strip_channel_binding();
    let error = failure(&account).await;
    assert_eq!(*error.kind(), ErrorKind::InvalidCredentials { status: 401 });
}

#[tokio::test]
async fn a_server_that_does_not_know_the_password_is_not_believed() {
    let server = start(|builder| builder.scram(true)).await;
    for way in WAYS {
        let account = account(&server, "alice", way);
        server.fault().next_connection().forge_server_signature();
        let error = failure(&account).await;
        assert!(matches!(error.kind(), ErrorKind::AuthenticationBroken(_)), "{way:?}: {error:?}");
        for count in [1, 100_000_000] {
            server.fault().next_connection().scram_iterations(count);
            let error = failure(&account).await;
            assert!(matches!(error.kind(), ErrorKind::AuthenticationBroken(_)), "{error:?}");
        }
    }
}

#[tokio::test]
async fn how_much_work_a_log_in_may_be_can_be_changed() {
    let server = start(|builder| builder.scram(true)).await;
    let account = account(&server, "alice", WAYS[1]).scram_iterations(10_000..=20_000);
    let error = failure(&account).await;
    assert!(matches!(error.kind(), ErrorKind::AuthenticationBroken(_)), "{error:?}");
    connect(&account.scram_iterations(4096..=4096)).await;
}

#[tokio::test]
async fn a_guest_is_given_an_address() {
    let server = start(|builder| builder.anonymous(true)).await;
    let domain = BareJid::new(&server.xmpp_host()).unwrap();
    let guest =
        Account::anonymous(domain).address(&server.tcp_address().unwrap()).tls(trusting(&server));
    let session = connect(&guest).await;
    assert!(session.jid().local().is_some());
    session.ping(None).await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_expected_wrongly_is_logged_in_to_all_the_same() {
    let server = start(|builder| builder.scram(true)).await;
    let account = account(&server, "alice", Way::WebSocket);
    let session = connect(&account.clone().pin_mechanism(kind("PLAIN"))).await;
    let known = session.known_server().unwrap();
    // As if the server had had nothing but PLAIN then.
    let text = serde_json::to_string(&known).unwrap();
    let old: KnownServer =
        serde_json::from_str(&text.replace(r#""SCRAM-SHA-512-PLUS","#, "")).unwrap();
    assert_ne!(old, known);
    let connecting = account.known_server(Some(old)).connect();
    let mut events = connecting.events();
    let session = within("connection", async { connecting.await }).await.unwrap();
    let first = within("news", events.next()).await.unwrap();
    let Event::ConnectionFailed { reason } = first else {
        panic!("{first:?}");
    };
    assert!(matches!(reason, mfly_client::DisconnectReason::OfferChanged), "{reason}");
    assert_eq!(mechanism(&session), "SCRAM-SHA-512-PLUS");
}

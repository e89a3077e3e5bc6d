//! Logging in, against the mechanisms of the test server.

use super::*;
use mfly_client::{EndReason, ErrorKind, LoginFailure, MechanismKind, MechanismPolicy};

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

            // With the known server the next login takes fewer steps and ends in the same state.
            let known = session.known_server();
            let again = connect(&account.clone().known_server(known.clone())).await;
            assert_eq!(again.known_server(), known, "{way:?}");
            let slow = connect(&account.pipelined(false)).await;
            assert_eq!(slow.known_server(), known, "{way:?}");
        }
    }
}

#[tokio::test]
async fn plain_is_used_with_a_server_that_has_no_scram_unless_it_is_forbidden() {
    let server = start(|builder| builder).await;
    for way in WAYS {
        let session = connect(&account(&server, "alice", way)).await;
        assert_eq!(mechanism(&session), "PLAIN");
    }
    let strict = account(&server, "alice", Way::StartTls)
        .mechanisms(MechanismPolicy::password().without_plain());
    let error = failure(&strict).await;
    let ErrorKind::Ended(EndReason::LoginFailed(LoginFailure::MechanismUnavailable { offered })) =
        error.kind()
    else {
        panic!("{error:?}");
    };
    assert_eq!(offered, &["PLAIN"]);
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
async fn a_server_that_does_not_prove_the_password_is_refused() {
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
async fn the_accepted_iteration_counts_can_be_changed() {
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

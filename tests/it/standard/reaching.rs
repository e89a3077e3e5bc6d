//! Reaching the server, and reaching it again.

use super::*;
use mfly_client::{
    App, CertificateProblem, DisconnectReason, EndReason, ErrorKind, ReconnectPolicy,
    RedirectPolicy, StartTls, UserIdentifier,
};
use mfly_proto::jid::Jid;
use mfly_tests::wait::expect_event;
use mfly_transport::TransportError;
use std::error::Error as _;
use std::time::Duration;

fn quickly() -> ReconnectPolicy {
    ReconnectPolicy { base: Duration::from_millis(5), ..ReconnectPolicy::default() }
}

#[tokio::test]
async fn a_lost_connection_comes_back_over_every_way_under_the_same_address() {
    let server = start(|builder| builder.scram(true)).await;
    for way in WAYS {
        let session = connect(&account(&server, "alice", way).reconnect(quickly())).await;
        let (mut events, before) = (session.events(), session.jid());
        assert_eq!(server.fault().connections_of("alice").cut(), 1);
        expect_event(&mut events, "a loss", |event| match event {
            Event::Disconnected { .. } => Some(()),
            _ => None,
        })
        .await;
        expect_event(&mut events, "a connection", is_connected).await;
        assert_eq!(session.jid(), before, "{way:?}");
        session.ping(None).await.unwrap();
        session.close().await;
    }
}

#[tokio::test]
async fn an_international_domain_is_one_domain_however_it_is_written() {
    let server = start(|builder| builder.xmpp_host("bücher.test")).await;
    for way in [Way::StartTls, Way::DirectTls, Way::WebSocket] {
        for domain in ["bücher.test", "xn--bcher-kva.test"] {
            server.standard_user("alice", PASSWORD).unwrap();
            let jid = BareJid::new(&format!("alice@{domain}")).unwrap();
            let address = match way {
                Way::StartTls => server.tcp_address(),
                Way::DirectTls => server.tcps_address(),
                _ => server.websocket_url_tls(),
            };
            let account = Account::new(jid, Password::new(PASSWORD).unwrap())
                .address(&address.unwrap())
                .tls(trusting(&server));
            let session = connect(&account).await;
            assert_eq!(session.account().as_str(), "alice@bücher.test", "{way:?}");
            let asked = Jid::new("xn--bcher-kva.test").unwrap();
            session.ping(Some(&asked)).await.unwrap();
            session.close().await;
        }
    }
}

#[tokio::test]
async fn another_session_with_the_same_resource_takes_the_place() {
    let server = start(|builder| builder).await;
    let account = account(&server, "alice", Way::StartTls).resource("desk");
    let first = connect(&account).await;
    assert_eq!(first.jid().resource(), Some("desk"));
    let second = connect(&account).await;
    let end = within("the end", first.ended()).await;
    assert!(matches!(end, EndReason::Replaced), "{end}");
    second.ping(None).await.unwrap();
}

#[tokio::test]
async fn a_certificate_that_is_not_for_the_domain_or_by_nobody_known_is_not_accepted() {
    let server = start(|builder| builder).await;
    let other = start(|builder| builder).await;
    for way in [Way::StartTls, Way::DirectTls, Way::WebSocket] {
        let error = failure(&account(&server, "alice", way).tls(trusting(&other))).await;
        let untrusted = ErrorKind::Certificate(CertificateProblem::Untrusted);
        assert_eq!(*error.kind(), untrusted, "{way:?}");
        assert!(!error.is_retryable());
    }
    let elsewhere = BareJid::new("alice@elsewhere.test").unwrap();
    let account = Account::new(elsewhere, Password::new(PASSWORD).unwrap())
        .address(&server.tcps_address().unwrap())
        .tls(trusting(&server));
    let wrong = ErrorKind::Certificate(CertificateProblem::WrongName);
    assert_eq!(*failure(&account).await.kind(), wrong);
    assert!(server.journal().frames_from("alice").is_empty());
}

/// The transport's error below this one.
fn transport(error: &Error) -> &TransportError {
    let end = error.source().unwrap().downcast_ref::<EndReason>();
    let Some(EndReason::Unreachable { last, .. }) = end else {
        panic!("{error:?}");
    };
    let DisconnectReason::ConnectFailed(cause) = &**last else {
        panic!("{error:?}");
    };
    cause.downcast_ref().expect("an error of the transport")
}

#[tokio::test]
async fn nothing_private_is_said_to_a_server_that_does_not_secure_the_connection() {
    let open = start(|builder| builder.tcp_cleartext(true)).await;
    let server = start(|builder| builder).await;
    let faults: [fn(&TestServer); 3] = [
        |server| server.fault().next_connection().withhold_start_tls(),
        |server| server.fault().next_connection().refuse_start_tls(),
        |server| server.fault().next_connection().inject_after_proceed("<presence/>"),
    ];
    for pipelined in [true, false] {
        let account = account(&open, "alice", Way::StartTls).pipelined(pipelined);
        let error = failure(&account).await;
        assert!(matches!(transport(&error), TransportError::StartTls { .. }), "{error:?}");
        for fault in faults {
            fault(&server);
            let account = super::account(&server, "alice", Way::StartTls).pipelined(pipelined);
            let error = failure(&account).await;
            assert!(matches!(transport(&error), TransportError::StartTls { .. }), "{error:?}");
        }
    }
    for server in [open, server] {
        let said = |frame: &mfly_testserver::FrameEntry| frame.text.contains("<auth");
        assert!(!server.journal().frames().iter().any(said));
    }
}

#[tokio::test]
async fn clear_text_within_this_machine_has_to_be_asked_for() {
    let server = start(|builder| builder.tcp_cleartext(true)).await;
    let account = account(&server, "alice", Way::StartTls).start_tls(StartTls::Disabled);
    connect(&account).await.ping(None).await.unwrap();
}

#[tokio::test]
async fn a_pointer_to_where_nobody_may_be_followed_ends_the_session() {
    let server = start(|builder| builder).await;
    let account = account(&server, "alice", Way::StartTls);
    server.fault().next_connection().see_other_host("evil.test");
    let error = failure(&account).await;
    let ErrorKind::Ended(EndReason::Moved { to }) = error.kind() else {
        panic!("{error:?}");
    };
    assert_eq!(to, "evil.test");
}

#[tokio::test]
async fn a_pointer_within_the_domain_is_followed_and_the_identity_checked_there() {
    let server = start(|builder| builder).await;
    let second = start(|builder| builder).await;
    second.standard_user("alice", PASSWORD).unwrap();
    let authorities = [&server, &second].map(|server| server.ca_certificate_pem().unwrap());
    let trusting = Tls::custom(authorities.concat().as_bytes()).unwrap();
    for way in [Way::StartTls, Way::DirectTls] {
        let (first, target) = match way {
            Way::StartTls => (server.tcp_address(), second.tcp_address()),
            _ => (server.tcps_address(), second.tcps_address()),
        };
        let target = target.unwrap();
        let (_, target) = target.split_once("://").unwrap();
        let account = Account::new(jid(&server, "alice"), Password::new(PASSWORD).unwrap())
            .address(&first.unwrap());
        server.fault().next_connection().see_other_host(target);
        let session = connect(&account.clone().tls(trusting.clone())).await;
        session.ping(None).await.unwrap();
        assert!(second.journal().frames_from("alice").len() > 1);
        session.close().await;

        server.fault().next_connection().see_other_host(target);
        let error = failure(&account.clone().tls(super::trusting(&server))).await;
        let untrusted = ErrorKind::Certificate(CertificateProblem::Untrusted);
        assert_eq!(*error.kind(), untrusted, "{way:?}");

        server.fault().next_connection().see_other_host(target);
        let never = account.tls(trusting.clone()).redirects(RedirectPolicy::Never);
        let error = failure(&never).await;
        assert!(matches!(error.kind(), ErrorKind::Ended(EndReason::Moved { .. })));
    }
}

#[tokio::test]
async fn the_platforms_sessions_run_over_tcp_as_well_and_with_fewer_round_trips_if_asked_to() {
    let server = start(|builder| builder.scram(true).sasl2(true)).await;
    let trusting = trusting(&server);
    for address in [server.tcp_address(), server.tcps_address(), server.websocket_url_tls()] {
        let address = address.unwrap();
        let app = App::builder(server.licence_key())
            .api_base_url(&server.api_base_url())
            .xmpp_address(&address)
            .tls(trusting.clone())
            .build()
            .await
            .unwrap();
        let registered = app.register(&UserIdentifier::new("carol").unwrap()).await.unwrap();
        for pipelined in [false, true] {
            let request =
                app.connect(&registered.credentials).pipelined(pipelined).reconnect(quickly());
            let session = within("connection", async { request.await }).await.unwrap();
            let mut events = session.events();
            session.settings().await.unwrap();
            server.fault().connections_of("carol").cut();
            expect_event(&mut events, "a connection", |event| match event {
                mfly_client::Event::Connected { .. } => Some(()),
                _ => None,
            })
            .await;
            session.settings().await.unwrap();
            session.close().await;
        }
    }
}

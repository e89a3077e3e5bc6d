//! Addresses, STARTTLS and pointers to other servers.

use super::*;
use mfly_client::{
    App, CertificateProblem, DisconnectReason, EndReason, ErrorKind, RedirectPolicy, StartTls,
    UserIdentifier,
};
use mfly_proto::jid::Jid;
use mfly_tests::env::quick_reconnect;
use mfly_tests::wait::wait_for_connection;
use mfly_transport::TransportError;
use std::error::Error as _;

#[tokio::test]
async fn an_international_domain_is_one_domain_in_either_form() {
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

/// The cause of a failed connection, as an error of the transport.
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
async fn no_credentials_are_sent_to_a_server_that_does_not_secure_the_connection() {
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
        assert!(!server.journal().frames().iter().any(|frame| frame.text.contains("<auth")));
    }
}

#[tokio::test]
async fn clear_text_within_this_machine_needs_an_option() {
    let server = start(|builder| builder.tcp_cleartext(true)).await;
    let account = account(&server, "alice", Way::StartTls).start_tls(StartTls::Disabled);
    connect(&account).await.ping(None).await.unwrap();
}

#[tokio::test]
async fn a_pointer_to_another_domain_ends_the_session() {
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
async fn a_pointer_within_the_domain_is_followed_and_the_certificate_checked_there() {
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
async fn sessions_of_the_platform_also_run_over_tcp_and_with_pipelining() {
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
            let request = app
                .connect(&registered.credentials)
                .pipelined(pipelined)
                .reconnect(quick_reconnect());
            let session = within("connection", async { request.await }).await.unwrap();
            let mut events = session.events();
            session.settings().await.unwrap();
            server.fault().connections_of("carol").cut();
            wait_for_connection(&mut events).await;
            session.settings().await.unwrap();
            session.close().await;
        }
    }
}

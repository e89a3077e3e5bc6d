//! Standard accounts, over every transport.

use crate::client::DEADLINE;
use crate::xmpp::Xmpp;
use mfly_testserver::{TestServer, UserError};

#[tokio::test]
async fn a_standard_client_is_served_over_every_transport() {
    let server = TestServer::start().await.unwrap();
    server.standard_user("u1", "secret").unwrap();
    for stream in Xmpp::every(&server).await {
        let mut stream = stream.log_in("u1", "secret").await;
        stream.send("<presence xmlns='jabber:client'/>").await;
        stream.expect("<presence ").await;
        for (kind, payload, answer) in [
            (
                "get",
                "<query xmlns='jabber:iq:roster'/>",
                "<query xmlns=\"jabber:iq:roster\" ver=\"v0\"/>",
            ),
            ("set", "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>", "type=\"result\""),
            ("set", "<vCard xmlns='vcard-temp'><FN>Ann</FN></vCard>", "type=\"result\""),
            ("get", "<vCard xmlns='vcard-temp'/>", "<FN>Ann</FN>"),
            ("get", "<query xmlns='jabber:iq:last'/>", "seconds=\"0\""),
            ("get", "<blocklist xmlns='urn:xmpp:blocking'/>", "<blocklist "),
            ("set", "<enable xmlns='urn:xmpp:carbons:2'/>", "type=\"result\""),
            ("get", "<time xmlns='urn:xmpp:time'/>", "<utc>20"),
            ("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", "<identity "),
            ("get", "<ping xmlns='urn:xmpp:ping'/>", "type=\"result\""),
        ] {
            stream
                .send(&format!("<iq id='q' type='{kind}' xmlns='jabber:client'>{payload}</iq>"))
                .await;
            let said = stream.expect("id=\"q\"").await;
            assert!(said.contains(answer), "{payload}: {said}");
        }
    }
}

#[tokio::test]
async fn two_accounts_talk_over_different_transports() {
    let server = TestServer::start().await.unwrap();
    let ann = server.standard_user("ann", "secret").unwrap();
    let bob = server.standard_user("bob", "secret").unwrap();
    ann.make_contact(&bob).unwrap();
    let over = [server.tcp_address().unwrap(), server.websocket_url_tls().unwrap()];
    let mut one = Xmpp::connect_to(&server, &over[0], "ann", "secret").await;
    let mut other = Xmpp::connect_to(&server, &over[1], "bob", "secret").await;
    one.send("<presence xmlns='jabber:client'/>").await;
    one.expect("from=\"ann@localhost/").await;
    other.send("<presence xmlns='jabber:client'/>").await;
    one.expect("from=\"bob@localhost/").await;
    other.expect("from=\"ann@localhost/").await;
    let text = "x".repeat(200_000);
    one.send(&format!(
        "<message to='bob@localhost' type='chat' xmlns='jabber:client'><body>{text}</body></message>"
    ))
    .await;
    assert!(other.expect("<message ").await.contains(&text));
    one.send("</stream:stream>").await;
    other.expect("unavailable").await;
    assert!(!ann.is_online() && bob.is_online());
}

#[tokio::test]
async fn a_test_can_look_at_an_account_and_change_it() {
    let server = TestServer::builder().tls(false).start().await.unwrap();
    let ann = server.standard_user("Ann", "secret").unwrap();
    assert_eq!(ann.jid().as_str(), "ann@localhost");
    assert!(ann.exists() && !ann.is_online() && ann.sessions().is_empty());
    assert_eq!(ann.vcard(), None);
    let mut stream = Xmpp::connect(&server, "ann", "secret").await;
    stream
        .send("<iq id='q' type='set' xmlns='jabber:client'><vCard xmlns='vcard-temp'><FN>Ann</FN></vCard></iq>")
        .await;
    stream.expect("\"q\"").await;
    assert!(ann.vcard().unwrap().contains("<FN>Ann</FN>"));
    assert_eq!(ann.sessions()[0].bare(), *ann.jid());
    ann.set_password("secret").unwrap();
    stream.settle().await;
    ann.set_password("another").unwrap();
    stream.expect("not-authorized").await;
    let mut stream = Xmpp::connect(&server, "ann", "another").await;
    assert!(ann.remove() && !ann.exists() && !ann.remove());
    stream.expect("not-authorized").await;
    assert!(ann.make_contact(&ann).is_err());
}

#[tokio::test]
async fn names_are_shared_with_the_platforms_accounts() {
    let server = TestServer::builder().tls(false).start().await.unwrap();
    server.user("alice").register().unwrap();
    assert_eq!(server.standard_user("alice", "x").unwrap_err(), UserError::Taken);
    server.standard_user("ann", "x").unwrap();
    assert_eq!(server.user("ann").register().unwrap_err(), UserError::Taken);
    for (name, password) in [("a b", "x"), ("", "x"), ("ann", "")] {
        let refused = server.standard_user(name, password);
        assert!(matches!(refused, Err(UserError::InvalidArgument(_))), "{name:?}");
    }
}

#[tokio::test]
async fn in_memory_connections_end_with_the_server() {
    use mfly_proto::framing::Framing;

    let server = TestServer::builder().tls(false).start().await.unwrap();
    server.standard_user("u1", "secret").unwrap();
    let memory = server.connect_in_memory(Framing::Tcp);
    let mut stream = Xmpp::over(&server, memory).log_in("u1", "secret").await;
    let stopping = tokio::time::timeout(DEADLINE, server.shutdown());
    let (stopped, ()) = tokio::join!(stopping, async {
        assert!(stream.next().await.unwrap().contains("system-shutdown"));
        assert_eq!(stream.next().await.unwrap(), "</stream:stream>");
        drop(stream);
    });
    stopped.unwrap();
}

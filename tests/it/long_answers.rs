//! Long answers to requests: lists of thousands, and large pictures.

use crate::standard::{PASSWORD, Way, account, connect, start};
use mfly_client::standard::Photo;
use mfly_client::{ErrorKind, ExceededLimit, Jid, ReceiveLimits};
use mfly_proto::framing::Framing;
use mfly_tests::{TestEnv, argument, both, kind, within};
use mfly_testserver::{TestServer, UserProfile};

const MANY: usize = 10_000;

/// A profile of about 600 bytes on the wire.
fn profile(number: usize) -> UserProfile {
    UserProfile {
        nick_name: format!("Friend number {number} of many"),
        email: format!("friend.number.{number}@mail.example.test"),
        mobile_number: "+49 170 1234567".to_owned(),
        status: "x".repeat(140),
        image: format!("{number:0>40}"),
        thumb_image: format!("{number:0>40}"),
    }
}

/// A server with this number of users, each of whom is a contact of all others.
async fn crowd(users: usize) -> TestEnv {
    let env = TestEnv::with(TestServer::builder()).await;
    for number in 0..users {
        let user = env.server.user(format!("friend{number}"));
        user.create().unwrap();
        user.set_profile(profile(number)).unwrap();
    }
    env
}

#[tokio::test]
async fn ten_thousand_contacts_with_their_profiles_arrive_beside_other_requests() {
    let env = crowd(MANY).await;
    let alice = env.connect("alice").await;
    let (friends, blocked) = both(alice.friends(), alice.blocked()).await;
    assert!(blocked.unwrap().is_empty());
    let friends = friends.unwrap().users;
    assert_eq!(friends.len(), MANY);
    let last = profile(MANY - 1).nick_name;
    assert!(friends.iter().any(|friend| friend.profile.nick_name == last));
    let handle = env.server.user("alice");
    for number in 0..MANY {
        handle.block(&format!("foe-{number}-{}", "x".repeat(40))).unwrap();
    }
    let blocked = within("the list", alice.blocked()).await.unwrap();
    assert_eq!(blocked.len(), MANY);
}

#[tokio::test]
async fn a_list_above_the_limit_fails_alone_and_names_the_setting() {
    let env = crowd(100).await;
    let mut limits = ReceiveLimits::default();
    limits.iq.bytes = 20_000;
    let connecting = env.app.connect(&env.register("alice").await).limits(limits);
    let alice = within("connection", async { connecting.await }).await.unwrap();
    let (friends, blocked) = both(alice.friends(), alice.blocked()).await;
    let error = friends.unwrap_err();
    let too_large = ErrorKind::AnswerTooLarge {
        limit: ExceededLimit::Bytes(20_000),
        setting: Some("ReceiveLimits::iq.bytes"),
    };
    assert_eq!(*error.kind(), too_large);
    assert!(error.to_string().contains("ReceiveLimits::iq.bytes"), "{error}");
    assert!(error.hint().contains("ConnectRequest::limits"));
    assert!(!error.is_retryable());
    assert!(blocked.unwrap().is_empty());

    let mut limits = ReceiveLimits::default();
    limits.iq.children = 50;
    let alice = env.alice_of(|app| app.limits(limits)).await;
    let error = kind(within("the list", alice.friends()).await);
    let expected = ExceededLimit::Children(50);
    let is_it = matches!(error, ErrorKind::AnswerTooLarge { limit, .. } if limit == expected);
    assert!(is_it, "the limits of the app: {error:?}");
}

#[tokio::test]
async fn limits_below_an_ordinary_stanza_are_refused() {
    let env = TestEnv::start().await;
    let credentials = env.register("alice").await;
    let mut limits = ReceiveLimits::default();
    limits.stanza.bytes = 100;
    let built = TestEnv::app_of(&env.server).limits(limits).build().await;
    assert_eq!(argument(built.map(drop)).0, "limits");
    assert_eq!(argument(env.app.connect(&credentials).limits(limits).await).0, "limits");
    let server = start(|builder| builder).await;
    let account = account(&server, "alice", Way::Memory(Framing::Tcp)).limits(limits);
    assert_eq!(argument(account.connect().await).0, "limits");
}

#[tokio::test]
async fn long_lists_and_a_large_photo_of_a_standard_server_arrive_over_both_framings() {
    let server = start(|builder| builder).await;
    let handle = server.standard_user("alice", PASSWORD).unwrap();
    for number in 0..MANY {
        let friend = server.standard_user(&format!("friend{number}"), PASSWORD).unwrap();
        handle.make_contact(&friend).unwrap();
    }
    let foes: Vec<_> = (0..MANY)
        .map(|number| Jid::new(&format!("foe{number}@elsewhere.example.test")).unwrap())
        .collect();
    let session = connect(&account(&server, "alice", Way::Memory(Framing::Tcp))).await;
    for foes in foes.chunks(2_500) {
        within("blocking", session.block(foes)).await.unwrap();
    }
    let times = 1_000_000 / 3;
    let card = format!(
        "<vCard xmlns='vcard-temp'><FN>Bob</FN><PHOTO><TYPE>image/png</TYPE><BINVAL>{}</BINVAL></PHOTO></vCard>",
        "QUJD".repeat(times)
    );
    let bob = server.standard_user("bob", PASSWORD).unwrap();
    bob.set_vcard(&card).unwrap();

    for framing in [Framing::Tcp, Framing::WebSocket] {
        let session = connect(&account(&server, "alice", Way::Memory(framing))).await;
        let roster = within("the contacts", session.roster()).await.unwrap();
        assert_eq!(roster.items.len(), MANY);
        let blocked = within("the blocked users", session.blocked()).await.unwrap();
        assert_eq!(blocked.len(), MANY);
        let (card, ping) = both(session.vcard(Some(bob.jid())), session.ping(None)).await;
        ping.unwrap();
        let Some(Photo::Inline { data, .. }) = card.unwrap().photo else { panic!("no photo") };
        assert!(data == b"ABC".repeat(times), "another photo");
        session.close().await;
    }
}

#[tokio::test]
async fn a_page_of_a_thousand_full_profiles_arrives() {
    let env = crowd(1_000).await;
    for number in 0..1_000 {
        let full = UserProfile { status: "x".repeat(1_000), ..profile(number) };
        env.server.user(format!("friend{number}")).set_profile(full).unwrap();
    }
    let alice = env.connect("alice").await;
    let request = alice.user_list().page(1, 1_000).unwrap();
    let page = within("the page", async { request.await }).await.unwrap();
    assert_eq!(page.users.len(), 1_000);
}

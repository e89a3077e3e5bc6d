//! Long answers to requests: lists of thousands, and large pictures.

use crate::standard::{Way, account, connect, start};
use mfly_client::standard::Photo;
use mfly_client::{ErrorKind, ExceededLimit, Jid, ReceiveLimits};
use mfly_proto::framing::Framing;
use mfly_tests::{TestEnv, kind, within};
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
    let (friends, blocked) =
        within("the list", async { tokio::join!(alice.friends(), alice.blocked()) }).await;
    assert!(blocked.unwrap().is_empty());
    let friends = friends.unwrap().users;
    assert_eq!(friends.len(), MANY);
    let of_friend = |number| profile(number).nick_name;
    assert!(friends.iter().any(|friend| friend.profile.nick_name == of_friend(MANY - 1)));
}

#[tokio::test]
async fn ten_thousand_blocked_users_arrive() {
    let (env, alice) = TestEnv::alice().await;
    let handle = env.server.user("alice");
    for number in 0..MANY {
        handle.block(&format!("foe-{number}-{}", "x".repeat(40))).unwrap();
    }
    let blocked = within("the list", alice.blocked()).await.unwrap();
    assert_eq!(blocked.len(), MANY);
}

#[tokio::test]
async fn a_list_above_the_limit_fails_by_itself_and_says_how_to_raise_it() {
    let env = crowd(100).await;
    let credentials = env.register("alice").await;
    let mut limits = ReceiveLimits::default();
    limits.iq.bytes = 20_000;
    let connecting = env.app.connect(&credentials).limits(limits);
    let alice = within("connection", async { connecting.await }).await.unwrap();
    let (friends, blocked) =
        within("the list", async { tokio::join!(alice.friends(), alice.blocked()) }).await;
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
}

#[tokio::test]
async fn limits_below_an_ordinary_stanza_are_refused() {
    let env = TestEnv::start().await;
    let credentials = env.register("alice").await;
    let mut limits = ReceiveLimits::default();
    limits.stanza.bytes = 100;
    let named =
        |error: ErrorKind| matches!(error, ErrorKind::InvalidArgument(it) if it.name == "limits");
    let built = TestEnv::app_of(&env.server).limits(limits).build().await;
    assert!(named(kind(built)));
    assert!(named(kind(env.app.connect(&credentials).limits(limits).await)));
    let server = start(|builder| builder).await;
    let account = account(&server, "alice", Way::Memory(Framing::Tcp)).limits(limits);
    assert!(named(kind(account.connect().await)));
}

#[tokio::test]
async fn the_sessions_of_an_app_have_its_limits() {
    let env = crowd(100).await;
    let mut limits = ReceiveLimits::default();
    limits.iq.children = 50;
    let alice = env.alice_of(|app| app.limits(limits)).await;
    let failure = kind(within("the list", alice.friends()).await);
    let limit = ExceededLimit::Children(50);
    let named = matches!(failure, ErrorKind::AnswerTooLarge { limit: it, .. } if it == limit);
    assert!(named, "{failure:?}");
}

#[tokio::test]
async fn a_standard_list_of_ten_thousand_contacts_arrives_over_both_framings() {
    let server = start(|builder| builder).await;
    let handle = server.standard_user("alice", crate::standard::PASSWORD).unwrap();
    for number in 0..MANY {
        let friend = server.standard_user(&format!("friend{number}"), "pencil").unwrap();
        handle.make_contact(&friend).unwrap();
    }
    for framing in [Framing::Tcp, Framing::WebSocket] {
        let session = connect(&account(&server, "alice", Way::Memory(framing))).await;
        let roster = within("the list", session.roster()).await.unwrap();
        assert_eq!(roster.items.len(), MANY);
        session.close().await;
    }
}

#[tokio::test]
async fn a_standard_block_list_of_ten_thousand_arrives_over_both_framings() {
    let server = start(|builder| builder).await;
    let foes: Vec<_> = (0..MANY)
        .map(|number| Jid::new(&format!("foe{number}@elsewhere.example.test")).unwrap())
        .collect();
    let session = connect(&account(&server, "alice", Way::Memory(Framing::Tcp))).await;
    for foes in foes.chunks(2_500) {
        within("blocking", session.block(foes)).await.unwrap();
    }
    for framing in [Framing::Tcp, Framing::WebSocket] {
        let session = connect(&account(&server, "alice", Way::Memory(framing))).await;
        let blocked = within("the list", session.blocked()).await.unwrap();
        assert_eq!(blocked.len(), MANY);
        session.close().await;
    }
}

#[tokio::test]
async fn a_card_with_a_photo_of_a_megabyte_arrives_beside_other_requests() {
    let server = start(|builder| builder).await;
    let times = 1_000_000 / 3;
    let card = format!(
        "<vCard xmlns='vcard-temp'><FN>Bob</FN><PHOTO><TYPE>image/png</TYPE><BINVAL>{}</BINVAL></PHOTO></vCard>",
        "QUJD".repeat(times)
    );
    let bob = server.standard_user("bob", crate::standard::PASSWORD).unwrap();
    bob.set_vcard(&card).unwrap();
    for framing in [Framing::Tcp, Framing::WebSocket] {
        let session = connect(&account(&server, "alice", Way::Memory(framing))).await;
        let of = Some(bob.jid());
        let (read, ping) =
            within("the card", async { tokio::join!(session.vcard(of), session.ping(None)) }).await;
        ping.unwrap();
        let Some(Photo::Inline { data, .. }) = read.unwrap().photo else {
            panic!("no photo");
        };
        assert!(data == b"ABC".repeat(times), "another photo");
        session.close().await;
    }
}

#[tokio::test]
async fn a_page_of_a_thousand_full_profiles_arrives() {
    let env = crowd(1_000).await;
    for number in 0..1_000 {
        let full = UserProfile { status: "x".repeat(1_000), ..profile(number) };
        let user = env.server.user(format!("friend{number}"));
        user.set_profile(full).unwrap();
    }
    let alice = env.connect("alice").await;
    let request = alice.user_list().page(1, 1_000).unwrap();
    let page = within("the page", async { request.await }).await.unwrap();
    assert_eq!(page.users.len(), 1_000);
}

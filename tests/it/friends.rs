//! The contact list.

use mfly_client::{ErrorKind, Event, ProfileUpdate};
use mfly_tests::stub::HOST;
use mfly_tests::{ScriptedServer, TestEnv, both, expect_event, kind, wait_for};
use serde_json::json;

#[tokio::test]
async fn the_list_has_the_contacts_with_their_opened_profiles() {
    let (env, alice, bob) = TestEnv::alice_and_bob().await;
    bob.update_profile(ProfileUpdate::new().nick_name("Bob").status("Hey")).await.unwrap();
    let list = alice.friends().await.unwrap();
    assert_eq!((list.permission, list.users.len()), (Some(1), 1));
    let friend = &list.users[0];
    assert_eq!(friend.user, env.address("bob"));
    assert_eq!((friend.profile.nick_name.as_str(), friend.profile.status.as_str()), ("Bob", "Hey"));
    assert_eq!(friend.profile.is_admin_blocked, Some(false));
    assert!(friend.profile.undecryptable().is_empty());
}

#[tokio::test]
async fn white_space_between_entries_and_a_missing_profile_are_accepted() {
    let (_server, session, _events, mut peer) = ScriptedServer::connected().await;
    let list = "<query xmlns=\"jabber:iq:roster\">\n <item jid=\"u2@xmpp.example.test\" name=\"B\"/>\n</query>";
    let (list, ()) = both(session.friends(), peer.answer_next("jabber:iq:roster", list)).await;
    let list = list.unwrap();
    assert_eq!(list.permission, None);
    assert_eq!(list.users[0].name.as_deref(), Some("B"));
    assert_eq!(
        list.official()["users"][0],
        json!({
            "name": "", "image": "", "thumbImage": "", "email": "", "isFriend": true,
            "status": "", "userJid": "u2@xmpp.example.test", "mobileNumber": "",
            "userId": "u2", "nickName": "B", "isAdminBlocked": false,
        })
    );
}

#[tokio::test]
async fn an_answer_without_the_list_fails_the_request() {
    let (_server, session, _events, mut peer) = ScriptedServer::connected().await;
    let (list, ()) = both(session.friends(), peer.answer_next("jabber:iq:roster", "")).await;
    assert_eq!(kind(list), ErrorKind::UnexpectedAnswer);
}

#[tokio::test]
async fn an_announced_registration_makes_contacts_read_their_lists_again() {
    let env = TestEnv::start().await;
    let (_alice, mut events) = env.online("alice").await;
    let bob = env.connect("bob").await;
    bob.announce_registration().await.unwrap();
    wait_for(&mut events, &Event::FriendsChanged { permission: None }).await;
}

#[tokio::test]
async fn a_pushed_list_and_a_changed_permission_are_events() {
    let (_server, _session, mut events, mut peer) = ScriptedServer::connected().await;
    peer.send(format!(
        r#"<iq xmlns="jabber:client" from="u1@{HOST}" id="q6" type="result"><query xmlns="jabber:iq:roster" contact_permission="0"><item jid="u2@{HOST}" name="B"/></query></iq>"#
    ))
    .await;
    let list = expect_event!(&mut events, Event::Friends(list) => list.clone());
    assert_eq!((list.permission, list.users.len()), (Some(0), 1));
    for (status, permission) in [("0", false), ("1", true)] {
        peer.send(format!(
            r#"<message xmlns="jabber:client" from="{HOST}"><contact_permission permission_status="{status}"/></message>"#
        ))
        .await;
        let expected = Event::FriendsChanged { permission: Some(permission) };
        wait_for(&mut events, &expected).await;
    }
}

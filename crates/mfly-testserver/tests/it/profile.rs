use crate::client::{alice, start};
use mfly_proto::cipher::{Iv, ProfileCipher};
use mfly_proto::jid::UserId;
use mfly_testserver::UserProfile;

#[tokio::test]
async fn a_new_accounts_profile_is_there_with_empty_fields() {
    let (_server, alice) = alice().await;
    let data = alice.get("/contacts/vcard?userId=alice").await.data();
    assert_eq!(data["userId"], "alice");
    for member in ["nickName", "email", "mobileNumber", "image", "thumbImage", "status"] {
        assert_eq!(data[member], "", "{member}");
    }
    assert_eq!(data["isAdminBlocked"], 0);
}

#[tokio::test]
async fn an_unknown_user_is_204_in_the_body() {
    let (_server, alice) = alice().await;
    assert_eq!(alice.get("/contacts/vcard?userId=nobody").await.statuses(), (200, 204));
    assert_eq!(alice.get("/contacts/vcard").await.statuses(), (200, 400));
}

#[tokio::test]
async fn a_profile_is_sealed_with_its_users_id_and_the_profile_iv() {
    let (server, client) = start().await;
    let (alice, registration) = client.register("alice").await;
    server.user("bob").create().unwrap();
    let profile =
        UserProfile {
            nick_name: "Bob 😀".into(), status: "Here".into(), ..UserProfile::default()
        };
    server.user("bob").set_profile(profile.clone()).unwrap();
    server.user("bob").admin_block(true).unwrap();
    let data = alice.get("/contacts/vcard?userId=bob").await.data();
    let iv = Iv::new(&registration.config.unwrap().iv_profile.unwrap()).unwrap();
    let cipher = ProfileCipher::new(&UserId::new("bob").unwrap(), &iv);
    let name = cipher.open(data["nickName"].as_str().unwrap());
    assert!(!name.is_passthrough());
    assert_eq!(name.as_str(), "Bob 😀");
    assert_eq!((&data["status"], &data["isAdminBlocked"]), (&"Here".into(), &1.into()));
    assert_eq!(server.user("bob").profile().unwrap(), profile);
}

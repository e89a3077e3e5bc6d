//! The directory of users.

use mfly_client::{ProfileUpdate, UserIdentifier, UserList};
use mfly_tests::TestEnv;

fn names(page: &UserList) -> Vec<&str> {
    page.users.iter().map(|user| user.profile.nick_name.as_str()).collect()
}

#[tokio::test]
async fn all_other_users_are_listed_in_pages_and_searched_by_name_and_metadata() {
    let env = TestEnv::start().await;
    for (id, name, team) in
        [("bob", "Bob", "blue"), ("carol", "Carol", "red"), ("dave", "Dave Bobson", "blue")]
    {
        let request = env.app.register(&UserIdentifier::new(id).unwrap());
        let account = request.metadata("team", team).unwrap().await.unwrap();
        let session = env.app.connect(&account.credentials).await.unwrap();
        session.update_profile(ProfileUpdate::new().nick_name(name)).await.unwrap();
    }
    let session = env.connect("alice").await;
    let all = session.user_list().await.unwrap();
    assert_eq!(names(&all), ["Bob", "Carol", "Dave Bobson"]);
    assert_eq!((all.total_users, all.total_pages), (3, 1));
    assert!(all.users.iter().all(|user| !user.is_muted));
    let second = session.user_list().page(2, 2).unwrap().await.unwrap();
    assert_eq!((names(&second), second.total_pages), (vec!["Dave Bobson"], 2));
    let found = session.user_list().name("bob").await.unwrap();
    assert_eq!(names(&found), ["Bob", "Dave Bobson"]);
    let found = session.user_list().metadata("team", ["red"]).unwrap().await.unwrap();
    assert_eq!(names(&found), ["Carol"]);
    let found = session.user_list().name("b").metadata("team", ["red"]).unwrap().await.unwrap();
    assert!(found.users.is_empty());
}

#[tokio::test]
async fn an_impossible_page_or_filter_is_refused_and_nothing_is_sent() {
    let (env, session) = TestEnv::alice_settled().await;
    for (page, size, name) in [(0, 1, "page"), (1, 0, "limit")] {
        assert_eq!(session.user_list().page(page, size).unwrap_err().name, name);
    }
    assert!(session.user_list().metadata("", ["x"]).is_err());
    assert!(session.user_list().metadata::<&str>("team", []).is_err());
    env.assert_nothing_sent(&session).await;
}

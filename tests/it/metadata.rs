//! Named values attached to the own user.

use mfly_client::Metadata;
use mfly_tests::TestEnv;
use mfly_tests::env::refused_status;

#[tokio::test]
async fn an_update_replaces_all_values_and_returns_them() {
    let (_env, session) = TestEnv::alice().await;
    assert!(session.metadata().await.unwrap().is_empty());
    let mut first = Metadata::new();
    first.insert("team", "blue").unwrap();
    first.insert("level", 7).unwrap();
    first.insert("beta", true).unwrap();
    assert_eq!(session.update_metadata(&first).await.unwrap(), first);
    assert_eq!(session.metadata().await.unwrap().len(), 3);
    let mut second = Metadata::new();
    second.insert("score", 1.5).unwrap();
    session.update_metadata(&second).await.unwrap();
    assert_eq!(session.metadata().await.unwrap(), second);
    session.update_metadata(&Metadata::new()).await.unwrap();
    assert!(session.metadata().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_refused_update_is_an_error() {
    let (env, session) = TestEnv::alice().await;
    env.server.fault().request("/users/updateMetaData").refuse(400, "no");
    assert_eq!(refused_status(session.update_metadata(&Metadata::new()).await), 400);
}

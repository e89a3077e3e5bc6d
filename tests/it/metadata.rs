//! Named values attached to the own user.

use mfly_client::{ErrorKind, MetaValue, Metadata};
use mfly_tests::{TestEnv, kind};

fn metadata(pairs: &[(&str, MetaValue)]) -> Metadata {
    let mut metadata = Metadata::new();
    for (name, value) in pairs {
        metadata.insert(*name, value.clone()).unwrap();
    }
    metadata
}

#[tokio::test]
async fn an_update_replaces_all_values_and_returns_them() {
    let env = TestEnv::start().await;
    let session = env.connect("alice").await;
    assert!(session.metadata().await.unwrap().is_empty());
    let first = metadata(&[("team", "blue".into()), ("level", 7.into()), ("beta", true.into())]);
    assert_eq!(session.update_metadata(&first).await.unwrap(), first);
    assert_eq!(session.metadata().await.unwrap().len(), 3);
    let second = metadata(&[("score", 1.5.into())]);
    session.update_metadata(&second).await.unwrap();
    let stored = session.metadata().await.unwrap();
    assert_eq!(stored.len(), 1);
    assert_eq!(stored.value("score"), Some(&1.5.into()));
    session.update_metadata(&Metadata::new()).await.unwrap();
    assert!(session.metadata().await.unwrap().is_empty());
}

#[test]
fn a_value_that_cannot_be_sent_is_refused() {
    let mut metadata = Metadata::new();
    for value in [f64::NAN, f64::INFINITY] {
        assert_eq!(metadata.insert("x", value).unwrap_err().name, "metaData");
    }
    assert_eq!(metadata.insert("", true).unwrap_err().name, "metaData");
    assert!(metadata.is_empty());
}

#[tokio::test]
async fn a_refusal_carries_the_servers_words() {
    let env = TestEnv::start().await;
    let session = env.connect("alice").await;
    env.server.fault().request("/users/updateMetaData").refuse(400, "no");
    let error = kind(session.update_metadata(&Metadata::new()).await);
    assert_eq!(error, ErrorKind::Refused { status: 400, message: "no".to_owned() });
}

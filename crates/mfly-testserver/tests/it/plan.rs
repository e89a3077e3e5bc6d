use crate::client::{alice, start_with};
use mfly_testserver::{Feature, TestServer};
use serde_json::json;

fn report() -> serde_json::Value {
    let data = json!([{
        "msgId": "m1", "message": "hi", "msgType": "text", "publisherId": "bob",
        "filename": "", "timestamp": 1_732_300_000_000_i64
    }]);
    json!({ "from": "alice", "to": "bob@localhost", "chatType": "chat", "data": data.to_string() })
}

#[tokio::test]
async fn a_report_is_accepted_when_the_plan_has_it() {
    let (_server, alice) = alice().await;
    assert_eq!(alice.post("/moderation/report", &report()).await.statuses(), (200, 200));
}

#[tokio::test]
async fn a_report_is_refused_when_the_plan_lacks_it_and_the_configuration_says_so() {
    let (server, client) = start_with(TestServer::builder().disable(Feature::Report)).await;
    let (alice, _) = client.register("alice").await;
    let reply = alice.post("/moderation/report", &report()).await;
    assert_eq!(reply.statuses(), (200, 403));
    assert_eq!(reply.message(), "Feature unavailable for your plan");
    assert_eq!(alice.config("alice").await["report"], false);
    server.plan().enable(Feature::Report);
    assert_eq!(alice.post("/moderation/report", &report()).await.statuses(), (200, 200));
}

#[tokio::test]
async fn an_incomplete_report_is_refused() {
    let (_server, alice) = alice().await;
    for data in ["[]", "not json", r#"[{"msgId":""}]"#] {
        let mut body = report();
        body["data"] = data.into();
        let reply = alice.post("/moderation/report", &body).await;
        assert_eq!((reply.statuses(), reply.message()), ((200, 400), "Invalid data value.".into()));
    }
    let mut body = report();
    body["to"] = "".into();
    assert_eq!(alice.post("/moderation/report", &body).await.statuses(), (200, 400));
}

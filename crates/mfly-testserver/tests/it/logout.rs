use crate::client::start;

#[tokio::test]
async fn logging_out_ends_this_devices_tokens_and_password_only() {
    let (_server, client) = start().await;
    let (alice, registration) = client.register("alice").await;
    let other = client.register_with(&client.register_data("alice", "other", true)).await;
    let other = client.open_registration(&other);
    let other_client = client.with_token(other.token.as_ref().unwrap().expose());
    let data = client.log_in(&registration).await.data();
    let renewed = client.with_token(data["token"].as_str().unwrap());

    assert_eq!(alice.get("/logout").await.statuses(), (200, 200));
    for dead in [&alice, &renewed] {
        assert_eq!(dead.get("/users/muted").await.http, 401);
    }
    assert_eq!(client.log_in(&registration).await.statuses(), (200, 400));
    assert_eq!(other_client.get("/users/muted").await.http, 200);
    assert_eq!(client.log_in(&other).await.statuses(), (200, 200));
}

//! The example `own_runtime`, run against the test server.

#[path = "../examples/own_runtime.rs"]
#[expect(dead_code, reason = "its main function reads the command line")]
mod own_runtime;

use mfly_client::{BareJid, Password};
use mfly_testserver::TestServer;

#[tokio::test]
async fn a_blocking_socket_can_drive_the_machine() {
    let server = TestServer::builder().scram(true).tcp_cleartext(true).start().await.unwrap();
    server.standard_user("juliet", "secret").unwrap();
    let jid = BareJid::new(&format!("juliet@{}", server.xmpp_host())).unwrap();
    let address = server.tcp_address().unwrap().trim_start_matches("xmpp://").to_owned();
    let session = tokio::task::spawn_blocking(move || {
        let password = Password::new("secret").unwrap();
        own_runtime::run(&address, &jid, &password).map_err(|error| error.to_string())
    });
    assert_eq!(session.await.unwrap(), Ok(()));
}

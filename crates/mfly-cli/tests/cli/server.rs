//! The sub-command `mfly server`, against a server of this process.

use crate::setup::{Folder, Ran, mfly, run};
use mfly_testserver::TestServer;

/// A server with a control API, and what is needed to run commands on it.
struct Controlled {
    server: TestServer,
    folder: Folder,
}

impl Controlled {
    async fn start() -> Self {
        let address = "127.0.0.1:0".parse().unwrap();
        let server =
            TestServer::builder().tls(false).control_listen(address).control_token("secret");
        Self { server: server.start().await.unwrap(), folder: Folder::new() }
    }

    /// Runs `mfly server` with the words of a line.
    async fn run(&self, line: &str) -> Ran {
        let words: Vec<&str> = ["server"].into_iter().chain(line.split_whitespace()).collect();
        let mut command = mfly(&self.folder, &words);
        command.env("MFLY_CONTROL_URL", self.server.control_url().unwrap());
        command.env("MFLY_CONTROL_TOKEN", "secret");
        run(command).await
    }
}

#[tokio::test]
async fn a_server_is_driven_from_a_shell() {
    let own = Controlled::start().await;
    for (line, expected) in [
        ("info", own.server.api_base_url()),
        ("plan --feature block=off --session-limit 2", "sessionLimit              2".to_owned()),
        (
            "users add alice --password secret --nick-name Alice",
            "profile.nickName          Alice".to_owned(),
        ),
        ("users show alice", "id                        alice".to_owned()),
        ("users", "alice  no      Alice".to_owned()),
        ("fault request /login --times 2 status 503", "timesLeft                 2".to_owned()),
        ("faults", "1   request  /login".to_owned()),
        ("journal --path /login", "none".to_owned()),
        ("users block alice", "adminBlocked              yes".to_owned()),
        ("clock freeze", "frozen                    yes".to_owned()),
        ("clock advance 1h", "aheadMs                   3600000".to_owned()),
        ("expire-tokens", "done".to_owned()),
        ("state get", "\"version\": 1".to_owned()),
        ("reset --empty", "done".to_owned()),
    ] {
        let ran = own.run(line).await;
        assert_eq!(ran.code, 0, "{line}: {ran:?}");
        assert!(ran.stdout.contains(&expected), "{line}: {ran:?}");
    }
}

#[tokio::test]
async fn a_refusal_names_the_field_and_a_missing_server_says_how_to_start_one() {
    let own = Controlled::start().await;
    for (line, code, expected) in [
        ("plan --feature blok=on", 2, "features.blok: there is no such feature"),
        ("plan --feature blok", 2, "must be NAME=VALUE"),
        ("users rm nobody", 6, "user: there is no such account"),
        ("fault request login cut", 2, "path: must be a path"),
        ("clock advance soon", 2, "expected number"),
        ("state save", 1, "--state FILE"),
        ("state put nowhere.json", 6, "nowhere.json"),
        ("info --control-token other", 4, "Authorization: send the token"),
        ("info --control-url http://127.0.0.1:1", 3, "mfly serve"),
    ] {
        let ran = own.run(line).await;
        assert_eq!(ran.code, code, "{line}: {ran:?}");
        assert!(ran.stderr.contains(expected), "{line}: {ran:?}");
        assert!(!ran.stderr.contains("secret"), "{line}: {ran:?}");
    }
}

#[tokio::test]
async fn programs_get_what_the_server_answers() {
    let own = Controlled::start().await;
    let ran = own.run("clock --json").await;
    let object = ran.object();
    assert_eq!((&object["operation"], &object["ok"]), (&"server".into(), &true.into()));
    assert_eq!(object["result"]["frozen"], false);
}

//! Options of an account that are refused before anything is sent.

use super::*;
use mfly_tests::argument;

async fn refused(account: Account) -> &'static str {
    let connecting = account.connect();
    argument(async { connecting.await }.await).0
}

#[tokio::test]
async fn an_unusable_option_is_refused_by_name() {
    let account = || {
        let jid = BareJid::new("juliet@example.test").unwrap();
        Account::new(jid, Password::new(PASSWORD).unwrap())
    };
    assert_eq!(refused(account().address("example.test")).await, "address");
    assert_eq!(refused(account().address("xmpp://h/path")).await, "address");
    let open = account().address("ws://xmpp.example.test/");
    assert_eq!(refused(open).await, "address");
    assert_eq!(refused(account().resource("a\u{7}")).await, "resource");
    assert_eq!(refused(account().event_capacity(0)).await, "event_capacity");
}

#[test]
fn debug_output_of_an_account_does_not_show_its_password() {
    let jid = BareJid::new("juliet@example.test").unwrap();
    let account = Account::new(jid, Password::new("hunter2").unwrap());
    let shown = format!("{account:?} {:?}", account.connect());
    assert!(shown.contains("juliet") && !shown.contains("hunter2"), "{shown}");
}

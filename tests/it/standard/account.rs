//! What an account takes and refuses before anything is sent.

use super::*;
use mfly_client::ErrorKind;

async fn argument(account: Account) -> &'static str {
    match failure(&account).await.kind() {
        ErrorKind::InvalidArgument(argument) => argument.name,
        kind => panic!("{kind:?}"),
    }
}

#[tokio::test]
async fn what_cannot_work_is_refused_by_name() {
    let account = || {
        let jid = BareJid::new("juliet@example.test").unwrap();
        Account::new(jid, Password::new(PASSWORD).unwrap())
    };
    assert_eq!(argument(account().address("example.test")).await, "address");
    assert_eq!(argument(account().address("xmpp://h/path")).await, "address");
    let open = account().address("ws://xmpp.example.test/");
    assert_eq!(argument(open).await, "address");
    assert_eq!(argument(account().resource("a\u{7}")).await, "resource");
    assert_eq!(argument(account().event_capacity(0)).await, "event_capacity");
}

#[test]
fn debug_output_of_an_account_does_not_show_its_password() {
    let jid = BareJid::new("juliet@example.test").unwrap();
    let account = Account::new(jid, Password::new("hunter2").unwrap());
    let shown = format!("{account:?} {:?}", account.connect());
    assert!(shown.contains("juliet") && !shown.contains("hunter2"), "{shown}");
}

//! Contact lists (RFC 6121 §2).

use crate::check::checks;
use crate::env::CheckEnv;
use crate::failure::{Failure, equal, expect_event, within};
use futures_util::future::join;
use mfly_client::standard::{Event, Listed, Subscription};
use mfly_client::{BareJid, Jid};

/// Contacts of a long list. They are few and have many groups, because some servers write the whole
/// list to disk for each new contact; together they exceed the limit for a stanza.
const MANY: usize = 24;
/// Groups of each contact in a long list.
const GROUPS: usize = 15;
/// Bytes of each group's name. The test server accepts 1,023.
const GROUP_BYTES: usize = 1_000;

checks! {
    "a contact is added, renamed and removed, and every session gets a push" => pushes();
    "contacts with escaped and unusual names and a gateway's domain are listed, none is left out" =>
        unusual();
    "a list of 360 kB arrives whole, beside other requests" => long();
}

async fn long(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let alice = env.online("alice").await?;
    let groups: Vec<_> = (0..GROUPS).map(|number| format!("{number:0>GROUP_BYTES$}")).collect();
    let groups: Vec<_> = groups.iter().map(String::as_str).collect();
    for number in 0..MANY {
        let friend = BareJid::new(&format!("friend{number}@{}", env.domain()))?;
        within("adding", alice.session.add_contact(&friend, None, &groups)).await?;
    }
    let asking = within("asking for the list", alice.session.roster());
    let ping = within("a ping beside", alice.session.ping(None));
    let (roster, ping) = join(asking, ping).await;
    ping?;
    let roster = roster?;
    equal("the number of contacts", &roster.items.len(), &MANY)?;
    let bytes = roster.items.iter().flat_map(|item| &item.groups).map(String::len).sum();
    equal("the length of their groups", &bytes, &(MANY * GROUPS * GROUP_BYTES))
}

async fn pushes(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let mut phone = env.online("alice").await?;
    let mut laptop = env.another_session(&phone.user).await?;
    let bob = env.user("bob").await?.jid;
    for session in [&phone.session, &laptop.session] {
        let roster = within("asking for the list", session.roster()).await?;
        equal("the contacts", &roster.items, &Listed::new())?;
    }

    let added = phone.session.add_contact(&bob, Some("Bob & Co."), &["Friends", "Ζ"]);
    within("adding", added).await?;
    for who in [&mut phone, &mut laptop] {
        let item = expect_event!(who, Event::RosterPush { item, .. } => item.clone())?;
        equal("the name", &item.name.as_deref(), &Some("Bob & Co."))?;
    }
    let renamed = laptop.session.add_contact(&bob, Some("Robert"), &["Friends"]);
    within("renaming", renamed).await?;
    for who in [&mut phone, &mut laptop] {
        let item = expect_event!(who, Event::RosterPush { item, .. } => item.clone())?;
        equal("the name", &item.name.as_deref(), &Some("Robert"))?;
        equal("the groups", &item.groups, &vec!["Friends".to_owned()])?;
    }
    let roster = within("asking for the list", phone.session.roster()).await?;
    let names: Vec<_> = roster.items.iter().map(|item| item.name.as_deref()).collect();
    equal("the names", &names, &vec![Some("Robert")])?;

    within("removing", phone.session.remove_contact(&bob)).await?;
    for who in [&mut phone, &mut laptop] {
        let item = expect_event!(who, Event::RosterPush { item, .. } => item.clone())?;
        equal("the subscription", &item.subscription, &Subscription::Remove)?;
    }
    let roster = within("asking for the list", laptop.session.roster()).await?;
    equal("the contacts", &roster.items, &Listed::new())
}

/// Lists addresses with all that RFC 7622 allows.
async fn unusual(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let alice = env.online("alice").await?;
    let mut expected = Vec::new();
    for text in [
        r"juliet\40example.com@gateway.invalid",
        r"d\27artagnan@gateway.invalid",
        "a(b)@gateway.invalid",
        "gateway.invalid",
    ] {
        let jid = Jid::new(text)?;
        within("adding", alice.session.add_contact(&jid, None, &[])).await?;
        expected.push(jid);
    }
    let roster = within("asking for the list", alice.session.roster()).await?;
    let mut listed: Vec<_> = roster.items.iter().map(|item| item.jid.clone()).collect();
    listed.sort();
    expected.sort();
    equal("the contacts", &listed, &expected)?;
    equal("the number of unreadable entries", &roster.items.skipped_count(), &0)
}

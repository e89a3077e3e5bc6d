//! Profiles: cards (XEP-0054).

use crate::check::checks;
use crate::env::CheckEnv;
use crate::failure::{Failure, equal, within};
use futures_util::future::join;
use mfly_client::standard::{Email, Photo, VCard};

/// Bytes of a large picture: 200 kB as they travel.
const LARGE: usize = 150_000;

checks! {
    "a profile is read as it was set, by its owner and by others" => set_and_read();
    "a profile of 200 kB is read as it was set, beside other requests" => large();
    "a changed field leaves the others of a profile as they were" => changed();
}

async fn set_and_read(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let alice = env.online("alice").await?;
    let bob = env.online("bob").await?;
    let card = card(b"\x89PNG\r\n\x1a\n not really");
    within("setting the profile", alice.session.set_vcard(card.clone())).await?;
    let own = within("reading the own", alice.session.vcard(None)).await?;
    same(&own, &card)?;
    let seen = within("reading another's", bob.session.vcard(Some(&alice.user.jid))).await?;
    same(&seen, &card)
}

async fn large(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let alice = env.online("alice").await?;
    let picture: Vec<u8> = (0..=u8::MAX).cycle().take(LARGE).collect();
    let card = card(&picture);
    within("setting the profile", alice.session.set_vcard(card.clone())).await?;
    let reading = within("reading it", alice.session.vcard(None));
    let ping = within("a ping beside", alice.session.ping(None));
    let (own, ping) = join(reading, ping).await;
    ping?;
    same(&own?, &card)
}

async fn changed(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let alice = env.online("alice").await?;
    let mut card = card(b"GIF89a");
    within("setting the profile", alice.session.set_vcard(card.clone())).await?;
    let change = |card: &mut VCard| card.nickname = "Queen & <Country>".to_owned();
    within("changing it", alice.session.update_vcard(change)).await?;
    change(&mut card);
    let own = within("reading it", alice.session.vcard(None)).await?;
    same(&own, &card)
}

fn card(picture: &[u8]) -> VCard {
    let mut card = VCard {
        full_name: "Alice Ἀλίκη <of> & \"Wonderland\"".to_owned(),
        nickname: "Ally 👑".to_owned(),
        title: "Dreamer".to_owned(),
        url: "https://example.test/?a=1&b=2".to_owned(),
        birthday: "1852-05-04".to_owned(),
        photo: Some(Photo::Inline { media_type: "image/png".to_owned(), data: picture.to_vec() }),
        emails: vec![Email {
            kinds: vec!["HOME".to_owned()],
            address: "alice@example.test".to_owned(),
        }],
        ..VCard::default()
    };
    card.name.given = "Alice".to_owned();
    card.name.family = "Liddell".to_owned();
    card
}

/// Compares the fields that servers keep. Prosody converts a card and back, which adds others.
fn same(read: &VCard, set: &VCard) -> Result<(), Failure> {
    let addresses = |card: &VCard| -> Vec<String> {
        let emails = card.emails.iter();
        emails.map(|email| email.address.clone()).collect()
    };
    equal("the full name", &read.full_name, &set.full_name)?;
    equal("the name", &read.name, &set.name)?;
    equal("the nickname", &read.nickname, &set.nickname)?;
    equal("the title", &read.title, &set.title)?;
    equal("the address of the page", &read.url, &set.url)?;
    equal("the birthday", &read.birthday, &set.birthday)?;
    equal("the e-mail addresses", &addresses(read), &addresses(set))?;
    equal("the picture", &read.photo, &set.photo)
}

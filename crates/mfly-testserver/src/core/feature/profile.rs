//! Profiles: kept as the client sealed them, and pushed whole when they change.

use crate::core::call::{Call, refusal};
use crate::core::relay::{MAX_ENVELOPE_BYTES, MAX_STANZA_BYTES};
use crate::core::world::session::frame;
use mfly_proto::id::StanzaId;
use mfly_proto::payload::profile::{GetProfile, SetProfile, VCard};
use mfly_proto::stanza::{ErrorCondition, IqKind, StanzaError, iq};
use mfly_proto::xml::Writer;

/// How many children without a meaning to the server a profile may have.
const MAX_OTHERS: usize = 32;

/// A child that the server adds for each viewer; a client cannot set it.
pub(super) const IS_ADMIN_BLOCKED: &str = "is_admin_blocked";

/// Replaces the own profile.
pub(crate) fn set(call: &mut Call<'_>, request: SetProfile) -> Result<Option<VCard>, StanzaError> {
    let mut card = request.card;
    card.others.retain(|(name, _)| name != IS_ADMIN_BLOCKED);
    let written = frame(|buffer| card.write(&mut Writer::new(buffer)));
    let is_large = written.len() + MAX_ENVELOPE_BYTES > MAX_STANZA_BYTES;
    if card.others.len() > MAX_OTHERS || is_large {
        return Err(refusal(ErrorCondition::NotAcceptable));
    }
    let user = call.user.clone();
    if !call.world.set_profile(&user, card.clone()) {
        return Err(refusal(ErrorCondition::ItemNotFound));
    }
    push(call, &card);
    Ok(call.world.settings.quirks.profile_echo.then_some(card))
}

/// A profile, as the sender may see it.
pub(crate) fn get(call: &mut Call<'_>, _: GetProfile) -> Result<VCard, StanzaError> {
    let view = call.world.profile_for(&call.user, &call.target);
    view.map(|view| view.card).ok_or_else(|| refusal(ErrorCondition::ItemNotFound))
}

/// Sends the new profile to the user's other sessions and to the contacts. An unasked-for result is
/// the only shape that the official SDK reacts to (that the platform sends it is inferred).
fn push(call: &mut Call<'_>, card: &VCard) {
    let from = call.own();
    for stream in call.world.audience_streams(&call.user) {
        if stream == call.stream {
            continue;
        }
        let Some(to) = call.world.session(stream).map(|session| session.jid.clone()) else {
            continue;
        };
        let Ok(id) = StanzaId::new(call.world.fresh_id()) else {
            continue;
        };
        let (from, to) = (Some(from.as_str()), Some(to.as_str()));
        let frame =
            frame(|buffer| iq::write(buffer, IqKind::Result, &id, from, to, |w| card.write(w)));
        call.world.send(stream, frame);
    }
}

#[cfg(test)]
mod tests {
    use crate::core::testing::{HOST, Server, id, settings};
    use crate::core::world::{Quirks, Settings};

    const CARD: &str = r#"<vCard xmlns="vcard-temp"><nickName>SEALED</nickName><image>img</image><thumbImage>img</thumbImage><email></email><mobileNumber></mobileNumber><status>Busy</status></vCard>"#;

    fn push(user: &str, resource: &str) -> String {
        format!(
            r#"<iq from="u1@{HOST}" id="{{id}}" to="{user}@{HOST}/{resource}" type="result" xmlns="jabber:client">{CARD}</iq>"#
        )
    }

    #[test]
    fn a_change_is_echoed_and_pushed_to_the_other_sessions_and_the_contacts() {
        let mut server = Server::new();
        let own = server.connect("u1", "a");
        let other = server.connect("u1", "b");
        let contact = server.connect("u2", "c");
        for stream in [own, other] {
            server.received(stream);
        }
        assert_eq!(
            server.ask(own, "set", None, CARD),
            format!(
                r#"<iq from="u1@{HOST}" id="q" to="u1@{HOST}/a" type="result" xmlns="jabber:client">{CARD}</iq>"#
            )
        );
        assert_eq!(server.received(own), Vec::<String>::new());
        assert_eq!(server.received(other), [push("u1", "b")]);
        assert_eq!(server.received(contact), [push("u2", "c")]);
        let user = server.core.world().user(&id("u1")).unwrap();
        assert_eq!((user.profile().status.as_str(), user.profile_updated), ("Busy", true));
    }

    #[test]
    fn the_echo_can_be_left_out() {
        let quirks = Quirks { profile_echo: false, ..Quirks::default() };
        let mut server = Server::with(Settings { quirks, ..settings() });
        let own = server.connect("u1", "a");
        assert!(!server.ask(own, "set", None, CARD).contains("vCard"));
    }

    #[test]
    fn a_profile_can_be_asked_for_and_an_unknown_user_has_none() {
        let mut server = Server::new();
        let own = server.connect("u1", "a");
        server.ask(own, "set", None, CARD);
        let other = server.connect("u2", "b");
        let query = "<vCard xmlns='vcard-temp'/>";
        let of = |name: &str| format!("{name}@{HOST}");
        assert!(server.ask(other, "get", Some(&of("u1")), query).contains(CARD));
        let answer = server.ask(other, "get", Some(&of("nobody")), query);
        assert!(answer.contains("<item-not-found "), "{answer}");
        server.received(own);
        assert!(server.ask(own, "get", None, query).contains(CARD));
    }

    #[test]
    fn a_blocked_user_sees_the_name_only_unless_chosen_otherwise() {
        for open in [false, true] {
            let quirks = Quirks { profile_open_to_blocked: open, ..Quirks::default() };
            let mut server = Server::with(Settings { quirks, ..settings() });
            let own = server.connect("u1", "a");
            server.ask(own, "set", None, CARD);
            server.register("u2");
            server.core.world_mut().user_mut(&id("u1")).unwrap().blocked.insert(id("u2"));
            let view = server.core.world().profile_for(&id("u2"), &id("u1")).unwrap();
            assert_eq!(view.card.nick_name, "SEALED");
            assert_eq!(view.card.status == "Busy" && view.card.image == "img", open);
        }
    }

    #[test]
    fn a_profile_cannot_claim_a_block_by_an_administrator_and_is_bounded() {
        let mut server = Server::new();
        let own = server.connect("u1", "a");
        let card = "<vCard xmlns='vcard-temp'><is_admin_blocked>1</is_admin_blocked><designation>Cook</designation></vCard>";
        let answer = server.ask(own, "set", None, card);
        assert!(answer.contains("<designation>Cook</designation>"), "{answer}");
        assert!(!answer.contains("is_admin_blocked"), "{answer}");
        let many = (0..40).map(|n| format!("<x{n}/>")).collect::<String>();
        let answer =
            server.ask(own, "set", None, &format!("<vCard xmlns='vcard-temp'>{many}</vCard>"));
        assert!(answer.contains("<not-acceptable "), "{answer}");
        // Five times as long when it is written anew.
        let status = ">".repeat(100 * 1024);
        let card = format!("<vCard xmlns='vcard-temp'><status>{status}</status></vCard>");
        let answer = server.ask(own, "set", None, &card);
        assert!(answer.contains("<not-acceptable "), "{answer}");
    }

    #[test]
    fn the_profile_of_another_user_cannot_be_set() {
        let mut server = Server::new();
        server.register("u2");
        let own = server.connect("u1", "a");
        let answer = server.ask(own, "set", Some(&format!("u2@{HOST}")), CARD);
        assert!(answer.contains("<service-unavailable "), "{answer}");
        assert!(!server.core.world().user(&id("u2")).unwrap().profile_updated);
    }
}

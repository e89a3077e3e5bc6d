//! The contact list, and the request that contacts read theirs again.

use super::profile::IS_ADMIN_BLOCKED;
use crate::core::call::{Call, refusal};
use crate::core::world::session::Notice;
use mfly_proto::jid::UserId;
use mfly_proto::payload::friends::{
    FriendItem, Friends, FriendsNotice, GetFriends, RegisterUpdate,
};
use mfly_proto::stanza::{ErrorCondition, StanzaError};

/// The contact list.
pub(crate) fn get(call: &mut Call<'_>, _: GetFriends) -> Result<Friends, StanzaError> {
    let contacts = call.world.contacts_of(&call.user);
    Ok(Friends {
        permission: Some(1),
        version: None,
        items: contacts.iter().filter_map(|contact| item(call, contact)).collect(),
    })
}

/// Tells the contacts to read their lists again.
///
/// Only the own contacts can be told (that no others can is inferred).
pub(crate) fn register_update(
    call: &mut Call<'_>,
    request: RegisterUpdate,
) -> Result<(), StanzaError> {
    if call.world.local_user(&request.user).as_ref() != Some(&call.user) {
        return Err(refusal(ErrorCondition::NotAllowed));
    }
    let from = call.own();
    let envelope = Notice { from: from.as_str(), chat: false, except: None };
    for contact in call.world.audience_of(&call.user) {
        call.world.notify(&contact, &envelope, |w| FriendsNotice::RegisterUpdate.write(w));
    }
    Ok(())
}

fn item(call: &Call<'_>, contact: &UserId) -> Option<FriendItem> {
    let view = call.world.profile_for(&call.user, contact)?;
    let given = call.world.user(&call.user).and_then(|user| user.contact_names.get(contact));
    let name = given.cloned().or_else(|| Some(call.world.nick_name(call.world.user(contact)?)));
    let mut card = view.card;
    let is_admin_blocked = if view.is_admin_blocked { "1" } else { "0" };
    card.others.push((IS_ADMIN_BLOCKED.to_owned(), is_admin_blocked.to_owned()));
    Some(FriendItem {
        name: name.filter(|name| !name.is_empty()),
        subscription: Some("both".to_owned()),
        profile: Some(card),
        ..FriendItem::new(call.world.jid_of(contact).bare())
    })
}

#[cfg(test)]
mod tests {
    use crate::core::testing::{HOST, Server, id};
    use mfly_proto::cipher::{Iv, ProfileCipher};
    use mfly_proto::payload::profile::VCard;

    #[test]
    fn every_other_user_is_a_contact_with_profile_and_the_name_in_clear() {
        let mut server = Server::new();
        let own = server.connect("u1", "a");
        server.register("u2");
        let iv = Iv::new(&server.core.world().settings.iv_profile).unwrap();
        let sealed = ProfileCipher::new(&id("u2"), &iv).seal("Bob");
        let card = VCard { nick_name: sealed.clone(), ..VCard::default() };
        let world = server.core.world_mut();
        assert!(world.set_profile(&id("u2"), card));
        world.user_mut(&id("u2")).unwrap().admin_blocked = true;
        let list = server.ask(own, "get", None, "<query xmlns='jabber:iq:roster'/>");
        assert_eq!(list.matches("<item ").count(), 1);
        assert!(list.contains(&format!(
            r#"<query contact_permission="1" xmlns="jabber:iq:roster"><item jid="u2@{HOST}" name="Bob" subscription="both"><profile><vCard xmlns="vcard-temp"><nickName>{sealed}</nickName>"#
        )), "{list}");
        assert!(list.contains("<is_admin_blocked>1</is_admin_blocked>"), "{list}");
    }
}

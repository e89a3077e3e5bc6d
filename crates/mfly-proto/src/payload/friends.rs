//! The contact list, a roster (RFC 6121 §2) whose items carry profiles.
//!
//! ```xml
//! <iq id type="get" xmlns="jabber:client"><query xmlns="jabber:iq:roster"/></iq>
//! <iq type="result" id from="u1@host"><query xmlns="jabber:iq:roster" contact_permission="1"><item jid="u2@host" name="Bobby" subscription="both"><profile><vCard xmlns="vcard-temp"><nickName>sealed</nickName>…<is_admin_blocked>0</is_admin_blocked></vCard></profile></item></query></iq>
//! ```
//! Pushes that ask to read the list again: `<message><register_update/></message>` and
//! `<message><contact_permission permission_status="N"/></message>` (0 withdraws the permission).
//! Request to send the former to the contacts: `<iq id type="set"><query status="register_update"
//! to_user="u1@host" xmlns="jabber:iq:user_activities"/></iq>`.
//!
//! Source: RFC 6121 §2.1; observed: Web SDK 4.25.10. The attribute `user_profile` is inferred from
//! older servers. Fixtures: `friends/*`.

use super::profile::VCard;
use crate::decode::{DecodeError, expect, require};
use crate::jid::{BareJid, Jid};
use crate::lenient::{flag, whole};
use crate::listed::Listed;
use crate::ns;
use crate::stanza::iq::check;
use crate::stanza::{Iq, IqRequest, Reply};
use crate::xml::{Element, Writer};

/// Asks for the contact list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GetFriends;

/// The contact list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Friends {
    /// Whether the app may read the phone's contacts: 0 for no; absent when not reported.
    pub permission: Option<u32>,
    /// Version of the list (RFC 6121 §2.6), if the server keeps one.
    pub version: Option<String>,
    /// The contacts, in the server's order.
    pub items: Listed<FriendItem>,
}

/// A contact of the contact list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FriendItem {
    /// The contact's account.
    pub user: BareJid,
    /// The name that the own user gave the contact.
    pub name: Option<String>,
    /// Presence subscription, as the roster spells it.
    pub subscription: Option<String>,
    /// Groups that the contact is in.
    pub groups: Vec<String>,
    /// The contact's profile, sealed fields still sealed.
    pub profile: Option<VCard>,
    /// The profile as JSON text, on servers that send it as an attribute.
    pub user_profile: Option<String>,
}

impl FriendItem {
    /// A contact with an address only.
    #[must_use]
    pub const fn new(user: BareJid) -> Self {
        Self {
            user,
            name: None,
            subscription: None,
            groups: Vec::new(),
            profile: None,
            user_profile: None,
        }
    }

    fn read(element: Element<'_>) -> Result<Self, DecodeError> {
        let jid = require(element, "item", "jid")?;
        // A contact is an account: an address with a resource names one, a domain does not.
        let account = Jid::new(jid.trim()).ok().filter(|jid| jid.local().is_some());
        let account = account.ok_or(DecodeError::InvalidValue { element: "item", field: "jid" })?;
        let mut item = Self::new(account.into_bare());
        for (_, name, value) in element.attributes() {
            match name {
                "name" => item.name = Some(value.into_owned()),
                "subscription" => item.subscription = Some(value.into_owned()),
                "user_profile" => item.user_profile = Some(value.into_owned()),
                _ => {}
            }
        }
        for child in element.children() {
            match child.name() {
                "group" => item.groups.push(child.text().into_owned()),
                "profile" => {
                    item.profile = child.child_named("vCard").map(VCard::read).transpose()?;
                }
                _ => {}
            }
        }
        Ok(item)
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.element("item", |w| {
            w.attr("jid", self.user.as_str());
            w.attr_opt("name", self.name.as_deref());
            w.attr_opt("subscription", self.subscription.as_deref());
            w.attr_opt("user_profile", self.user_profile.as_deref());
            for group in &self.groups {
                w.text_element("group", group);
            }
            if let Some(profile) = &self.profile {
                w.element("profile", |w| profile.write(w));
            }
        });
    }
}

impl Friends {
    /// Reads the `<query/>` of the list.
    ///
    /// # Errors
    /// When the element has another name or namespace.
    pub fn read(query: Element<'_>) -> Result<Self, DecodeError> {
        expect(query, ns::ROSTER, "query")?;
        let items = query.children().filter(|item| item.name() == "item");
        Ok(Self {
            permission: query
                .attr("contact_permission")
                .and_then(|text| whole(&text))
                .map(|number| u32::try_from(number).unwrap_or(u32::MAX)),
            version: query.attr("ver").map(std::borrow::Cow::into_owned),
            items: Listed::read(items, FriendItem::read),
        })
    }
}

impl IqRequest for GetFriends {
    iq_request!(Get "query" in ns::ROSTER);
    without_fields!();
    type Response = Friends;

    fn write_response(friends: &Friends, writer: &mut Writer<'_>) {
        writer.element(Self::NAME, |w| {
            if let Some(permission) = friends.permission {
                w.attr_number("contact_permission", u64::from(permission));
            }
            w.attr_opt("ver", friends.version.as_deref());
            w.attr("xmlns", Self::NAMESPACE);
            for item in &friends.items {
                item.write(w);
            }
        });
    }

    fn read_response(reply: &Reply<'_>) -> Result<Friends, DecodeError> {
        Friends::read(reply.require(Self::NAME)?)
    }
}

/// Asks the server to have the contacts' apps read their lists again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterUpdate {
    /// The own account.
    pub user: BareJid,
}

impl IqRequest for RegisterUpdate {
    iq_request!(Set "query" in ns::USER_ACTIVITIES, status "register_update");
    empty_result!();

    fn write(&self, writer: &mut Writer<'_>) {
        writer.element(Self::NAME, |w| {
            w.attr("status", "register_update");
            w.attr("to_user", self.user.as_str());
            w.attr("xmlns", Self::NAMESPACE);
        });
    }

    fn read(_: &Iq<'_>, payload: Element<'_>) -> Result<Self, DecodeError> {
        check::<Self>(payload)?;
        let user = require(payload, "query", "to_user")?;
        Ok(Self {
            user: BareJid::new(&user)
                .map_err(|_| DecodeError::InvalidValue { element: "query", field: "to_user" })?,
        })
    }
}

/// Push: the contact list should be read again, or its permission changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FriendsNotice {
    /// A contact asks for the list to be read again.
    RegisterUpdate,
    /// The permission to read contacts changed; `false` empties the list.
    Permission(bool),
}

impl FriendsNotice {
    /// Reads a child of a message; `Ok(None)` for any other element.
    ///
    /// # Errors
    /// When the permission has no status.
    pub fn read(element: Element<'_>) -> Result<Option<Self>, DecodeError> {
        Ok(match element.name() {
            "register_update" => Some(Self::RegisterUpdate),
            "contact_permission" => {
                let status = require(element, "contact_permission", "permission_status")?;
                Some(Self::Permission(flag(&status) != Some(false)))
            }
            _ => None,
        })
    }

    /// Writes the child of the message.
    pub fn write(self, writer: &mut Writer<'_>) {
        match self {
            Self::RegisterUpdate => writer.element("register_update", |_| {}),
            Self::Permission(allowed) => writer.element("contact_permission", |w| {
                w.attr("permission_status", if allowed { "1" } else { "0" });
            }),
        }
    }
}

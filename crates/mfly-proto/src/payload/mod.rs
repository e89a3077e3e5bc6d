//! The wire facts: one feature a file, with its requests, responses and pushes.
//!
//! Each file starts with the form on the wire and its source. `inferred` marks a guess.
//!
//! Requests are named by a verb: `Get…` for an `iq` of type `get`, another verb for `set`.
//! [`standard`] holds the payloads of any XMPP server. The other files are the platform's, and
//! those that both kinds of server share ([`bind`], [`carbons`], [`last_seen`], [`ping`],
//! [`session`]).

pub mod admin_block;
pub mod bind;
pub mod block;
pub mod carbons;
pub mod friends;
pub mod last_seen;
pub mod logout;
pub mod ping;
pub mod profile;
pub mod session;
pub mod settings;
pub mod standard;
pub mod user_deleted;

/// Calls the macro `$visit` with every request type of a dialect: first those of both dialects,
/// then its own. The checks of `testing` find the types here.
#[cfg(feature = "testing")]
macro_rules! every_request {
    ($dialect:expr, $visit:ident) => {{
        use crate::payload::*;
        $visit!(
            bind::Bind,
            session::EstablishSession,
            carbons::EnableCarbons,
            ping::Ping,
            last_seen::GetLastSeen,
        );
        match $dialect {
            Dialect::Platform => $visit!(
                profile::SetProfile,
                profile::GetProfile,
                block::Block,
                block::Unblock,
                block::GetBlocked,
                block::GetBlockedBy,
                friends::GetFriends,
                friends::RegisterUpdate,
                settings::GetSettings,
                settings::UpdateSettings,
                logout::LogOut,
            ),
            Dialect::Standard => $visit!(
                standard::profile::SetVCard,
                standard::profile::GetVCard,
                standard::block::BlockAddresses,
                standard::block::UnblockAddresses,
                standard::block::GetBlockList,
                standard::roster::GetRoster,
                standard::roster::SetRosterItem,
                standard::entity_time::GetEntityTime,
                standard::service_discovery::GetInfo,
            ),
        }
    }};
}
#[cfg(feature = "testing")]
pub(crate) use every_request;

//! What the server does, one feature a file, under the same names as everywhere else.
//!
//! A feature that comes over XMPP implements [`crate::dispatch::Handle`] for the requests of its
//! payload file and is named in one row of the dispatch table. What standard accounts are served is
//! named in the table of [`crate::dispatch::standard`]; where the platform has rules of its own, it
//! is in a `standard` beside them. A feature that comes over REST lists its routes and is named in
//! one row of the router's table.

pub(crate) mod admin_block;
pub(crate) mod block;
pub(crate) mod blocking;
pub(crate) mod carbons;
pub(crate) mod chat;
pub(crate) mod config;
pub(crate) mod delete_account;
pub(crate) mod entity_time;
pub(crate) mod feedback;
pub(crate) mod friends;
pub(crate) mod last_seen;
pub(crate) mod licence;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod media;
pub(crate) mod message;
pub(crate) mod metadata;
pub(crate) mod mute;
pub(crate) mod ping;
pub(crate) mod presence;
pub(crate) mod profile;
pub(crate) mod qr_login;
pub(crate) mod register;
pub(crate) mod report;
pub(crate) mod roster;
pub(crate) mod service_discovery;
pub(crate) mod session;
pub(crate) mod settings;
pub(crate) mod subscription;
pub(crate) mod sync_contacts;
pub(crate) mod user_deleted;
pub(crate) mod user_list;
pub(crate) mod vcard;
pub(crate) mod version;

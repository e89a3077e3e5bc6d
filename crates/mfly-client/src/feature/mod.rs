//! What a user can do and hear: one feature a file, under the same word as in every other layer.
//!
//! A file holds the operations (`impl App` or `impl Session`) and, where the feature has notices,
//! how they become [`Event`](crate::Event)s.

pub(crate) mod block;
pub(crate) mod config;
pub(crate) mod connect;
pub(crate) mod current_user;
pub(crate) mod delete_account;
pub(crate) mod feedback;
pub(crate) mod friends;
pub(crate) mod last_seen;
pub(crate) mod licence;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod media;
pub(crate) mod metadata;
pub(crate) mod presence;
pub(crate) mod profile;
pub(crate) mod qr_login;
pub(crate) mod register;
pub(crate) mod report;
pub(crate) mod settings;
pub(crate) mod sync_contacts;
pub(crate) mod user_list;
pub(crate) mod user_token;

//! The rules of each feature, without input or output: one file a feature, with the name that the
//! feature has in every layer.
//!
//! A handler is a function over a [`Call`](crate::core::call::Call); each request has a row in the
//! table of [`dispatch`](crate::core::dispatch). [`standard`] has the features of standard
//! accounts.

pub(crate) mod account;
pub(crate) mod admin_block;
pub(crate) mod block;
pub(crate) mod carbons;
pub(crate) mod friends;
pub(crate) mod last_seen;
pub(crate) mod logout;
pub(crate) mod message;
pub(crate) mod ping;
pub(crate) mod presence;
pub(crate) mod profile;
pub(crate) mod replace_world;
pub(crate) mod session;
pub(crate) mod session_end;
pub(crate) mod settings;
pub(crate) mod standard;
pub(crate) mod user_deleted;

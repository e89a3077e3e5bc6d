//! The rules of each feature, without input or output: one file a feature, named as everywhere else.
//!
//! A feature implements [`crate::core::dispatch::Handle`] for the requests of its payload file and
//! has a row a request in the dispatch table. [`standard`] has the features of standard accounts.

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
pub(crate) mod session;
pub(crate) mod settings;
pub(crate) mod standard;
pub(crate) mod user_deleted;

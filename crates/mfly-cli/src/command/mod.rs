//! The sub-commands: a file a feature, under the name that the feature has in every layer.
//!
//! A file holds the arguments, documented for `--help`, and runs them. A new sub-command needs its
//! file, its `mod` line here, and its line in the table of `cli.rs`.

pub(crate) mod block;
pub(crate) mod connect;
pub(crate) mod current_user;
pub(crate) mod delete_account;
pub(crate) mod doctor;
pub(crate) mod features;
pub(crate) mod feedback;
pub(crate) mod friends;
pub(crate) mod last_seen;
pub(crate) mod logout;
pub(crate) mod media;
pub(crate) mod metadata;
pub(crate) mod profile;
pub(crate) mod qr_login;
pub(crate) mod register;
pub(crate) mod report;
pub(crate) mod serve;
pub(crate) mod server;
pub(crate) mod settings;
pub(crate) mod user_token;

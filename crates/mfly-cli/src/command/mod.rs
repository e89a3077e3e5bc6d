//! The sub-commands, one feature a file, under the same word as in every other layer.
//!
//! A file holds the arguments and what is done with them. A new one needs a `mod` line here and a row in
//! [`commands!`](crate::cli).

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
pub(crate) mod settings;
pub(crate) mod user_token;

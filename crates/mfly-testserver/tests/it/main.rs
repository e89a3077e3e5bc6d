//! The server over real sockets: one file for each feature or behaviour.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail the test"
)]

mod advertise;
mod chat;
mod client;
mod config;
mod control_journal;
mod control_state;
mod control_users;
mod delete_account;
mod fault;
mod feedback;
mod http;
mod journal;
mod licence;
mod login;
mod logout;
mod media;
mod memory;
mod metadata;
mod mute;
mod official_sdk;
mod plan;
mod profile;
mod program;
mod refusal;
mod register;
mod scram;
mod shutdown;
mod signalling;
mod standard;
mod start_tls;
mod sync_contacts;
mod tcp;
mod tls;
mod user_list;
mod xmpp;

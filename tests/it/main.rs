//! The client against a server: one file for each feature, then one for each behaviour.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper that cannot go on fails the test that called it"
)]

// Features.
mod admin_block;
mod block;
mod connect;
mod current_user;
mod delete_account;
mod features;
mod feedback;
mod friends;
mod last_seen;
mod licence;
mod logout;
mod media;
mod metadata;
mod packaging;
mod presence;
mod profile;
mod qr_login;
mod register;
mod report;
mod settings;
mod sync_contacts;
mod user_deleted;
mod user_list;
mod user_token;

// Behaviours.
mod faults;
mod hostile_server;
mod listeners;
mod long_answers;
mod proxy;
mod reconnect;
mod redaction;
mod refresh_token;
mod session;
mod standard;
mod traces;

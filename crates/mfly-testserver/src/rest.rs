//! The REST API: one file for each feature, and what they have in common.
//!
//! | file | contents |
//! |---|---|
//! | `router` | the table of routes; finds the handler of a request |
//! | `route` | a row of that table |
//! | `request`, `response` | what a handler gets and returns |
//! | `caller`, `token` | whose token a request carries |
//! | all others | the handlers of one feature each |

pub(crate) mod caller;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod route;
pub(crate) mod router;
pub(crate) mod token;

pub(crate) mod chat;
pub(crate) mod config;
pub(crate) mod delete_account;
pub(crate) mod feedback;
pub(crate) mod licence;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod media;
pub(crate) mod metadata;
pub(crate) mod mute;
pub(crate) mod profile;
pub(crate) mod register;
pub(crate) mod report;
pub(crate) mod sync_contacts;
pub(crate) mod user_list;

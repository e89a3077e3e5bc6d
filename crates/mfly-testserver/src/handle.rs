//! The types that a test uses: builder, running server, users, faults and journal.

pub(crate) mod builder;
pub(crate) mod fault_builder;
pub(crate) mod faults;
pub(crate) mod info;
pub(crate) mod journal;
pub(crate) mod server;
pub(crate) mod standard_user;
pub(crate) mod start_error;
pub(crate) mod state_document;
pub(crate) mod user;

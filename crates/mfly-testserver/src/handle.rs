//! What a test holds: the builder, the running server, its users, its faults and its journal.

pub(crate) mod builder;
pub(crate) mod fault_builder;
pub(crate) mod faults;
pub(crate) mod journal;
pub(crate) mod server;
pub(crate) mod standard_user;
pub(crate) mod start_error;
pub(crate) mod user;

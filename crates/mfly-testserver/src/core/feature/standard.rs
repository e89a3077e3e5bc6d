//! The rules of standard accounts: RFC 6121 and the XEPs, one file a feature.

pub(crate) mod account;
pub(crate) mod block;
pub(crate) mod entity_time;
pub(crate) mod last_seen;
pub(crate) mod message;
pub(crate) mod presence;
pub(crate) mod profile;
pub(crate) mod roster;
pub(crate) mod roster_push;
pub(crate) mod service_discovery;
pub(crate) mod subscription;
pub(crate) mod version;
pub(crate) mod visibility;

//! What platform events and operations carry: opened profiles and the contact list.

pub(crate) mod friends;
pub(crate) mod profile;

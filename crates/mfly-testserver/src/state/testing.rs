//! The state of a server without sockets, for tests.

use super::{Persistence, ServerState};
use crate::core::Core;
use crate::core::memory::Memory;
use crate::core::testing::settings;
use crate::net::addresses::{Addresses, ListenerKind};
use crate::net::admission::{Admission, Limits};
use std::sync::Arc;
use std::time::Duration;

/// The state of a server with these limits of memory.
pub(crate) fn state(limits: Memory) -> Arc<ServerState> {
    let core = Core::new(settings(), [1; 32]).unwrap();
    let bound = vec![(ListenerKind::Http, "127.0.0.1:1".parse().unwrap())];
    let addresses = Addresses { bound, ..Addresses::default() };
    let lifetime = Duration::from_secs(60);
    let admission = Admission::new(Limits {
        of_listener: 4096,
        of_address: 2048,
        known: 20_000,
        deadline: Duration::from_secs(30),
    });
    Arc::new(ServerState::new(
        core,
        [2; 64],
        addresses,
        limits,
        admission,
        lifetime,
        Persistence::default(),
    ))
}

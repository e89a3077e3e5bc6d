//! A server that was started for the clients.

use super::target::Target;
use std::any::Any;
use std::fmt;

/// A server that was started for the clients. It ends when this is dropped.
pub struct Served {
    /// Its name.
    pub name: String,
    /// How to reach it: an account each.
    pub targets: Vec<Target>,
    /// What keeps it running.
    pub running: Box<dyn Any + Send>,
}

impl fmt::Debug for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Served").field("name", &self.name).finish_non_exhaustive()
    }
}

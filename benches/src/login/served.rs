//! A server that the benchmark has started.

use super::target::Target;
use std::any::Any;
use std::fmt;

/// A running server. It ends on drop.
pub struct Served {
    /// The name of the server.
    pub name: String,
    /// Its addresses, with an account for each domain.
    pub targets: Vec<Target>,
    /// The value that keeps it running.
    pub running: Box<dyn Any + Send>,
}

impl fmt::Debug for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Served").field("name", &self.name).finish_non_exhaustive()
    }
}

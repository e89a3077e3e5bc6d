//! Checks for the tests and fuzz targets of this workspace.
//!
//! A *trace* holds the stanzas of both sides of one operation. Each trace is checked three times:
//! the codec reads and writes its lines ([`round_trip`]), and the client and the test server are
//! run against it ([`Bindings`] compares their stanzas with its lines).

mod canonical;
mod recorded;
mod round_trip;
mod rows;
mod scenario;
mod trace;

pub use canonical::canonical;
pub use recorded::recorded_traces;
pub use round_trip::{Dialect, Role, RoundTrip, round_trip};
pub use rows::rows;
pub use scenario::{Scenario, scenarios, scenarios_below};
pub use trace::{Bindings, Line, Mismatch, Trace, TraceError};

//! Checks shared by this workspace's tests and fuzz targets.
//!
//! A *trace* is one exchange as both sides write it. The same file is judged three times: by the
//! codec ([`round_trip`]), by the client and by the test server ([`Bindings`] matches what they say
//! against it).

mod canonical;
mod round_trip;
mod trace;

pub use canonical::canonical;
pub use round_trip::{Dialect, RoundTrip, round_trip};
pub use trace::{Bindings, Line, Mismatch, Trace, TraceError};

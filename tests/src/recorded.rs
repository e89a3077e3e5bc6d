//! The traces of the platform.

use mfly_proto::testing::{Dialect, Trace, recorded_traces};

/// All traces of the platform, sorted by name, such as `block/unblock`. Leaves out those of other
/// servers.
#[must_use]
pub fn traces() -> Vec<(String, Trace)> {
    let mut traces = recorded_traces().expect("fixtures");
    traces.retain(|(_, trace)| trace.dialect() == Dialect::Platform);
    assert!(traces.len() >= 22, "only {} traces were found", traces.len());
    traces
}

//! Traces and recorded sessions.

use mfly_proto::testing::{Dialect, Trace, recorded_traces};
use std::path::Path;

/// All traces of the platform, sorted by name, such as `block/unblock`. Leaves out those of other
/// servers.
#[must_use]
pub fn traces() -> Vec<(String, Trace)> {
    let mut traces = recorded_traces().expect("fixtures");
    traces.retain(|(_, trace)| trace.dialect() == Dialect::Platform);
    assert!(traces.len() >= 22, "only {} traces were found", traces.len());
    traces
}

/// Reads a JSON fixture of this package.
#[must_use]
pub fn fixture(name: &str) -> serde_json::Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).expect("JSON")
}

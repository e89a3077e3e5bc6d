//! Traces and recorded sessions.

use mfly_proto::testing::{Dialect, Trace};
use std::path::Path;

/// All traces of the platform, sorted by name, such as `block/unblock`. Leaves out those of other
/// servers.
#[must_use]
pub fn traces() -> Vec<(String, Trace)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/mfly-proto/fixtures");
    let mut traces = Vec::new();
    for feature in std::fs::read_dir(root).expect("fixtures") {
        let feature = feature.expect("a folder").path();
        for file in std::fs::read_dir(&feature).into_iter().flatten() {
            let path = file.expect("a file").path();
            if path.extension().is_none_or(|extension| extension != "trace") {
                continue;
            }
            let stem = |path: &Path| path.file_stem().unwrap().to_string_lossy().into_owned();
            let name = format!("{}/{}", stem(&feature), stem(&path));
            let text = std::fs::read_to_string(&path).expect("text");
            let trace = Trace::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            if trace.dialect() == Dialect::Platform {
                traces.push((name, trace));
            }
        }
    }
    traces.sort_by(|a, b| a.0.cmp(&b.0));
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

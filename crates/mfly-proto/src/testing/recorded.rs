//! The traces in this crate's `fixtures` folder.

use super::Trace;
use std::io;
use std::path::Path;

/// Every trace in the folder `fixtures`, by its path without extension, such as `block/unblock`, in
/// order.
///
/// # Errors
/// When the folder cannot be read, or a file in it is no trace.
pub fn recorded_traces() -> io::Result<Vec<(String, Trace)>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut traces = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "trace") {
                let name = path.with_extension("");
                let name = name.strip_prefix(&root).unwrap_or(&name).display().to_string();
                let trace = Trace::parse(&std::fs::read_to_string(&path)?);
                let trace = trace.map_err(|error| io::Error::other(format!("{name}: {error}")))?;
                traces.push((name, trace));
            }
        }
    }
    traces.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(traces)
}

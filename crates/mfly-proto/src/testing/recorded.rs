//! Texts in folders: the traces in this crate's `fixtures`, and others.

use super::Trace;
use std::io;
use std::path::Path;

/// Every trace in the folder `fixtures`, by its path without extension, such as `block/unblock`, in
/// order.
///
/// # Errors
/// When the folder cannot be read, or a file in it is no trace.
pub fn recorded_traces() -> io::Result<Vec<(String, Trace)>> {
    let parsed = |(name, text): (String, String)| match Trace::parse(&text) {
        Ok(trace) => Ok((name, trace)),
        Err(error) => Err(io::Error::other(format!("{name}: {error}"))),
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    texts_below(&root, "trace")?.into_iter().map(parsed).collect()
}

/// The files with this extension below a folder, by their paths without it, in order.
pub(super) fn texts_below(root: &Path, extension: &str) -> io::Result<Vec<(String, String)>> {
    let mut texts = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                let name = path.with_extension("");
                let name = name.strip_prefix(root).unwrap_or(&name).display().to_string();
                texts.push((name, std::fs::read_to_string(&path)?));
            }
        }
    }
    texts.sort();
    Ok(texts)
}

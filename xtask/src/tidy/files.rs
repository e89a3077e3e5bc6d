//! Sizes of files, and what the head of a wire file says.

use super::tree::Source;

/// Most lines of a file, its own tests left out.
const LINES: usize = 500;

pub(super) fn check(source: &Source, faults: &mut Vec<String>) {
    let name = &source.name;
    let lines = source.code().count();
    if lines > LINES {
        faults.push(format!("{name}: {lines} lines, {LINES} at most; split it by ideas"));
    }
    let is_wire = name.contains("/src/payload/") || name.contains("/src/endpoint/");
    if is_wire && !name.ends_with("/mod.rs") && !source.is_tests() {
        let head = source.text.lines().take_while(|line| line.starts_with("//!"));
        let head = head.collect::<Vec<_>>().join("\n").to_lowercase();
        if !head.contains("source:") && !head.contains("observed:") {
            faults.push(format!("{name}: the head does not name the source of its wire facts"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(name: &str, text: &str) -> usize {
        let mut faults = Vec::new();
        check(&Source::new(name, text), &mut faults);
        faults.len()
    }

    #[test]
    fn long_files_and_wire_files_without_a_source_are_found() {
        assert_eq!(faults("crates/x/src/y.rs", &"x\n".repeat(LINES)), 0);
        assert_eq!(faults("crates/x/src/y.rs", &"x\n".repeat(LINES + 1)), 1);
        assert_eq!(faults("crates/x/src/payload/y.rs", "//! Moods.\n"), 1);
        assert_eq!(faults("crates/x/src/payload/y.rs", "//! Source: XEP-0107.\n"), 0);
    }
}

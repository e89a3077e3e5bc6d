//! The repository's Rust files, read once.

use std::path::{Path, PathBuf};

/// Folders that hold Rust code.
const FOLDERS: &[&str] = &["benches", "crates", "fuzz", "tests", "xtask"];

/// A Rust file.
pub(super) struct Source {
    /// Its path below the root, with slashes.
    pub(super) name: String,
    pub(super) text: String,
}

impl Source {
    #[cfg(test)]
    pub(super) fn new(name: &str, text: &str) -> Self {
        Self { name: name.to_owned(), text: text.to_owned() }
    }

    /// Whether the file holds only tests.
    pub(super) fn is_tests(&self) -> bool {
        let name = &self.name;
        name.contains("/tests/") || name.ends_with("/tests.rs") || name.starts_with("tests/")
    }

    /// The lines before the first module with a body under `#[cfg(test)]`: the file's own tests.
    /// One line of test support, such as a `use` or `mod testing;`, does not end the code.
    pub(super) fn code(&self) -> impl Iterator<Item = &str> {
        let lines: Vec<&str> = self.text.lines().collect();
        let begins_tests = |at: usize| {
            let item = lines[at + 1..].iter().find(|line| !line.starts_with("#["));
            lines[at].starts_with("#[cfg(test)]")
                && item.is_some_and(|item| item.contains("mod ") && item.contains('{'))
        };
        let end = (0..lines.len()).find(|at| begins_tests(*at)).unwrap_or(lines.len());
        lines.into_iter().take(end)
    }

    /// The path without `.rs` and without `/mod`: where its submodules are.
    pub(super) fn module(&self) -> &str {
        let path = self.name.strip_suffix(".rs").unwrap_or(&self.name);
        path.strip_suffix("/mod").unwrap_or(path)
    }
}

/// Every Rust file below `root`, in order of its name.
pub(super) fn sources(root: &Path) -> Vec<Source> {
    let mut found = Vec::new();
    for path in files(root, FOLDERS, "rs") {
        if let Ok(text) = std::fs::read_to_string(&path) {
            found.push(Source { name: name(root, &path), text });
        }
    }
    found
}

/// A path below the root, with slashes.
pub(super) fn name(root: &Path, path: &Path) -> String {
    let parts = path.strip_prefix(root).unwrap_or(path).components();
    let parts: Vec<_> = parts.map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

/// The files with this extension in these folders, in order; what builds leave behind is skipped.
pub(super) fn files(root: &Path, folders: &[&str], extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| root.join(folder)).collect();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().filter_map(Result::ok) {
            let path = entry.path();
            let is_built = ["target", "node_modules"].iter().any(|built| path.ends_with(built));
            if path.is_dir() && !is_built {
                open.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> usize {
        Source::new("crates/x/src/y.rs", text).code().count()
    }

    #[test]
    fn tests_at_the_end_of_a_file_do_not_count_as_code() {
        assert_eq!(lines("a\nb\n#[cfg(test)]\nmod tests {}\n"), 2);
    }

    #[test]
    fn one_line_of_test_support_does_not_hide_the_code_behind_it() {
        let text = "a\n#[cfg(test)]\nuse b;\n#[cfg(test)]\nmod testing;\nc\n";
        assert_eq!(lines(text), 6);
        assert_eq!(lines(&format!("{text}#[cfg(test)]\n#[expect(x)]\nmod tests {{\n}}\n")), 6);
    }
}

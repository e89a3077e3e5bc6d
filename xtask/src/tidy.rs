//! The repository's own rules: what no compiler checks.

use crate::run::root;
use std::path::{Path, PathBuf};

/// Most lines of a source file, its tests left out.
const LINES: usize = 400;

/// Files that may be longer, each with its reason.
const LONG: &[(&str, &str)] = &[];

/// Payloads that belong to the stream rather than to a feature.
const NO_FEATURE: &[&str] = &["bind", "carbons", "ping", "session"];

/// What must not be named where: folder, word, why.
const LAYERS: &[(&str, &str, &str)] = &[
    ("crates/mfly-proto/src", "tokio", "the codecs do no input or output"),
    ("crates/mfly-proto/src", "Instant::now", "the codecs have no clock"),
    ("crates/mfly-proto/src", "SystemTime", "the codecs have no clock"),
    ("crates/mfly-proto/src", "rand::", "random values are passed in"),
    (
        "crates/mfly-transport/src",
        "mfly_proto::payload",
        "the transport does not know what a frame means",
    ),
    (
        "crates/mfly-transport/src",
        "mfly_proto::stanza",
        "the transport does not know what a frame means",
    ),
    ("crates/mfly-api/src", "mfly_proto::stanza", "the REST layer does not know XMPP"),
    ("crates/mfly-api/src", "mfly_proto::xml", "the REST layer does not know XMPP"),
    ("crates/mfly-client/src", "quick_xml", "only mfly-proto knows XML"),
    ("crates/mfly-client/src/machine", "tokio::", "the session machine does no input or output"),
    ("crates/mfly-client/src/machine", "Instant::now", "time is passed into the session machine"),
    ("crates/mfly-cli/src", "mfly_proto::xml", "the command does not know the wire"),
    ("crates/mfly-cli/src", "mfly_proto::stanza", "the command does not know the wire"),
    ("crates/mfly-testserver/src", "mfly_client", "the test server must not depend on the client"),
];

pub(crate) fn run() -> Result<(), String> {
    let faults = faults();
    if faults.is_empty() {
        println!("\ntidy: the repository keeps its own rules");
        Ok(())
    } else {
        Err(format!("tidy:\n  {}", faults.join("\n  ")))
    }
}

fn faults() -> Vec<String> {
    let root = root();
    let mut faults = Vec::new();
    let sources = sources(&root.join("crates"));
    for path in &sources {
        let Ok(text) = std::fs::read_to_string(path) else {
            continue;
        };
        let name = path.strip_prefix(&root).unwrap_or(path).display().to_string();
        file_size(&name, &text, &mut faults);
        wire_header(&name, &text, &mut faults);
        quick_xml_in_one_place(&name, &text, &mut faults);
        for (folder, word, why) in LAYERS {
            if name.starts_with(folder)
                && !is_tests(&name)
                && code(&text).any(|line| line.contains(word))
            {
                faults.push(format!("{name}: names {word}; {why}"));
            }
        }
    }
    stems(&root, &mut faults);
    traces(&root, &mut faults);
    faults
}

/// Rust files below a folder's `src` trees.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().filter_map(Result::ok) {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "rs")
                && path.components().any(|part| part.as_os_str() == "src")
            {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Whether a source file holds nothing but tests.
fn is_tests(name: &str) -> bool {
    name.contains("/tests/") || name.ends_with("/tests.rs")
}

/// Lines before the file's own tests: those of the first module with a body under `#[cfg(test)]`.
/// One line of test support, such as a `use` or `mod testing;`, does not end the code.
fn code(text: &str) -> impl Iterator<Item = &str> {
    let lines: Vec<&str> = text.lines().collect();
    let begin_tests = |at: usize| {
        let item = lines[at + 1..].iter().find(|line| !line.starts_with("#["));
        lines[at].starts_with("#[cfg(test)]")
            && item.is_some_and(|item| item.contains("mod ") && item.contains('{'))
    };
    let end = (0..lines.len()).find(|at| begin_tests(*at)).unwrap_or(lines.len());
    lines.into_iter().take(end)
}

fn file_size(name: &str, text: &str, faults: &mut Vec<String>) {
    let lines = code(text).count();
    if lines > LINES && !is_tests(name) && !LONG.iter().any(|(long, _)| *long == name) {
        faults.push(format!("{name}: {lines} lines; split it, or list it with a reason"));
    }
}

fn wire_header(name: &str, text: &str, faults: &mut Vec<String>) {
    let is_wire = name.contains("/src/payload/") || name.contains("/src/endpoint/");
    if is_wire && !name.ends_with("/mod.rs") {
        let header = text.lines().take_while(|line| line.starts_with("//!"));
        let header: String = header.collect::<Vec<_>>().join("\n").to_lowercase();
        if !header.contains("source:") && !header.contains("observed:") {
            faults.push(format!("{name}: the head does not name the source of its wire facts"));
        }
    }
}

fn quick_xml_in_one_place(name: &str, text: &str, faults: &mut Vec<String>) {
    let allowed = name.starts_with("crates/mfly-proto/src/xml/");
    if !allowed && code(text).any(|line| line.contains("quick_xml")) {
        faults.push(format!("{name}: names quick_xml; only mfly-proto/src/xml may"));
    }
}

/// A payload has the same stem in the client, the test server, the tests and the fixtures.
fn stems(root: &Path, faults: &mut Vec<String>) {
    let payloads = root.join("crates/mfly-proto/src/payload");
    for path in sources(&payloads) {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        // A folder beside a file holds the parts of what the file is about.
        let is_standard = path.parent() == Some(&payloads.join("standard"));
        let is_part = path.parent() != Some(&payloads) && !is_standard;
        if is_part || stem == "mod" || NO_FEATURE.contains(&stem.as_str()) {
            continue;
        }
        let places = if is_standard {
            vec![
                format!("crates/mfly-testserver/src/core/feature/standard/{stem}.rs"),
                format!("crates/mfly-proto/fixtures/standard/{stem}"),
            ]
        } else {
            vec![
                format!("crates/mfly-client/src/feature/{stem}.rs"),
                format!("crates/mfly-testserver/src/core/feature/{stem}.rs"),
                format!("tests/it/{stem}.rs"),
                format!("crates/mfly-proto/fixtures/{stem}"),
            ]
        };
        for place in places.iter().filter(|place| !root.join(place).exists()) {
            faults.push(format!("payload '{stem}' has no {place}"));
        }
    }
}

/// A trace says where it comes from.
fn traces(root: &Path, faults: &mut Vec<String>) {
    let fixtures = root.join("crates/mfly-proto/fixtures");
    let mut open = vec![fixtures];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().filter_map(Result::ok) {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "trace") {
                let text = std::fs::read_to_string(&path).unwrap_or_default();
                if !text.starts_with("source: ") {
                    faults.push(format!(
                        "{}: the first line does not name the source",
                        path.display()
                    ));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_keeps_its_own_rules() {
        assert_eq!(faults(), Vec::<String>::new());
    }

    #[test]
    fn tests_at_the_end_of_a_file_do_not_count_as_code() {
        assert_eq!(code("a\nb\n#[cfg(test)]\nmod tests {}\n").count(), 2);
    }

    #[test]
    fn one_line_of_test_support_does_not_hide_the_code_behind_it() {
        let text = "a\n#[cfg(test)]\nuse b;\n#[cfg(test)]\nmod testing;\nc\n";
        assert_eq!(code(text).count(), 6);
        let tests = "#[cfg(test)]\n#[expect(x)]\nmod tests {\n}\n";
        assert_eq!(code(&format!("{text}{tests}")).count(), 6);
    }

    #[test]
    fn an_overlong_file_is_a_fault() {
        let mut faults = Vec::new();
        file_size("crates/x/src/y.rs", &"x\n".repeat(LINES + 1), &mut faults);
        assert_eq!(faults.len(), 1);
    }
}

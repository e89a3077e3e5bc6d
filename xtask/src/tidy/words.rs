//! Words that a plain reader stumbles over, in docs and comments.

use super::tree::Source;

/// Fewest words of a doc.
const WORDS: usize = 3;

/// Most columns of a line of comment.
const COLUMNS: usize = 100;

/// Words that name nothing: a comment names who acts.
const VAGUE: &[&str] = &["whoever", "somebody", "nobody"];

pub(super) fn check(source: &Source, faults: &mut Vec<String>) {
    let mut doc = Doc::default();
    let mut is_in_code = false;
    for (at, line) in source.text.lines().enumerate() {
        let Some((marker, text)) = comment(line) else {
            doc.end(source, faults);
            is_in_code = false;
            continue;
        };
        if marker != doc.marker {
            doc.end(source, faults);
            doc = Doc { marker, line: at + 1, ..Doc::default() };
        }
        if text.starts_with("```") {
            is_in_code = !is_in_code;
        }
        // Lines of code, tables and addresses cannot be broken.
        let is_fixed = is_in_code || text.starts_with('|') || text.contains("://");
        if !is_fixed && line.chars().count() > COLUMNS {
            let name = &source.name;
            faults.push(format!("{name}:{}: over {COLUMNS} columns; wrap it", at + 1));
        }
        if !is_in_code {
            doc.text.push_str(text);
            doc.text.push(' ');
        }
    }
    doc.end(source, faults);
}

/// The marker and the text of a line that is a comment.
fn comment(line: &str) -> Option<(&'static str, &str)> {
    let line = line.trim();
    ["///", "//!", "//"]
        .into_iter()
        .find_map(|marker| Some((marker, line.strip_prefix(marker)?.trim())))
}

/// Lines of comment in a row.
#[derive(Default)]
struct Doc {
    marker: &'static str,
    line: usize,
    text: String,
}

impl Doc {
    fn end(&mut self, source: &Source, faults: &mut Vec<String>) {
        let Self { marker, line, text } = std::mem::take(self);
        let mut fault = |what: &str| faults.push(format!("{}:{line}: {what}", source.name));
        let is_doc = matches!(marker, "///" | "//!");
        if is_doc && text.split_whitespace().count() < WORDS {
            fault("a doc under three words; say what the item is or does");
        }
        if text.starts_with("The same") {
            fault("begins \"The same\"; say what it is, so that it can be read alone");
        }
        let words = text.split(|c: char| !c.is_alphanumeric());
        if let Some(word) = words.map(str::to_lowercase).find(|word| VAGUE.contains(&word.as_str()))
        {
            fault(&format!("\"{word}\"; name who acts"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<String> {
        let mut faults = Vec::new();
        check(&Source::new("a.rs", text), &mut faults);
        faults
    }

    #[test]
    fn docs_and_comments_that_explain_nothing_are_found() {
        for (text, fault) in [
            ("x\n/// Whose.\nfn f() {}", "a.rs:2: a doc under three words"),
            ("//! A list.", "a.rs:1: a doc under three words"),
            ("    // The same, in\n    // bytes.", "a.rs:1: begins \"The same\""),
            ("/// Tells whoever\n/// is there.", "a.rs:1: \"whoever\""),
        ] {
            let found = faults(text);
            assert!(found.len() == 1 && found[0].starts_with(fault), "{text}: {found:?}");
        }
    }

    #[test]
    fn only_lines_that_can_be_broken_have_to_be_short() {
        let long = "word ".repeat(30);
        assert_eq!(faults(&format!("// {long}")).len(), 1);
        for fixed in [
            format!("//! | {long} |"),
            format!("/// at http://{long}"),
            format!("/// ```\n/// {long}\n/// ```\n/// Three more words."),
        ] {
            assert_eq!(faults(&fixed), Vec::<String>::new(), "{fixed}");
        }
    }

    #[test]
    fn plain_comments_pass() {
        assert_eq!(
            faults("/// Closes the stream.\n\n// Retry.\nlet a = \"// nobody\";"),
            Vec::<String>::new()
        );
    }
}

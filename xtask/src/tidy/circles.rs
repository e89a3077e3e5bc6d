//! Circles of imports between the files of a crate.
//!
//! A file in the folder of another one's name is a part of it and may use it: that is no circle.

use super::tree::Source;
use std::collections::{BTreeMap, BTreeSet};

/// Files that may import each other, each circle with its reason.
const ALLOWED: &[(&[&str], &str)] = &[
    (
        &[
            "crates/mfly-client/src/machine/authenticating.rs",
            "crates/mfly-client/src/machine/binding.rs",
            "crates/mfly-client/src/machine/closing.rs",
            "crates/mfly-client/src/machine/offline.rs",
            "crates/mfly-client/src/machine/online.rs",
            "crates/mfly-client/src/machine/opening.rs",
            "crates/mfly-client/src/machine/phase.rs",
        ],
        "a phase becomes the next one",
    ),
    (
        &["crates/mfly-testserver/src/core/stream.rs", "crates/mfly-testserver/src/core/stream/"],
        "a phase becomes the next one",
    ),
    (
        &[
            "crates/mfly-proto/src/xml/reader.rs",
            "crates/mfly-proto/src/xml/document.rs",
            "crates/mfly-proto/src/xml/element.rs",
        ],
        "a table, its owner and its view",
    ),
    (
        &[
            "crates/mfly-client/src/standard/account.rs",
            "crates/mfly-client/src/standard/connecting.rs",
        ],
        "a builder and the future that it becomes",
    ),
    (
        &["crates/mfly-api/src/api.rs", "crates/mfly-api/src/token.rs"],
        "a token is refreshed by a request",
    ),
    (
        &["crates/mfly-transport/src/connection.rs", "crates/mfly-transport/src/connection/"],
        "a connection and its two wires",
    ),
];

pub(super) fn check(sources: &[Source], faults: &mut Vec<String>) {
    let crates: BTreeSet<&str> = sources.iter().filter_map(crate_of).collect();
    for folder in crates {
        let of_crate = |source: &&Source| crate_of(source) == Some(folder) && !source.is_tests();
        let files: Vec<&Source> = sources.iter().filter(of_crate).collect();
        for circle in Crate::new(folder, &files).circles() {
            let may = |(allowed, _): &(&[&str], &str)| {
                circle.iter().all(|file| allowed.iter().any(|allowed| file.starts_with(allowed)))
            };
            if !ALLOWED.iter().any(may) {
                faults
                    .push(format!("import each other: {}; let one stand below", circle.join(", ")));
            }
        }
    }
}

/// The `src` folder of the crate that a file belongs to.
fn crate_of(source: &Source) -> Option<&str> {
    let end = source.name.find("/src/")?;
    source.name.starts_with("crates/").then(|| &source.name[..end + "/src".len()])
}

/// The modules of a crate.
struct Crate<'s> {
    /// Module path, such as `core::world`, to file.
    modules: BTreeMap<String, &'s Source>,
}

impl<'s> Crate<'s> {
    fn new(folder: &str, files: &[&'s Source]) -> Self {
        let path = |source: &&'s Source| {
            let module = source.module().strip_prefix(folder)?.trim_start_matches('/');
            let is_root = matches!(module, "lib" | "main");
            let path = if is_root { String::new() } else { module.replace('/', "::") };
            (!module.starts_with("bin/")).then_some((path, *source))
        };
        Self { modules: files.iter().filter_map(path).collect() }
    }

    /// The files of each circle.
    fn circles(&self) -> Vec<Vec<&'s str>> {
        let edges: BTreeMap<&str, BTreeSet<&str>> =
            self.modules.keys().map(|module| (module.as_str(), self.imports(module))).collect();
        let reached: BTreeMap<&str, BTreeSet<&str>> =
            edges.keys().map(|module| (*module, reach(&edges, module))).collect();
        let mut done = BTreeSet::new();
        let mut circles = Vec::new();
        for (module, below) in &reached {
            let circle: Vec<&str> =
                below.iter().filter(|other| reached[*other].contains(module)).copied().collect();
            if circle.len() > 1 && done.insert(circle[0]) {
                circles.push(
                    circle.iter().map(|module| self.modules[*module].name.as_str()).collect(),
                );
            }
        }
        circles
    }

    /// The modules that define what this one names.
    fn imports(&self, module: &str) -> BTreeSet<&str> {
        let source = self.modules[module];
        let mut found = BTreeSet::new();
        for path in paths(source, false) {
            if let Some((target, _)) = self.find(module, &path, 0) {
                found.insert(target);
            }
        }
        let is_whole = |whole: &&str| !format!("{module}::").starts_with(&format!("{whole}::"));
        found.retain(|target| is_whole(target) && !target.is_empty());
        found
    }

    /// The module that defines what `path`, as written in `module`, names: re-exports are followed.
    fn find(&self, module: &str, path: &str, depth: usize) -> Option<(&str, usize)> {
        let mut at: Vec<&str> = module.split("::").filter(|part| !part.is_empty()).collect();
        let mut rest: Vec<&str> = path.split("::").collect();
        match *rest.first()? {
            "crate" => at.clear(),
            "self" => {}
            "super" => {
                at.pop()?;
            }
            child if self.modules.contains_key(&join(&at, child)) => at.push(child),
            _ => return None,
        }
        rest.remove(0);
        while let Some(part) = rest.first() {
            if *part == "super" {
                at.pop()?;
            } else if self.modules.contains_key(&join(&at, part)) {
                at.push(part);
            } else {
                break;
            }
            rest.remove(0);
        }
        let (target, source) = self.modules.get_key_value(&at.join("::"))?;
        if let Some(name) = rest.first().filter(|_| depth < 8) {
            for path in paths(source, true) {
                if path.rsplit("::").next() == Some(name) {
                    return self.find(target, &path, depth + 1);
                }
            }
        }
        Some((target, depth))
    }
}

fn join(at: &[&str], child: &str) -> String {
    [at, &[child]].concat().join("::")
}

/// Every module that can be reached from this one; itself only by a circle.
fn reach<'a>(edges: &BTreeMap<&'a str, BTreeSet<&'a str>>, from: &'a str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&str> = edges[from].iter().copied().collect();
    while let Some(module) = open.pop() {
        if reached.insert(module) {
            open.extend(&edges[module]);
        }
    }
    reached
}

/// The paths that a file names: those of its re-exports, or all others.
fn paths(source: &Source, re_exported: bool) -> Vec<String> {
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    let text = source.code().filter(is_code).collect::<Vec<_>>().join("\n");
    let mut found = Vec::new();
    for statement in text.split_inclusive([';', '{', '}']).scan(String::new(), gather).flatten() {
        let statement = statement.trim();
        let Some(at) = statement.find("use ").filter(|at| is_use(&statement[..*at])) else {
            if !re_exported {
                found.extend(inline(statement));
            }
            continue;
        };
        if statement[..at].contains("pub") == re_exported {
            spread("", statement[at + 4..].trim_end_matches(';'), &mut found);
        }
    }
    found
}

/// Joins what the split cut: a `use` ends at its semicolon.
#[expect(clippy::unnecessary_wraps, reason = "the form that scan wants")]
fn gather(open: &mut String, piece: &str) -> Option<Option<String>> {
    open.push_str(piece);
    let start = open.trim_start();
    let is_open =
        start.find("use ").is_some_and(|at| is_use(&start[..at])) && !piece.ends_with(';');
    Some((!is_open).then(|| std::mem::take(open)))
}

/// Whether this stands before a `use`: nothing, a visibility, attributes.
fn is_use(before: &str) -> bool {
    let before = before.trim();
    let last = before.rsplit('\n').next().unwrap_or(before).trim();
    last.is_empty() || last.starts_with("pub") || last.ends_with(']')
}

/// Paths named outside `use`.
fn inline(statement: &str) -> Vec<String> {
    let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let words = statement.split(|c: char| !is_path(c));
    let paths = words.filter(|word| word.contains("::"));
    paths.map(|word| word.trim_matches(':').to_owned()).collect()
}

/// Takes `a::{b, c::{d, e}}` apart.
fn spread(prefix: &str, tree: &str, found: &mut Vec<String>) {
    let tree = tree.trim();
    let Some(open) = tree.find('{') else {
        let name = tree.split(" as ").next().unwrap_or(tree).trim();
        let path = format!("{prefix}{name}");
        found.push(path.strip_suffix("::self").unwrap_or(&path).to_owned());
        return;
    };
    let prefix = format!("{prefix}{}", &tree[..open]);
    let inside = tree[open + 1..].strip_suffix('}').unwrap_or(&tree[open + 1..]);
    let mut depth = 0;
    let mut start = 0;
    for (at, c) in inside.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                spread(&prefix, &inside[start..at], found);
                start = at + 1;
            }
            _ => {}
        }
    }
    if !inside[start..].trim().is_empty() {
        spread(&prefix, &inside[start..], found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(files: &[(&str, &str)]) -> Vec<String> {
        let source =
            |(name, text): &(&str, &str)| Source::new(&format!("crates/x/src/{name}"), text);
        let sources: Vec<Source> = files.iter().map(source).collect();
        let mut faults = Vec::new();
        check(&sources, &mut faults);
        faults
    }

    #[test]
    fn files_that_import_each_other_are_found_however_they_name_each_other() {
        let lib = ("lib.rs", "mod a;\nmod b;\npub use b::B;\n");
        for (a, b) in [
            ("use crate::b::B;", "use crate::a::A;"),
            ("use crate::{b::{self, C}, d};", "fn f() { super::a::f() }"),
            ("use crate::B;", "pub(crate) fn f(a: crate::a::A) {}"),
        ] {
            assert_eq!(faults(&[lib, ("a.rs", a), ("b.rs", b)]).len(), 1, "{a} {b}");
        }
    }

    #[test]
    fn a_re_export_is_no_import_and_neither_are_tests_and_comments() {
        let face = ("a/mod.rs", "//! Parts.\nmod b;\nmod c;\npub(crate) use b::B;\n");
        let b = (
            "a/b.rs",
            "// crate::a::c::C\npub struct B;\n#[cfg(test)]\nmod tests { use super::super::c::C; }",
        );
        let c = ("a/c.rs", "use super::B;\nuse crate::a::b;\n");
        assert_eq!(faults(&[("lib.rs", "mod a;"), face, b, c]), Vec::<String>::new());
    }

    #[test]
    fn a_part_may_use_what_it_is_a_part_of_and_not_its_neighbour() {
        let whole = ("a.rs", "mod b;\nmod c;\nuse b::B;\npub struct A(B);");
        let (b, c) = (("a/b.rs", "use super::A;\nuse super::c::C;"), ("a/c.rs", "use super::A;"));
        assert_eq!(faults(&[("lib.rs", ""), whole, b, c]), Vec::<String>::new());
        assert_eq!(faults(&[("lib.rs", ""), whole, b, ("a/c.rs", "use super::b::B;")]).len(), 1);
    }
}

//! Every feature is in every place where it has to be, and every test file is run.

use super::tree::{Source, files, name};
use std::path::Path;

/// Payloads and endpoints that are no feature of their own, each with the feature that they serve.
const PARTS: &[(&str, &str)] = &[
    ("bind", "connect"),
    ("media_commit", "media"),
    ("media_download", "media"),
    ("media_part", "media"),
    ("media_start", "media"),
    ("media_upload", "media"),
    ("media_url", "media"),
    ("session", "connect"),
];

/// Payloads and endpoints that only the server's side or only the tests have, each with its reason.
const EXCEPT: &[(&str, &str)] = &[
    ("carbons", "both dialects use one form; the client has it in standard/"),
    ("mute", "for official apps; the client has no operation"),
    ("muted", "for official apps; the client has no operation"),
    ("ping", "the keep-alive; the client has it in standard/"),
];

/// Payloads that are only pushed: the client has a row for each in `event/translate.rs`.
const PUSHES: &[&str] = &["admin_block", "user_deleted"];

/// Payloads and endpoints whose tests are in the file of another feature.
const TESTED_BY: &[(&str, &str)] = &[("config", "features"), ("login", "user_token")];

/// Features of the client that no user calls, each with its reason.
const INTERNAL: &[(&str, &str)] = &[
    ("admin_block", "a push"),
    ("config", "a part of connecting; `features` shows it"),
    ("login", "a part of connecting; `user_token` shows it"),
    ("presence", "a push"),
    ("sync_contacts", "the official SDK does not document it"),
    ("user_deleted", "a push"),
];

/// Features of the client without a sub-command, each with its reason.
const NO_COMMAND: &[(&str, &str)] = &[
    ("licence", "the options of every sub-command"),
    ("user_list", "the platform does not offer it to a single account"),
];

pub(super) fn check(root: &Path, sources: &[Source], faults: &mut Vec<String>) {
    operations(root, faults);
    stems(root, faults);
    rows(root, faults);
    orphans(sources, faults);
    traces(root, sources, faults);
    documents(root, faults);
}

/// The stems of the Rust files in a folder.
fn stems_in(root: &Path, folder: &str) -> Vec<String> {
    let found = files(root, &[folder], "rs");
    let own = found.iter().filter(|path| path.parent() == Some(&root.join(folder)));
    let stems = own.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()));
    stems.filter(|stem| stem != "mod").collect()
}

/// A feature of the client has a sub-command and a row in README.md, and a sub-command has its
/// words in the command's README.
fn operations(root: &Path, faults: &mut Vec<String>) {
    const COMMANDS: &str = "crates/mfly-cli/README.md";
    const LIBRARY: &str = "crates/mfly-client/src/lib.rs";
    let read = |place: &str| std::fs::read_to_string(root.join(place)).unwrap_or_default();
    let is_in = |list: &[(&str, &str)], stem: &str| list.iter().any(|(name, _)| *name == stem);
    let (readme, library) = (read("README.md"), read(LIBRARY));
    let features = stems_in(root, "crates/mfly-client/src/feature");
    for stem in features.iter().filter(|stem| !is_in(INTERNAL, stem)) {
        if !readme.contains(&format!("| `{stem}` |\n")) {
            faults
                .push(format!("feature '{stem}' has no row in README.md that ends with its stem"));
        }
        let feature = read(&format!("crates/mfly-client/src/feature/{stem}.rs"));
        let methods = feature.lines().filter_map(|line| {
            let name = line.trim().strip_prefix("pub ")?.trim_start_matches("async ");
            name.strip_prefix("fn ")?.split(['(', '<']).next()
        });
        let methods: Vec<&str> = methods.collect();
        let is_listed = methods.iter().any(|name| library.contains(&format!("::{name}`")));
        if !methods.is_empty() && !is_listed {
            faults.push(format!("feature '{stem}' has no row in the table of {LIBRARY}"));
        }
        let command = format!("crates/mfly-cli/src/command/{stem}.rs");
        if !is_in(NO_COMMAND, stem) && !root.join(&command).exists() {
            faults.push(format!("feature '{stem}' has no {command}"));
        }
    }
    let (commands, cli) = (read(COMMANDS), read("crates/mfly-cli/src/cli.rs"));
    let table = cli.split("\ncommands! {\n").nth(1).unwrap_or_default();
    let rows = table.lines().take_while(|line| *line != "}");
    for variant in rows.filter_map(|row| row.trim().split('(').next()) {
        let mut words = String::new();
        for letter in variant.chars() {
            if letter.is_uppercase() && !words.is_empty() {
                words.push('-');
            }
            words.extend(letter.to_lowercase());
        }
        if !commands.contains(&format!("`{words}")) {
            faults.push(format!("sub-command '{words}' has no row in {COMMANDS}"));
        }
    }
}

/// A payload or an endpoint has one stem in the client, the test server, the tests and the traces.
fn stems(root: &Path, faults: &mut Vec<String>) {
    let mut need = |stem: &str, kind: &str, any: &[String]| {
        if !any.iter().any(|place| root.join(place).exists()) {
            faults.push(format!("{kind} '{stem}' has no {}", any.join(" or ")));
        }
    };
    let is_exception = |stem: &str| EXCEPT.iter().any(|(except, _)| *except == stem);
    let feature = |stem: &str| -> String {
        let part = PARTS.iter().find(|(part, _)| *part == stem);
        part.map_or(stem, |(_, feature)| *feature).to_owned()
    };
    let client = |stem: &str| match PUSHES.contains(&stem) {
        true => "crates/mfly-client/src/event/translate.rs".to_owned(),
        false => format!("crates/mfly-client/src/feature/{stem}.rs"),
    };
    let test = |stem: &str| {
        let other = TESTED_BY.iter().find(|(tested, _)| *tested == stem);
        format!("tests/it/{}.rs", other.map_or(stem, |(_, other)| *other))
    };
    for stem in stems_in(root, "crates/mfly-proto/src/payload") {
        let feature = feature(&stem);
        let server = format!("crates/mfly-testserver/src/core/feature/{stem}.rs");
        if !is_exception(&stem) {
            need(&stem, "payload", &[client(&feature)]);
            need(&stem, "payload", &[test(&feature)]);
        }
        if feature == stem {
            need(&stem, "payload", &[server]);
        }
        let mut traces =
            [&stem, &feature].map(|name| format!("crates/mfly-proto/fixtures/{name}")).to_vec();
        traces.dedup();
        if stem != "carbons" {
            need(&stem, "payload", &traces);
        }
    }
    for stem in stems_in(root, "crates/mfly-proto/src/payload/standard") {
        let kind = "standard payload";
        let server = format!("crates/mfly-testserver/src/core/feature/standard/{stem}.rs");
        need(&stem, kind, &[format!("crates/mfly-client/src/standard/{stem}.rs")]);
        need(&stem, kind, &[server]);
        need(&stem, kind, &[format!("crates/mfly-proto/fixtures/standard/{stem}")]);
    }
    for stem in stems_in(root, "crates/mfly-api/src/endpoint") {
        let feature = feature(&stem);
        if !is_exception(&stem) {
            need(&stem, "endpoint", &[client(&feature)]);
            need(&stem, "endpoint", &[test(&feature)]);
        }
        let server = [feature, "mute".to_owned()];
        let server = if stem == "muted" { &server[1] } else { &server[0] };
        need(&stem, "endpoint", &[format!("crates/mfly-testserver/src/rest/{server}.rs")]);
    }
}

/// A request has a row in the test server's table and a place among the codec's round trips.
fn rows(root: &Path, faults: &mut Vec<String>) {
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap_or_default();
    for stem in stems_in(root, "crates/mfly-proto/src/payload") {
        let payload = read(&format!("crates/mfly-proto/src/payload/{stem}.rs"));
        let tables =
            ["crates/mfly-proto/src/payload/mod.rs", "crates/mfly-testserver/src/core/dispatch.rs"];
        for table in tables.iter().filter(|_| payload.contains("IqRequest for") && stem != "bind") {
            let row = if table.ends_with("dispatch.rs") { "=> " } else { " " };
            if !read(table).contains(&format!("{row}{stem}::")) {
                faults.push(format!("payload '{stem}' has no row in {table}"));
            }
        }
    }
}

/// A file without a `mod` line is not compiled: its tests would never run.
fn orphans(sources: &[Source], faults: &mut Vec<String>) {
    for source in sources {
        let (folder, stem) = source.module().rsplit_once('/').unwrap_or_default();
        let holder = folder.rsplit('/').next().unwrap_or_default();
        let is_root = matches!(stem, "lib" | "main" | "build")
            || matches!(holder, "bin" | "examples" | "benches" | "tests" | "fuzz_targets")
                && !sources.iter().any(|parent| parent.name == format!("{folder}.rs"));
        if is_root {
            continue;
        }
        let parents: Vec<&Source> = sources
            .iter()
            .filter(|parent| {
                let own_folder = parent.name.rsplit_once('/').map(|(folder, _)| folder);
                let is_face = ["main.rs", "lib.rs", "mod.rs"]
                    .iter()
                    .any(|face| parent.name.ends_with(&format!("/{face}")));
                parent.module() == folder || is_face && own_folder == Some(folder)
            })
            .collect();
        let line = format!("mod {stem};");
        let names = |parent: &&Source| parent.text.lines().any(|text| text.trim().ends_with(&line));
        if !parents.iter().any(names) {
            let parents: Vec<&str> = parents.iter().map(|parent| parent.name.as_str()).collect();
            let place = if parents.is_empty() {
                "a file above it".to_owned()
            } else {
                parents.join(" or ")
            };
            faults.push(format!("{}: is never compiled; {place} needs `{line}`", source.name));
        }
    }
}

/// A trace says where it comes from, and the client's judge knows each operation in it.
fn traces(root: &Path, sources: &[Source], faults: &mut Vec<String>) {
    const JUDGE: &str = "tests/it/traces/";
    let judge: String = sources
        .iter()
        .filter(|source| source.name.starts_with(JUDGE))
        .map(|source| source.text.as_str())
        .collect();
    for path in files(root, &["crates/mfly-proto/fixtures"], "trace") {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let trace = name(root, &path);
        if !text.starts_with("source: ") {
            faults.push(format!("{trace}: the first line does not name the source"));
        }
        if text.lines().any(|line| line == "given: a standard server") {
            continue;
        }
        for operation in text.lines().filter_map(|line| line.strip_prefix("do: ")) {
            let verb = operation.split(' ').next().unwrap_or_default();
            if !judge.contains(&format!("\"{verb}\"")) {
                faults.push(format!("{trace}: no arm for \"{verb}\" in {JUDGE}"));
            }
        }
    }
}

/// The places that ARCHITECTURE and CONTRIBUTING name exist.
fn documents(root: &Path, faults: &mut Vec<String>) {
    const FOLDERS: &[&str] = &["crates/", "tests/", "docs/", "xtask/", "benches/", "fuzz/"];
    for document in ["ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let text = std::fs::read_to_string(root.join(document)).unwrap_or_default();
        for path in text.split('`').skip(1).step_by(2) {
            let place =
                if path.starts_with("mfly-") { format!("crates/{path}") } else { path.to_owned() };
            let is_path = FOLDERS.iter().any(|folder| place.starts_with(folder));
            let is_example = path.contains(['<', '*', '{', ' ']) || path.contains("mood");
            if is_path && place.contains('/') && !is_example && !root.join(&place).exists() {
                faults.push(format!("{document}: there is no {path}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_file_without_a_mod_line_is_found() {
        let main = Source::new("tests/it/main.rs", "mod block;\n");
        let files = |text: &str| {
            vec![
                Source::new(&main.name, text),
                Source::new("tests/it/block.rs", ""),
                Source::new("tests/it/block/more.rs", ""),
                Source::new("crates/x/src/lib.rs", "pub mod y;"),
                Source::new("crates/x/src/y/mod.rs", "    pub(crate) mod z;"),
                Source::new("crates/x/src/y/z.rs", ""),
                Source::new("crates/x/tests/all.rs", ""),
            ]
        };
        let faults = |sources: &[Source]| {
            let mut faults = Vec::new();
            orphans(sources, &mut faults);
            faults
        };
        let found = faults(&files(""));
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("tests/it/main.rs needs `mod block;`"), "{found:?}");
        assert_eq!(faults(&files("mod block;")).len(), 1);
    }

    #[test]
    fn a_feature_needs_a_sub_command_and_rows_in_both_tables() {
        let root = std::env::temp_dir().join(format!("mfly-tidy-rows-{}", std::process::id()));
        let write = |place: &str, text: &str| {
            let path = root.join(place);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("crates/mfly-client/src/feature/mood.rs", "");
        write(
            "crates/mfly-cli/src/cli.rs",
            "\ncommands! {\n    MyMood(WithTarget<MoodArgs>),\n}\n",
        );
        let found = || {
            let mut faults = Vec::new();
            operations(&root, &mut faults);
            faults
        };
        assert_eq!(found().len(), 3, "{:?}", found());
        write("crates/mfly-cli/src/command/mood.rs", "");
        write("crates/mfly-cli/README.md", "| `my-mood USER` | shows a mood |\n");
        write("README.md", "| `getMood` | `Session::mood` | `my-mood` | `mood` |\n");
        let left = found();
        std::fs::remove_dir_all(&root).unwrap();
        assert_eq!(left, Vec::<String>::new());
    }

    #[test]
    fn a_payload_alone_names_each_place_that_is_missing() {
        let root = std::env::temp_dir().join(format!("mfly-tidy-{}", std::process::id()));
        let payloads = root.join("crates/mfly-proto/src/payload");
        std::fs::create_dir_all(&payloads).unwrap();
        std::fs::write(payloads.join("mood.rs"), "impl IqRequest for GetMood {}").unwrap();
        let features = root.join("crates/mfly-client/src/feature");
        std::fs::create_dir_all(&features).unwrap();
        let mut faults = Vec::new();
        stems(&root, &mut faults);
        std::fs::write(features.join("mood.rs"), "").unwrap();
        operations(&root, &mut faults);
        rows(&root, &mut faults);
        std::fs::remove_dir_all(&root).unwrap();
        for place in [
            "crates/mfly-client/src/feature/mood.rs",
            "crates/mfly-testserver/src/core/feature/mood.rs",
            "tests/it/mood.rs",
            "crates/mfly-proto/fixtures/mood",
            "crates/mfly-proto/src/payload/mod.rs",
            "crates/mfly-testserver/src/core/dispatch.rs",
            "crates/mfly-cli/src/command/mood.rs",
            "README.md",
        ] {
            assert!(faults.iter().any(|fault| fault.contains(place)), "{place}: {faults:?}");
        }
    }
}

//! Rules for dependencies: the oldest compiler that is supported, and no copyleft licence in the
//! published crates.

use crate::run::{cargo, metadata, output};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The published crates. Their normal dependencies ship with them.
pub(crate) const SHIPPED: &[&str] =
    &["mfly-proto", "mfly-transport", "mfly-api", "mfly-client", "mfly-testserver", "mfly-cli"];

/// The most packages of the client with its default features on this platform, itself included.
const CLIENT_BUDGET: usize = 110;

pub(crate) fn run() -> Result<(), String> {
    let metadata = metadata(&["--locked"])?;
    let packages = by_id(&metadata["packages"]);
    let nodes = by_id(&metadata["resolve"]["nodes"]);
    let roots = |names: &[&str]| -> Vec<&str> {
        let named =
            |id: &&str| packages[*id]["name"].as_str().is_some_and(|name| names.contains(&name));
        packages.keys().copied().filter(named).collect()
    };
    let shipped = reach(&nodes, roots(SHIPPED));
    let minimum = version(env!("CARGO_PKG_RUST_VERSION"));
    let mut faults = Vec::new();
    for id in &shipped {
        let package = packages[id];
        let name = package["name"].as_str().unwrap_or_default();
        let licence = package["license"].as_str().unwrap_or("none");
        if licence_is_copyleft(licence) {
            faults.push(format!("{name} is under {licence}, which must not ship"));
        }
        if let Some(needed) = package["rust_version"].as_str()
            && version(needed) > minimum
        {
            faults.push(format!("{name} needs Rust {needed}, more than is promised"));
        }
    }
    let client = client_packages()?;
    if client > CLIENT_BUDGET {
        faults.push(format!("mfly-client brings {client} packages; {CLIENT_BUDGET} are allowed"));
    }
    if faults.is_empty() {
        println!(
            "\ndependencies: {} packages ship, {client} of them with the client; licences and Rust {} hold",
            shipped.len(),
            env!("CARGO_PKG_RUST_VERSION"),
        );
        Ok(())
    } else {
        Err(faults.join("\n"))
    }
}

/// The entries of a list, by their id.
fn by_id(list: &Value) -> BTreeMap<&str, &Value> {
    let entries = list.as_array().into_iter().flatten();
    entries.filter_map(|entry| Some((entry["id"].as_str()?, entry))).collect()
}

/// The number of packages of the client alone. In the metadata of the whole workspace, other
/// members and the tests switch on further features.
fn client_packages() -> Result<usize, String> {
    let mut tree = cargo(&["tree", "--package", "mfly-client", "--edges", "normal", "--locked"]);
    let listing = output(tree.args(["--prefix", "none", "--format", "{p}"]))?;
    let packages: BTreeSet<&str> = listing
        .lines()
        .map(|line| line.trim_end_matches(" (*)"))
        .filter(|line| !line.is_empty())
        .collect();
    Ok(packages.len())
}

/// The packages that are reached over normal dependencies.
fn reach<'a>(nodes: &BTreeMap<&'a str, &'a Value>, mut open: Vec<&'a str>) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !reached.insert(id) {
            continue;
        }
        let Some(node) = nodes.get(id) else { continue };
        for dependency in node["deps"].as_array().into_iter().flatten() {
            let normal = |kind: &Value| kind["kind"].is_null() && on_this_platform(&kind["target"]);
            let is_normal =
                dependency["dep_kinds"].as_array().is_some_and(|kinds| kinds.iter().any(normal));
            if let (true, Some(id)) = (is_normal, dependency["pkg"].as_str()) {
                open.push(id);
            }
        }
    }
    reached
}

/// Whether a dependency is used here. Those of Windows, Apple, WebAssembly and others are not.
fn on_this_platform(target: &Value) -> bool {
    target.as_str().is_none_or(|target| {
        let foreign = [
            "windows", "apple", "macos", "ios", "wasm", "android", "hermit", "wasi", "redox",
            "solaris",
        ];
        !foreign.iter().any(|name| target.contains(name)) || target.contains("not(")
    })
}

fn licence_is_copyleft(licence: &str) -> bool {
    // A choice that includes a permissive licence is fine.
    licence.split(" OR ").all(|choice| {
        ["MPL", "GPL", "EUPL", "CDDL", "none"].iter().any(|name| choice.contains(name))
    })
}

fn version(text: &str) -> (u32, u32) {
    let mut parts = text.split('.').map(|part| part.parse().unwrap_or_default());
    (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_with_a_permissive_licence_may_ship_and_a_copyleft_one_may_not() {
        assert!(!licence_is_copyleft("MIT OR LGPL-2.1-or-later"));
        assert!(licence_is_copyleft("MPL-2.0"));
        assert!(licence_is_copyleft("none"));
    }

    #[test]
    fn versions_compare_by_number() {
        assert!(version("1.9") < version("1.89.0"));
    }
}

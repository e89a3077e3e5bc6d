//! The promises about dependencies: the compiler version that suffices, and no copyleft in what
//! ships.

use crate::run::{cargo, output};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Packages that ship; their normal dependencies do, too.
const SHIPPED: &[&str] =
    &["mfly-proto", "mfly-transport", "mfly-api", "mfly-client", "mfly-testserver", "mfly-cli"];

/// The most packages that the client may bring with it on this platform by default, itself
/// included.
const CLIENT_BUDGET: usize = 110;

pub(crate) fn run() -> Result<(), String> {
    let text = output(&mut cargo(&["metadata", "--format-version", "1", "--locked"]))?;
    let metadata: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let packages: BTreeMap<&str, &Value> = metadata["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|package| Some((package["id"].as_str()?, package)))
        .collect();
    let nodes: BTreeMap<&str, &Value> = metadata["resolve"]["nodes"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|node| Some((node["id"].as_str()?, node)))
        .collect();
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

/// How many packages come with the client alone. The metadata of the whole workspace would count
/// what other members, and the tests, switch on in addition.
fn client_packages() -> Result<usize, String> {
    let listing = output(&mut cargo(&[
        "tree",
        "--package",
        "mfly-client",
        "--edges",
        "normal",
        "--prefix",
        "none",
        "--format",
        "{p}",
        "--locked",
    ]))?;
    let packages: BTreeSet<&str> = listing
        .lines()
        .map(|line| line.trim_end_matches(" (*)"))
        .filter(|line| !line.is_empty())
        .collect();
    Ok(packages.len())
}

/// What can be reached over normal dependencies.
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

/// Dependencies of other platforms are named by conditions; those of Windows, Apple and WebAssembly
/// are left out.
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

//! Answers of the control API as lines for people.

use serde_json::{Map, Value};

/// The columns of the lists of the API, each with the names of its members.
const LISTS: [(&str, &[&str]); 5] = [
    ("users", &["id", "online", "profile.nickName", "blocks", "adminBlocked"]),
    ("standardUsers", &["name", "online"]),
    ("sessions", &["id", "user", "kind", "jid", "available"]),
    ("faults", &["id", "on", "path", "user", "timesLeft", "fault"]),
    ("codes", &["code", "state"]),
];

/// An answer in lines: a list as a table, an object as names and values.
pub(super) fn lines(answer: &Value) -> Vec<String> {
    let Value::Object(members) = answer else { return vec!["done".to_owned()] };
    // An account has lists, too, beside its other members.
    let is_list = |name: &str| members.keys().all(|member| member == name || member == "next");
    let mut lists = LISTS.iter().filter(|(name, _)| is_list(name));
    let list = lists.find_map(|(name, columns)| Some((members.get(*name)?, columns)));
    match list {
        Some((Value::Array(rows), columns)) => rows_of(rows, columns),
        _ => {
            let mut lines = Vec::new();
            describe(members, "", &mut lines);
            lines
        }
    }
}

/// An entry of the journal in one line.
pub(super) fn entry(entry: &Value) -> String {
    let text = |name: &str| entry[name].as_str().unwrap_or_default();
    let user = entry["user"].as_str().unwrap_or("-");
    let what = if entry["type"] == "request" {
        format!("{} {} -> {}", text("method"), text("path"), entry["httpStatus"])
    } else {
        let arrow = if entry["direction"] == "received" { "C:" } else { "S:" };
        format!("{arrow} {}", text("text"))
    };
    let operation = entry["operation"].as_str().unwrap_or("");
    format!("{:>6}  {user:<12}  {operation:<14}  {what}", entry["seq"].to_string())
}

/// A table with a line for the names of its columns.
fn rows_of(rows: &[Value], columns: &[&str]) -> Vec<String> {
    if rows.is_empty() {
        return vec!["none".to_owned()];
    }
    let heads = columns.iter().map(|column| column.rsplit('.').next().unwrap_or(column).to_owned());
    let mut cells = vec![heads.collect::<Vec<_>>()];
    for row in rows {
        let cell = |column: &&str| {
            let value = column.split('.').try_fold(row, |value, name| value.get(name));
            value.map_or_else(|| "-".to_owned(), plain)
        };
        cells.push(columns.iter().map(cell).collect());
    }
    let width = |column: usize| cells.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<_> = (0..columns.len()).map(|n| width(n).unwrap_or_default()).collect();
    let padded = cells.iter().map(|row| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    });
    padded.collect()
}

/// The members of an object, those of inner objects with a path as name.
fn describe(members: &Map<String, Value>, path: &str, lines: &mut Vec<String>) {
    for (name, value) in members {
        match value {
            Value::Object(inner) => describe(inner, &format!("{path}{name}."), lines),
            value => lines.push(format!("{:<24}  {}", format!("{path}{name}"), plain(value))),
        }
    }
}

/// A value without the marks of JSON where it needs none.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.trim_end().to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Array(items) if items.is_empty() => "-".to_owned(),
        Value::Array(items) if items.iter().all(|item| !item.is_object()) => {
            items.iter().map(plain).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_list_is_a_table_and_an_object_has_a_line_for_each_member() {
        let users = json!({ "users": [
            { "id": "alice", "online": true, "profile": { "nickName": "Alice" }, "blocks": ["bob"], "adminBlocked": false },
            { "id": "bob", "online": false, "profile": {}, "blocks": [], "adminBlocked": false },
        ] });
        assert_eq!(
            lines(&users),
            [
                "id     online  nickName  blocks  adminBlocked",
                "alice  yes     Alice     bob     no",
                "bob    no      -         -       no",
            ]
        );
        let alice = json!({ "id": "alice", "sessions": [], "blocks": ["bob", "carol"] });
        assert_eq!(lines(&alice)[0], "blocks                    bob, carol");
        assert_eq!(lines(&json!({ "faults": [] })), ["none"]);
        assert_eq!(lines(&Value::Null), ["done"]);
        let clock = json!({ "nowMs": 5, "inner": { "frozen": true } });
        assert!(lines(&clock).iter().any(|line| line == "inner.frozen              yes"));
    }
}

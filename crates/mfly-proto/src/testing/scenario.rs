//! Scenarios: steps and what they lead to, as text.

use super::recorded::texts_below;
use std::io;
use std::path::Path;

/// A scenario of a text, for one row of its table if it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// The sentence of its heading, and the row.
    pub title: String,
    /// Its lines, with the row's cells in their places.
    pub lines: Vec<String>,
}

/// The scenarios of a text. Each begins with a heading, `# ` and a sentence; what stands before the
/// first heading says what the text is about. Lines that start with `|` are a table of cells with
/// `|` between them, whose first line has names: the scenario is there once for each further row,
/// and `{name}` stands for the row's cell.
///
/// # Panics
/// When a row has another number of cells than its table has names.
///
/// ```
/// use mfly_proto::testing::scenarios;
/// let text = "Greetings.\n\n# A greeting is answered.\n| word\n| good day\n| hello\nS: {word}\n";
/// let [first, second] = &scenarios(text)[..] else { unreachable!() };
/// assert_eq!(first.lines, ["S: good day"]);
/// assert_eq!(second.title, "A greeting is answered. [hello]");
/// ```
#[must_use]
pub fn scenarios(text: &str) -> Vec<Scenario> {
    text.split("\n# ").skip(1).flat_map(scenario).collect()
}

/// The scenarios of every text (`.txt`) below a folder, with the name of the text before the title.
///
/// # Errors
/// When the folder cannot be read.
///
/// # Panics
/// As [`scenarios`].
pub fn scenarios_below(folder: impl AsRef<Path>) -> io::Result<Vec<Scenario>> {
    let named = |(name, text): (String, String)| {
        let scenarios = scenarios(&text).into_iter();
        scenarios.map(move |s| Scenario { title: format!("{name}: {}", s.title), ..s })
    };
    Ok(texts_below(folder.as_ref(), "txt")?.into_iter().flat_map(named).collect())
}

/// A scenario for each row.
fn scenario(text: &str) -> Vec<Scenario> {
    let (title, lines) = text.split_once('\n').unwrap_or((text, ""));
    let (table, lines): (Vec<_>, Vec<_>) =
        lines.lines().filter(|line| !line.is_empty()).partition(|line| line.starts_with('|'));
    let lines: Vec<_> = lines.into_iter().map(str::to_owned).collect();
    let cells = |row: &&str| row[1..].split('|').map(str::trim).map(str::to_owned).collect();
    let table: Vec<Vec<String>> = table.iter().map(cells).collect();
    let Some((names, rows)) = table.split_first() else {
        return vec![Scenario { title: title.to_owned(), lines }];
    };
    let with_row = |row: &Vec<String>| {
        let title = format!("{title} [{}]", row.join(" | "));
        assert_eq!(row.len(), names.len(), "{title}: another number of cells than of names");
        let places = || names.iter().map(|name| format!("{{{name}}}")).zip(row);
        let filled = |line: &String| {
            places().fold(line.clone(), |line, (place, cell)| line.replace(&place, cell))
        };
        Scenario { title, lines: lines.iter().map(filled).collect() }
    };
    rows.iter().map(with_row).collect()
}

//! Tables of texts and outcomes in data files.

/// The rows `text => outcome` of a table. The escapes of Rust strings stand for what they stand for
/// there; empty lines and lines that begin with `# ` are skipped.
///
/// ```
/// use mfly_proto::testing::rows;
/// assert_eq!(rows("# words\n\\u{e9}t\\u{e9} => summer"), [("été".to_owned(), "summer".to_owned())]);
/// ```
#[must_use]
pub fn rows(table: &str) -> Vec<(String, String)> {
    let lines = table.lines().filter(|line| !line.is_empty() && !line.starts_with("# "));
    lines
        .filter_map(|line| line.rsplit_once("=>"))
        .map(|(text, outcome)| {
            let text = text.strip_suffix(' ').unwrap_or(text);
            (unescaped(text), unescaped(outcome.strip_prefix(' ').unwrap_or(outcome)))
        })
        .collect()
}

fn unescaped(text: &str) -> String {
    let mut pieces = text.split('\\');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    while let Some(piece) = pieces.next() {
        let mut rest = piece.chars();
        let character = match rest.next() {
            Some('n') => Some('\n'),
            Some('r') => Some('\r'),
            Some('t') => Some('\t'),
            Some('0') => Some('\0'),
            Some('u') => piece.strip_prefix("u{").and_then(|code| {
                let (digits, after) = code.split_once('}')?;
                rest = after.chars();
                char::from_u32(u32::from_str_radix(digits, 16).ok()?)
            }),
            Some(other) => Some(other),
            // Two backslashes stand for one.
            None => {
                rest = pieces.next().unwrap_or_default().chars();
                Some('\\')
            }
        };
        out.extend(character);
        out.push_str(rest.as_str());
    }
    out
}

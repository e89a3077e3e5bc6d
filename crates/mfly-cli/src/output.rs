//! The standard output: lines for people, or one JSON object a line for programs.

use anstream::{AutoStream, ColorChoice};
use mfly_client::Listed;
use serde::Serialize;
use serde_json::Value;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::Duration;

/// The kind of reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Lines for people.
    Human,
    /// A JSON object a line, for programs.
    Json,
}

/// The result of a finished command.
#[derive(Debug)]
pub(crate) struct Report {
    /// The lines for people.
    pub(crate) lines: Vec<String>,
    /// The result for programs.
    pub(crate) result: Value,
}

impl Report {
    /// A report of one line.
    pub(crate) fn line(line: impl Into<String>, result: Value) -> Self {
        Self { lines: vec![line.into()], result }
    }

    /// A report as a table of names and values.
    pub(crate) fn table(rows: &[(&str, String)], result: Value) -> Self {
        let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
        let lines = rows
            .iter()
            .map(|(name, value)| format!("{name:<width$}  {value}").trim_end().to_owned())
            .collect();
        Self { lines, result }
    }
}

/// A sentence about the entries of a list that could not be read, if there are any.
pub(crate) fn left_out<T>(list: &Listed<T>) -> Option<String> {
    let first = list.skipped().first()?;
    Some(match list.skipped_count() {
        1 => format!("1 entry of the server's list cannot be read; {first}"),
        count => {
            format!("{count} entries of the server's list cannot be read; of the first, {first}")
        }
    })
}

/// An operation as JSON. The members keep this order.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Line<'a> {
    /// The official SDK's name, or this command's own where the SDK has none.
    pub(crate) operation: &'a str,
    pub(crate) ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) what: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) result: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) milliseconds: Option<f64>,
}

impl<'a> Line<'a> {
    /// An operation that worked.
    pub(crate) fn done(operation: &'a str, result: &'a Value) -> Self {
        Self { operation, ok: true, result: Some(result), ..Self::default() }
    }

    /// An operation that did not work.
    pub(crate) fn failed(operation: &'a str, error: &'a Value) -> Self {
        Self { operation, error: Some(error), ..Self::default() }
    }
}

/// A colour of a terminal.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Colour {
    Green,
    Yellow,
    Red,
    Grey,
}

/// The standard output.
pub(crate) struct Output {
    format: Format,
    coloured: bool,
    sink: Box<dyn Write + Send>,
}

impl Output {
    /// The process's standard output, coloured as [`is_coloured`] says.
    pub(crate) fn standard(format: Format) -> Self {
        let stdout = io::stdout();
        let coloured = format == Format::Human && is_coloured(&stdout);
        let sink: Box<dyn Write + Send> = match format {
            // Removes escape codes where no colours are shown, and translates for old consoles.
            Format::Human => Box::new(AutoStream::auto(stdout)),
            Format::Json => Box::new(stdout),
        };
        Self { format, coloured, sink }
    }

    /// Whether text is coloured.
    pub(crate) const fn is_coloured(&self) -> bool {
        self.coloured
    }

    /// The kind of reader.
    pub(crate) const fn format(&self) -> Format {
        self.format
    }

    /// The writer, for text that is neither a line nor JSON.
    pub(crate) fn sink(&mut self) -> &mut (dyn Write + Send) {
        &mut self.sink
    }

    /// Prints a line for people; programs do not see it. Every line leaves at once.
    pub(crate) fn line(&mut self, line: &str) -> io::Result<()> {
        match self.format {
            Format::Human => {
                self.sink.write_all(line.as_bytes())?;
                self.sink.write_all(b"\n")?;
                self.sink.flush()
            }
            Format::Json => Ok(()),
        }
    }

    /// Prints an object for programs; people do not see it.
    pub(crate) fn object(&mut self, object: &impl Serialize) -> io::Result<()> {
        match self.format {
            Format::Human => Ok(()),
            Format::Json => {
                serde_json::to_writer(&mut self.sink, object)?;
                self.sink.write_all(b"\n")?;
                self.sink.flush()
            }
        }
    }

    /// Prints the result of a command.
    pub(crate) fn report(&mut self, operation: &str, report: &Report) -> io::Result<()> {
        for line in &report.lines {
            self.line(&printable(line))?;
        }
        self.object(&Line::done(operation, &report.result))
    }

    /// Colours a text, where colours are wanted.
    pub(crate) fn paint(&self, colour: Colour, text: &str) -> String {
        let code = match colour {
            Colour::Green => 32,
            Colour::Yellow => 33,
            Colour::Red => 31,
            Colour::Grey => 90,
        };
        if self.coloured { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// An output that is discarded.
    #[cfg(test)]
    pub(crate) fn discarding(format: Format) -> Self {
        Self::into_buffer(format, Box::new(io::sink()))
    }

    #[cfg(test)]
    fn into_buffer(format: Format, buffer: Box<dyn Write + Send>) -> Self {
        Self { format, coloured: false, sink: buffer }
    }
}

/// Whether a stream takes colours, by `anstream`'s rules for every program here: `NO_COLOR`,
/// `CLICOLOR_FORCE`, `CLICOLOR`, `TERM`, and whether it is a terminal.
pub(crate) fn is_coloured(stream: &impl anstream::stream::RawStream) -> bool {
    AutoStream::choice(stream) != ColorChoice::Never
}

/// A time for people, in whole seconds, minutes, hours or days.
pub(crate) fn rounded(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        7_200..=172_799 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// A time as it is printed: in milliseconds, with one decimal.
pub(crate) fn milliseconds(taken: Duration) -> f64 {
    (taken.as_secs_f64() * 10_000.0).round() / 10.0
}

/// The text with control characters escaped, so that a server cannot control the terminal.
pub(crate) fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\r' | '\t' => printable.push(' '),
            // Direction overrides can make a line look like another one.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                let _ = write!(printable, "{}", character.escape_unicode());
            }
            _ if character.is_control() => {
                let _ = write!(printable, "{}", character.escape_unicode());
            }
            _ => printable.push(character),
        }
    }
    printable
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn printed(format: Format, print: impl FnOnce(&mut Output)) -> String {
        let buffer = Buffer::default();
        print(&mut Output::into_buffer(format, Box::new(buffer.clone())));
        String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn people_see_lines_and_programs_see_one_object() {
        let report = Report::line("bob is online", json!({"seconds": 0}));
        let human = printed(Format::Human, |out| out.report("getLastSeen", &report).unwrap());
        assert_eq!(human, "bob is online\n");
        let json = printed(Format::Json, |out| out.report("getLastSeen", &report).unwrap());
        assert_eq!(
            json,
            "{\"operation\":\"getLastSeen\",\"ok\":true,\"result\":{\"seconds\":0}}\n"
        );
    }

    #[test]
    fn the_values_of_a_table_stand_below_each_other() {
        let rows = [("user", "u1".to_owned()), ("status", "Here".to_owned())];
        assert_eq!(Report::table(&rows, json!(null)).lines, ["user    u1", "status  Here"]);
    }

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(printable("a\x1b[2Jb\nc\u{9b}d\u{202e}e"), "a\\u{1b}[2Jb c\\u{9b}d\\u{202e}e");
        assert_eq!(printable("Grüße, 你好"), "Grüße, 你好");
    }

    #[test]
    fn times_have_one_decimal() {
        let shown = |micros| milliseconds(Duration::from_micros(micros)).to_string();
        assert_eq!((shown(1_249), shown(1_251)), ("1.2".to_owned(), "1.3".to_owned()));
    }

    #[test]
    fn a_time_is_shown_in_a_unit_that_people_use() {
        let cases =
            [(1, "1 s"), (119, "119 s"), (120, "2 min"), (7_200, "2 h"), (172_800, "2 days")];
        for (seconds, expected) in cases {
            assert_eq!(rounded(seconds), expected);
        }
    }

    #[test]
    fn no_colour_is_used_in_a_file() {
        let output = Output::discarding(Format::Human);
        assert_eq!(output.paint(Colour::Green, "yes"), "yes");
    }
}

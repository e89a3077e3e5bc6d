//! Drawing a code as text, two modules a character. In colour it can be read on dark and on light
//! terminals; without colours it is drawn for dark text on a light ground, or inverted.

use super::Matrix;

/// The frame in modules. It is narrower than in an image, because terminals are small.
const QUIET: usize = 2;

/// Black on white, from the part of the palette that themes do not change.
const COLOURS: &str = "\x1b[38;5;16;48;5;231m";
const RESET: &str = "\x1b[0m";

/// How modules are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Black and white by escape codes.
    Coloured,
    /// In the terminal's colours, with the dark modules drawn.
    Plain,
    /// In the terminal's colours, with the light modules drawn.
    Inverted,
}

/// The lines to print.
pub(crate) fn lines(matrix: &Matrix, style: Style) -> Vec<String> {
    let side = matrix.side(QUIET);
    let is_inverted = style == Style::Inverted;
    (0..side)
        .step_by(2)
        .map(|y| {
            let row: String = (0..side)
                .map(|x| {
                    let upper = matrix.is_dark(x, y, QUIET) != is_inverted;
                    let lower = matrix.is_dark(x, y + 1, QUIET) != is_inverted;
                    match (upper, lower) {
                        (true, true) => '█',
                        (true, false) => '▀',
                        (false, true) => '▄',
                        (false, false) => ' ',
                    }
                })
                .collect();
            match style {
                Style::Coloured => format!("{COLOURS}{row}{RESET}"),
                Style::Plain | Style::Inverted => row,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qr::read::decode;

    /// Reads the code from a picture of the terminal, where a character has 4 × 8 pixels.
    fn seen(lines: &[String], style: Style) -> String {
        let rows: Vec<Vec<char>> = lines
            .iter()
            .map(|line| match style {
                Style::Coloured => {
                    let row = line.strip_prefix(COLOURS).unwrap();
                    row.strip_suffix(RESET).unwrap().chars().collect()
                }
                Style::Plain | Style::Inverted => line.chars().collect(),
            })
            .collect();
        let (width, height) = (rows[0].len() * 4, rows.len() * 8);
        decode(width, height, |x, y| {
            let is_upper = y % 8 < 4;
            let is_dark = match rows[y / 8][x / 4] {
                '█' => true,
                '▀' => is_upper,
                '▄' => !is_upper,
                _ => false,
            };
            if is_dark != (style == Style::Inverted) { 0 } else { 255 }
        })
        .unwrap()
    }

    #[test]
    fn a_code_on_the_terminal_is_read_by_an_independent_reader() {
        let text = "jabX8Wg+wiDAZ6lVnPjbIc".repeat(12);
        for style in [Style::Coloured, Style::Plain, Style::Inverted] {
            let lines = lines(&Matrix::new(&text).unwrap(), style);
            assert_eq!(seen(&lines, style), text, "{style:?}");
            let has_codes = lines.iter().any(|line| line.contains('\x1b'));
            assert_eq!(has_codes, style == Style::Coloured);
        }
    }
}

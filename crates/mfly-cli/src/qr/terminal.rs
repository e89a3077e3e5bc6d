//! A code as text: two modules a character, in colours of its own so that it reads the same on dark and on light terminals.

use super::Matrix;

/// A narrower frame than in an image: terminals are small, and readers cope.
const QUIET: usize = 2;

/// Black on white, from the part of the palette that themes leave alone.
const COLOURS: &str = "\x1b[38;5;16;48;5;231m";
const RESET: &str = "\x1b[0m";

/// The lines to print.
pub(crate) fn lines(matrix: &Matrix) -> Vec<String> {
    let side = matrix.side(QUIET);
    (0..side)
        .step_by(2)
        .map(|y| {
            let row: String = (0..side)
                .map(|x| {
                    let upper = matrix.is_dark(x, y, QUIET);
                    let lower = matrix.is_dark(x, y + 1, QUIET);
                    match (upper, lower) {
                        (true, true) => '█',
                        (true, false) => '▀',
                        (false, true) => '▄',
                        (false, false) => ' ',
                    }
                })
                .collect();
            format!("{COLOURS}{row}{RESET}")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qr::read::decode;

    /// As a camera would see the terminal: each character is 4 × 8 pixels.
    fn seen(lines: &[String]) -> String {
        let rows: Vec<Vec<char>> = lines
            .iter()
            .map(|line| {
                let row = line.strip_prefix(COLOURS).unwrap();
                row.strip_suffix(RESET).unwrap().chars().collect()
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
            if is_dark { 0 } else { 255 }
        })
        .unwrap()
    }

    #[test]
    fn what_the_terminal_shows_is_read_again_by_an_independent_reader() {
        let text = "jabX8Wg+wiDAZ6lVnPjbIc".repeat(12);
        let lines = lines(&Matrix::new(&text).unwrap());
        assert_eq!(seen(&lines), text);
    }
}

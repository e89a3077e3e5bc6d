//! Tables for the terminal, which are Markdown at the same time.

use std::fmt;

/// A table; the first column is text, the others are figures.
#[derive(Clone, Debug)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with a heading for every column.
    pub fn new(headings: &[&str]) -> Self {
        let headings = headings.iter().map(|text| (*text).to_owned()).collect();
        Self { rows: vec![headings] }
    }

    /// Adds a row. Missing cells stay empty, those beyond the headings are left out.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let columns = self.columns();
        let mut cells: Vec<String> = cells.into_iter().take(columns).collect();
        cells.resize(columns, String::new());
        self.rows.push(cells);
    }

    /// Whether there is nothing below the headings.
    pub fn is_empty(&self) -> bool {
        self.rows.len() == 1
    }

    fn columns(&self) -> usize {
        self.rows.first().map_or(0, Vec::len)
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths: Vec<usize> = (0..self.columns()).map(|at| self.width(at)).collect();
        for (number, row) in self.rows.iter().enumerate() {
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                match column {
                    0 => write!(f, "| {cell:<width$} ")?,
                    _ => write!(f, "| {cell:>width$} ")?,
                }
            }
            writeln!(f, "|")?;
            if number == 0 {
                for (column, width) in widths.iter().enumerate() {
                    let colon = if column == 0 { "-" } else { ":" };
                    write!(f, "|{:-<1$}{colon}", "", width + 1)?;
                }
                writeln!(f, "|")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_figures_stand_to_the_right() {
        let mut table = Table::new(&["client", "ms"]);
        table.row(["mfly".to_owned(), "1.25".to_owned()]);
        table.row(["tokio-xmpp".to_owned(), "10.00".to_owned()]);
        let expected = "\
| client     |    ms |
|------------|------:|
| mfly       |  1.25 |
| tokio-xmpp | 10.00 |
";
        assert_eq!(table.to_string(), expected);
    }

    #[test]
    fn a_row_has_exactly_as_many_cells_as_there_are_headings() {
        let mut table = Table::new(&["a", "b"]);
        assert!(table.is_empty());
        table.row(["1".to_owned()]);
        table.row(["1".to_owned(), "2".to_owned(), "3".to_owned()]);
        assert!(!table.is_empty());
        let lines: Vec<String> = table.to_string().lines().map(str::to_owned).collect();
        assert_eq!(lines[2..], ["| 1 |   |", "| 1 | 2 |"]);
    }

    #[test]
    fn letters_of_more_than_one_byte_do_not_widen_a_column() {
        let mut table = Table::new(&["x"]);
        table.row(["µs".to_owned()]);
        table.row(["ms".to_owned()]);
        assert_eq!(table.to_string(), "| x  |\n|----|\n| µs |\n| ms |\n");
    }
}

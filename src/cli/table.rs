//! A table for a terminal: columns as wide as their widest cell, two spaces between them, nothing at the ends of lines.

/// The rows under their titles, as lines.
pub(super) fn lines(titles: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    let mut widths: Vec<usize> = titles.iter().map(|title| title.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: &mut dyn Iterator<Item = &str>| -> String {
        let padded: Vec<String> = cells.zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        padded.join("  ").trim_end().to_owned()
    };
    let mut lines = vec![line(&mut titles.iter().copied())];
    lines.extend(rows.iter().map(|row| line(&mut row.iter().map(String::as_str))));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let rows = vec![vec!["a".to_owned(), "bb".to_owned()], vec!["éccc".to_owned(), String::new()]];
        assert_eq!(lines(&["x", "y"], &rows), ["x     y", "a     bb", "éccc"]);
    }
}

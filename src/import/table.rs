//! A CSV file as rows with named columns, in whatever order the columns stand.
//!
//! Takes what spreadsheets write: a byte order mark, quoted values, blank lines, spaces around values. Bounded in bytes and
//! rows. A row that cannot be read is noted and left out; the others are still checked.

use super::problem::{Rejected, quoted};

/// The largest file, in bytes: some fifty thousand persons.
pub const MOST_BYTES: usize = 8 * 1024 * 1024;

/// The most rows of a file.
pub const MOST_ROWS: usize = 50_000;

/// The longest value, in characters.
pub const LONGEST_VALUE: usize = 200;

/// A column that a file can have.
pub(super) struct Column {
    /// Its name in the header.
    pub(super) name: &'static str,
    /// Whether the file must have it.
    pub(super) needed: bool,
}

/// One row.
pub(super) struct Row<'a> {
    /// Its line in the file, from 1.
    pub(super) line: u64,
    columns: &'a [Column],
    values: Vec<String>,
}

impl Row<'_> {
    /// The value of a column; empty when the file does not have the column.
    pub(super) fn get(&self, column: &str) -> &str {
        let at = self.columns.iter().position(|known| known.name == column);
        at.and_then(|at| self.values.get(at)).map_or("", String::as_str)
    }
}

/// Reads a file; everything wrong with its form is noted.
pub(super) fn rows<'a>(file: &str, bytes: &[u8], columns: &'a [Column], rejected: &mut Rejected) -> Vec<Row<'a>> {
    if bytes.len() > MOST_BYTES {
        rejected.note(
            file,
            1,
            "",
            format!("the file has more than {} MiB: split the county, or drop what is not the directory", MOST_BYTES >> 20),
        );
        return Vec::new();
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).trim(csv::Trim::All).from_reader(bytes);
    let mut records = reader.byte_records();
    let Some(Ok(header)) = records.next() else {
        rejected.note(file, 1, "", format!("the file is empty: its first line names the columns {}", names(columns)));
        return Vec::new();
    };
    let Some(order) = order(file, &header, columns, rejected) else { return Vec::new() };
    let mut rows = Vec::new();
    for record in records {
        // Reading from memory without a fixed number of fields does not fail; were it to, the rest could not be trusted.
        let Ok(record) = record else {
            rejected.note(file, 1, "", "the rest of the file cannot be read as CSV");
            break;
        };
        if rows.len() >= MOST_ROWS {
            rejected.note(file, line(&record), "", format!("the file has more than {MOST_ROWS} rows: split the county"));
            break;
        }
        if record.iter().all(<[u8]>::is_empty) {
            continue;
        }
        if let Some(values) = values(file, &record, &order, columns, rejected) {
            rows.push(Row { line: line(&record), columns, values });
        }
    }
    rows
}

/// For each field of the file, the known column that it is.
fn order(file: &str, header: &csv::ByteRecord, columns: &[Column], rejected: &mut Rejected) -> Option<Vec<usize>> {
    let titles: Vec<String> = header.iter().map(|title| String::from_utf8_lossy(title).to_lowercase()).collect();
    if titles.len() == 1 && titles[0].contains([';', '\t']) {
        rejected.note(file, 1, "", "the columns are not separated by commas: save the file as CSV with commas");
        return None;
    }
    let mut order = Vec::with_capacity(titles.len());
    let mut good = true;
    for (at, title) in titles.iter().enumerate() {
        match columns.iter().position(|column| column.name == title) {
            Some(column) if order.contains(&column) => {
                rejected.note(file, 1, title, "this column stands here twice: drop one");
                good = false;
            }
            Some(column) => order.push(column),
            None => {
                let name = if title.is_empty() { format!("number {}", at + 1) } else { quoted(title) };
                rejected.note(file, 1, "", format!("unknown column {name}: the columns are {}", names(columns)));
                good = false;
            }
        }
    }
    for (at, column) in columns.iter().enumerate().filter(|(_, column)| column.needed) {
        if good && !order.contains(&at) {
            rejected.note(file, 1, "", format!("the column {} is missing: add it to the first line", column.name));
        }
    }
    let complete = columns.iter().enumerate().all(|(at, column)| !column.needed || order.contains(&at));
    (good && complete).then_some(order)
}

/// The values in the order of the known columns.
fn values(file: &str, record: &csv::ByteRecord, order: &[usize], columns: &[Column], rejected: &mut Rejected) -> Option<Vec<String>> {
    let line = line(record);
    if record.len() != order.len() {
        let what =
            format!("{} values where the first line names {} columns: put a value with a comma into quotes", record.len(), order.len());
        rejected.note(file, line, "", what);
        return None;
    }
    let mut values = vec![String::new(); columns.len()];
    let mut good = true;
    for (bytes, column) in record.iter().zip(order) {
        let mut bad = |what: &str| {
            rejected.note(file, line, columns[*column].name, what);
            good = false;
        };
        match std::str::from_utf8(bytes) {
            Err(_) => bad("the value is not UTF-8: save the file as CSV UTF-8"),
            Ok(text) if text.chars().any(char::is_control) => bad("the value has a line break or a control character: remove it"),
            Ok(text) if text.chars().count() > LONGEST_VALUE => {
                bad(&format!("the value is longer than {LONGEST_VALUE} characters: shorten it"))
            }
            Ok(text) => values[*column] = text.to_owned(),
        }
    }
    good.then_some(values)
}

fn line(record: &csv::ByteRecord) -> u64 {
    record.position().map_or(0, csv::Position::line)
}

fn names(columns: &[Column]) -> String {
    columns.iter().map(|column| column.name).collect::<Vec<_>>().join(", ")
}

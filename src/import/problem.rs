//! What is wrong in the files: by file, line and column, all at once, bounded.
//!
//! A sentence never repeats a phone number or a mail address; line and column are enough to find it.

use std::fmt;

/// How many problems are kept; the rest is counted.
pub const MOST_PROBLEMS: usize = 200;

/// The longest value that a sentence shows, in characters.
const SHOWN_CHARS: usize = 40;

/// One thing to mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub file: String,
    /// The line, from 1; the header is line 1.
    pub line: u64,
    /// The column's name; empty when it is about the whole line.
    pub column: String,
    /// What is wrong and how to mend it.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.column.as_str() {
            "" => write!(f, "{}:{}: {}", self.file, self.line, self.what),
            column => write!(f, "{}:{}: column {column}: {}", self.file, self.line, self.what),
        }
    }
}

/// Why nothing was imported.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rejected {
    /// What to mend, by file and line; at most [`MOST_PROBLEMS`].
    pub problems: Vec<Problem>,
    /// How many more there are.
    pub more: usize,
}

impl std::error::Error for Rejected {}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.problems {
            writeln!(f, "{problem}")?;
        }
        if self.more > 0 {
            writeln!(f, "and {} more like these", self.more)?;
        }
        write!(f, "Nothing was imported: mend the {} and import again.", count(self.problems.len() + self.more))
    }
}

impl Rejected {
    /// Notes one problem.
    pub(super) fn note(&mut self, file: &str, line: u64, column: &str, what: impl Into<String>) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(Problem { file: file.to_owned(), line, column: column.to_owned(), what: what.into() });
        } else {
            self.more += 1;
        }
    }
    /// Whether nothing is wrong so far.
    pub(super) fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }
    /// Puts them in the order in which a person works through the files.
    pub(super) fn sorted(mut self) -> Self {
        self.problems.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        self
    }
}

fn count(problems: usize) -> String {
    if problems == 1 { "one line above".to_owned() } else { format!("{problems} things above") }
}

/// A value for a sentence: quoted, on one line, cut short.
pub(super) fn quoted(value: &str) -> String {
    let mut line: String = value.chars().take(SHOWN_CHARS).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if value.chars().count() > SHOWN_CHARS {
        line.push('…');
    }
    format!("\"{line}\"")
}

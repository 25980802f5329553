//! How far a long command has come: a bar on a terminal, else a plain line now and then, on standard error.

use super::note;
use crate::store::copy::{Progress, Stage};
use std::io::{IsTerminal, Write};

/// How many cells a bar has.
const CELLS: u64 = 30;
/// A plain line comes with every so many percent.
const PLAIN_EVERY: u64 = 10;

/// Shows how far a copy has come.
pub(super) struct Bar {
    silent: bool,
    terminal: bool,
    said: Option<(Stage, u64)>,
    open: bool,
}

impl Bar {
    pub(super) fn new() -> Self {
        Self { silent: false, terminal: std::io::stderr().is_terminal(), said: None, open: false }
    }

    /// One that shows nothing.
    pub(super) fn silent() -> Self {
        Self { silent: true, ..Self::new() }
    }

    /// Told after every page.
    pub(super) fn at(&mut self, progress: Progress) {
        let percent = (progress.done * 100).checked_div(progress.total).unwrap_or(100).min(100);
        let step = if self.terminal { percent } else { percent / PLAIN_EVERY };
        if self.silent || self.said == Some((progress.stage, step)) {
            return;
        }
        self.said = Some((progress.stage, step));
        let line = line(progress, percent);
        if self.terminal {
            // Erases what is left of a longer line before.
            let _ = write!(std::io::stderr(), "\r{}\x1b[K", line);
            let _ = std::io::stderr().flush();
            self.open = true;
        } else {
            note(&line);
        }
    }

    /// Leaves the bar's line, for what is said next.
    pub(super) fn end(&mut self) {
        if std::mem::take(&mut self.open) {
            note("");
        }
    }
}

fn line(progress: Progress, percent: u64) -> String {
    let Progress { stage, table, done, total } = progress;
    let verb = match stage {
        Stage::Copying => "copying",
        Stage::Proving => "comparing",
    };
    let full = percent * CELLS / 100;
    let bar: String = (0..CELLS).map(|cell| if cell < full { '#' } else { '.' }).collect();
    format!("{verb:<9} [{bar}] {percent:>3} %  {done} of {total} rows, {table}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_is_done_with_what() {
        let at = |done, total| Progress { stage: Stage::Copying, table: "message", done, total };
        let half = line(at(50, 100), 50);
        assert!(half.starts_with("copying   [###############..............."), "{half}");
        assert!(half.ends_with(" 50 %  50 of 100 rows, message"), "{half}");
        let mut bar = Bar { silent: false, terminal: false, said: None, open: false };
        bar.at(at(0, 0));
        assert_eq!(bar.said, Some((Stage::Copying, 10)), "nothing to do is done");
    }
}

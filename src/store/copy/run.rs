//! The copy itself: table by table, page by page, then the proof.
//!
//! The source is always read from its first row, also when a copy goes on: so what was altered is known again, and the source's
//! side of the proof is of all its rows. Rows that are there already are only counted over.

use super::end::End;
use super::marks::{self, Mark};
use super::proof::{TableProof, Tally};
use super::target::{begin, set};
use super::value::{Row, hash};
use super::{CopyError, OnProgress, Place, Progress, Stage};
use crate::store::tables::{TABLES, Table};
use crate::vault::hex;

/// Rows that are read together, and written in one transaction: some megabytes at most of words and mails, and few enough waits for the disk.
/// In tests few, so that there are many pages.
const PAGE: usize = if cfg!(test) { 64 } else { 2000 };

/// Changes rows on their way.
pub(crate) trait Alter: Send {
    /// Changes a row, or leaves it out (`false`). Called for every row in the order of [`TABLES`], so that parents are known before children.
    fn alter(&mut self, table: &'static Table, row: &mut Row) -> Result<bool, CopyError>;
}

/// Changes nothing.
pub(crate) struct Unaltered;

impl Alter for Unaltered {
    fn alter(&mut self, _: &'static Table, _: &mut Row) -> Result<bool, CopyError> {
        Ok(true)
    }
}

/// Which tables.
pub(super) type Chosen = fn(&Table) -> bool;

fn tables(chosen: Chosen) -> impl Iterator<Item = (usize, &'static Table)> {
    TABLES.iter().enumerate().filter(move |(_, table)| chosen(table))
}

/// Copies the tables into a target that is empty or has the beginning of this very copy, and proves it. The mark stays.
pub(super) async fn into_target(
    source: &mut End,
    to: &Place,
    id: &str,
    chosen: Chosen,
    alter: &mut dyn Alter,
    progress: OnProgress<'_>,
) -> Result<Vec<TableProof>, CopyError> {
    let mut target = End::writing(to).await?;
    let mark = begin(&mut target, to, id).await?;
    let mut copier = Copier { source, target: &mut target, mark, chosen, alter };
    let read = copier.copy(progress).await?;
    if !copier.mark.proved {
        let there = tally(&mut target, chosen, &mut Unaltered, progress).await?;
        compare(&read, &there)?;
        let proved = Mark { id: id.to_owned(), proved: true, ..Mark::default() };
        set(&mut target, &proved).await?;
    }
    target.close().await?;
    Ok(read)
}

struct Copier<'a> {
    source: &'a mut End,
    target: &'a mut End,
    mark: Mark,
    chosen: Chosen,
    alter: &'a mut dyn Alter,
}

impl Copier<'_> {
    async fn copy(&mut self, progress: OnProgress<'_>) -> Result<Vec<TableProof>, CopyError> {
        let (mut total, mut done) = (0, 0);
        for (_, table) in tables(self.chosen) {
            total += self.source.count(table).await?;
        }
        let mut read = Vec::new();
        for (at, table) in tables(self.chosen) {
            let before = done;
            let mut through = |rows| {
                done = before + rows;
                progress(Progress { stage: Stage::Copying, table: table.name, done, total });
            };
            let tally = self.table(at, table, &mut through).await?;
            read.push(tally.of_table(table.name));
        }
        Ok(read)
    }

    async fn table(&mut self, at: usize, table: &'static Table, through: &mut (dyn FnMut(u64) + Send)) -> Result<Tally, CopyError> {
        let there = if self.mark.proved || at < self.mark.tables {
            u64::MAX
        } else if at == self.mark.tables {
            self.mark.rows
        } else {
            0
        };
        let (mut tally, mut seen, mut after) = (Tally::default(), 0_u64, None::<Row>);
        loop {
            let mut page = self.source.page(table, after.as_ref(), PAGE).await?;
            let Some(last) = page.last().cloned() else { break };
            let full = page.len() == PAGE;
            seen += page.len() as u64;
            let mut rows = Vec::with_capacity(page.len());
            for mut row in page.drain(..) {
                if !is_mark(table, &row) && self.alter.alter(table, &mut row)? {
                    tally.add(&row);
                    rows.push(row);
                }
            }
            let last_hash = hex(&hash(&last));
            if seen > there {
                self.write(table, &rows, Mark { tables: at, rows: seen, last: last_hash, ..self.mark.clone() }).await?;
            } else if seen == there && last_hash != self.mark.last {
                return Err(CopyError::Changed(table.name));
            }
            through(seen);
            after = Some(last);
            if !full {
                break;
            }
        }
        if there != u64::MAX && seen < there {
            return Err(CopyError::Changed(table.name));
        }
        Ok(tally)
    }

    /// Rows and mark together, or neither.
    async fn write(&mut self, table: &'static Table, rows: &[Row], mark: Mark) -> Result<(), CopyError> {
        self.target.execute("BEGIN").await?;
        self.target.insert(table, rows).await?;
        set(self.target, &mark).await?;
        self.target.execute("COMMIT").await
    }
}

fn is_mark(table: &Table, row: &Row) -> bool {
    table.name == "meta" && row.first().and_then(|name| name.text()).is_some_and(|name| marks::ALL.contains(&name))
}

/// What an end really has, row by row.
pub(super) async fn tally(
    end: &mut End,
    chosen: Chosen,
    alter: &mut dyn Alter,
    progress: OnProgress<'_>,
) -> Result<Vec<TableProof>, CopyError> {
    let (mut total, mut done) = (0, 0);
    for (_, table) in tables(chosen) {
        total += end.count(table).await?;
    }
    let mut proof = Vec::new();
    for (_, table) in tables(chosen) {
        let (mut tally, mut after) = (Tally::default(), None::<Row>);
        loop {
            let page = end.page(table, after.as_ref(), PAGE).await?;
            let Some(last) = page.last().cloned() else { break };
            let full = page.len() == PAGE;
            done += page.len() as u64;
            for mut row in page {
                if !is_mark(table, &row) && alter.alter(table, &mut row)? {
                    tally.add(&row);
                }
            }
            progress(Progress { stage: Stage::Proving, table: table.name, done, total });
            after = Some(last);
            if !full {
                break;
            }
        }
        proof.push(tally.of_table(table.name));
    }
    Ok(proof)
}

/// The first table that is not the same.
pub(crate) fn compare(from: &[TableProof], to: &[TableProof]) -> Result<(), CopyError> {
    for (from, to) in from.iter().zip(to) {
        if from != to {
            let (from, to) = (from.clone(), to.clone());
            return Err(CopyError::Differs { table: from.table, from: from.rows, from_hash: from.hash, to: to.rows, to_hash: to.hash });
        }
    }
    Ok(())
}

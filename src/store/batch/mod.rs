//! A batch: many commits decided together and written with one statement a table.
//!
//! Engine-neutral. The engine asks [`facts::BEGIN_AND_ASK`], hands the answer to [`Batch::new`], lets each commit in turn be
//! [`Batch::decide`]d (so a commit meets what the commits before it in the same batch have done), runs [`Batch::statements`] in
//! order and commits. A commit that is refused leaves no trace; one that breaks the database makes the engine halve the batch.

mod decide;
mod endusers;
pub(crate) mod facts;
mod heads;
mod incidents;
mod latest;
mod people;
mod rows;
mod telling;
mod tips;
mod ways;
pub(crate) mod work;

use super::prepared::{Prepared, WrittenEntry};
use super::rows::*;
use domain::id::*;
use facts::Facts;
use heads::Tip;
use jiff::Timestamp;
use latest::Latest;
use rows::Rows;
use std::collections::{BTreeMap, BTreeSet};

/// Every statement that writes, for the test of their plans.
#[cfg(test)]
pub(crate) fn every_statement() -> impl Iterator<Item = &'static str> {
    [facts::ALL, heads::ALL, tips::ALL, telling::ALL, work::ALL, people::ALL, ways::ALL, incidents::ALL, endusers::ALL]
        .into_iter()
        .flatten()
        .copied()
}

/// Why a commit cannot be written, whatever is in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Bad {
    /// A row of a tip that is not there.
    #[error("a row belongs to a tip that does not exist")]
    NoSuchTip,
    /// A NUL in a text.
    #[error("a text holds a NUL")]
    Nul,
    /// A value that JSON cannot write.
    #[error("a value cannot be written as JSON")]
    NotJson,
}

/// One set-based statement: `$1` is the JSON array, `$2` the bytes.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) sql: &'static str,
    pub(crate) json: String,
    pub(crate) bytes: Vec<u8>,
    /// How many rows it has to touch. With several nodes a row may have changed that no tip's lock guards; then the batch is decided anew.
    pub(crate) must_touch: Option<u64>,
}

/// A row of a versioned table, with the version that it will have.
#[derive(Debug)]
struct Versioned<'a, T> {
    row: &'a T,
    json: &'a [Option<String>; 2],
    version: i64,
}

/// The commits of a batch, as far as they are decided.
#[derive(Debug, Default)]
pub(crate) struct Batch<'a> {
    facts: Facts,
    /// In the order of their ids, so that two writers on one database meet rows in the same order.
    tips: BTreeMap<ConversationId, Tip<'a>>,
    new_tips: Vec<ConversationId>,
    once: Rows,
    /// Tips whose address is no more current.
    retired: Rows,
    contacts: Rows,
    messages: Rows,
    deliveries: Latest<MessageId, Versioned<'a, MessageRow>>,
    attachments: Latest<AttachmentId, Versioned<'a, AttachmentRow>>,
    callers: Latest<CallId, Versioned<'a, CallerRow>>,
    watches: Latest<ConversationId, Versioned<'a, WatchRow>>,
    mailboxes: Latest<(&'a str, &'a str), &'a MailboxRow>,
    routes: Latest<&'a str, (&'a RouteRow, &'a str)>,
    notes: Rows,
    incidents: incidents::Incidents,
    dispatches: Rows,
    obligations: Latest<ObligationId, Versioned<'a, ObligationRow>>,
    attempts: Latest<AttemptId, Versioned<'a, AttemptRow>>,
    receipts: Rows,
    tasks: Rows,
    tasks_done: Rows,
    work: Latest<WorkId, Option<&'a WorkRow>>,
    record: Rows,
    staff: Latest<&'a str, &'a StaffRow>,
    sessions: Rows,
    sessions_since: Option<Timestamp>,
    sessions_ended: Rows,
    api_tokens: Rows,
    throttles: Latest<&'a str, &'a ThrottleRow>,
    endusers: endusers::Endusers<'a>,
    directory: Option<&'a DirectoryRows>,
    meta: Latest<&'static str, &'a str>,
}

impl<'a> Batch<'a> {
    /// A batch over these facts.
    pub(crate) fn new(facts: Facts) -> Self {
        Self { facts, ..Self::default() }
    }

    /// Everything to run, parents before children, then the tallies over what was written.
    pub(crate) fn statements(mut self) -> Result<Vec<Statement>, Bad> {
        let mut list = Vec::with_capacity(12);
        add(&mut list, tips::ONCE, std::mem::take(&mut self.once))?;
        self.tip_statements(&mut list)?;
        add(&mut list, tips::RETIRE, std::mem::take(&mut self.retired))?;
        add(&mut list, tips::CONTACT, std::mem::take(&mut self.contacts))?;
        add(&mut list, tips::MESSAGE, std::mem::take(&mut self.messages))?;
        add(&mut list, tips::DELIVERY, tips::deliveries(&self.deliveries))?;
        add(&mut list, tips::ATTACHMENT, tips::attachments(&self.attachments))?;
        add_guarded(&mut list, ways::CALLER, ways::callers(&self.callers))?;
        add(&mut list, ways::MAILBOX, ways::mailboxes(&self.mailboxes))?;
        add(&mut list, ways::ROUTE, ways::routes(&self.routes))?;
        self.incident_statements(&mut list)?;
        add(&mut list, tips::NOTE, std::mem::take(&mut self.notes))?;
        add(&mut list, tips::RECORD, std::mem::take(&mut self.record))?;
        add(&mut list, telling::DISPATCH, std::mem::take(&mut self.dispatches))?;
        add(&mut list, telling::OBLIGATION, telling::obligations(&self.obligations))?;
        add(&mut list, telling::ATTEMPT, telling::attempts(&self.attempts))?;
        add(&mut list, telling::RECEIPT, std::mem::take(&mut self.receipts))?;
        add(&mut list, telling::TASK, std::mem::take(&mut self.tasks))?;
        add(&mut list, telling::TASK_DONE, std::mem::take(&mut self.tasks_done))?;
        add(&mut list, telling::WATCH, telling::watches(&self.watches))?;
        self.work_statements(&mut list)?;
        self.enduser_statements(&mut list)?;
        self.people_statements(&mut list)?;
        self.tally_statements(&mut list)?;
        Ok(list)
    }

    /// The lanes on which the decided commits have put work.
    pub(crate) fn lanes(&self) -> Vec<LaneKey> {
        let lanes: BTreeSet<&LaneKey> = self.work.iter().filter_map(|(_, row)| row.map(|row| &row.lane)).collect();
        lanes.into_iter().cloned().collect()
    }

    /// The tips that the decided commits have changed.
    pub(crate) fn changed(&self) -> Vec<ConversationId> {
        self.tips.iter().filter(|(_, tip)| tip.touched).map(|(id, _)| *id).collect()
    }
}

fn add(list: &mut Vec<Statement>, sql: &'static str, rows: Rows) -> Result<(), Bad> {
    if rows.is_empty() {
        return Ok(());
    }
    let (json, bytes) = rows.finish()?;
    list.push(Statement { sql, json, bytes, must_touch: None });
    Ok(())
}

/// A statement that leaves out the rows whose version is another than was read.
fn add_guarded(list: &mut Vec<Statement>, sql: &'static str, rows: Rows) -> Result<(), Bad> {
    let must_touch = Some(rows.count());
    add(list, sql, rows)?;
    if let Some(last) = list.last_mut().filter(|last| last.sql == sql) {
        last.must_touch = must_touch;
    }
    Ok(())
}

//! Everything that is kept of the tips of one page, read at one moment and put together by tip.
//!
//! Messages and records come in pieces and only what they come to is kept, so that a tip's length costs no memory; what telling the
//! endusers left is kept whole, for its rules look at all of it together.

use super::messages::Messages;
use super::record::Record;
use crate::store::StoreError;
use crate::store::glance::*;
use crate::store::rows::{AttemptRow, DispatchRow, ReceiptRow};
use domain::id::{AttemptId, ConversationId};
use std::collections::{BTreeMap, BTreeSet};

/// How many messages or entries are read at once.
const PIECE: u32 = 1000;

/// What is kept of one tip.
#[derive(Debug, Default)]
pub(super) struct Whole {
    /// Its own row; none when only rows below it are there.
    pub(super) tip: Option<TipFigures>,
    pub(super) messages: Messages,
    pub(super) record: Record,
    pub(super) files: Vec<FileFigures>,
    pub(super) dispatches: Vec<DispatchRow>,
    pub(super) obligations: Vec<ObligationFigures>,
    pub(super) attempts: Vec<AttemptRow>,
    pub(super) receipts: Vec<(i64, ReceiptRow)>,
    pub(super) tasks: Vec<TaskFigures>,
    pub(super) contacts: Vec<ContactFigures>,
}

/// Tips of a page by their ids.
pub(super) type Page = BTreeMap<ConversationId, Whole>;

/// Reads a page.
pub(super) async fn read(glance: &mut Glance, range: Range, most: u32) -> Result<Page, StoreError> {
    let mut page = Page::new();
    for tip in glance.tips(range, most).await? {
        let id = tip.id;
        page.entry(id).or_default().tip = Some(tip);
    }
    for row in glance.files(range).await? {
        page.entry(row.tip).or_default().files.push(row);
    }
    for row in glance.dispatches(range).await? {
        page.entry(row.conversation).or_default().dispatches.push(row);
    }
    for row in glance.obligations(range).await? {
        page.entry(row.tip).or_default().obligations.push(row);
    }
    let mut attempts: BTreeSet<AttemptId> = BTreeSet::new();
    for row in glance.attempts(range).await? {
        attempts.insert(row.id);
        page.entry(row.conversation).or_default().attempts.push(row);
    }
    for (seq, row) in glance.receipts(range).await? {
        page.entry(row.conversation).or_default().receipts.push((seq, row));
    }
    for row in glance.tasks(range).await? {
        page.entry(row.tip).or_default().tasks.push(row);
    }
    for row in glance.contacts(range).await? {
        page.entry(row.tip).or_default().contacts.push(row);
    }
    // The first piece begins behind whatever the tip before the range has.
    let mut from = (range, i64::MAX);
    loop {
        let rows = glance.messages(from, PIECE).await?;
        for row in &rows {
            page.entry(row.tip).or_default().messages.take(row, &attempts);
        }
        match rows.last() {
            Some(last) if rows.len() == PIECE as usize => from = (Range { after: Some(last.tip), ..range }, last.seq),
            Some(_) | None => break,
        }
    }
    let mut from = (range, i64::MAX);
    loop {
        let rows = glance.record(from, PIECE).await?;
        for (tip, written) in &rows {
            page.entry(*tip).or_default().record.take(written);
        }
        match rows.last() {
            Some((tip, last)) if rows.len() == PIECE as usize => from = (Range { after: Some(*tip), ..range }, last.seq),
            Some(_) | None => break,
        }
    }
    Ok(page)
}

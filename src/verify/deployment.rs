//! What must be true of the whole: work and lanes, and that nothing which is one thing's belongs to two.

use super::report::{Check, Fault, MOST_TOLD, Report};
use super::{Options, PAGE_OF_ROWS, Step};
use crate::store::glance::{Brought, LaneFigures, WorkFigures};
use crate::store::{Store, StoreError};
use domain::id::MessageId;
use jiff::{SignedDuration, Timestamp};
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

/// How many carriers' ids are compared at once: 2 million take 36 MB. More than that are gone through several times.
const PART_MOST: u64 = 2_000_000;

/// How long due work may lie on a lane that nobody holds: longer than a node needs to take over from a dead one.
const UNHELD_MOST: SignedDuration = SignedDuration::from_mins(2);

/// Each piece of work is about something that wants it, on a lane that is run.
pub(super) async fn work(store: &dyn Store, options: &Options<'_>, report: &mut Report) -> Result<(), StoreError> {
    let mut after = String::new();
    loop {
        let page = store.glance().await?.work(&after, PAGE_OF_ROWS).await?;
        for row in &page {
            if wrong_work(row, options).is_some() {
                confirm_work(store, row, options, report).await?;
            }
        }
        report.looked_at(Check::Work, page.len());
        (options.progress)(Step::Work, report);
        match page.last() {
            Some(last) if page.len() == PAGE_OF_ROWS as usize => after.clone_from(&last.id),
            Some(_) | None => return Ok(()),
        }
    }
}

fn wrong_work(row: &WorkFigures, options: &Options<'_>) -> Option<&'static str> {
    match row.wanted {
        None => Some("work is about something that is not there"),
        Some(false) => Some("work is about something that is over"),
        Some(true) if options.lanes.as_ref().is_some_and(|lanes| !lanes.contains(&row.lane)) => {
            Some("work lies on a lane that nobody runs")
        }
        Some(true) => None,
    }
}

/// Looks again: what changed meanwhile is no fault.
async fn confirm_work(store: &dyn Store, row: &WorkFigures, options: &Options<'_>, report: &mut Report) -> Result<(), StoreError> {
    let before = before(&row.id);
    let again = store.glance().await?.work(&before, 1).await?.pop().filter(|again| again.id == row.id);
    if let Some(what) = again.as_ref().and_then(|again| wrong_work(again, options)) {
        report.add(Fault::of_all(Check::Work, format!("{what} ({} {})", row.about, row.id)));
    }
    Ok(())
}

/// A text that is before this id and after every other id before it.
fn before(id: &str) -> String {
    match u128::from_str_radix(id, 16) {
        Ok(number) if number > 0 => format!("{:032x}", number - 1),
        Ok(_) | Err(_) => String::new(),
    }
}

/// Due work lies on lanes that somebody holds. When nobody holds any lane, no node runs: that is worth knowing and no fault.
pub(super) async fn lanes(store: &dyn Store, options: &Options<'_>, report: &mut Report) -> Result<(), StoreError> {
    let lanes = store.glance().await?.lanes().await?;
    report.looked_at(Check::Lanes, lanes.len());
    let long_ago = options.now.checked_sub(UNHELD_MOST).unwrap_or(Timestamp::MIN);
    let is_left =
        |lane: &&LaneFigures| lane.first_run_at.is_some_and(|at| at < long_ago) && lane.held_until.is_none_or(|until| until < long_ago);
    let left = lanes.iter().filter(is_left);
    if lanes.iter().any(|lane| lane.held_until.is_some_and(|until| until > options.now)) {
        left.for_each(|lane| report.add(Fault::of_all(Check::Lanes, format!("work is due on {}, and no node holds it", lane.lane))));
    } else if left.count() > 0 {
        report.notes.push("Work is due and no node holds a lane: is the gateway running?".to_owned());
    }
    Ok(())
}

/// References and current addresses that several tips have.
pub(super) async fn doubled(store: &dyn Store, report: &mut Report) -> Result<(), StoreError> {
    let most = u32::try_from(MOST_TOLD).unwrap_or(u32::MAX);
    let mut glance = store.glance().await?;
    for tip in glance.doubled_references(most).await? {
        report.add(Fault::of(Check::References, tip, "another tip has its reference"));
    }
    for tip in glance.doubled_contacts(most).await? {
        report.add(Fault::of(Check::Contacts, tip, "another tip has its address, so a next message could join either"));
    }
    Ok(())
}

/// What a carrier brought is there once. Ids are compared by their hashes, a part of them at a time; what looks equal is compared in full.
pub(super) async fn brought_once(store: &dyn Store, options: &Options<'_>, report: &mut Report) -> Result<(), StoreError> {
    let mut count = 0_u64;
    let (mut seen, mut twice) = (HashSet::new(), HashSet::new());
    each_brought(store, |row| {
        count += 1;
        if count <= PART_MOST && !seen.insert(hash(row)) {
            twice.insert(hash(row));
        }
    })
    .await?;
    let parts = count.div_ceil(PART_MOST);
    if parts > 1 {
        // Too many for one time: again from the beginning, by parts of the hashes.
        twice.clear();
        for part in 0..parts {
            seen.clear();
            each_brought(store, |row| {
                let hash = hash(row);
                if hash % parts == part && !seen.insert(hash) {
                    twice.insert(hash);
                }
            })
            .await?;
            (options.progress)(Step::Once, report);
        }
    }
    report.looked_at(Check::Once, usize::try_from(count).unwrap_or(usize::MAX));
    if twice.is_empty() {
        return Ok(());
    }
    let mut found: HashMap<(String, String), Vec<Brought>> = HashMap::new();
    each_brought(store, |row| {
        if twice.contains(&hash(row)) && found.len() < MOST_TOLD {
            found.entry((row.account.clone(), row.provider_id.clone())).or_default().push(row.clone());
        }
    })
    .await?;
    for rows in found.into_values().filter(|rows| rows.len() > 1) {
        if let Some(last) = rows.last() {
            report.add(Fault::of(Check::Once, last.tip, format!("a message that a carrier brought once is kept {} times", rows.len())));
        }
    }
    Ok(())
}

fn hash(row: &Brought) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&row.account, &row.provider_id).hash(&mut hasher);
    hasher.finish()
}

async fn each_brought(store: &dyn Store, mut take: impl FnMut(&Brought)) -> Result<(), StoreError> {
    let mut after: Option<MessageId> = None;
    loop {
        let page = store.glance().await?.brought(after, PAGE_OF_ROWS).await?;
        page.iter().for_each(&mut take);
        match page.last() {
            Some(last) if page.len() == PAGE_OF_ROWS as usize => after = Some(last.message),
            Some(_) | None => return Ok(()),
        }
    }
}

//! Whether what is kept is sound: the invariants, proved from the data, beside whoever writes to it.
//!
//! Everything is read page by page, each page at one moment, and changed by nobody. Whatever looks wrong is looked at once more, later:
//! only what is wrong both times is a fault, so that a deployment under load is not blamed for being under way. The rules of promises are
//! `domain::dispatch::sound`'s; which rows there are, `store::glance`'s. Memory does not grow with the database.

mod deployment;
mod messages;
mod promises;
mod record;
mod report;
mod stored;
mod timed;
mod tip;
mod whole;

pub use report::{Check, Checked, Fault, MOST_TOLD, Promises, Report};
pub use stored::StoredError;

use crate::config::Config;
use crate::media::files::Files;
use crate::store::glance::Range;
use crate::store::{Store, StoreError};
use crate::vault::Vault;
use domain::calendar::Calendar;
use domain::dispatch::policy::Policy;
use domain::id::{CalendarKey, ConversationId, LaneKey, OrganizationKey};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use whole::{Page, Whole};

/// How many tips are read at one moment.
const PAGE_OF_TIPS: u32 = 64;

/// How many rows of one kind are read at one moment.
const PAGE_OF_ROWS: u32 = 1000;

/// How to look.
pub struct Options<'a> {
    /// The time: the database's, where several nodes write to it.
    pub now: Timestamp,
    /// The numbers of dispatching.
    pub policy: Policy,
    /// The lanes that are run; `None` when that is not asked.
    pub lanes: Option<BTreeSet<LaneKey>>,
    /// The calendars, to tell due times that the configuration of now would not give.
    pub calendars: BTreeMap<CalendarKey, Calendar>,
    /// The calendar of each organization.
    pub calendar_of: BTreeMap<OrganizationKey, CalendarKey>,
    /// The sealed files and what opens them; `None` leaves them alone.
    pub files: Option<(Files, &'a Vault)>,
    /// Told of each page.
    pub progress: &'a (dyn Fn(Step, &Report) + Send + Sync),
}

/// Where the looking is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// At the tips, the longest part.
    Tips,
    /// At what carriers brought, compared with each other.
    Once,
    /// At work.
    Work,
    /// At sealed files.
    Files,
}

/// Why it could not be looked.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The database.
    #[error("the database could not be read")]
    Store(#[from] StoreError),
    /// The files.
    #[error("the files could not be read")]
    Files(#[from] StoredError),
}

impl Options<'static> {
    /// As this configuration has it, with nothing of the directory and no files.
    pub fn new(config: &Config, lanes: Option<BTreeSet<LaneKey>>, now: Timestamp) -> Self {
        Self { calendars: config.calendars().clone(), lanes, ..Self::with_policy(config.policy().clone(), now) }
    }
    /// With these numbers alone: what depends on lanes and calendars is not asked.
    pub fn with_policy(policy: Policy, now: Timestamp) -> Self {
        let progress = &|_, _: &Report| {};
        Self { now, policy, lanes: None, calendars: BTreeMap::new(), calendar_of: BTreeMap::new(), files: None, progress }
    }
}

/// Looks at everything.
pub async fn run(store: &dyn Store, options: &Options<'_>) -> Result<Report, VerifyError> {
    let mut report = Report::default();
    tips(store, options, &mut report).await?;
    deployment::doubled(store, &mut report).await?;
    deployment::brought_once(store, options, &mut report).await?;
    deployment::work(store, options, &mut report).await?;
    deployment::lanes(store, options, &mut report).await?;
    if let Some((files, vault)) = &options.files {
        stored::files(store, (files, vault), options, &mut report).await?;
    }
    Ok(report)
}

async fn tips(store: &dyn Store, options: &Options<'_>, report: &mut Report) -> Result<(), StoreError> {
    let (mut after, mut due_otherwise) = (None, 0);
    loop {
        let mut glance = store.glance().await?;
        let ids = glance.ids(after, PAGE_OF_TIPS).await?;
        let is_last = ids.len() < PAGE_OF_TIPS as usize;
        let range = Range { after, to: if is_last { None } else { ids.last().copied() } };
        let page = match whole::read(&mut glance, range, PAGE_OF_TIPS).await {
            Err(StoreError::Damaged { .. }) => {
                drop(glance);
                one_by_one(store, &ids, report).await?
            }
            page => page?,
        };
        for (id, whole) in &page {
            note(whole, report);
            due_otherwise += tip::due_otherwise(whole, options);
            let found = tip::faults(whole, options);
            if !found.is_empty() {
                confirm(store, *id, found, options, report).await?;
            }
        }
        (options.progress)(Step::Tips, report);
        match ids.last() {
            Some(last) if !is_last => after = Some(*last),
            Some(_) | None => break,
        }
    }
    if due_otherwise > 0 {
        report.notes.push(format!(
            "{due_otherwise} dispatches are due at other times than the configuration of now would give: it was another one then, or the \
             school was."
        ));
    }
    Ok(())
}

/// A row of the page cannot be understood: the tip that it is of is told, the others are looked at as always.
async fn one_by_one(store: &dyn Store, ids: &[ConversationId], report: &mut Report) -> Result<Page, StoreError> {
    let mut page = Page::new();
    for id in ids {
        match whole::read(&mut store.glance().await?, Range::only(*id), 1).await {
            Ok(one) => page.extend(one),
            Err(StoreError::Damaged { table, what }) => {
                report.add(Fault::of(Check::Rows, *id, format!("a row of {table} cannot be understood: {what}")));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(page)
}

/// Looks at a tip once more; what is wrong now as well is a fault.
async fn confirm(
    store: &dyn Store,
    id: ConversationId,
    found: promises::Found,
    options: &Options<'_>,
    report: &mut Report,
) -> Result<(), StoreError> {
    let page = whole::read(&mut store.glance().await?, Range::only(id), 1).await?;
    let Some(whole) = page.get(&id) else { return Ok(()) };
    let again = tip::faults(whole, options);
    for (check, what) in found.into_iter().filter(|one| again.contains(one)) {
        report.add(Fault::of(check, id, what));
    }
    Ok(())
}

/// How much was looked at.
fn note(whole: &Whole, report: &mut Report) {
    report.tips += u64::from(whole.tip.is_some());
    promises::counted(whole, &mut report.obligations);
    let tips = usize::from(whole.tip.is_some());
    let counts = [
        (Check::Rows, tips),
        (Check::Record, tips),
        (Check::Messages, usize::try_from(whole.messages.count).unwrap_or(usize::MAX)),
        (Check::Replies, whole.messages.answers),
        (Check::Media, whole.files.len()),
        (Check::Obligations, whole.obligations.len()),
        (Check::People, whole.obligations.iter().filter(|row| row.row.obligation.confirmed_at.is_some()).count()),
        (Check::Evidence, whole.receipts.len()),
        (Check::Attempts, whole.attempts.len()),
        (Check::Tallies, tips),
        (Check::Incidents, usize::from(whole.tip.as_ref().is_some_and(|tip| tip.folded.is_some()))),
        (Check::Contacts, whole.contacts.len()),
        (Check::References, tips),
        (Check::Tasks, whole.tasks.len()),
        (Check::Clocks, usize::from(whole.tip.as_ref().is_some_and(|tip| tip.open && !tip.drill))),
    ];
    for (check, count) in counts {
        report.looked_at(check, count);
    }
}

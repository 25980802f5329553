//! What a check found: by kind of check how much was looked at and what is wrong.
//!
//! A fault is named by its tip's id, which says nothing about anybody, and by a sentence that says nothing else of the tip.

use domain::id::ConversationId;
use serde::Serialize;

/// The most faults that are told one by one; further ones are counted.
pub const MOST_TOLD: usize = 1000;

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// Rows can be understood, and belong to a tip that is there.
    Rows,
    /// The record of each tip is whole.
    Record,
    /// Messages are numbered without a gap.
    Messages,
    /// What a carrier brought is there once.
    Once,
    /// Answers to reporters are closed, or will be woken.
    Replies,
    /// Pictures and recordings are finished, or will be woken.
    Media,
    /// Each obligation is satisfied, released, failed and escalated, or will be woken.
    Obligations,
    /// No receipt without a person.
    People,
    /// Evidence is what the receipts come to.
    Evidence,
    /// Attempts follow each other, their intents come first.
    Attempts,
    /// Tallies and order of the inbox are what they are counted from.
    Tallies,
    /// What is counted under another tip has one that stands.
    Incidents,
    /// Addresses belong to one tip.
    Contacts,
    /// References belong to one tip.
    References,
    /// Tasks are about something that is there.
    Tasks,
    /// The clocks of tips run.
    Clocks,
    /// Work is about something that wants it.
    Work,
    /// Lanes with work are held.
    Lanes,
    /// Sealed files are there, and open.
    Files,
}

impl Check {
    /// All, in the order shown.
    pub const ALL: [Check; 19] = [
        Check::Rows,
        Check::Record,
        Check::Messages,
        Check::Once,
        Check::Replies,
        Check::Media,
        Check::Obligations,
        Check::People,
        Check::Evidence,
        Check::Attempts,
        Check::Tallies,
        Check::Incidents,
        Check::Contacts,
        Check::References,
        Check::Tasks,
        Check::Clocks,
        Check::Work,
        Check::Lanes,
        Check::Files,
    ];
    /// The word used in tables and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Check::Rows => "rows",
            Check::Record => "record",
            Check::Messages => "messages",
            Check::Once => "once",
            Check::Replies => "replies",
            Check::Media => "media",
            Check::Obligations => "obligations",
            Check::People => "people",
            Check::Evidence => "evidence",
            Check::Attempts => "attempts",
            Check::Tallies => "tallies",
            Check::Incidents => "incidents",
            Check::Contacts => "contacts",
            Check::References => "references",
            Check::Tasks => "tasks",
            Check::Clocks => "clocks",
            Check::Work => "work",
            Check::Lanes => "lanes",
            Check::Files => "files",
        }
    }
    /// What holds when nothing is found.
    pub const fn says(self) -> &'static str {
        match self {
            Check::Rows => "rows are understood and belong to a tip",
            Check::Record => "the record of each tip is whole to its head",
            Check::Messages => "messages are numbered without a gap",
            Check::Once => "what a carrier brought is there once",
            Check::Replies => "each answer is over, or will be woken",
            Check::Media => "each file is finished, or will be woken",
            Check::Obligations => "each is kept, released, escalated, or will be woken",
            Check::People => "no receipt without a person",
            Check::Evidence => "evidence is what the receipts come to",
            Check::Attempts => "one at a time, intents first, none after a receipt",
            Check::Tallies => "counts and order of the inbox are true",
            Check::Incidents => "what is counted under a tip has one that stands",
            Check::Contacts => "an address belongs to one tip",
            Check::References => "a reference belongs to one tip",
            Check::Tasks => "tasks are about what is there",
            Check::Clocks => "the clocks of open tips run",
            Check::Work => "work is about what wants it, on a lane that is run",
            Check::Lanes => "due work lies on lanes that somebody holds",
            Check::Files => "sealed files are there and open; none is left over",
        }
    }
}

/// How much of one kind was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// What.
    pub check: Check,
    /// How many rows.
    pub looked_at: u64,
    /// How many faults.
    pub faults: u64,
}

/// Something that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Which check found it.
    pub check: Check,
    /// Of which tip; of none when it is of the whole.
    pub tip: Option<ConversationId>,
    /// What it is, in a sentence without identities.
    pub what: String,
}

impl Fault {
    /// A fault of a tip.
    pub fn of(check: Check, tip: ConversationId, what: impl Into<String>) -> Self {
        Self { check, tip: Some(tip), what: what.into() }
    }
    /// A fault of the whole.
    pub fn of_all(check: Check, what: impl Into<String>) -> Self {
        Self { check, tip: None, what: what.into() }
    }
}

/// Where the obligations stand: `all` is the sum of the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Promises {
    /// All.
    pub all: u64,
    /// Kept.
    pub satisfied: u64,
    /// Not needed.
    pub released: u64,
    /// Failed, with what follows.
    pub failed: u64,
    /// Open, with a timer.
    pub open: u64,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How many tips were looked at.
    pub tips: u64,
    /// Where the obligations stand.
    pub obligations: Promises,
    /// By kind.
    pub checks: Vec<Checked>,
    /// What is wrong; of very many the first ones.
    pub faults: Vec<Fault>,
    /// What is worth knowing and no fault.
    pub notes: Vec<String>,
}

impl Default for Report {
    fn default() -> Self {
        let checks = Check::ALL.map(|check| Checked { check, looked_at: 0, faults: 0 }).to_vec();
        Self { tips: 0, obligations: Promises::default(), checks, faults: Vec::new(), notes: Vec::new() }
    }
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.checks.iter().all(|checked| checked.faults == 0)
    }
    /// How many faults there are.
    pub fn fault_count(&self) -> u64 {
        self.checks.iter().map(|checked| checked.faults).sum()
    }
    /// The faults of one check.
    pub fn of(&self, check: Check) -> impl Iterator<Item = &Fault> {
        self.faults.iter().filter(move |fault| fault.check == check)
    }
    /// Notes that this many more rows were looked at.
    pub(super) fn looked_at(&mut self, check: Check, count: usize) {
        if let Some(checked) = self.checks.iter_mut().find(|checked| checked.check == check) {
            checked.looked_at = checked.looked_at.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        }
    }
    /// Adds a fault.
    pub(super) fn add(&mut self, fault: Fault) {
        if let Some(checked) = self.checks.iter_mut().find(|checked| checked.check == fault.check) {
            checked.faults = checked.faults.saturating_add(1);
        }
        if self.faults.len() < MOST_TOLD {
            self.faults.push(fault);
        }
    }
}

//! A model of the shell: it commits what the rules decide, carries out the effects, and forgets what is only in memory when it crashes.
//!
//! What it keeps over a crash is what the store keeps: obligations, evidence, receipts seen, calls, tasks, breaches. [`Bug`] names the mistakes
//! that can be planted into it.

use crate::carrier::Habit;
use domain::Timestamp;
use domain::dispatch::evidence::{ConfirmedBy, End, Evidence, ReceiptKind};
use domain::dispatch::obligation::{Obligation, Satisfaction, State};
use domain::id::AttemptId;
use domain::voice::enduser_call::{EnduserCall, SpokenCode};
use std::collections::{BTreeMap, BTreeSet};

/// A mistake in the shell that the checker has to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// "Call completed" counts as a confirmation.
    CompletedConfirms,
    /// Any key counts as the code.
    AnyKeyConfirms,
    /// A mail scanner's GET of the link counts as a confirmation.
    ScannerConfirms,
    /// A timer is forgotten now and then.
    DropsTimer,
    /// A failure raises no task.
    RaisesNoTask,
    /// The news that came last wins.
    LastNewsWins,
    /// A repeated callback counts twice.
    CountsRepeats,
    /// A Critical call waits for its turn behind other work.
    DelaysCritical,
    /// The police are called before the PSAP.
    PsapLast,
    /// Any confirmation releases the district, also the PSAP's.
    ReleasesOnAnybody,
    /// After a crash, what was in flight is sent again without asking.
    ResendsAfterCrash,
    /// A mail counts as sent before a carrier took it.
    NotifiedUnsent,
    /// A late confirmation of an older attempt is thrown away.
    DropsLateConfirmation,
    /// A breach is not recorded.
    HidesBreach,
}

impl Bug {
    pub const ALL: [Bug; 14] = [
        Bug::CompletedConfirms,
        Bug::AnyKeyConfirms,
        Bug::ScannerConfirms,
        Bug::DropsTimer,
        Bug::RaisesNoTask,
        Bug::LastNewsWins,
        Bug::CountsRepeats,
        Bug::DelaysCritical,
        Bug::PsapLast,
        Bug::ReleasesOnAnybody,
        Bug::ResendsAfterCrash,
        Bug::NotifiedUnsent,
        Bug::DropsLateConfirmation,
        Bug::HidesBreach,
    ];
}

/// One obligation's rows, and what the world knows about its enduser.
#[derive(Debug, Clone)]
pub struct Row {
    pub obligation: Obligation,
    pub habit: Habit,
    /// When the shell will wake it; the outbox's due column.
    pub wake_at: Option<Timestamp>,
    pub tasks: u32,
    pub breaches: u32,
    /// Times that the state became `Failed`.
    pub failures: u32,
    /// Confirmations that a person really gave, whether or not we heard of them.
    pub truly: BTreeSet<ConfirmedBy>,
    /// A recorded receipt says that a person confirmed.
    pub recorded: bool,
    /// A carrier really took an attempt.
    pub really_taken: bool,
}

/// One attempt's rows.
#[derive(Debug, Clone)]
pub struct Attempt {
    pub row: usize,
    pub evidence: Evidence,
    /// Receipts by what makes them unique; invariant 2.
    pub log: BTreeMap<String, (ReceiptKind, Timestamp)>,
    /// Receipts applied to the evidence, repeats included.
    pub applied: u32,
    pub call: EnduserCall,
    pub code: SpokenCode,
    /// How often the carrier was to be asked about it.
    pub asked: u32,
    /// How often the carrier was called with it.
    pub requests: u32,
}

impl Attempt {
    /// Records a receipt. `None` when it is a repeat: then nothing may change.
    pub fn record(&mut self, once: &str, kind: &ReceiptKind, at: Timestamp, bug: Option<Bug>) -> Option<bool> {
        if self.log.contains_key(once) && bug != Some(Bug::CountsRepeats) {
            return None;
        }
        self.log.insert(once.to_owned(), (kind.clone(), at));
        self.applied += 1;
        let changed = self.evidence.merge(kind, at);
        match (bug, kind) {
            (Some(Bug::CompletedConfirms), ReceiptKind::Ended(End::Completed)) => {
                self.evidence.merge(&ReceiptKind::Confirmed(ConfirmedBy::Keypad), at)
            }
            (Some(Bug::AnyKeyConfirms), ReceiptKind::WrongKey) => self.evidence.merge(&ReceiptKind::Confirmed(ConfirmedBy::Keypad), at),
            (Some(Bug::LastNewsWins), ReceiptKind::Ended(end)) => {
                self.evidence.ended = Some((at, end.clone()));
                true
            }
            _ => return Some(changed),
        };
        Some(true)
    }
}

/// What a planted bug makes of the next state before it is committed.
pub fn spoil(bug: Option<Bug>, next: &mut Obligation, now: Timestamp) {
    if bug == Some(Bug::NotifiedUnsent) && next.step.means == domain::channel::Means::Mail && matches!(next.state, State::InFlight { .. }) {
        next.state = State::Satisfied { at: now, by: Satisfaction::Notified };
    }
}

/// The n-th id of a history.
pub fn attempt_id(seed: u64, number: u64) -> AttemptId {
    AttemptId::new(uuid::Uuid::from_u64_pair(seed, number))
}

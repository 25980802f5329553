//! What the shell keeps over a crash, as the store does: obligations, attempts, evidence, receipts seen, calls, tasks, breaches.
//!
//! How it behaves is in `commit`, `lane`, `road` and `tip`; [`Bug`](crate::bug::Bug) names the mistakes that can be planted into it.

use crate::bug::Bug;
use domain::Timestamp;
use domain::dispatch::evidence::{ConfirmedBy, End, Evidence, ReceiptKind};
use domain::dispatch::obligation::{Obligation, SendOutcome};
use domain::id::AttemptId;
use domain::voice::enduser_call::{EnduserCall, SpokenCode};
use std::collections::{BTreeMap, BTreeSet};

/// One obligation's rows, and what the world knows about its enduser.
#[derive(Debug, Clone)]
pub struct Row {
    pub obligation: Obligation,
    pub made_at: Timestamp,
    /// Which carrier the latest attempt went by, as the obligation says.
    pub went_by: Option<usize>,
    /// The lane that its work is on.
    pub lane: usize,
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
    /// Points of which it was recorded that they are somebody else's.
    pub strangers: BTreeSet<u8>,
}

impl Row {
    pub fn new(obligation: Obligation, made_at: Timestamp) -> Self {
        Self {
            obligation,
            made_at,
            went_by: None,
            lane: 0,
            wake_at: None,
            tasks: 0,
            breaches: 0,
            failures: 0,
            truly: BTreeSet::new(),
            recorded: false,
            really_taken: false,
            strangers: BTreeSet::new(),
        }
    }
}

/// One attempt's rows.
#[derive(Debug, Clone)]
pub struct Attempt {
    pub row: usize,
    /// Which carrier it goes by: 0 or 1.
    pub by: usize,
    /// Which of the person's points it goes to.
    pub point: u8,
    pub evidence: Evidence,
    /// Receipts by what makes them unique; invariant 2.
    pub log: BTreeMap<String, (ReceiptKind, Timestamp)>,
    /// Receipts applied to the evidence, repeats included.
    pub applied: u32,
    pub call: EnduserCall,
    pub code: SpokenCode,
    /// The code of a text.
    pub text_code: u16,
    /// How often the carrier was to be asked about it.
    pub asked: u32,
    /// How often the carrier was called with it.
    pub requests: u32,
    /// What is recorded of the carrier's answer.
    pub answer: Option<SendOutcome>,
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
            (Some(Bug::VoicemailConfirms), ReceiptKind::VoicemailLeft) => {
                self.evidence.merge(&ReceiptKind::Confirmed(ConfirmedBy::Keypad), at)
            }
            (Some(Bug::AnyKeyConfirms), ReceiptKind::WrongKey) => self.evidence.merge(&ReceiptKind::Confirmed(ConfirmedBy::Keypad), at),
            (Some(Bug::NotMeIsNoAnswer), ReceiptKind::NotMe) => {
                self.evidence.not_me = None;
                true
            }
            (Some(Bug::LastNewsWins), ReceiptKind::Ended(end)) => {
                self.evidence.ended = Some((at, end.clone()));
                true
            }
            _ => return Some(changed),
        };
        Some(true)
    }
}

/// The n-th id of a history.
pub fn attempt_id(seed: u64, number: u64) -> AttemptId {
    AttemptId::new(uuid::Uuid::from_u64_pair(seed, number))
}

//! The record of a tip, entry by entry: whether its chain holds, and what it says of promises.
//!
//! The chain covers the texts as they are written; what is read out of them here is only what the rules about promises ask for. An entry
//! that says something else, or that a later version wrote, says nothing here.

use crate::clock::from_micros;
use crate::store::chain::{self, Written};
use domain::dispatch::evidence::ReceiptKind;
use domain::dispatch::sound::{By, Noted};
use domain::id::{AttemptId, ObligationId};
use jiff::Timestamp;
use serde::Deserialize;
use std::collections::HashMap;

/// What was read of a record so far.
#[derive(Debug)]
pub(super) struct Record {
    last: [u8; 32],
    count: i64,
    broken_at: Option<i64>,
    /// What it says of each obligation, in order.
    pub(super) noted: HashMap<ObligationId, Vec<(Timestamp, Noted)>>,
    /// Whether somebody confirmed, or answered a question, in the portal.
    pub(super) answered_apart: bool,
}

impl Default for Record {
    fn default() -> Self {
        Self { last: chain::START, count: 0, broken_at: None, noted: HashMap::new(), answered_apart: false }
    }
}

/// Who is named in an entry.
#[derive(Deserialize)]
struct Told {
    obligation: ObligationId,
}

/// Who did it.
#[derive(Deserialize)]
struct Actor {
    by: String,
}

/// The entries that say something of a promise.
#[derive(Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
enum Entry {
    AttemptStarted {
        told: Told,
        attempt: AttemptId,
    },
    AttemptNotTaken {
        told: Told,
        attempt: AttemptId,
    },
    CarrierAsked {
        told: Told,
        attempt: AttemptId,
    },
    Receipt {
        told: Told,
        attempt: AttemptId,
        kind: ReceiptKind,
    },
    ConfirmedInPortal,
    Feedback,
    #[serde(other)]
    Other,
}

impl Record {
    /// Takes the next entry.
    pub(super) fn take(&mut self, written: &Written) {
        self.count += 1;
        let hash = chain::link(&self.last, written.seq, written.at_micros, &written.actor_json, &written.action_json);
        if self.broken_at.is_none() && (written.seq != self.count || hash != written.hash) {
            self.broken_at = Some(self.count);
        }
        self.last = hash;
        let Ok(entry) = serde_json::from_str::<Entry>(&written.action_json) else { return };
        let (obligation, noted) = match entry {
            Entry::AttemptStarted { told, attempt } => (told.obligation, Noted::Started(attempt)),
            Entry::AttemptNotTaken { told, attempt } => (told.obligation, Noted::NotTaken(attempt)),
            Entry::CarrierAsked { told, attempt } => (told.obligation, Noted::Asked(attempt)),
            Entry::Receipt { told, attempt, kind } => (told.obligation, Noted::Receipt(attempt, kind, by(&written.actor_json))),
            Entry::ConfirmedInPortal | Entry::Feedback => {
                self.answered_apart |= by(&written.actor_json) == By::Person;
                return;
            }
            Entry::Other => return,
        };
        self.noted.entry(obligation).or_default().push((from_micros(written.at_micros), noted));
    }

    /// The first number at which it is not what was written, now that all entries were taken; `None` when it is whole to its head.
    pub(super) fn broken_at(&self, last_seq: i64, last_hash: &[u8; 32]) -> Option<i64> {
        let whole = self.count == last_seq && self.last == *last_hash;
        self.broken_at.or((!whole).then_some(self.count.min(last_seq) + 1))
    }
}

/// Only an enduser, or a member of staff for one, is a person here.
fn by(actor_json: &str) -> By {
    match serde_json::from_str::<Actor>(actor_json) {
        Ok(actor) if actor.by == "enduser" || actor.by == "staff" => By::Person,
        Ok(_) | Err(_) => By::Program,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Action, Actor};
    use domain::channel::Means;
    use domain::dispatch::evidence::ConfirmedBy;
    use uuid::Uuid;

    fn written(entries: &[(Actor, Action)]) -> Vec<Written> {
        let mut before = chain::START;
        (1..)
            .zip(entries)
            .map(|(seq, (actor, action))| {
                let (actor_json, action_json) = (serde_json::to_string(actor).unwrap(), serde_json::to_string(action).unwrap());
                before = chain::link(&before, seq, seq * 10, &actor_json, &action_json);
                Written { seq, at_micros: seq * 10, actor_json, action_json, hash: before }
            })
            .collect()
    }

    #[test]
    fn the_record_says_what_was_done_for_a_promise_and_by_whom() {
        let (obligation, attempt) = (ObligationId::new(Uuid::from_u128(3)), AttemptId::new(Uuid::from_u128(4)));
        let told = || crate::audit::Told { obligation, role: "Principal".into(), organization: "Delta".into(), means: Means::Call };
        let confirmed = ReceiptKind::Confirmed(ConfirmedBy::Keypad);
        let entries = written(&[
            (Actor::Reporter, Action::Noted),
            (Actor::System, Action::AttemptStarted { told: told(), attempt, number: 1 }),
            (Actor::System, Action::AttemptNotTaken { told: told(), attempt, reason: "no".into() }),
            (Actor::System, Action::CarrierAsked { told: told(), attempt, result: "not_found".into() }),
            (Actor::Enduser, Action::Receipt { told: told(), attempt, kind: confirmed.clone() }),
        ]);
        let mut record = Record::default();
        entries.iter().for_each(|entry| record.take(entry));
        let noted: Vec<Noted> = record.noted[&obligation].iter().map(|(_, noted)| noted.clone()).collect();
        let receipt = Noted::Receipt(attempt, confirmed, By::Person);
        assert_eq!(noted, [Noted::Started(attempt), Noted::NotTaken(attempt), Noted::Asked(attempt), receipt]);
        assert_eq!(record.broken_at(5, &entries[4].hash), None);
        assert_eq!(record.broken_at(6, &entries[4].hash), Some(6), "a cut tail");
        assert_eq!(record.broken_at(4, &entries[3].hash), Some(5), "one too many");
        let mut altered = Record::default();
        let mut other = entries.clone();
        other[1].at_micros += 1;
        other.iter().for_each(|entry| altered.take(entry));
        assert_eq!(altered.broken_at(5, &entries[4].hash), Some(2));
    }
}

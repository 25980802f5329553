//! The messages of a tip, one by one: numbers without a gap, what carriers brought taken once, answers that are over or will be woken.

use super::report::Check;
use super::timed::{SLACK, untimed};
use crate::store::glance::{MessageFigures, TipFigures};
use domain::dispatch::delivery::Delivery;
use domain::id::AttemptId;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// What was read of a tip's messages so far.
#[derive(Debug, Default)]
pub(super) struct Messages {
    /// How many.
    pub(super) count: i64,
    /// How many of them the reporter wrote.
    pub(super) by_reporter: i64,
    /// How many of them are answers.
    pub(super) answers: usize,
    has_gap: bool,
    found: BTreeSet<(Check, &'static str)>,
    /// Deliveries that are to be woken, with their work: judged when the time is known.
    late: Option<Timestamp>,
}

impl Messages {
    /// Takes the next one. `attempts` are those of the page.
    pub(super) fn take(&mut self, row: &MessageFigures, attempts: &BTreeSet<AttemptId>) {
        self.count += 1;
        self.has_gap |= row.seq != self.count;
        self.by_reporter += i64::from(row.author == "reporter");
        if row.brought && !row.taken_once {
            self.found.insert((Check::Once, "a message that a carrier brought is not noted as taken: its repeat would be taken again"));
        }
        let timer = row.delivery.as_ref().and_then(Delivery::timer);
        if row.delivery.is_none() && row.author == "staff" {
            self.found.insert((Check::Replies, "an analyst's answer has no delivery"));
        }
        self.answers += usize::from(row.delivery.is_some());
        if timer.is_some() != row.delivery_open {
            self.found.insert((Check::Replies, "an answer's mark of being open is not what its delivery says"));
        }
        self.found.extend(untimed(row.work.as_ref(), "message", timer).map(|what| (Check::Replies, what)));
        if let (Some(work), Some(timer)) = (&row.work, timer)
            && work.run_at > timer.saturating_add(SLACK).unwrap_or(Timestamp::MAX)
        {
            self.late = self.late.max(Some(work.run_at));
        }
        let waits_for = match &row.delivery {
            Some(Delivery::InFlight { attempt, .. } | Delivery::Sent { attempt, .. }) => Some(attempt),
            Some(
                Delivery::Waiting { .. }
                | Delivery::Kept { .. }
                | Delivery::Delivered { .. }
                | Delivery::Unconfirmed { .. }
                | Delivery::Unknown { .. }
                | Delivery::Failed { .. },
            )
            | None => None,
        };
        if waits_for.is_some_and(|attempt| !attempts.contains(attempt)) {
            self.found.insert((Check::Replies, "the attempt that an answer waits for is not there"));
        }
    }

    /// What is wrong, now that all were taken.
    pub(super) fn faults(&self, tip: &TipFigures, now: Timestamp) -> BTreeSet<(Check, &'static str)> {
        let mut found = self.found.clone();
        if self.has_gap || self.count != tip.last_seq {
            found.insert((Check::Messages, "its messages are not numbered from 1 to the last without a gap"));
        }
        if tip.unread < 0 || tip.unread > self.by_reporter {
            found.insert((Check::Messages, "more messages count as unread than the reporter wrote"));
        }
        if self.late.is_some_and(|late| late > now.saturating_add(SLACK).unwrap_or(Timestamp::MAX)) {
            found.insert((Check::Replies, "the work of an open answer is put off too long"));
        }
        found
    }
}

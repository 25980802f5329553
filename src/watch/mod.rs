//! The clocks of tips: what is due by time alone is noticed by the program, not by whoever looks at a page.
//!
//! A lane of its own holds one piece of work a tip: "look again then". Each look reads the tip's facts, lets the rules say what is due
//! (`domain::dispatch::watch`), and writes alarms, what they lead to and the next look in one commit, which holds only if the tip is
//! still what was read. So an alarm is raised once, whatever crashes between, and nothing that comes meanwhile is overlooked. Whatever
//! changes what a clock depends on puts the tip's next look to now, in its own commit.

mod facts;
mod moot;
mod raise;
mod together;
mod worker;

#[cfg(test)]
mod tests;

pub use worker::Watching;

use crate::store::Write;
use crate::store::rows::{WatchRow, WorkId, WorkRow};
use domain::conversation::{Conversation, State};
use domain::dispatch::policy::Policy;
use domain::dispatch::watch::{Facts, Watch};
use domain::id::{ConversationId, LaneKey};
use jiff::Timestamp;

/// The lane of looks at tips. Not a sending identity; the name is free because an account's lanes end in what they send.
#[expect(clippy::expect_used, reason = "the key is well formed, as every test that starts a gateway shows")]
pub fn lane() -> LaneKey {
    "watch-clocks".parse().expect("a lane's key")
}

/// A look at this tip's clocks at this time.
pub fn look(tip: ConversationId, at: Timestamp) -> WorkRow {
    WorkRow { id: WorkId::Watch(tip), lane: lane(), rank: 0, due_at: at, run_at: at }
}

/// The clocks of a tip that begins at `at`, with their first look: the commit that opens a tip starts them (R44).
pub fn begun(tip: &Conversation, at: Timestamp, policy: &Policy) -> [Write; 2] {
    let watch = Watch::default();
    let facts = Facts {
        received_at: tip.received_at,
        open: tip.state == State::Open,
        level: tip.triage.level,
        for_endusers: tip.triage.is_for_endusers() && !tip.drill,
        dispatches: &[],
        tasks: &[],
        news: None,
        seconds_of_calls_left: 0.0,
    };
    let due = watch.due(facts, at, policy);
    let first = if due.alarms.is_empty() { due.next.unwrap_or(at) } else { at };
    [Write::Watch(Box::new(WatchRow { conversation: tip.id, watch, version: 0 })), Write::Work(look(tip.id, first))]
}

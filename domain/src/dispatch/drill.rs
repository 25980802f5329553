//! What a drill found: number by number, whether somebody who is listed would have been told; and when a school's next drill is due.
//!
//! A drill runs as a dispatch does, so its findings are read from the same obligations and evidence. What surprises: a machine that answered
//! is no failure and no success. Somebody may hear it tomorrow, which is too late for a Critical tip.

use super::evidence::{End, Evidence};
use super::obligation::{FailedBecause, Obligation, State};
use crate::calendar::Calendar;
use crate::channel::Means;
use jiff::civil::Time;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// What one number or address did in a drill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// Somebody who answered says that the person is not to be had there (key 9).
    NotThem,
    /// No carrier takes this number or address.
    Refused,
    /// The mail or text came back.
    Returned,
    /// It has forbidden texts (STOP).
    OptedOut,
    /// A fax answered.
    Fax,
    /// Rang out.
    NoAnswer,
    /// Busy or declined.
    Busy,
    /// No carrier took it while the drill ran.
    NotTaken,
    /// A machine answered.
    Machine,
    /// Picked up; by whom is not known, and nothing was keyed.
    PickedUp,
    /// A person answered and did not confirm.
    Answered,
    /// Taken by the carrier; more is not known of a text or mail.
    Taken,
    /// On the handset, or in the mailbox.
    Delivered,
    /// Somebody confirmed.
    Confirmed,
    /// Not yet known.
    Waiting,
}

/// What that means for the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It did not work: mend the list, or find out why.
    Failed,
    /// It reached something, but nobody for certain.
    Unsure,
    /// Not yet known.
    Waiting,
    /// It works.
    Works,
}

impl Found {
    /// Everything that can be found.
    pub const ALL: [Found; 15] = [
        Found::NotThem,
        Found::Refused,
        Found::Returned,
        Found::OptedOut,
        Found::Fax,
        Found::NoAnswer,
        Found::Busy,
        Found::NotTaken,
        Found::Machine,
        Found::PickedUp,
        Found::Answered,
        Found::Taken,
        Found::Delivered,
        Found::Confirmed,
        Found::Waiting,
    ];

    /// What it means.
    pub const fn verdict(self) -> Verdict {
        match self {
            Found::NotThem | Found::Refused | Found::Returned | Found::OptedOut => Verdict::Failed,
            Found::Fax | Found::NoAnswer | Found::Busy | Found::NotTaken => Verdict::Failed,
            Found::Machine | Found::PickedUp => Verdict::Unsure,
            Found::Answered | Found::Taken | Found::Delivered | Found::Confirmed => Verdict::Works,
            Found::Waiting => Verdict::Waiting,
        }
    }

    /// As a page and a file say it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Found::NotThem => "somebody else answered",
            Found::Refused => "refused by the carrier",
            Found::Returned => "came back",
            Found::OptedOut => "takes no texts (STOP)",
            Found::Fax => "a fax answered",
            Found::NoAnswer => "no answer",
            Found::Busy => "busy or declined",
            Found::NotTaken => "no carrier took it",
            Found::Machine => "a machine answered",
            Found::PickedUp => "picked up, nothing keyed",
            Found::Answered => "a person answered",
            Found::Taken => "taken",
            Found::Delivered => "delivered",
            Found::Confirmed => "confirmed",
            Found::Waiting => "not yet known",
        }
    }
}

/// What the attempts at one number or address found. `of_point` is the evidence of those that went there, in order; `None` for one that no
/// carrier took. Empty when nothing was tried there.
pub fn found(obligation: &Obligation, of_point: &[Evidence]) -> Found {
    // Whoever has picked up may still confirm, as long as the call goes on.
    let shows = |evidence: &&Evidence| {
        let settled = evidence.ended.is_some() || evidence.confirmed.is_some() || evidence.not_me.is_some();
        obligation.step.means != Means::Call || settled || obligation.is_closed()
    };
    let seen = of_point.iter().filter(shows).filter_map(|evidence| of_evidence(obligation.step.means, evidence));
    let best = seen.max_by_key(|found| weight(*found));
    match (&obligation.state, best) {
        (_, Some(found)) => found,
        (State::Failed { reason, .. }, None) => match reason {
            FailedBecause::AddressRefused => Found::Refused,
            FailedBecause::NotThem => Found::NotThem,
            FailedBecause::Returned => Found::Returned,
            FailedBecause::OptedOut => Found::OptedOut,
            FailedBecause::NoCarrier => Found::NotTaken,
            FailedBecause::NobodyConfirmed => Found::NoAnswer,
            FailedBecause::Restored => Found::Waiting,
        },
        (State::Satisfied { .. }, None) => Found::Taken,
        (State::Standby { .. } | State::Waiting { .. } | State::InFlight { .. } | State::Released { .. }, None) => Found::Waiting,
    }
}

/// What one attempt shows, if it shows anything yet.
fn of_evidence(means: Means, evidence: &Evidence) -> Option<Found> {
    if evidence.confirmed.is_some() {
        return Some(Found::Confirmed);
    }
    if evidence.not_me.is_some() {
        return Some(Found::NotThem);
    }
    let is_call = means == Means::Call;
    let picked_up = [
        (evidence.human.is_some() || evidence.wrong_key.is_some(), Found::Answered),
        (evidence.machine.is_some() || evidence.voicemail.is_some(), Found::Machine),
        (evidence.fax.is_some(), Found::Fax),
    ];
    if let Some((_, found)) = picked_up.into_iter().find(|(holds, _)| is_call && *holds) {
        return Some(found);
    }
    match &evidence.ended {
        Some((_, End::Busy)) => Some(Found::Busy),
        Some((_, End::NoAnswer | End::Canceled)) => Some(Found::NoAnswer),
        Some((_, End::Failed(_))) => Some(Found::Refused),
        Some((_, End::Undelivered(_))) => Some(Found::Returned),
        Some((_, End::Completed)) if is_call => Some(Found::PickedUp),
        Some((_, End::Completed)) => Some(Found::Delivered),
        // A call that is under way shows nothing yet; a text or mail that was taken may stay so.
        None if is_call => None,
        None if evidence.delivered.is_some() => Some(Found::Delivered),
        None => evidence.submitted.map(|_| Found::Taken),
    }
}

/// What counts of several attempts at one number: what a person did, before what a machine did, before silence.
const fn weight(found: Found) -> u8 {
    match found {
        Found::Confirmed => 14,
        Found::NotThem => 13,
        Found::Answered => 12,
        Found::Returned => 11,
        Found::Delivered => 10,
        Found::OptedOut => 9,
        Found::PickedUp => 8,
        Found::Machine => 7,
        Found::Fax => 6,
        Found::Busy => 5,
        Found::NoAnswer => 4,
        Found::Refused => 3,
        Found::Taken => 2,
        Found::NotTaken => 1,
        Found::Waiting => 0,
    }
}

/// Whether a school's next drill is due: `every_days` after the day of the last one (at once when there was none), on a business day of its
/// calendar, from this hour on and while it is open. Never when its calendar is closed at that hour.
pub fn is_due(last: Option<Timestamp>, every_days: u16, hour: Time, calendar: &Calendar, now: Timestamp) -> bool {
    let day = |at: Timestamp| at.to_zoned(calendar.zone.clone()).date();
    let today = day(now);
    let from = last.and_then(|last| day(last).checked_add(i64::from(every_days).days()).ok()).unwrap_or(today);
    let begins = calendar.zone.to_ambiguous_timestamp(from.max(today).to_datetime(Time::midnight())).compatible();
    let Ok(begins) = begins else { return false };
    calendar.is_open(now) && calendar.next_at(begins, hour).is_some_and(|at| at <= now)
}

#[cfg(test)]
#[path = "drill_tests.rs"]
mod tests;

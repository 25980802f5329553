//! One circuit breaker: whether a carrier's account is trusted with a means at the moment. Pure; the clock is an argument.
//!
//! Closed: everything goes. Open: nothing does, for a time that doubles while it keeps opening. Half-open: one request at a time is a
//! trial, and it closes when that or a probe is answered. Three faults in a row open it, or six times "slower"; an account that is refused
//! opens it at once. What surprises: a probe never shortens the wait, for a carrier may answer questions and fail at sending.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Marks that open a closed circuit. A fault is two marks, being told to go slower is one.
const MARKS_MOST: u32 = 6;
/// A mark older than this is forgotten: three faults in a day are no outage.
const FORGET: SignedDuration = SignedDuration::from_mins(5);
/// How long a circuit stays open the first time.
pub const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(2);
/// The longest that it stays open without a trial.
pub const LONGEST_WAIT: SignedDuration = SignedDuration::from_secs(30);
/// Opening again within this time doubles the wait.
const SAME_OUTAGE: SignedDuration = SignedDuration::from_mins(10);
/// A trial that has not ended after this is over: its node or task died.
const TRIAL_MOST: SignedDuration = SignedDuration::from_secs(60);

/// One lane's circuit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Circuit {
    /// Where it stands.
    pub standing: Standing,
    /// Since when.
    pub since: Timestamp,
    /// How long it was open last.
    wait: SignedDuration,
    /// When it last opened.
    opened_at: Option<Timestamp>,
}

/// Where a circuit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Standing {
    /// Trusted.
    Closed {
        /// Marks against it, the last of them at `marked_at`.
        marks: u32,
        /// When.
        marked_at: Timestamp,
    },
    /// Not used.
    Open {
        /// Until then.
        until: Timestamp,
    },
    /// One request at a time.
    HalfOpen {
        /// The trial under way, by when it began.
        trial: Option<Timestamp>,
    },
}

/// What was learnt about a carrier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// It answered a request as a carrier should; whether it took it does not matter.
    Answered,
    /// It asked for a slower pace.
    Slower,
    /// It failed, or its answer was lost.
    Fault,
    /// It refuses our account or sender.
    Refused,
    /// It answered a probe.
    ProbeAnswered,
    /// A probe failed.
    ProbeFailed,
}

/// Whether a lane may send now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Yes.
    Go,
    /// One request, which is the trial.
    Trial,
    /// Not before then (and not before something changes).
    Shut(Timestamp),
}

impl Circuit {
    /// A closed one.
    pub fn new(now: Timestamp) -> Self {
        Self { standing: Standing::Closed { marks: 0, marked_at: now }, since: now, wait: SignedDuration::ZERO, opened_at: None }
    }

    /// Whether it is trusted without reserve.
    pub const fn is_closed(&self) -> bool {
        matches!(self.standing, Standing::Closed { .. })
    }

    /// Takes news; true when the circuit changed between closed, open and half-open.
    pub fn take(&mut self, news: News, now: Timestamp) -> bool {
        let before = self.standing.word();
        self.ripen(now);
        match (self.standing, news) {
            (Standing::Closed { .. }, News::Answered) => self.standing = Standing::Closed { marks: 0, marked_at: now },
            (Standing::Closed { .. }, News::ProbeAnswered) => {}
            (Standing::Closed { .. }, News::Fault | News::ProbeFailed) => self.mark(2, now),
            (Standing::Closed { .. }, News::Slower) => self.mark(1, now),
            (Standing::Closed { .. }, News::Refused) => self.open(now),
            (Standing::Open { .. }, News::Answered) => self.put(Standing::HalfOpen { trial: None }, now),
            // What was under way when it opened fails too, and says nothing new.
            (Standing::Open { .. }, News::Slower | News::Fault | News::Refused | News::ProbeAnswered | News::ProbeFailed) => {}
            (Standing::HalfOpen { .. }, News::Answered) => self.put(Standing::Closed { marks: 0, marked_at: now }, now),
            (Standing::HalfOpen { trial: None }, News::ProbeAnswered) => self.put(Standing::Closed { marks: 0, marked_at: now }, now),
            (Standing::HalfOpen { trial: Some(_) }, News::ProbeAnswered | News::ProbeFailed) => {}
            (Standing::HalfOpen { trial: None }, News::ProbeFailed)
            | (Standing::HalfOpen { .. }, News::Slower | News::Fault | News::Refused) => self.open(now),
        }
        before != self.standing.word()
    }

    /// Whether the lane may send now; a trial is taken with the asking.
    pub fn gate(&mut self, now: Timestamp) -> Gate {
        self.ripen(now);
        match self.standing {
            Standing::Closed { .. } => Gate::Go,
            Standing::Open { until } => Gate::Shut(until),
            Standing::HalfOpen { trial: Some(began) } if began <= now && now < later(began, TRIAL_MOST) => {
                Gate::Shut(later(began, TRIAL_MOST))
            }
            Standing::HalfOpen { .. } => {
                self.standing = Standing::HalfOpen { trial: Some(now) };
                Gate::Trial
            }
        }
    }

    /// The trial sent nothing after all (there was no work): the next may be one.
    pub fn trial_unused(&mut self) {
        if let Standing::HalfOpen { .. } = self.standing {
            self.standing = Standing::HalfOpen { trial: None };
        }
    }

    /// When it lets something through again: the order among circuits that are not closed.
    pub fn ready_at(&self) -> Timestamp {
        match self.standing {
            Standing::Closed { .. } | Standing::HalfOpen { .. } => Timestamp::MIN,
            Standing::Open { until } => until,
        }
    }

    /// An open circuit whose time is over is half-open; so is one that would wait longer than any does, for then the clock was set back.
    fn ripen(&mut self, now: Timestamp) {
        if let Standing::Open { until } = self.standing
            && (now >= until || until > later(now, LONGEST_WAIT))
        {
            self.put(Standing::HalfOpen { trial: None }, now);
        }
    }

    fn mark(&mut self, more: u32, now: Timestamp) {
        let Standing::Closed { marks, marked_at } = self.standing else { return };
        let kept = if now < later(marked_at, FORGET) { marks } else { 0 };
        self.standing = Standing::Closed { marks: kept + more, marked_at: now };
        if kept + more >= MARKS_MOST {
            self.open(now);
        }
    }

    fn open(&mut self, now: Timestamp) {
        let again = self.opened_at.is_some_and(|at| now < later(at, SAME_OUTAGE));
        self.wait = if again { self.wait.saturating_mul(2).clamp(FIRST_WAIT, LONGEST_WAIT) } else { FIRST_WAIT };
        self.opened_at = Some(now);
        self.put(Standing::Open { until: later(now, self.wait) }, now);
    }

    fn put(&mut self, standing: Standing, now: Timestamp) {
        self.standing = standing;
        self.since = now;
    }
}

impl Standing {
    /// `closed`, `open` or `half_open`.
    pub const fn word(self) -> &'static str {
        match self {
            Standing::Closed { .. } => "closed",
            Standing::Open { .. } => "open",
            Standing::HalfOpen { .. } => "half_open",
        }
    }
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn after(news: &[(News, i64)]) -> Circuit {
        let mut circuit = Circuit::new(t(0));
        for (news, second) in news {
            circuit.take(*news, t(*second));
        }
        circuit
    }

    #[test]
    fn what_opens_it_and_what_does_not() {
        use News::{Answered, Fault, ProbeAnswered, ProbeFailed, Refused, Slower};
        let table: [(&[(News, i64)], &str); 13] = [
            (&[], "closed"),
            (&[(Fault, 0), (Fault, 1)], "closed"),
            (&[(Fault, 0), (Fault, 1), (Fault, 1)], "open"),
            (&[(Fault, 0), (Answered, 1), (Fault, 2), (Fault, 2)], "closed"),
            (&[(Fault, 0), (ProbeAnswered, 1), (Fault, 2), (ProbeAnswered, 3), (Fault, 4)], "open"),
            (&[(Fault, 0), (Fault, 400), (Fault, 800)], "closed"),
            (&[(Slower, 0), (Slower, 0), (Slower, 0), (Slower, 0), (Slower, 1)], "closed"),
            (&[(Slower, 0), (Slower, 0), (Slower, 0), (Slower, 0), (Slower, 1), (Slower, 2)], "open"),
            (&[(Refused, 0)], "open"),
            (&[(ProbeFailed, 0), (ProbeFailed, 1), (ProbeFailed, 2)], "open"),
            (&[(Refused, 0), (Fault, 1), (ProbeAnswered, 1)], "open"),
            (&[(Refused, 0), (Answered, 1)], "half_open"),
            (&[(Refused, 0), (ProbeAnswered, 2)], "closed"),
        ];
        for (news, expected) in table {
            assert_eq!(after(news).standing.word(), expected, "{news:?}");
        }
    }

    #[test]
    fn half_open_lets_one_through_and_its_end_decides() {
        let mut circuit = after(&[(News::Refused, 0)]);
        assert_eq!(circuit.gate(t(1)), Gate::Shut(t(2)));
        assert_eq!(circuit.gate(t(2)), Gate::Trial);
        assert!(matches!(circuit.gate(t(2)), Gate::Shut(_)), "one at a time");
        let mut failed = circuit.clone();
        assert!(failed.take(News::Fault, t(3)));
        assert_eq!(failed.gate(t(3)), Gate::Shut(t(7)), "four seconds now");
        assert!(circuit.take(News::Answered, t(3)));
        assert_eq!(circuit.gate(t(3)), Gate::Go);
    }

    #[test]
    fn a_trial_that_sends_nothing_or_never_ends_does_not_shut_the_lane() {
        let mut circuit = after(&[(News::Refused, 0)]);
        assert_eq!(circuit.gate(t(2)), Gate::Trial);
        circuit.trial_unused();
        assert_eq!(circuit.gate(t(2)), Gate::Trial);
        assert_eq!(circuit.gate(t(70)), Gate::Trial, "the one before was lost");
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_shut_the_lane() {
        let mut circuit = after(&[(News::Refused, 7200)]);
        assert_eq!(circuit.gate(t(0)), Gate::Trial, "two hours before it opened");
        let mut trial = after(&[(News::Refused, 0)]);
        assert_eq!(trial.gate(t(7200)), Gate::Trial);
        assert_eq!(trial.gate(t(0)), Gate::Trial, "and a trial of two hours later holds nothing up");
    }

    #[test]
    fn the_wait_grows_while_it_keeps_opening() {
        let mut circuit = after(&[(News::Refused, 0)]);
        let (mut second, mut waits) = (0, Vec::new());
        for _ in 0..6 {
            let Gate::Shut(until) = circuit.gate(t(second)) else { panic!("{circuit:?}") };
            waits.push(until.as_second() - t(second).as_second());
            second = until.as_second() - t(0).as_second();
            circuit.take(News::ProbeAnswered, t(second));
            assert!(circuit.is_closed());
            circuit.take(News::Refused, t(second));
        }
        assert_eq!(waits, [2, 4, 8, 16, 30, 30]);
        circuit.take(News::ProbeAnswered, t(second + 30));
        circuit.take(News::Refused, t(second + 2000));
        assert_eq!(circuit.gate(t(second + 2000)), Gate::Shut(t(second + 2002)), "another outage");
    }
}

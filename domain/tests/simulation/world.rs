//! One history: the queue of what happens, from the dispatch to the last timer.
//!
//! Time is whatever happens next. Everything random comes from the seed, so that a history can be played again. What the shell holds only in
//! memory (requests, answers, questions) carries the epoch of its process and is lost in a crash.

use crate::carrier::{Carrier, Habit, Manner, Mood, later};
use crate::checker;
use crate::county::{self, seconds};
use crate::outcome::Outcome;
use crate::shell::{Attempt, Bug, Row, attempt_id, spoil};
use domain::Timestamp;
use domain::conversation::reference::Reference;
use domain::conversation::triage::{Marks, Triage};
use domain::directory::Kind;
use domain::dispatch::evidence::{ConfirmedBy, End, Evidence, ReceiptKind};
use domain::dispatch::obligation::{self, Context, Effect, Event, Obligation, SendOutcome, State};
use domain::dispatch::plan::{self, Plan, Start};
use domain::dispatch::policy::Policy;
use domain::dispatch::words::Voice;
use domain::exchange::Heard;
use domain::id::{AttemptId, ConversationId, DispatchId, ObligationId};
use domain::level::Level;
use domain::voice::enduser_call::{EnduserCall, SpokenCode};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// No history needs more; one that does runs in a circle.
const MOST_EVENTS: u64 = 200_000;

#[derive(Debug, Clone)]
pub enum Happening {
    Dispatch,
    Wake(usize),
    Request { epoch: u32, attempt: AttemptId },
    Answer { epoch: u32, attempt: AttemptId, outcome: SendOutcome },
    Ask { epoch: u32, attempt: AttemptId },
    Callback { attempt: AttemptId, once: String, kind: ReceiptKind },
    CallStep { attempt: AttemptId, step: u32, heard: Heard, manner: Manner },
    LegEnds { attempt: AttemptId, end: End },
    MailRead { attempt: AttemptId, by_person: bool },
    Note { row: usize },
    Crash,
    Up,
}

/// The world of one history.
pub struct World {
    pub seed: u64,
    pub now: Timestamp,
    pub policy: Policy,
    pub rows: Vec<Row>,
    pub attempts: BTreeMap<AttemptId, Attempt>,
    pub down: bool,
    /// When the gateway last came up, or the dispatch.
    pub up_since: Timestamp,
    /// Seconds that the gateway was away in all.
    pub away_seconds: i64,
    pub outcome: Outcome,
    pub bug: Option<Bug>,
    pub plan: Plan,
    pub rng: fastrand::Rng,
    pub mood: Mood,
    pub carrier: Carrier,
    pub queue: BTreeMap<(Timestamp, u64), Happening>,
    pub number: u64,
    pub epoch: u32,
    pub trace: bool,
    pub voice: Voice,
    pub reference: Reference,
}

impl World {
    pub fn new(seed: u64, bug: Option<Bug>, trace: bool) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let (directory, school) = county::random(&mut rng);
        let level = [Level::Critical, Level::Critical, Level::Critical, Level::Standard, Level::Other][rng.usize(..5)];
        let marks = Marks { in_progress: rng.bool(), possible_crime: rng.bool(), safety_issue: rng.bool(), ..Marks::default() };
        let types = ["some-type".parse().expect("a key")].into();
        let triage = Triage { types, level: Some(level), school: Some(school), marks };
        let received_at = later(Timestamp::from_second(1_800_000_000).expect("in range"), rng.i64(0..14 * 86_400));
        let dispatch_at = later(received_at, if rng.f64() < 0.1 { rng.i64(0..3000) } else { rng.i64(0..600) });
        let policy = Policy { most_attempts: rng.u32(3..=12), ..Policy::default() };
        let (directory, calendars, policy_of_plan) = (&directory, &county::calendars(), &policy);
        let line_name = "the line";
        let request = plan::Request {
            triage: &triage,
            received_at,
            now: dispatch_at,
            directory,
            calendars,
            policy: policy_of_plan,
            line_name,
            excluded: &Default::default(),
            has_summary: false,
            calls_per_second: None,
        };
        let plan = plan::plan(request).expect("the county is ready");
        let mood = Mood::random(&mut rng, dispatch_at);
        let mut world = Self {
            seed,
            now: dispatch_at,
            policy,
            rows: Vec::new(),
            attempts: BTreeMap::new(),
            down: false,
            up_since: dispatch_at,
            away_seconds: 0,
            outcome: Outcome::default(),
            bug,
            plan,
            rng,
            mood,
            carrier: Carrier::default(),
            queue: BTreeMap::new(),
            number: 0,
            epoch: 0,
            trace,
            voice: Voice { line_name: line_name.to_owned(), call_back: "5 5 5, 0 1 0 0".to_owned() },
            reference: Reference::from_bits([1, 2, 3, 4]),
        };
        world.later(0.0, Happening::Dispatch);
        for _ in 0..world.mood.crashes {
            let at = world.rng.f64() * 2400.0;
            world.later(at, Happening::Crash);
        }
        world
    }

    /// Plays to the end.
    pub fn play(mut self) -> Outcome {
        while let Some(((at, _), happening)) = self.queue.pop_first() {
            self.now = at;
            self.outcome.events += 1;
            if self.outcome.events > MOST_EVENTS {
                self.object("the history never ends".to_owned());
            }
            self.happen(happening);
            checker::after_event(&mut self);
            if self.outcome.objection.is_some() {
                return self.outcome;
            }
        }
        checker::at_the_end(&mut self);
        self.outcome.count(&self.rows);
        self.outcome
    }

    pub fn object(&mut self, objection: String) {
        self.tell(|| format!("OBJECTION {objection}"));
        self.outcome.objection.get_or_insert(objection);
    }

    pub fn tell(&self, line: impl FnOnce() -> String) {
        if self.trace {
            println!("{} {}", self.now, line());
        }
    }

    pub fn later(&mut self, after_seconds: f64, happening: Happening) {
        let at = self.now.saturating_add(seconds(after_seconds)).expect("in range");
        self.at(at, happening);
    }

    pub fn at(&mut self, at: Timestamp, happening: Happening) {
        self.number += 1;
        self.queue.insert((at.max(self.now), self.number), happening);
    }

    pub fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Dispatch => self.dispatch(),
            Happening::Wake(row) => {
                if !self.down && self.rows[row].obligation.timer().is_some_and(|timer| timer <= self.now) {
                    let before = self.rows[row].obligation.state.clone();
                    self.commit(row, Event::Timer);
                    checker::after_timer(self, row, &before);
                }
            }
            Happening::Request { epoch, attempt } if epoch == self.epoch => self.request(attempt),
            Happening::Answer { epoch, attempt, outcome } if epoch == self.epoch => {
                self.commit(self.attempts[&attempt].row, Event::Sent { attempt, outcome });
            }
            Happening::Ask { epoch, attempt } if epoch == self.epoch => self.ask(attempt),
            Happening::Request { .. } | Happening::Answer { .. } | Happening::Ask { .. } => self.tell(|| "lost in the crash".to_owned()),
            Happening::Callback { attempt, once, kind } => self.callback(attempt, once, kind),
            Happening::CallStep { attempt, step, heard, manner } => self.call_step(attempt, step, heard, manner),
            Happening::LegEnds { attempt, end } => self.leg_ends(attempt, end),
            Happening::MailRead { attempt, by_person } => self.mail_read(attempt, by_person),
            Happening::Note { row } => {
                if let Some(attempt) = self.any_attempt_of(row).filter(|_| !self.down) {
                    self.rows[row].truly.insert(ConfirmedBy::AnalystNote);
                    self.receive(attempt, &[("note".to_owned(), ReceiptKind::Confirmed(ConfirmedBy::AnalystNote))]);
                }
            }
            Happening::Crash => self.crash(),
            Happening::Up => self.come_up(),
        }
    }

    /// One commit: all obligations of the plan. Then each is woken when it wants to be.
    pub fn dispatch(&mut self) {
        let school_away = self.rng.f64() < 0.2;
        for (number, step) in self.plan.steps.clone().into_iter().enumerate() {
            let id = |kind: u64| Uuid::from_u64_pair(kind, number as u64);
            let habit = match (self.rng.u32(..100), step.kind) {
                (_, Kind::School) if school_away => [Habit::Away, Habit::Engaged, Habit::Invalid][self.rng.usize(..3)],
                (0..50, _) => Habit::Ordinary,
                (50..72, _) => Habit::Diligent,
                (72..84, _) => Habit::Away,
                (84..93, _) => Habit::Engaged,
                _ => Habit::Invalid,
            };
            let (dispatch, conversation) = (DispatchId::new(id(2)), ConversationId::new(id(3)));
            let obligation = Obligation::new(ObligationId::new(id(1)), dispatch, conversation, self.plan.level, step, self.now);
            let truly = BTreeSet::new();
            let row =
                Row { obligation, habit, wake_at: None, tasks: 0, breaches: 0, failures: 0, truly, recorded: false, really_taken: false };
            self.tell(|| format!("#{number} {habit:?} {:?}", row.obligation.step));
            self.rows.push(row);
            if self.rng.f64() < 0.02 {
                let after = self.rng.f64() * 2400.0;
                self.later(after, Happening::Note { row: number });
            }
        }
        for row in 0..self.rows.len() {
            self.schedule(row);
        }
    }

    /// Writes the due column and sets the alarm.
    pub fn schedule(&mut self, row: usize) {
        let obligation = &self.rows[row].obligation;
        let (fresh, psap, critical) = (obligation.attempts == 0, obligation.step.kind == Kind::Psap, obligation.level == Level::Critical);
        let timer = obligation.timer();
        let forgotten = self.bug == Some(Bug::DropsTimer) && self.rng.f64() < 0.1;
        self.rows[row].wake_at = timer.filter(|_| !forgotten);
        let Some(wake_at) = self.rows[row].wake_at else { return };
        let delay = match self.bug {
            Some(Bug::DelaysCritical) if fresh && critical && !psap => 30,
            Some(Bug::PsapLast) if fresh && psap => 1,
            _ => 0,
        };
        self.at(later(wake_at, delay), Happening::Wake(row));
    }

    /// Decides, commits, and carries out the effects; a crash on the way loses those that are only in memory.
    pub fn commit(&mut self, row: usize, event: Event) {
        self.number += 1;
        let (fresh, jitter) = (attempt_id(self.seed, self.number), self.rng.f64());
        let before = self.rows[row].obligation.clone();
        let context = Context { now: self.now, fresh, jitter, policy: &self.policy, other_carrier: false, points: 1 };
        let decision = before.clone().decide(event.clone(), context);
        self.tell(|| format!("#{row} {event:?} -> {:?} {:?}", decision.next.state, decision.effects));
        let mut next = decision.next;
        spoil(self.bug, &mut next, self.now);
        if next.attempts > before.attempts {
            let (evidence, code) = (Evidence::default(), SpokenCode::from_bits(self.rng.u16(..)));
            let attempt =
                Attempt { row, evidence, log: BTreeMap::new(), applied: 0, call: EnduserCall::new(), code, asked: 0, requests: 0 };
            self.attempts.insert(fresh, attempt);
        }
        for effect in &decision.effects {
            if let Some(asked) = asked_about(effect).and_then(|attempt| self.attempts.get_mut(&attempt)) {
                asked.asked += 1;
            }
        }
        let entry = &mut self.rows[row];
        entry.failures += u32::from(matches!(next.state, State::Failed { .. }) && !matches!(before.state, State::Failed { .. }));
        entry.tasks +=
            decision.effects.iter().filter(|e| matches!(e, Effect::RaiseTask(_)) && self.bug != Some(Bug::RaisesNoTask)).count() as u32;
        entry.breaches +=
            decision.effects.iter().filter(|e| matches!(e, Effect::Breach(_)) && self.bug != Some(Bug::HidesBreach)).count() as u32;
        entry.obligation = next;
        checker::after_commit(self, row, &before, &event, &decision.effects);
        self.schedule(row);
        for effect in decision.effects {
            if !self.down {
                self.act(row, effect);
            }
        }
    }

    pub fn act(&mut self, row: usize, effect: Effect) {
        match effect {
            Effect::Send(attempt) => {
                if self.rng.f64() < self.mood.crash_at_send {
                    return self.crash();
                }
                let (epoch, wait) = (self.epoch, self.rng.f64() * 0.05);
                self.later(wait, Happening::Request { epoch, attempt });
            }
            Effect::Ask(attempt) => self.later(0.2, Happening::Ask { epoch: self.epoch, attempt }),
            Effect::RaiseTask(_) | Effect::Breach(_) | Effect::StartNext(_) => {}
            Effect::TellSamePerson => {
                let person = self.rows[row].obligation.step.person.clone();
                self.tell_others(Event::PersonConfirmed, |index, o| index != row && o.step.person == person);
                if self.bug == Some(Bug::ReleasesOnAnybody) {
                    self.tell_others(Event::SchoolReached, |_, o| matches!(o.state, State::Standby { .. }));
                }
            }
            Effect::TellSchoolReached => self.tell_others(Event::SchoolReached, |_, o| matches!(o.state, State::Standby { .. })),
            Effect::CheckSchool => {
                let all: Vec<Obligation> = self.rows.iter().map(|row| row.obligation.clone()).collect();
                if obligation::school_unreachable(&all) {
                    self.tell_others(Event::SchoolUnreachable, |_, o| matches!(o.state, State::Standby { .. }));
                }
            }
        }
    }

    pub fn tell_others(&mut self, event: Event, whom: impl Fn(usize, &Obligation) -> bool) {
        let told: Vec<usize> = (0..self.rows.len()).filter(|index| whom(*index, &self.rows[*index].obligation)).collect();
        for row in told {
            if !self.down {
                self.commit(row, event.clone());
            }
        }
    }

    /// The rows that must start at once.
    pub fn starting_now(&self) -> impl Iterator<Item = (u16, &Row)> {
        self.rows.iter().filter_map(|row| match row.obligation.step.start {
            Start::Now(place) => Some((place, row)),
            Start::Standby(_) => None,
        })
    }
}

fn asked_about(effect: &Effect) -> Option<AttemptId> {
    match effect {
        Effect::Ask(attempt) => Some(*attempt),
        Effect::Send(_)
        | Effect::RaiseTask(_)
        | Effect::Breach(_)
        | Effect::StartNext(_)
        | Effect::TellSamePerson
        | Effect::TellSchoolReached
        | Effect::CheckSchool => None,
    }
}

/// Used in objections: whom a row is about.
pub fn name(row: &Row) -> String {
    let step = &row.obligation.step;
    format!("{:?} to {} of {:?}", step.means, step.person, step.kind)
}

//! One history: the queue of what happens, from the receipt of a tip to the last timer.
//!
//! Time is whatever happens next. Everything random comes from the seed, so that a history can be played again. There are two times: the true
//! one, by which things happen, and the clock's, by which everything is decided and which may be set forward and back. What a node holds only
//! in memory (requests, answers, questions) carries the epoch of its process and is lost in a crash.

use crate::bug::Bug;
use crate::carrier::{Carrier, Habit, Manner, Mood, later};
use crate::checker;
use crate::checker_end;
use crate::checker_tip;
use crate::county::{self, County, seconds};
use crate::lane::{Lane, Node};
use crate::outcome::Outcome;
use crate::shell::{Attempt, Row};
use crate::tip::{Deed, Tip};
use domain::channel::Means;
use domain::conversation::reference::Reference;
use domain::dispatch::evidence::{ConfirmedBy, End, ReceiptKind};
use domain::dispatch::obligation::{Event, SendOutcome};
use domain::dispatch::policy::Policy;
use domain::dispatch::words::Voice;
use domain::exchange::Heard;
use domain::id::{AttemptId, PersonKey};
use domain::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// No history needs more; one that does runs in a circle.
const MOST_EVENTS: u64 = 400_000;

/// All rows are looked at after so many events; the row of a commit, at each.
const LOOK_EVERY_EVENTS: u64 = 8;

#[derive(Debug, Clone)]
pub enum Happening {
    /// A lane looks for work.
    Tick(usize),
    Request {
        node: usize,
        epoch: u32,
        attempt: AttemptId,
    },
    Answer {
        node: usize,
        epoch: u32,
        attempt: AttemptId,
        outcome: SendOutcome,
    },
    Ask {
        node: usize,
        epoch: u32,
        attempt: AttemptId,
    },
    Callback {
        attempt: AttemptId,
        once: String,
        kind: ReceiptKind,
    },
    CallStep {
        attempt: AttemptId,
        step: u32,
        heard: Heard,
        manner: Manner,
    },
    LegEnds {
        attempt: AttemptId,
        end: End,
    },
    MailRead {
        attempt: AttemptId,
        by_person: bool,
    },
    TextAnswered {
        attempt: AttemptId,
        right: bool,
    },
    /// An enduser calls our number; with their PIN, or with none that fits.
    CallBack {
        attempt: AttemptId,
        right: bool,
    },
    /// An enduser confirms in the portal.
    Portal {
        row: usize,
    },
    Note {
        row: usize,
    },
    Crash(usize),
    Pause(usize),
    Up(usize),
    ClockStep(i64),
    /// The watch looks at the tip's clocks.
    Look,
    /// The reporter or an analyst does something.
    Does(Deed),
}

/// The world of one history.
pub struct World {
    pub seed: u64,
    /// The true time.
    pub now: Timestamp,
    /// How far the clock is from it.
    pub skew: SignedDuration,
    pub policy: Policy,
    pub county: County,
    pub school_away: bool,
    pub rows: Vec<Row>,
    pub attempts: BTreeMap<AttemptId, Attempt>,
    pub habits: BTreeMap<(PersonKey, Means, u8), Habit>,
    pub nodes: Vec<Node>,
    pub lanes: Vec<Lane>,
    pub tip: Tip,
    /// When any node last came up after none was.
    pub up_since: Timestamp,
    /// Seconds that nodes were away in all, leases included.
    pub away_seconds: i64,
    pub outcome: Outcome,
    pub bug: Option<Bug>,
    pub rng: fastrand::Rng,
    pub mood: Mood,
    pub carrier: Carrier,
    pub queue: BTreeMap<(Timestamp, u64), Happening>,
    pub number: u64,
    pub trace: bool,
    pub voice: Voice,
    pub reference: Reference,
}

impl World {
    pub fn new(seed: u64, bug: Option<Bug>, trace: bool) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let county = County::random(&mut rng);
        let (received_at, dst) = county::received(&mut rng);
        let policy = Policy { most_attempts: rng.u32(3..=12), ..Policy::default() };
        let mood = Mood::random(&mut rng, received_at);
        let node = Node { up: true, epoch: 0, back_at: received_at };
        let mut world = Self {
            seed,
            now: received_at,
            skew: SignedDuration::ZERO,
            policy,
            school_away: rng.f64() < 0.2,
            rows: Vec::new(),
            attempts: BTreeMap::new(),
            habits: BTreeMap::new(),
            nodes: vec![node; mood.nodes],
            lanes: World::new_lanes(mood.carriers, received_at),
            tip: Tip::new(received_at, dst, &mut rng),
            county,
            up_since: received_at,
            away_seconds: 0,
            outcome: Outcome::default(),
            bug,
            rng,
            mood,
            carrier: Carrier::default(),
            queue: BTreeMap::new(),
            number: 0,
            trace,
            voice: Voice { line_name: "the line".to_owned(), call_back: "5 5 5, 0 1 0 0".to_owned() },
            reference: Reference::from_bits([1, 2, 3, 4]),
        };
        world.foresee();
        world
    }

    /// What will go wrong, and what people will do.
    fn foresee(&mut self) {
        for _ in 0..self.mood.crashes {
            let (at, node) = (self.rng.f64() * 2400.0, self.rng.usize(..self.mood.nodes));
            self.later(at, Happening::Crash(node));
        }
        for _ in 0..self.mood.pauses {
            let (at, node) = (self.rng.f64() * 2400.0, self.rng.usize(..self.mood.nodes));
            self.later(at, Happening::Pause(node));
        }
        for _ in 0..self.mood.clock_steps {
            let (at, by) = (self.rng.f64() * 2400.0, self.rng.i64(-10..=10));
            self.later(at, Happening::ClockStep(by));
        }
        self.foresee_deeds();
        self.look_soon();
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
            // What is wrong stays wrong for a while: not every moment has to be looked at.
            if self.outcome.events.is_multiple_of(LOOK_EVERY_EVENTS) {
                checker::after_event(&mut self);
                checker_tip::after_event(&mut self);
            }
            if self.outcome.objection.is_some() {
                return self.outcome;
            }
        }
        checker::after_event(&mut self);
        checker_end::at_the_end(&mut self);
        checker_tip::at_the_end(&mut self);
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

    /// The time by which everything is decided.
    pub fn clock(&self) -> Timestamp {
        self.now.saturating_add(self.skew).expect("in range")
    }

    /// When the clock will show this, unless it is set.
    pub fn truly_at(&self, shown: Timestamp) -> Timestamp {
        shown.saturating_sub(self.skew).expect("in range")
    }

    pub fn later(&mut self, after_seconds: f64, happening: Happening) {
        let at = self.now.saturating_add(seconds(after_seconds)).expect("in range");
        self.at(at, happening);
    }

    pub fn at(&mut self, at: Timestamp, happening: Happening) {
        self.number += 1;
        self.queue.insert((at.max(self.now), self.number), happening);
    }

    /// Whether a node still runs the process that meant to do something. One that stands still does it when it goes on.
    fn may(&mut self, node: usize, epoch: u32, happening: &Happening) -> bool {
        let entry = &self.nodes[node];
        if entry.epoch != epoch {
            self.tell(|| "lost in the crash".to_owned());
            return false;
        }
        if !entry.up {
            let back_at = entry.back_at;
            self.at(back_at, happening.clone());
            return false;
        }
        true
    }

    pub fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Tick(lane) => self.tick(lane),
            Happening::Request { node, epoch, attempt } => {
                if self.may(node, epoch, &happening) {
                    self.request(node, attempt);
                }
            }
            Happening::Answer { node, epoch, attempt, outcome } => {
                if self.may(node, epoch, &happening) {
                    self.commit(self.attempts[&attempt].row, Event::Sent { attempt, outcome });
                }
            }
            Happening::Ask { node, epoch, attempt } => {
                if self.may(node, epoch, &happening) {
                    self.ask(attempt);
                }
            }
            Happening::Callback { attempt, once, kind } => self.callback(attempt, once, kind),
            Happening::CallStep { attempt, step, heard, manner } => self.call_step(attempt, step, heard, manner),
            Happening::LegEnds { attempt, end } => self.leg_ends(attempt, end),
            Happening::MailRead { attempt, by_person } => self.mail_read(attempt, by_person),
            Happening::TextAnswered { attempt, right } => self.text_answered(attempt, right),
            Happening::CallBack { attempt, right } => self.call_back(attempt, right),
            Happening::Portal { row } => self.portal(row),
            Happening::Note { row } => {
                if let Some(attempt) = self.any_attempt_of(row).filter(|_| !self.is_down()) {
                    self.rows[row].truly.insert(ConfirmedBy::AnalystNote);
                    self.receive(attempt, &[("note".to_owned(), ReceiptKind::Confirmed(ConfirmedBy::AnalystNote))]);
                }
            }
            Happening::Crash(node) => self.crash(node),
            Happening::Pause(node) => self.pause(node),
            Happening::Up(node) => self.come_up(node),
            Happening::ClockStep(by) => {
                self.tell(|| format!("the clock is set by {by} s"));
                self.outcome.clock_steps += 1;
                self.skew += SignedDuration::from_secs(by);
                self.wake_all_lanes();
                self.look_soon();
            }
            Happening::Look => self.look(),
            Happening::Does(deed) => {
                if self.is_down() {
                    let at = later(self.now, 5);
                    self.at(at, Happening::Does(deed));
                } else {
                    self.does(deed);
                }
            }
        }
    }
}

/// Used in objections: whom a row is about.
pub fn name(row: &Row) -> String {
    let step = &row.obligation.step;
    format!("{:?} to {} of {:?}, {:?}", step.means, step.person, step.kind, row.obligation.purpose)
}

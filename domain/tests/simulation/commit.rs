//! One commit of one decision: what the rules decide, spoiled by a planted bug or not, and what follows from it in the same commit or after.
//!
//! What is only in memory after a commit (requests, questions, words to the other obligations) carries its node's epoch and is lost in a crash.

use crate::bug::{Bug, spoil};
use crate::carrier::Habit;
use crate::checker;
use crate::shell::{Attempt, Row, attempt_id};
use crate::world::{Happening, World};
use domain::channel::Means;
use domain::directory::Kind;
use domain::dispatch::evidence::Evidence;
use domain::dispatch::obligation::{self, Context, Effect, Event, Obligation, SendOutcome, State};
use domain::dispatch::plan::{Start, Step};
use domain::dispatch::purpose::Purpose;
use domain::id::{AttemptId, ConversationId, DispatchId, ObligationId};
use domain::level::Level;
use domain::voice::enduser_call::{EnduserCall, SpokenCode};
use std::collections::BTreeMap;
use uuid::Uuid;

impl World {
    /// Adds an obligation and its work.
    pub fn add_row(&mut self, dispatch: DispatchId, purpose: Purpose, level: Level, step: Step) -> usize {
        // What is said is long, and of no concern here.
        let step = Step { says: String::new(), ..step };
        let number = self.rows.len();
        let (id, conversation) = (ObligationId::new(Uuid::from_u64_pair(1, number as u64)), ConversationId::new(Uuid::from_u64_pair(3, 0)));
        let obligation = Obligation::new(id, dispatch, conversation, level, step, self.clock()).for_purpose(purpose);
        self.tell(|| format!("#{number} {purpose:?} {level:?} {:?}", obligation.step));
        self.rows.push(Row::new(obligation, self.clock()));
        self.schedule(number);
        number
    }

    /// Writes the due column and wakes the lane for it.
    pub fn schedule(&mut self, row: usize) {
        self.rows[row].lane = self.lane_of(row);
        let timer = self.rows[row].obligation.timer();
        let forgotten = self.bug == Some(Bug::DropsTimer) && self.rng.f64() < 0.1;
        self.rows[row].wake_at = timer.filter(|_| !forgotten);
        if let Some(wake_at) = self.rows[row].wake_at {
            let at = self.truly_at(wake_at);
            self.wake_lane(self.rows[row].lane, at);
        }
    }

    pub fn points_of(&self, step: &Step) -> u32 {
        let person = self.county.person(&step.organization, &step.person);
        person.map_or(1, |person| person.points(step.means).count() as u32)
    }

    /// What an address of a person is like; the same for every dispatch.
    pub fn habit(&mut self, row: usize, point: u8) -> Habit {
        let step = &self.rows[row].obligation.step;
        let (key, kind) = ((step.person.clone(), step.means, point), step.kind);
        if let Some(habit) = self.habits.get(&key) {
            return *habit;
        }
        let habit = match (self.rng.u32(..100), kind) {
            (_, Kind::School) if self.school_away => [Habit::Away, Habit::Engaged, Habit::Invalid][self.rng.usize(..3)],
            (0..46, _) => Habit::Ordinary,
            (46..68, _) => Habit::Diligent,
            (68..80, _) => Habit::Away,
            (80..87, _) => Habit::Engaged,
            (87..94, _) => Habit::Stranger,
            _ => Habit::Invalid,
        };
        self.habits.insert(key, habit);
        habit
    }

    /// Decides, commits, and carries out the effects; a crash on the way loses those that are only in memory. True when something is sent.
    pub fn commit(&mut self, row: usize, event: Event) -> bool {
        self.number += 1;
        let (fresh, jitter) = (attempt_id(self.seed, self.number), self.rng.f64());
        let before = self.rows[row].obligation.clone();
        let (now, by) = (self.clock(), self.lanes[self.rows[row].lane].by);
        let (other_carrier, points) = (self.mood.carriers == 2, self.points_of(&before.step));
        let decision = before.clone().decide(event.clone(), Context { now, fresh, jitter, policy: &self.policy, other_carrier, points });
        let (mut next, mut effects) = (decision.next, decision.effects);
        spoil(self.bug, &before, &mut next, &mut effects, now);
        self.tell(|| format!("#{row} {event:?} -> {:?} {effects:?}", next.state));
        if next.attempts > before.attempts {
            self.intend(row, &mut next, fresh, by);
        }
        if let Event::Sent { attempt, outcome } = &event
            && let Some(entry) = self.attempts.get_mut(attempt)
        {
            entry.answer = Some(*outcome);
        }
        self.record(row, &before, &next, &effects);
        self.rows[row].obligation = next;
        checker::after_commit(self, row, &before, &event, &effects);
        self.schedule(row);
        let sent = effects.iter().any(|effect| matches!(effect, Effect::Send(_)));
        for effect in effects {
            self.act(row, effect);
        }
        sent
    }

    /// The intent of an attempt: by which carrier, to which of the person's points.
    fn intend(&mut self, row: usize, next: &mut Obligation, fresh: AttemptId, by: usize) {
        let person = self.county.person(&next.step.organization, &next.step.person);
        let mut asked = next.clone();
        if self.bug == Some(Bug::CallsBadPoint) {
            asked.bad_points.clear();
        }
        let clock = self.clock();
        next.went_to = person.and_then(|person| asked.next_point(person, clock, &self.county.calendars)).map_or(0, |(point, _)| point);
        self.rows[row].went_by = Some(by);
        next.went_by = Some(["a", "b"][by].parse().expect("a key"));
        let (code, text_code) = (SpokenCode::from_bits(self.rng.u16(..)), self.rng.u16(1000..9999));
        let attempt = Attempt {
            row,
            by,
            point: next.went_to,
            evidence: Evidence::default(),
            log: BTreeMap::new(),
            applied: 0,
            call: EnduserCall::new(),
            code,
            text_code,
            asked: 0,
            requests: 0,
            answer: None,
        };
        self.attempts.insert(fresh, attempt);
    }

    /// What is counted in the same commit.
    fn record(&mut self, row: usize, before: &Obligation, next: &Obligation, effects: &[Effect]) {
        let bug = self.bug;
        for effect in effects {
            match effect {
                Effect::Ask(attempt) => {
                    if let Some(entry) = self.attempts.get_mut(attempt) {
                        entry.asked += 1;
                    }
                }
                Effect::RaiseTask(_) => self.rows[row].tasks += u32::from(bug != Some(Bug::RaisesNoTask)),
                Effect::Breach(_) => self.rows[row].breaches += u32::from(bug != Some(Bug::HidesBreach)),
                Effect::Send(_) | Effect::StartNext(_) | Effect::TellSamePerson | Effect::TellSchoolReached | Effect::CheckSchool => {}
            }
        }
        let entry = &mut self.rows[row];
        entry.failures += u32::from(matches!(next.state, State::Failed { .. }) && !matches!(before.state, State::Failed { .. }));
        self.outcome.failovers += u64::from(next.attempts > before.attempts && before.went_by.is_some() && next.went_by != before.went_by);
        self.outcome.next_points += u64::from(next.bad_points.len() > before.bad_points.len() && !next.is_closed());
    }

    fn act(&mut self, row: usize, effect: Effect) {
        match effect {
            Effect::Send(attempt) => {
                let lane = self.rows[row].lane;
                let Some(node) = self.lanes[lane].owner else { return };
                if self.rng.f64() < self.mood.crash_at_send {
                    return self.crash(node);
                }
                let (epoch, wait) = (self.nodes[node].epoch, self.rng.f64() * 0.05);
                self.later(wait, Happening::Request { node, epoch, attempt });
            }
            Effect::Ask(attempt) => {
                if let Some(node) = (0..self.nodes.len()).find(|node| self.nodes[*node].up) {
                    let epoch = self.nodes[node].epoch;
                    self.later(0.2, Happening::Ask { node, epoch, attempt });
                }
            }
            Effect::RaiseTask(_) | Effect::Breach(_) => {}
            Effect::StartNext(_) => self.start_next(row),
            Effect::TellSamePerson => {
                let person = self.rows[row].obligation.step.person.clone();
                self.tell_others(row, Event::PersonConfirmed, |o| o.step.person == person);
                if self.bug == Some(Bug::ReleasesOnAnybody) {
                    self.tell_others(row, Event::SchoolReached, |o| matches!(o.state, State::Standby { .. }));
                }
            }
            Effect::TellSchoolReached => self.tell_others(row, Event::SchoolReached, |o| matches!(o.state, State::Standby { .. })),
            Effect::CheckSchool => {
                if obligation::school_unreachable(&self.siblings(row)) {
                    self.tell_others(row, Event::SchoolUnreachable, |o| matches!(o.state, State::Standby { .. }));
                    self.start_district(row);
                }
            }
        }
    }

    /// All obligations of the same dispatch.
    pub fn siblings(&self, row: usize) -> Vec<Obligation> {
        let dispatch = self.rows[row].obligation.dispatch;
        self.rows.iter().filter(|row| row.obligation.dispatch == dispatch).map(|row| row.obligation.clone()).collect()
    }

    fn tell_others(&mut self, row: usize, event: Event, whom: impl Fn(&Obligation) -> bool) {
        let dispatch = self.rows[row].obligation.dispatch;
        let told: Vec<usize> = (0..self.rows.len())
            .filter(|other| *other != row && self.rows[*other].obligation.dispatch == dispatch && whom(&self.rows[*other].obligation))
            .collect();
        for row in told {
            self.commit(row, event.clone());
        }
    }

    /// The channel that stands in, for the same person, in the same dispatch.
    fn start_next(&mut self, row: usize) {
        if self.bug == Some(Bug::NoNextChannel) {
            return;
        }
        let Some(means) = self.next_channel(row) else { return };
        let closed = self.rows[row].obligation.clone();
        let step = Step { means, start: Start::Now(2), ..closed.step };
        self.outcome.next_channels += 1;
        self.add_row(closed.dispatch, closed.purpose, closed.level, step);
    }

    /// Which it is.
    pub fn next_channel(&self, row: usize) -> Option<Means> {
        let closed = &self.rows[row].obligation;
        let person = self.county.person(&closed.step.organization, &closed.step.person)?;
        obligation::next_means(closed, &self.siblings(row), |means| person.points(means).next().is_some())
    }

    /// The district's mails, when mails alone were promised and the school's have all come to nothing.
    fn start_district(&mut self, row: usize) {
        let closed = self.rows[row].obligation.clone();
        let told = self.siblings(row).iter().any(|o| o.step.kind == Kind::District);
        if closed.level == Level::Critical || told || self.bug == Some(Bug::NoDistrictMail) {
            return;
        }
        for step in self.telling().district(&closed, &[]) {
            self.outcome.district_mails += 1;
            self.add_row(closed.dispatch, closed.purpose, closed.level, step);
        }
    }
}

/// Whether a carrier's answer says that it has not taken the attempt, as far as anybody knows.
pub fn not_taken(answer: Option<SendOutcome>) -> bool {
    match answer {
        Some(SendOutcome::Transient | SendOutcome::Throttled(_) | SendOutcome::Permanent | SendOutcome::OptedOut | SendOutcome::PutOff) => {
            true
        }
        Some(SendOutcome::Accepted | SendOutcome::Unknown) | None => false,
    }
}

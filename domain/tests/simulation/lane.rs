//! The lanes of one history: each is leased by one node, sends at its pace, and takes its work by urgency.
//!
//! A node that dies keeps its lanes until their leases end; then the other takes over. The clock that decides what is due may be set forward
//! and back; the pace runs by a clock that never does.

use crate::bug::Bug;
use crate::carrier::later;
use crate::checker;
use crate::county::seconds;
use crate::world::{Happening, World};
use domain::Timestamp;
use domain::channel::Means;
use domain::directory::Kind;
use domain::dispatch::obligation::{Event, State};
use domain::dispatch::plan::Start;
use domain::dispatch::purpose::Purpose;
use domain::level::Level;

/// How long a lane still belongs to a node that has died, at most.
pub const LEASE_SECONDS: i64 = 10;

/// One sending identity.
#[derive(Debug, Clone)]
pub struct Lane {
    /// The carrier: 0 or 1.
    pub by: usize,
    pub means: Means,
    pub owner: Option<usize>,
    pub lease_until: Timestamp,
    /// When its pace allows the next request.
    pub free_at: Timestamp,
    pub last_sent: Option<Timestamp>,
    /// When it looks for work next.
    pub tick_at: Option<Timestamp>,
}

/// One node of the gateway.
#[derive(Debug, Clone)]
pub struct Node {
    pub up: bool,
    /// Counts its processes: what an earlier one held in memory is lost.
    pub epoch: u32,
    /// When it goes on, while it stands still.
    pub back_at: Timestamp,
}

/// The urgency of work: the level, and drills behind everything; then the turn; then the order of the plan.
pub type Rank = (u8, u16, usize);

impl World {
    pub fn new_lanes(carriers: usize, now: Timestamp) -> Vec<Lane> {
        let means = |by: usize| [Means::Call, Means::Mail, Means::Text].map(move |means| (by, means));
        let lane = |(by, means)| Lane { by, means, owner: None, lease_until: now, free_at: now, last_sent: None, tick_at: None };
        (0..carriers).flat_map(means).map(lane).collect()
    }

    pub fn gap(&self) -> domain::SignedDuration {
        seconds(1.0 / self.mood.pace)
    }

    pub fn is_down(&self) -> bool {
        !self.nodes.iter().any(|node| node.up)
    }

    /// The lane that a row's work is on: while an attempt is under way its own, else the first carrier's, or the other one's after a fault.
    pub fn lane_of(&self, row: usize) -> usize {
        let obligation = &self.rows[row].obligation;
        let went_by = self.rows[row].went_by;
        let by = match (&obligation.state, went_by) {
            (State::InFlight { .. }, Some(by)) => by,
            (_, Some(by)) if obligation.carrier_failed && self.mood.carriers == 2 && self.bug != Some(Bug::KeepsCarrier) => 1 - by,
            (_, Some(by)) if self.bug == Some(Bug::KeepsCarrier) => by,
            (_, Some(_) | None) => 0,
        };
        let same = |lane: &Lane| lane.by == by && lane.means == obligation.step.means;
        self.lanes.iter().position(same).expect("a lane for every means")
    }

    pub fn rank(&self, row: usize) -> Rank {
        let obligation = &self.rows[row].obligation;
        let class = match (obligation.purpose, obligation.level) {
            (Purpose::Drill, _) if self.bug == Some(Bug::DrillFirst) => 0,
            (Purpose::Drill, _) => 9,
            (_, Level::Critical) => 1,
            (_, Level::Standard) => 2,
            (_, Level::Other) => 3,
        };
        let turn = match (&obligation.state, obligation.step.start) {
            (State::InFlight { .. }, _) => 50,
            (_, Start::Now(_)) if self.bug == Some(Bug::PsapLast) && obligation.step.kind == Kind::Psap => 4,
            (_, Start::Now(turn)) => turn,
            (_, Start::Standby(_)) => 5,
        };
        (class, turn, row)
    }

    /// The work of a lane that is due, the most urgent first.
    pub fn due_on(&self, lane: usize) -> impl Iterator<Item = usize> {
        let clock = self.clock();
        (0..self.rows.len()).filter(move |row| self.rows[*row].lane == lane && self.rows[*row].wake_at.is_some_and(|at| at <= clock))
    }

    fn next_due(&self, lane: usize) -> Option<usize> {
        let hidden = |row: &usize| {
            let obligation = &self.rows[*row].obligation;
            let fresh = obligation.attempts == 0 && obligation.level == Level::Critical && obligation.step.kind != Kind::Psap;
            let late = self.rows[*row].wake_at.is_some_and(|at| later(at, 30) <= self.clock());
            self.bug == Some(Bug::DelaysCritical) && fresh && !late
        };
        self.due_on(lane).filter(|row| !hidden(row)).min_by_key(|row| self.rank(*row))
    }

    /// Has the lane look for work at this time, or before.
    pub fn wake_lane(&mut self, lane: usize, at: Timestamp) {
        let at = at.max(self.now);
        if self.lanes[lane].tick_at.is_none_or(|known| known > at) {
            self.lanes[lane].tick_at = Some(at);
            self.at(at, Happening::Tick(lane));
        }
    }

    pub fn wake_all_lanes(&mut self) {
        for lane in 0..self.lanes.len() {
            self.wake_lane(lane, self.now);
        }
    }

    pub fn tick(&mut self, lane: usize) {
        if self.lanes[lane].tick_at != Some(self.now) {
            return;
        }
        self.lanes[lane].tick_at = None;
        let Some(node) = self.owner(lane) else { return };
        let paced = self.bug != Some(Bug::OverPace) && (self.bug != Some(Bug::SharesLane) || self.mood.nodes < 2 || self.rng.bool());
        if paced && self.lanes[lane].free_at > self.now {
            return self.wake_lane(lane, self.lanes[lane].free_at);
        }
        let Some(row) = self.next_due(lane) else { return self.rest(lane) };
        if self.rng.f64() < self.mood.crash_at_send {
            // Before the commit: nothing has happened.
            return self.crash(node);
        }
        checker::before_timer(self, lane, row);
        let before = self.rows[row].obligation.clone();
        let held = self.is_held(lane, row);
        let sent = self.commit(row, if held { Event::Held } else { Event::Timer });
        if !held {
            checker::after_timer(self, row, &before.state);
        }
        if sent {
            checker::sent(self, lane, row, &before);
            self.lanes[lane].last_sent = Some(self.now);
            self.lanes[lane].free_at = self.now.saturating_add(self.gap()).expect("in range");
        }
        let again = if sent { self.lanes[lane].free_at } else { self.now };
        self.wake_lane(lane, again);
    }

    /// With one carrier only, and that one away, what needs no sending is done without it.
    fn is_held(&mut self, lane: usize, row: usize) -> bool {
        let away = self.mood.outages[self.lanes[lane].by].is_some_and(|outage| outage.at(self.now));
        let (obligation, clock) = (&self.rows[row].obligation, self.clock());
        let due_at = obligation.step.due_at;
        let came_due = due_at <= clock && self.rows[row].wake_at.is_some_and(|at| at <= due_at);
        let graced = due_at.saturating_add(self.policy.grace).expect("in range") <= clock;
        let perhaps = matches!(obligation.state, State::InFlight { .. }) || came_due || graced;
        // Sometimes the circuit is not open yet.
        self.mood.carriers == 1 && away && perhaps && self.rng.f64() < 0.7
    }

    /// Nothing is due: the lane looks again when something is.
    fn rest(&mut self, lane: usize) {
        let own = (0..self.rows.len()).filter(|row| self.rows[*row].lane == lane);
        let soonest = own.filter_map(|row| self.rows[row].wake_at).min();
        if let Some(at) = soonest {
            let hidden = if self.bug == Some(Bug::DelaysCritical) { later(self.now, 5) } else { self.now };
            self.wake_lane(lane, self.truly_at(at).max(hidden));
        }
    }

    /// Which node works this lane now; nobody while the lease of a dead one lasts.
    pub fn owner(&mut self, lane: usize) -> Option<usize> {
        let entry = &self.lanes[lane];
        if let Some(node) = entry.owner.filter(|node| self.nodes[*node].up) {
            self.lanes[lane].lease_until = later(self.now, LEASE_SECONDS);
            return Some(node);
        }
        if entry.owner.is_some() && entry.lease_until > self.now {
            if !self.is_down() {
                self.wake_lane(lane, entry.lease_until);
            }
            return None;
        }
        if entry.owner.is_some() && self.bug == Some(Bug::NoTakeover) {
            return None;
        }
        let up: Vec<usize> = (0..self.nodes.len()).filter(|node| self.nodes[*node].up).collect();
        let node = *up.get(self.rng.usize(..up.len().max(1)))?;
        self.outcome.takeovers += u64::from(entry.owner.is_some());
        self.lanes[lane].owner = Some(node);
        self.lanes[lane].lease_until = later(self.now, LEASE_SECONDS);
        Some(node)
    }

    /// A node's process ends; what it held in memory is gone, its lanes stay its own until their leases end.
    pub fn crash(&mut self, node: usize) {
        if !self.nodes[node].up {
            return;
        }
        let away = if self.rng.f64() < 0.1 { self.rng.i64(60..3600) } else { self.rng.i64(1..30) };
        self.tell(|| format!("CRASH of node {node} for {away} s"));
        self.outcome.crashes += 1;
        self.nodes[node].epoch += 1;
        self.stand_still(node, away);
    }

    /// A node does nothing for a while, and then goes on with what it was about: perhaps long after its lanes were taken over.
    pub fn pause(&mut self, node: usize) {
        if self.nodes[node].up {
            let away = self.rng.i64(5..90);
            self.tell(|| format!("node {node} stands still for {away} s"));
            self.outcome.pauses += 1;
            self.stand_still(node, away);
        }
    }

    fn stand_still(&mut self, node: usize, away: i64) {
        self.nodes[node].up = false;
        self.nodes[node].back_at = later(self.now, away);
        self.away_seconds += away + LEASE_SECONDS;
        for lane in 0..self.lanes.len() {
            if self.lanes[lane].owner == Some(node) {
                self.lanes[lane].lease_until = later(self.now, self.rng.i64(0..LEASE_SECONDS));
                let until = self.lanes[lane].lease_until;
                self.wake_lane(lane, until);
            }
        }
        self.later(away as f64, Happening::Up(node));
    }

    /// The store is all that is left to a new process; every lane is looked at.
    pub fn come_up(&mut self, node: usize) {
        self.tell(|| format!("UP {node}"));
        if self.is_down() {
            self.up_since = self.now;
        }
        self.nodes[node].up = true;
        if self.bug == Some(Bug::ResendsAfterCrash) {
            let (epoch, now) = (self.nodes[node].epoch, self.now);
            let in_flight = self.rows.iter().filter_map(|row| match row.obligation.state {
                State::InFlight { attempt, .. } => Some(attempt),
                _ => None,
            });
            for attempt in in_flight.collect::<Vec<_>>() {
                self.at(now, Happening::Request { node, epoch, attempt });
            }
        }
        self.wake_all_lanes();
        self.look_soon();
    }
}

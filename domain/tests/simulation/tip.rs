//! The tip of one history: who does what about it when, and the watch that looks at its clocks.
//!
//! The plan, the pages, the news and the drill are the rules' own. A watch's look is work like any other: it may crash between two alarms, and
//! is then done again.

use crate::bug::Bug;
use crate::carrier::later;
use crate::checker_tip;
use crate::world::{Happening, World};
use domain::SignedDuration;
use domain::Timestamp;
use domain::channel::Means;
use domain::conversation::triage::{Marks, Triage};
use domain::directory::Kind;
use domain::dispatch::obligation::{Obligation, State};
use domain::dispatch::plan::{self, Start, Step};
use domain::dispatch::purpose::Purpose;
use domain::dispatch::telling::Telling;
use domain::dispatch::watch::{Alarm, Facts, News, Told, Watch};
use domain::id::{DispatchId, TaskId};
use domain::level::Level;
use uuid::Uuid;

/// What people do.
#[derive(Debug, Clone, Copy)]
pub enum Deed {
    Sort(Level),
    Dispatch,
    Close,
    /// The reporter writes.
    Say,
    /// The follow-up call is noted.
    FollowUp(u64),
    /// A drill of the same school, which must be in nobody's way.
    Drill,
    /// Another tip's mails, many of them.
    Others,
    /// An analyst notes that somebody was spoken with.
    Note,
}

/// One dispatch that told of the tip.
#[derive(Debug, Clone)]
pub struct Sent {
    pub dispatch: DispatchId,
    pub at: Timestamp,
    pub due_at: Timestamp,
    pub level: Level,
}

/// One tip.
#[derive(Debug, Clone)]
pub struct Tip {
    pub received_at: Timestamp,
    /// Received in a night when the clocks change.
    pub dst: bool,
    pub marks: Marks,
    pub level: Option<Level>,
    pub open: bool,
    pub sent: Vec<Sent>,
    /// When the reporter's messages came.
    pub said: Vec<Timestamp>,
    /// Tasks with a due time: whether they are done.
    pub tasks: Vec<(TaskId, Timestamp, bool)>,
    pub watch: Watch,
    /// When the watch looks again; the outbox's due column.
    pub look_at: Option<Timestamp>,
    /// Everything that was raised, by the true time.
    pub raised: Vec<(Timestamp, Alarm)>,
    /// Since when, truly, the tip has been possibly Critical and not dispatched as such; `None` when it is not.
    pub in_question_since: Option<Timestamp>,
}

impl Tip {
    pub fn new(received_at: Timestamp, dst: bool, rng: &mut fastrand::Rng) -> Self {
        let marks = Marks { in_progress: rng.bool(), possible_crime: rng.bool(), safety_issue: rng.bool(), ..Marks::default() };
        Self {
            received_at,
            dst,
            marks,
            level: None,
            open: true,
            sent: Vec::new(),
            said: Vec::new(),
            tasks: Vec::new(),
            watch: Watch::default(),
            look_at: Some(received_at),
            raised: Vec::new(),
            in_question_since: Some(received_at),
        }
    }

    pub fn has_critical(&self) -> bool {
        self.sent.iter().any(|sent| sent.level == Level::Critical)
    }

    /// Whether it may be Critical, and nobody has told the endusers so.
    pub fn is_in_question(&self) -> bool {
        let possibly = match self.level {
            None | Some(Level::Critical) => true,
            Some(Level::Standard | Level::Other) => false,
        };
        self.open && possibly && !self.has_critical()
    }
}

impl World {
    /// What people will do about it.
    pub fn foresee_deeds(&mut self) {
        let level = [Level::Critical, Level::Critical, Level::Critical, Level::Standard, Level::Other][self.rng.usize(..5)];
        let quick = if self.rng.f64() < 0.15 { 3000.0 } else { 500.0 };
        let sorted = self.rng.f64() * quick;
        let dispatched = sorted + self.rng.f64() * 120.0;
        let fate = self.rng.f64();
        if fate > 0.06 {
            self.later(sorted, Happening::Does(Deed::Sort(level)));
        }
        if fate > 0.12 {
            self.later(dispatched, Happening::Does(Deed::Dispatch));
        } else if fate > 0.09 {
            self.later(dispatched, Happening::Does(Deed::Close));
        }
        if level != Level::Critical && self.rng.f64() < 0.3 {
            let raised = dispatched + self.rng.f64() * 900.0;
            self.later(raised, Happening::Does(Deed::Sort(Level::Critical)));
            let again = raised + self.rng.f64() * 200.0;
            self.later(again, Happening::Does(Deed::Dispatch));
        }
        self.later(0.0, Happening::Does(Deed::Say));
        for (deed, likely, most) in [
            (Deed::Say, 0.5, 2400.0),
            (Deed::Say, 0.4, 2400.0),
            (Deed::Note, 0.2, 2400.0),
            (Deed::Drill, 0.25, 900.0),
            (Deed::Others, 0.25, 900.0),
        ] {
            if self.rng.f64() < likely {
                let at = self.rng.f64() * most;
                self.later(at, Happening::Does(deed));
            }
        }
    }

    pub fn does(&mut self, deed: Deed) {
        self.tell(|| format!("{deed:?}"));
        match deed {
            Deed::Sort(level) => self.tip.level = Some(level),
            Deed::Dispatch => self.dispatch(),
            Deed::Close => self.tip.open = false,
            Deed::Say => self.tip.said.push(self.clock()),
            Deed::FollowUp(number) => {
                let done = TaskId::new(Uuid::from_u64_pair(5, number));
                for task in self.tip.tasks.iter_mut().filter(|(task, ..)| *task == done) {
                    task.2 = true;
                }
            }
            Deed::Drill => self.drill(),
            Deed::Others => self.others(),
            Deed::Note => {
                if !self.rows.is_empty() {
                    let row = self.rng.usize(..self.rows.len());
                    self.later(0.0, Happening::Note { row });
                }
            }
        }
        let question = self.tip.is_in_question();
        self.tip.in_question_since = question.then(|| self.tip.in_question_since.unwrap_or(self.now));
        // Put to now in the same commit.
        self.tip.look_at = Some(self.clock());
        self.look_soon();
    }

    /// One commit: all obligations of the plan, the follow-up call, and that the endusers know of all that was said.
    fn dispatch(&mut self) {
        let Some(level) = self.tip.level.filter(|_| self.tip.open) else { return };
        let triage = Triage {
            types: ["some-type".parse().expect("a key")].into(),
            level: Some(level),
            school: Some(self.county.school.clone()),
            marks: self.tip.marks,
        };
        let now = self.clock();
        let restarts = self.bug == Some(Bug::RestartsClock) && !self.tip.sent.is_empty();
        let request = plan::Request {
            triage: &triage,
            received_at: if restarts { now } else { self.tip.received_at },
            now,
            directory: &self.county.directory,
            calendars: &self.county.calendars,
            policy: &self.policy,
            line_name: "the line",
            excluded: &Default::default(),
            has_summary: false,
            calls_per_second: None,
        };
        let plan = plan::plan(request).expect("the county is ready");
        checker_tip::plan(self, &plan);
        let dispatch = DispatchId::new(Uuid::from_u64_pair(2, self.tip.sent.len() as u64));
        self.tip.sent.push(Sent { dispatch, at: now, due_at: plan.due_at, level });
        self.tip.watch.told_to = self.tip.said.len() as i64;
        if level == Level::Critical {
            let number = self.tip.tasks.len() as u64;
            let due_at = now.saturating_add(self.policy.follow_up_after).expect("in range");
            self.tip.tasks.push((TaskId::new(Uuid::from_u64_pair(5, number)), due_at, false));
            let done = self.rng.f64() * if self.rng.bool() { 600.0 } else { 3000.0 };
            self.later(done, Happening::Does(Deed::FollowUp(number)));
        }
        for step in plan.steps {
            self.add_row(dispatch, Purpose::Tip, level, step);
        }
    }

    pub fn telling(&self) -> Telling<'_> {
        let (directory, calendars) = (&self.county.directory, &self.county.calendars);
        Telling { now: self.clock(), directory, calendars, policy: &self.policy, line_name: "the line" }
    }

    fn drill(&mut self) {
        let plan = self.telling().drill(&self.county.school).expect("a school can be drilled");
        let dispatch = DispatchId::new(Uuid::from_u64_pair(6, 0));
        for step in plan.steps {
            let step = Step { start: Start::Now(0), ..step };
            self.add_row(dispatch, Purpose::Drill, Level::Other, step);
        }
    }

    /// Other tips' mails and calls on the same lanes, of persons who are in no list.
    fn others(&mut self) {
        let dispatch = DispatchId::new(Uuid::from_u64_pair(7, 0));
        let due_at = later(self.clock(), 3600);
        for number in 0..self.rng.usize(5..30) {
            let means = if self.rng.f64() < 0.2 { Means::Text } else { Means::Mail };
            let step = Step {
                organization: "elsewhere".parse().expect("a key"),
                organization_name: "Elsewhere".to_owned(),
                kind: Kind::Police,
                person: format!("else-{number}").parse().expect("a key"),
                person_name: "Somebody".to_owned(),
                role: "Somebody".to_owned(),
                means,
                tail: String::new(),
                says: String::new(),
                due_at,
                start: Start::Now(0),
                content: Default::default(),
                session: Default::default(),
            };
            self.add_row(dispatch, Purpose::Tip, Level::Standard, step);
        }
    }

    /// Sets the watch's alarm.
    pub fn look_soon(&mut self) {
        if let Some(at) = self.tip.look_at.filter(|_| self.bug != Some(Bug::StopsLooking) || self.tip.raised.is_empty()) {
            let at = self.truly_at(at);
            self.at(at, Happening::Look);
        }
    }

    /// The watch's work: everything that is due, one commit each, then the time of the next look.
    pub fn look(&mut self) {
        if self.is_down() || self.tip.look_at.is_none_or(|at| at > self.clock()) {
            return;
        }
        let told: Vec<Told> = self.tip.sent.iter().map(|sent| self.told(sent)).collect();
        let tasks: Vec<_> = self.tip.tasks.iter().filter(|(.., done)| !done).map(|(task, due_at, _)| (*task, *due_at)).collect();
        let unknown = self.tip.said.get(usize::try_from(self.tip.watch.told_to).expect("a count"));
        let news = unknown.map(|since| News { since: *since, to: self.tip.said.len() as i64 });
        let facts = Facts {
            received_at: self.tip.received_at,
            open: self.tip.open,
            level: self.tip.level,
            for_endusers: true,
            dispatches: if self.bug == Some(Bug::PagesForNothing) { &[] } else { &told },
            tasks: &tasks,
            news: news.filter(|_| self.bug != Some(Bug::KeepsNews)),
            seconds_of_calls_left: told.iter().flat_map(|told| &told.obligations).filter(|o| waits_for_a_call(o)).count() as f64
                / self.mood.pace,
        };
        let due = self.tip.watch.due(facts, self.clock(), &self.policy);
        for alarm in due.alarms {
            if self.rng.f64() < self.mood.crash_at_send {
                let up: Vec<usize> = (0..self.nodes.len()).filter(|node| self.nodes[*node].up).collect();
                let node = up[self.rng.usize(..up.len())];
                self.crash(node);
                // The lease of this work ends, and somebody does it again.
                let again = later(self.now, crate::lane::LEASE_SECONDS);
                return self.at(again, Happening::Look);
            }
            self.raise(alarm);
        }
        self.tip.look_at = due.next;
        self.look_soon();
    }

    fn told(&self, sent: &Sent) -> Told {
        let own = self.rows.iter().filter(|row| row.obligation.dispatch == sent.dispatch);
        let obligations = own.map(|row| row.obligation.clone()).collect();
        Told { dispatch: sent.dispatch, at: sent.at, due_at: sent.due_at, level: sent.level, obligations }
    }

    /// One commit: that it was raised, and what goes out with it.
    fn raise(&mut self, alarm: Alarm) {
        self.tell(|| format!("ALARM {alarm:?}"));
        checker_tip::alarm(self, alarm);
        self.tip.raised.push((self.now, alarm));
        self.outcome.alarms += 1;
        if self.bug != Some(Bug::ForgetsAlarm) {
            self.tip.watch.raise(alarm);
        }
        let number = self.tip.raised.len() as u64;
        if let Some((reason, rung)) = alarm.page() {
            let steps = self.telling().page(reason, rung);
            self.outcome.pages += steps.len() as u64;
            for step in steps {
                self.add_row(DispatchId::new(Uuid::from_u64_pair(8, number)), Purpose::Page(reason), Level::Critical, step);
            }
        }
        if let Alarm::Update(_) = alarm {
            let earlier: Vec<Obligation> = self.rows.iter().filter(|row| self.is_own(row)).map(|row| row.obligation.clone()).collect();
            let level = self.tip.sent.last().map_or(Level::Critical, |sent| sent.level);
            let steps = self.telling().update(&earlier, level);
            self.outcome.updates += steps.len() as u64;
            for step in steps {
                self.add_row(DispatchId::new(Uuid::from_u64_pair(9, number)), Purpose::Update, level, step);
            }
        }
    }

    /// Whether a row tells of this tip.
    pub fn is_own(&self, row: &crate::shell::Row) -> bool {
        self.tip.sent.iter().any(|sent| sent.dispatch == row.obligation.dispatch)
    }
}

fn waits_for_a_call(obligation: &Obligation) -> bool {
    obligation.step.means == Means::Call && obligation.first_attempt_at.is_none() && matches!(obligation.state, State::Waiting { .. })
}

/// How long after its time an alarm may come: a lease, a clock that was set back twice, a little.
pub const ALARM_SLACK: SignedDuration = SignedDuration::from_secs(60);

//! The commit of one decision while it is put together: changed obligations with their work, tasks and record.

use crate::audit::{Action, Actor, Entry, Told};
use crate::entropy::Entropy;
use crate::progress::routes::{ASKING_TURN, drill_rank, rank};
use crate::store::rows::{ObligationRow, TaskKind, TaskRow, WorkId, WorkRow};
use crate::store::{Commit, Write, commit::Once};
use crate::telemetry::count::Counted;
use domain::channel::Means;
use domain::dispatch::obligation::{FailedBecause, Obligation, State};
use domain::dispatch::plan::Start;
use domain::dispatch::purpose::Purpose;
use domain::id::{ConversationId, LaneKey, TaskId};
use jiff::Timestamp;

/// A commit in the making.
pub(super) struct Batch {
    commit: Commit,
    at: Timestamp,
    wakes: Vec<(LaneKey, Timestamp)>,
    counts: Vec<Counted>,
}

impl Batch {
    pub(super) fn new(at: Timestamp, once: Option<Once>) -> Self {
        Self { commit: Commit { once, ..Commit::default() }, at, wakes: Vec::new(), counts: Vec::new() }
    }
    pub(super) fn into_commit(self) -> Commit {
        self.commit
    }
    pub(super) fn wakes(&self) -> Vec<(LaneKey, Timestamp)> {
        self.wakes.clone()
    }
    /// What is to be counted once it is committed.
    pub(super) fn counts(&self) -> Vec<Counted> {
        self.counts.clone()
    }
    pub(super) fn counted(&mut self, counted: Option<Counted>) {
        self.counts.extend(counted);
    }
    pub(super) fn write(&mut self, write: Write) {
        self.commit.writes.push(write);
    }
    pub(super) fn record(&mut self, conversation: ConversationId, actor: Actor, action: Action) {
        self.commit.audit.push(Entry { conversation, at: self.at, actor, action });
    }
    /// Puts work to its time, or ends it.
    pub(super) fn work(&mut self, id: WorkId, lane: &LaneKey, rank: i32, due_at: Timestamp, timer: Option<Timestamp>) {
        match timer {
            Some(run_at) => {
                self.wakes.push((lane.clone(), run_at));
                self.write(Write::Work(WorkRow { id, lane: lane.clone(), rank, due_at, run_at }));
            }
            None => self.write(Write::WorkDone(id)),
        }
    }
    /// Adds a changed obligation: the row, its work, and what a reader of the record should know about the change.
    pub(super) fn obligation(&mut self, before: &ObligationRow, next: Obligation, lane: &LaneKey) {
        self.describe(&before.obligation, &next);
        self.counted(Counted::end(&before.obligation, &next));
        if next.timer() != before.obligation.timer() || next.is_closed() {
            let due_at = next.step.due_at;
            self.work(WorkId::Obligation(next.id), lane, obligation_rank(&next, before.place), due_at, next.timer());
        }
        self.write(Write::Obligation(Box::new(ObligationRow { obligation: next, place: before.place, version: before.version })));
    }
    /// Adds a new obligation with its first work.
    pub(super) fn started(&mut self, row: ObligationRow, lane: &LaneKey) {
        let obligation = &row.obligation;
        self.record(obligation.conversation, Actor::System, Action::NextChannel { told: told(obligation) });
        let rank = obligation_rank(obligation, row.place);
        self.work(WorkId::Obligation(obligation.id), lane, rank, obligation.step.due_at, obligation.timer());
        self.write(Write::Obligation(Box::new(row)));
    }
    /// A task for a person, because an obligation failed.
    pub(super) fn task(&mut self, entropy: Entropy, obligation: &Obligation, because: FailedBecause) {
        let step = &obligation.step;
        let verb = match step.means {
            Means::Call => "Call",
            Means::Mail => "Write to",
            Means::Text => "Text",
        };
        let why = match because {
            FailedBecause::NobodyConfirmed => "nobody confirmed",
            FailedBecause::AddressRefused => "the carrier refuses this address; mend it in the directory",
            FailedBecause::NoCarrier => "no carrier took it in time",
            FailedBecause::NotThem => "whoever answered said that they are somebody else; mend the number in the directory",
            FailedBecause::Returned => "the mail came back; mend the address in the directory",
            FailedBecause::OptedOut => "they have forbidden texts (STOP); ask them, and mend the directory",
            FailedBecause::Restored => "the line was restored from a backup, and nobody knows whether it was done",
        };
        self.write(Write::Task(TaskRow {
            kind: kind_of(because),
            due_at: None,
            id: TaskId::new(entropy.ordered(self.at)),
            conversation: obligation.conversation,
            obligation: Some(obligation.id),
            what: format!("{verb} the {} of {} by hand: {why}.", step.role, step.organization_name),
            created_at: self.at,
        }));
    }
    fn describe(&mut self, before: &Obligation, next: &Obligation) {
        let told = told(next);
        let action = match (&before.state, &next.state) {
            (State::Satisfied { by: was, .. }, State::Satisfied { by, .. }) if was == by => None,
            (_, State::Satisfied { by, .. }) => Some(Action::Satisfied { told, by: *by }),
            (State::Failed { .. }, State::Failed { .. }) | (State::Released { .. }, State::Released { .. }) => None,
            (_, State::Failed { reason, .. }) => Some(Action::Failed { told, because: *reason }),
            (_, State::Released { .. }) => Some(Action::Released { told }),
            (State::Standby { .. }, State::Waiting { .. } | State::InFlight { .. }) => Some(Action::StandbyStarted { told }),
            (State::InFlight { .. }, State::Waiting { next_at }) => Some(Action::NextAttempt { told, at: *next_at }),
            (_, State::Standby { .. } | State::Waiting { .. } | State::InFlight { .. }) => None,
        };
        if let Some(action) = action {
            self.record(next.conversation, Actor::System, action);
        }
    }
}

/// What is wrong when an obligation failed: the list, or only that nobody was reached.
const fn kind_of(because: FailedBecause) -> TaskKind {
    match because {
        FailedBecause::NobodyConfirmed | FailedBecause::NoCarrier | FailedBecause::Restored => TaskKind::Failed,
        FailedBecause::AddressRefused | FailedBecause::NotThem | FailedBecause::Returned | FailedBecause::OptedOut => TaskKind::Directory,
    }
}

/// Whom an obligation tells, in the directory's words.
pub fn told(obligation: &Obligation) -> Told {
    Told {
        obligation: obligation.id,
        role: obligation.step.role.clone(),
        organization: obligation.step.organization_name.clone(),
        means: obligation.step.means,
    }
}

/// The urgency of an obligation's work.
pub(crate) fn obligation_rank(obligation: &Obligation, place: u32) -> i32 {
    let turn = match (&obligation.state, obligation.step.start) {
        (State::InFlight { .. }, _) => ASKING_TURN,
        (_, Start::Now(turn)) => turn,
        (_, Start::Standby(_)) => 5,
    };
    match obligation.purpose {
        Purpose::Drill => drill_rank(place),
        Purpose::Tip | Purpose::Update | Purpose::Page(_) | Purpose::Feedback => rank(Some(obligation.level), turn, place),
    }
}

//! One look at one tip: what is due is written with what it leads to, and with the next look, in one commit.

use super::facts::Known;
use super::moot::moot;
use super::{Watching, look};
use crate::audit::{Action, Actor, Entry, Warning};
use crate::progress::{MOST_REPEATS, Started};
use crate::store::rows::{DispatchRow, TaskRow, WatchRow, WorkId};
use crate::store::{Commit, Outcome, StoreError, Write};
use domain::directory::Directory;
use domain::dispatch::obligation::Obligation;
use domain::dispatch::plan::{Start, Step};
use domain::dispatch::purpose::{PageReason, Purpose};
use domain::dispatch::telling::Telling;
use domain::dispatch::watch::Alarm;
use domain::id::{ConversationId, LaneKey, PersonKey, TaskId};
use domain::level::Level;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// Why a tip was not looked at to its end.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The store.
    #[error("a tip's clocks were not read or written")]
    Store(#[from] StoreError),
    /// Others were quicker every time.
    #[error("a tip's clocks met a conflict {MOST_REPEATS} times")]
    Contended,
}

/// A commit in the making.
struct Raising<'a> {
    known: &'a Known,
    directory: &'a Directory,
    now: Timestamp,
    watch: WatchRow,
    commit: Commit,
    wakes: Vec<(LaneKey, Timestamp)>,
    /// Pages that go out with it.
    pages: Vec<(PageReason, u8)>,
}

impl Watching {
    /// Looks at a tip and raises what is due.
    pub(super) async fn look_at(&self, id: ConversationId) -> Result<(), WatchError> {
        for _ in 0..MOST_REPEATS {
            let Some(known) = self.know(id).await? else {
                let over = Commit { writes: vec![Write::WorkDone(WorkId::Watch(id))], ..Commit::default() };
                self.store.commit(over).await?;
                return Ok(());
            };
            let directory = self.directory.read().await?;
            let now = self.clock.now();
            let due = known.watch.watch.due(known.facts(), now, &self.policy);
            let mut raising = Raising {
                known: &known,
                directory: &directory,
                now,
                watch: known.watch.clone(),
                commit: Commit::default(),
                wakes: Vec::new(),
                pages: Vec::new(),
            };
            for alarm in &due.alarms {
                self.raise(&mut raising, *alarm);
            }
            let over = moot(&known, now, |reason| self.together.stands_for_others(reason, id, now));
            if !over.writes.is_empty() {
                raising.record(Action::PagesOver);
            }
            let over_for = over.reasons;
            raising.commit.writes.extend(over.writes);
            // A reporter who writes again makes the tip a row of its own without a word to its clocks: they look by themselves.
            let rested = known.rests().then(|| self.policy.page_after.first().and_then(|after| now.checked_add(*after).ok())).flatten();
            let next_at = due.next.into_iter().chain(over.again).chain(rested).min();
            let next = match next_at {
                Some(at) => Write::Work(look(id, at)),
                None => Write::WorkDone(WorkId::Watch(id)),
            };
            let Raising { watch, mut commit, wakes, pages, .. } = raising;
            commit.writes.extend([Write::Still(id, known.version, known.last_seq), next]);
            if watch != known.watch {
                commit.writes.push(Write::Watch(Box::new(watch)));
            }
            match self.store.commit(commit).await? {
                Outcome::Committed(_) | Outcome::Duplicate => {
                    self.progress.wake_all(&wakes);
                    pages.into_iter().for_each(|page| self.together.went_out(page, id, now));
                    over_for.iter().for_each(|reason| self.together.is_over(*reason, id));
                    if let Some(at) = next_at {
                        self.progress.wake.at(&super::lane(), at);
                    }
                    due.alarms.iter().for_each(|alarm| count(*alarm));
                    return Ok(());
                }
                Outcome::Conflict => {}
            }
        }
        Err(WatchError::Contended)
    }

    fn raise(&self, raising: &mut Raising<'_>, alarm: Alarm) {
        raising.watch.watch.raise(alarm);
        match alarm {
            Alarm::HalfWindow(dispatch) => raising.record(Action::Warned { dispatch, what: Warning::Half }),
            Alarm::ThreeQuarters(dispatch) => raising.record(Action::Warned { dispatch, what: Warning::ThreeQuarters }),
            Alarm::CannotMeet(dispatch) => raising.record(Action::Warned { dispatch, what: Warning::CannotMeet }),
            Alarm::Breach => raising.record(Action::ClockBreached),
            Alarm::TaskOverdue(task) => {
                if let Some(task) = raising.task(task) {
                    let what = task.what.clone();
                    raising.record(Action::TaskOverdue { what });
                }
            }
            Alarm::Update(_) => self.update(raising),
            Alarm::Page(reason, rung) => self.page(raising, reason, rung),
        }
        // A warning pages too; the page counts as raised, so that its own time raises it no second time.
        if let (Some((reason, rung)), false) = (alarm.page(), matches!(alarm, Alarm::Page(..))) {
            let page = Alarm::Page(reason, rung);
            if !raising.watch.watch.raised.contains(&page) {
                raising.watch.watch.raise(page);
                self.page(raising, reason, rung);
            }
        }
    }

    /// Calls, texts and mails to the supervisors of a rung; those who confirmed such a page of this tip, or are being called for it, are
    /// left in peace.
    fn page(&self, raising: &mut Raising<'_>, reason: PageReason, rung: u8) {
        let tip = raising.known.tip.id;
        if self.together.covers((reason, rung), tip, raising.now, &self.policy) {
            raising.record(Action::SupervisorPaged { reason, rung, people: 0, with_another: true });
            return;
        }
        let heard = raising.heard(reason);
        let steps: Vec<Step> = self.served(self.telling(raising).page(reason, rung)).into_iter().map(behind_the_psap).collect();
        if steps.is_empty() {
            tracing::error!(
                ?reason,
                rung,
                "no supervisor of the line is listed, so nobody is paged: import an organization of the kind line"
            );
        }
        let listed = people(&steps);
        let steps: Vec<Step> = steps.into_iter().filter(|step| !heard.contains(&step.person)).collect();
        let called = people(&steps);
        // Nobody is left to be paged because all know: that is no page to be recorded as unanswered.
        if called == 0 && listed > 0 {
            return;
        }
        raising.record(Action::SupervisorPaged { reason, rung, people: called, with_another: false });
        raising.pages.push((reason, rung));
        self.tell(raising, Purpose::Page(reason), Level::Critical, steps);
    }

    /// News for those who were told (R28): no content, and to all of them together.
    fn update(&self, raising: &mut Raising<'_>) {
        let level = raising.known.dispatches.iter().rev().find(|(row, _)| row.purpose == Purpose::Tip).map(|(row, _)| row.level);
        let level = level.unwrap_or(Level::Standard);
        let steps = self.served(self.telling(raising).update(&raising.known.told_by(), level));
        raising.record(Action::EndusersUpdated { people: people(&steps) });
        self.tell(raising, Purpose::Update, level, steps);
    }

    fn tell(&self, raising: &mut Raising<'_>, purpose: Purpose, level: Level, steps: Vec<Step>) {
        let Some(due_at) = steps.iter().map(|step| step.due_at).max() else { return };
        let (now, conversation) = (raising.now, raising.known.tip.id);
        let id = self.entropy.dispatch(now);
        let row = DispatchRow {
            id,
            conversation,
            level,
            started_at: now,
            due_at,
            started_by: None,
            purpose,
            summary: None,
            excluded: Vec::new(),
        };
        let Started { writes, wakes } = self.progress.start(row, steps);
        raising.commit.writes.extend(writes);
        raising.wakes.extend(wakes);
    }

    fn telling<'a>(&'a self, raising: &Raising<'a>) -> Telling<'a> {
        Telling {
            now: raising.now,
            directory: raising.directory,
            calendars: &self.calendars,
            policy: &self.policy,
            line_name: &self.line_name,
        }
    }

    /// The steps that some account of this deployment can make.
    fn served(&self, steps: Vec<Step>) -> Vec<Step> {
        steps.into_iter().filter(|step| self.progress.routes.serves(step.means)).collect()
    }
}

impl Raising<'_> {
    fn record(&mut self, action: Action) {
        self.commit.audit.push(Entry { conversation: self.known.tip.id, at: self.now, actor: Actor::System, action });
    }
    fn task(&self, id: TaskId) -> Option<&TaskRow> {
        self.known.tasks.iter().find(|task| task.id == id)
    }
    /// The supervisors who confirmed a page of this tip for this reason, or are being paged for it now. What was confirmed before the tip was
    /// last dispatched is not about that dispatch.
    fn heard(&self, reason: PageReason) -> BTreeSet<PersonKey> {
        let tips = self.known.dispatches.iter().filter(|(row, _)| row.purpose == Purpose::Tip);
        let since = tips.map(|(row, _)| row.started_at).max();
        let pages = self.known.dispatches.iter().filter(|(row, _)| row.purpose == Purpose::Page(reason));
        let obligations = pages.flat_map(|(row, obligations)| obligations.iter().map(move |one| (row.started_at, &one.obligation)));
        let knows = |(at, one): &(Timestamp, &Obligation)| match reason {
            PageReason::InDanger | PageReason::FollowUp => one.confirmed_at.is_some() && since.is_none_or(|since| *at >= since),
            PageReason::Unsorted | PageReason::NotDispatched => one.confirmed_at.is_some(),
        };
        let heard = obligations.filter(|one| knows(one) || !one.1.is_closed()).map(|(_, obligation)| obligation);
        heard.map(|obligation| obligation.step.person.clone()).collect()
    }
}

/// Nothing delays a Critical tip's first call to the 911 centre, not even the page about it.
fn behind_the_psap(step: Step) -> Step {
    let start = match step.start {
        Start::Now(turn) => Start::Now(turn.max(1)),
        standby @ Start::Standby(_) => standby,
    };
    Step { start, ..step }
}

/// How many persons these steps reach.
fn people(steps: &[Step]) -> usize {
    steps.iter().map(|step| &step.person).collect::<BTreeSet<_>>().len()
}

fn count(alarm: Alarm) {
    let what = match alarm {
        Alarm::Page(..) => "page",
        Alarm::HalfWindow(_) => "half_window",
        Alarm::ThreeQuarters(_) => "three_quarters",
        Alarm::CannotMeet(_) => "cannot_meet",
        Alarm::Breach => "breach",
        Alarm::TaskOverdue(_) => "task_overdue",
        Alarm::Update(_) => "update",
    };
    metrics::counter!(crate::telemetry::metric::ALARMS, "what" => what).increment(1);
}

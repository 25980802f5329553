//! Drills: starting one, the ledger of all, and what each found, number by number.
//!
//! A drill is a conversation that nobody wrote, with a dispatch on the real lanes (docs/decisions/drills-use-the-real-road.md). It is closed from
//! its beginning, so it is in no inbox and no count; its obligations run all the same. The steps of one start apart from each other on each
//! lane and after everything real, so nothing waits for them.

use super::view::Staff;
use super::{Desk, DeskError};
use crate::audit::{Action, Actor, Entry};
use crate::progress::MOST_REPEATS;
use crate::store::rows::*;
use crate::store::{Commit, Outcome, Write};
use domain::channel::{Channel, Means};
use domain::conversation::alias::alias;
use domain::conversation::reference::Reference;
use domain::conversation::triage::{StaffRole, Triage};
use domain::conversation::{Conversation, State, WayBack};
use domain::directory::{Directory, Kind};
use domain::dispatch::drill::{Found, Verdict, found};
use domain::dispatch::evidence::Evidence;
use domain::dispatch::obligation::Obligation;
use domain::dispatch::plan::{Plan, Step};
use domain::dispatch::purpose::Purpose;
use domain::dispatch::telling::Telling;
use domain::id::*;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, HashMap};

/// How many drills a page of the ledger has.
pub const DRILLS_PAGE: u32 = 50;

/// What drills that are started together must know of each other.
#[derive(Debug, Clone, Default)]
pub struct Together {
    /// How many steps wait on each lane already.
    lanes: HashMap<LaneKey, u32>,
    /// Whom they try, and since when: many schools share one 911 centre, one police and one district.
    tried: BTreeMap<PersonKey, Timestamp>,
}

/// Somebody of an organization that schools share is not tried again by another school's drill within this time.
const SHARED_AGAIN: SignedDuration = SignedDuration::from_hours(20);

impl Together {
    /// The same, for drills that start later: those before have their turns on the lanes already.
    #[must_use]
    pub fn later(self) -> Self {
        Self { lanes: HashMap::new(), ..self }
    }
    /// Whether a step is to be made: a school's own people always are.
    fn is_wanted(&self, step: &Step, now: Timestamp) -> bool {
        let tried = self.tried.get(&step.person).is_some_and(|at| now.duration_since(*at) < SHARED_AGAIN);
        step.kind == Kind::School || !tried
    }
    fn note(&mut self, steps: &[Step], now: Timestamp) {
        self.tried.retain(|_, at| now.duration_since(*at) < SHARED_AGAIN);
        self.tried.extend(steps.iter().map(|step| (step.person.clone(), now)));
    }
}

/// What a reference stands for: endusers read out those of drills, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hit {
    /// A tip.
    Tip(ConversationId),
    /// A drill.
    Drill(ConversationId),
}

/// A drill in the ledger.
#[derive(Debug, Clone)]
pub struct DrillView {
    /// Its id.
    pub id: ConversationId,
    /// Its reference, as it is said and printed.
    pub reference: String,
    /// The school's name, or its key when it has left the directory.
    pub school: String,
    /// When it was started.
    pub started_at: Timestamp,
    /// By when it is to be through.
    pub due_at: Timestamp,
    /// Who started it; `None` is the schedule.
    pub started_by: Option<String>,
    /// What it found, the numbers that did not work first.
    pub lines: Vec<DrillLine>,
}

impl DrillView {
    /// How many numbers and addresses have this verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.lines.iter().filter(|line| line.found.verdict() == verdict).count()
    }
}

/// One number or address.
#[derive(Debug, Clone)]
pub struct DrillLine {
    /// The organization.
    pub organization: String,
    /// The person.
    pub person: String,
    /// Their role.
    pub role: String,
    /// Call, mail or text.
    pub means: Means,
    /// The end of the number or address.
    pub tail: String,
    /// What was found.
    pub found: Found,
    /// When it was tried first, if it was.
    pub tried_at: Option<Timestamp>,
}

impl Desk {
    /// Starts a drill of a school, or of a county that stands for some. Supervisors only.
    pub async fn start_drill(&self, who: &Staff, school: &OrganizationKey) -> Result<ConversationId, DeskError> {
        self.supervisor(who)?;
        self.drill(Some(who.id), school, &mut Together::default()).await
    }

    /// Starts a drill of every school that had none in so many days; gives how many. Supervisors only.
    pub async fn start_drills(&self, who: &Staff, none_in_days: u16) -> Result<usize, DeskError> {
        self.supervisor(who)?;
        let since = self.clock.now().saturating_sub(SignedDuration::from_hours(24 * i64::from(none_in_days))).unwrap_or(Timestamp::MIN);
        let last: BTreeMap<OrganizationKey, Timestamp> = self.store.last_drills().await?.into_iter().collect();
        let mut together = Together::default();
        let mut started = 0;
        for (school, _) in self.schools().await? {
            if last.get(&school).is_none_or(|at| *at < since) {
                self.drill(Some(who.id), &school, &mut together).await?;
                started += 1;
            }
        }
        Ok(started)
    }

    fn supervisor(&self, who: &Staff) -> Result<(), DeskError> {
        match who.role {
            StaffRole::Supervisor => Ok(()),
            StaffRole::Analyst => Err(DeskError::OnlySupervisorDrills),
        }
    }

    /// Starts one; without a member of staff it is the schedule's. `together` keeps apart what is started together, and tries whom
    /// several schools share but once.
    pub(crate) async fn drill(
        &self,
        who: Option<StaffId>,
        school: &OrganizationKey,
        together: &mut Together,
    ) -> Result<ConversationId, DeskError> {
        let directory = self.directory.read().await?;
        let now = self.clock.now();
        let telling =
            Telling { now, directory: &directory, calendars: &self.calendars, policy: &self.policy, line_name: &self.line.voice.line_name };
        let mut plan = telling.drill(school)?;
        plan.steps.retain(|step| self.progress.routes.serves(step.means) && together.is_wanted(step, now));
        // A conflict is a reference that is taken: another is drawn.
        for _ in 0..MOST_REPEATS {
            let mut taken = together.clone();
            let (id, commit, wakes) = self.drill_rows(who, school, &plan, now, &mut taken);
            match self.store.commit(commit).await? {
                Outcome::Committed(_) | Outcome::Duplicate => {
                    *together = taken;
                    together.note(&plan.steps, now);
                    self.progress.wake_all(&wakes);
                    metrics::counter!(crate::telemetry::metric::DRILLS).increment(1);
                    return Ok(id);
                }
                Outcome::Conflict => {}
            }
        }
        Err(DeskError::Changed)
    }

    /// The rows of a drill: a conversation without words, its dispatch, its obligations with their work, the record.
    fn drill_rows(
        &self,
        who: Option<StaffId>,
        school: &OrganizationKey,
        plan: &Plan,
        now: Timestamp,
        together: &mut Together,
    ) -> (ConversationId, Commit, Vec<(LaneKey, Timestamp)>) {
        let id = ConversationId::new(self.entropy.ordered(now));
        let (key, wrapped) = self.vault.new_key(id);
        let conversation = Conversation {
            id,
            reference: Reference::from_bits(self.entropy.bytes()),
            alias: alias(self.entropy.bytes()),
            channel: Channel::Web,
            language: None,
            received_at: now,
            state: State::Closed,
            way_back: WayBack::Unreachable,
            triage: Triage { level: Some(plan.level), school: Some(school.clone()), ..Triage::default() },
            triaged_at: Some(now),
            dispatched_at: Some(now),
            claimed_by: None,
            drill: true,
        };
        let row = ConversationRow {
            conversation,
            version: 0,
            code_index: self.vault.code_index(&key.return_code()),
            key: wrapped,
            last_seq: 0,
            unread: 0,
            updated_at: now,
        };
        let dispatch = DispatchRow {
            id: self.entropy.dispatch(now),
            conversation: id,
            level: plan.level,
            started_at: now,
            due_at: plan.due_at,
            started_by: who,
            purpose: Purpose::Drill,
            summary: None,
            excluded: Vec::new(),
        };
        let action = Action::DrillStarted { dispatch: dispatch.id, obligations: plan.steps.len() };
        let actor = who.map_or(Actor::System, Actor::Staff);
        let started = self.progress.start(dispatch, plan.steps.clone());
        let mut commit = Commit { writes: vec![Write::Conversation(Box::new(row))], ..Commit::default() };
        let mut wakes = Vec::new();
        for write in started.writes {
            commit.writes.push(match write {
                Write::Work(work) => {
                    let place = together.lanes.entry(work.lane.clone()).or_default();
                    let run_at = now.saturating_add(self.policy.drill_spacing.saturating_mul(i32::try_from(*place).unwrap_or(i32::MAX)));
                    let run_at = run_at.unwrap_or(work.run_at);
                    *place = place.saturating_add(1);
                    wakes.push((work.lane.clone(), run_at));
                    Write::Work(WorkRow { run_at, ..work })
                }
                other => other,
            });
        }
        commit.audit.push(Entry { conversation: id, at: now, actor, action });
        (id, commit, wakes)
    }

    /// The ledger: a page of drills, the latest first, and whether there are more.
    pub async fn drills(&self, page: u32) -> Result<(Vec<DrillView>, bool), DeskError> {
        let mut rows = self.store.drills(DRILLS_PAGE + 1, page.saturating_mul(DRILLS_PAGE)).await?;
        let more = rows.len() > DRILLS_PAGE as usize;
        rows.truncate(DRILLS_PAGE as usize);
        let mut views = Vec::with_capacity(rows.len());
        for row in rows {
            views.push(self.drill_view(row).await?);
        }
        Ok((views, more))
    }

    /// What a drill found.
    pub async fn drill_report(&self, id: ConversationId) -> Result<DrillView, DeskError> {
        let row = self.store.drill(id).await?.ok_or(DeskError::NotFound)?;
        self.drill_view(row).await
    }

    async fn drill_view(&self, row: DrillRow) -> Result<DrillView, DeskError> {
        let directory = self.directory.read().await?;
        let obligations = self.store.obligations(row.dispatch).await?;
        let attempts = self.store.attempts(row.conversation).await?;
        let school = row.school.as_ref();
        let name = school.and_then(|key| directory.organization(key)).map(|school| school.name.clone());
        let staff = self.store.staff().await?;
        let mut lines: Vec<DrillLine> = obligations.iter().flat_map(|row| lines_of(&row.obligation, &attempts, &directory)).collect();
        lines.sort_by_key(|line| (line.found.verdict(), line.found));
        Ok(DrillView {
            id: row.conversation,
            reference: row.reference,
            school: name.or_else(|| school.map(ToString::to_string)).unwrap_or_default(),
            started_at: row.started_at,
            due_at: row.due_at,
            started_by: row.started_by.and_then(|id| staff.into_iter().find(|one| one.id == id)).map(|one| one.name),
            lines,
        })
    }
}

/// A line for each number or address of an obligation that was tried, or for the first when none was.
fn lines_of(obligation: &Obligation, attempts: &[AttemptRow], directory: &Directory) -> Vec<DrillLine> {
    let step = &obligation.step;
    let mut points: BTreeMap<u8, Vec<&AttemptRow>> = BTreeMap::new();
    for attempt in attempts.iter().filter(|attempt| attempt.owner == Owner::Obligation(obligation.id)) {
        points.entry(attempt.point).or_default().push(attempt);
    }
    let listed = directory.persons_of(&step.organization).iter().find(|person| person.key == step.person);
    let line = |point: Option<u8>, tried: &[&AttemptRow]| {
        let of_point: Vec<Evidence> = tried.iter().map(|attempt| attempt.evidence.clone()).collect();
        let tail = point.zip(listed).and_then(|(place, person)| person.points(step.means).find(|(at, _)| *at == place));
        DrillLine {
            organization: step.organization_name.clone(),
            person: step.person_name.clone(),
            role: step.role.clone(),
            means: step.means,
            tail: tail.map_or_else(|| step.tail.clone(), |(_, point)| point.tail.clone()),
            found: found(obligation, &of_point),
            tried_at: tried.iter().map(|attempt| attempt.intended_at).min(),
        }
    };
    if points.is_empty() {
        return vec![line(None, &[])];
    }
    points.iter().map(|(point, tried)| line(Some(*point), tried)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::dispatch::plan::Start;

    fn step(kind: Kind, person: &str) -> Step {
        Step {
            organization: "somewhere".parse().unwrap(),
            organization_name: "Somewhere".to_owned(),
            kind,
            person: person.parse().unwrap(),
            person_name: "Somebody".to_owned(),
            role: "Desk".to_owned(),
            means: Means::Call,
            tail: "…42".to_owned(),
            says: String::new(),
            due_at: Timestamp::UNIX_EPOCH,
            start: Start::Now(0),
            content: Default::default(),
            session: Default::default(),
        }
    }

    #[test]
    fn whom_schools_share_is_tried_once_and_a_schools_own_people_always() {
        let (mut together, now) = (Together::default(), Timestamp::from_second(1_800_000_000).unwrap());
        let (desk, principal) = (step(Kind::Psap, "desk"), step(Kind::School, "principal"));
        assert!(together.is_wanted(&desk, now));
        together.note(&[desk.clone(), principal.clone()], now);
        together = together.later();
        let soon = now + SignedDuration::from_hours(1);
        assert!(!together.is_wanted(&desk, soon) && together.is_wanted(&principal, soon));
        assert!(together.is_wanted(&step(Kind::Psap, "another"), soon) && together.is_wanted(&desk, now + SHARED_AGAIN));
    }
}

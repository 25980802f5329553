//! What a person has to do: open tasks, and the follow-up call to police that every Critical dispatch asks for (R26, R33).

use super::view::{Staff, Task};
use super::{Desk, DeskError, MOST_ROWS};
use crate::audit::Action;
use crate::entropy::Entropy;
use crate::store::rows::{NoteKind, TaskKind, TaskRow};
use crate::store::{Commit, Write};
use crate::watch;
use domain::directory::Kind;
use domain::dispatch::plan::Plan;
use domain::dispatch::policy::Policy;
use domain::id::{ConversationId, TaskId};
use domain::level::Level;
use jiff::Timestamp;

/// The longest note on a task, in characters.
const LONGEST_NOTE: usize = 1_000;

impl Desk {
    /// Open tasks: those with a due time first, the nearest first; then the oldest.
    pub async fn tasks(&self) -> Result<Vec<Task>, DeskError> {
        let mut tasks: Vec<Task> = self.store.open_tasks(None, MOST_ROWS).await?.into_iter().map(Task::from).collect();
        sort(&mut tasks);
        Ok(tasks)
    }

    /// A task is done. A follow-up call is done only with a note of who was spoken to.
    pub async fn task_done(&self, who: &Staff, task: TaskId, note: &str) -> Result<(), DeskError> {
        let task = self.store.open_task(task).await?.ok_or(DeskError::NotFound)?;
        let note = note.trim();
        if note.is_empty() && needs_a_note(task.kind) {
            return Err(DeskError::WhoWasSpokenTo);
        }
        let length = note.chars().count();
        if length > LONGEST_NOTE {
            return Err(DeskError::TooLong(length, LONGEST_NOTE));
        }
        let (now, tip) = (self.clock.now(), task.conversation);
        let mut writes = vec![Write::TaskDone(task.id, who.id, now)];
        if !note.is_empty() {
            let row = self.row(tip).await?;
            writes.push(self.sealed_note(who, &row, NoteKind::Note, &format!("{} {note}", task.what))?);
        }
        if task.due_at.is_some() {
            writes.push(Write::Work(watch::look(tip, now)));
        }
        let audit = vec![self.entry(who, tip, now, Action::TaskDone { what: task.what })];
        self.commit(Commit { once: None, writes, audit }).await
    }
}

/// Those with a due time first, the nearest first; then the oldest.
pub(super) fn sort(tasks: &mut [Task]) {
    tasks.sort_by_key(|task| (task.due_at.is_none(), task.due_at, task.created_at, task.id));
}

/// Whether such a task is done only with a note.
pub fn needs_a_note(kind: TaskKind) -> bool {
    match kind {
        TaskKind::FollowUp => true,
        TaskKind::Failed | TaskKind::Directory | TaskKind::Look => false,
    }
}

/// The follow-up call to police after a Critical dispatch, due at once; nothing at other levels.
pub(super) fn follow_up(plan: &Plan, conversation: ConversationId, now: Timestamp, policy: &Policy, entropy: Entropy) -> Option<TaskRow> {
    match plan.level {
        Level::Critical => {}
        Level::Standard | Level::Other => return None,
    }
    let mut police: Vec<&str> = Vec::new();
    for step in plan.steps.iter().filter(|step| step.kind == Kind::Police) {
        if !police.contains(&step.organization_name.as_str()) {
            police.push(&step.organization_name);
        }
    }
    let what = if police.is_empty() {
        "Call the police yourself, for the directory lists none: make sure that they have the report, and offer analytical assistance."
            .to_owned()
    } else {
        format!("Call {} to make sure that they have the report, and offer analytical assistance.", police.join(" and "))
    };
    Some(TaskRow {
        id: TaskId::new(entropy.ordered(now)),
        conversation,
        obligation: None,
        what,
        created_at: now,
        kind: TaskKind::FollowUp,
        due_at: Some(now.saturating_add(policy.follow_up_after).unwrap_or(now)),
    })
}

impl From<TaskRow> for Task {
    fn from(row: TaskRow) -> Self {
        Self { id: row.id, conversation: row.conversation, what: row.what, created_at: row.created_at, kind: row.kind, due_at: row.due_at }
    }
}

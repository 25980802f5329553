//! Words of the reporter that those who were told do not know of: shown with the time at which they are told, and told at once on request (R28).

use super::close::still_told;
use super::view::{Author, Message, NewWords, Staff};
use super::{Desk, DeskError};
use crate::audit::Action;
use crate::progress::{MOST_REPEATS, Started};
use crate::store::rows::DispatchRow;
use crate::store::{Commit, Outcome, Write};
use crate::watch;
use domain::conversation::Conversation;
use domain::dispatch::purpose::Purpose;
use domain::dispatch::telling::Telling;
use domain::dispatch::watch::Watch;
use domain::exchange::Nature;
use domain::id::ConversationId;
use std::collections::BTreeSet;

impl Desk {
    /// What is not told yet, and when it will be.
    pub(super) fn new_words(&self, tip: &Conversation, watch: &Watch, messages: &[Message]) -> Option<NewWords> {
        let dispatched_at = tip.dispatched_at?;
        let is_new = |message: &&Message| {
            message.author == Author::Reporter
                && message.seq > watch.told_to
                && matches!(message.nature, Nature::Person | Nature::Unreadable)
        };
        let mut new = messages.iter().filter(is_new);
        let since = new.clone().map(|message| message.at).min()?.max(dispatched_at);
        let told_at = since.saturating_add(self.policy.update_after).unwrap_or(since);
        Some(NewWords { count: new.by_ref().count(), told_at })
    }

    /// Tells those who were told of the tip that there is news, now instead of at its time.
    pub async fn tell_news(&self, who: &Staff, id: ConversationId) -> Result<(), DeskError> {
        for _ in 0..MOST_REPEATS {
            let row = self.row(id).await?;
            let told = self.told_of(id).await?;
            let Some(level) = told.iter().rev().find(|(row, _)| row.purpose == Purpose::Tip).map(|(row, _)| row.level) else {
                return Err(DeskError::NobodyToldYet);
            };
            let mut clocks = self.clocks(id).await?;
            if clocks.watch.told_to >= row.last_seq {
                return Ok(());
            }
            let now = self.clock.now();
            let directory = self.directory.read().await?;
            let earlier = still_told(&told);
            let line_name = &self.line.voice.line_name;
            let telling = Telling { now, directory: &directory, calendars: &self.calendars, policy: &self.policy, line_name };
            let mut steps = telling.update(&earlier, level);
            steps.retain(|step| self.progress.routes.serves(step.means));
            let people = steps.iter().map(|step| &step.person).collect::<BTreeSet<_>>().len();
            let due_at = steps.iter().map(|step| step.due_at).max().unwrap_or(now);
            clocks.watch.told_to = row.last_seq;
            let mut commit = Commit { audit: vec![self.entry(who, id, now, Action::EndusersUpdated { people })], ..Commit::default() };
            let started_by = Some(who.id);
            let dispatch = DispatchRow {
                id: self.entropy.dispatch(now),
                conversation: id,
                level,
                started_at: now,
                due_at,
                started_by,
                purpose: Purpose::Update,
                summary: None,
                excluded: Vec::new(),
            };
            let Started { writes, wakes } = self.progress.start(dispatch, steps);
            commit.writes.extend(writes);
            commit.writes.extend([Write::Still(id, row.version, row.last_seq), Write::Watch(Box::new(clocks))]);
            commit.writes.push(Write::Work(watch::look(id, now)));
            if let Outcome::Committed(_) | Outcome::Duplicate = self.store.commit(commit).await? {
                self.progress.wake_all(&wakes);
                return Ok(());
            }
        }
        Err(DeskError::Changed)
    }
}

//! What an analyst says about tips that were found alike: "this one is about something else".

use super::view::Staff;
use super::{Desk, DeskError};
use crate::audit::Action;
use crate::store::rows::IncidentRow;
use crate::store::{Commit, Write};
use crate::watch;
use domain::id::ConversationId;

impl Desk {
    /// Takes a tip out of the incident that it was proposed to; for one that is in none, nothing changes.
    pub async fn take_out(&self, who: &Staff, id: ConversationId) -> Result<(), DeskError> {
        let found = self.store.tips_of(vec![id]).await?.pop();
        let Some(first) = found.and_then(|row| row.incident) else { return Ok(()) };
        let now = self.clock.now();
        let row = IncidentRow {
            conversation: id,
            incident: first,
            likeness: 0,
            new_facts: None,
            folded: false,
            proposed_at: now,
            taken_out: Some((who.id, now)),
        };
        let audit = vec![self.entry(who, id, now, Action::TakenOut { first })];
        self.commit(Commit { once: None, writes: vec![Write::Incident(row), Write::Work(watch::look(id, now))], audit }).await?;
        Ok(())
    }
}

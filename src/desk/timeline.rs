//! The timeline: the record of a tip as plain sentences.

use super::read::name_of;
use super::sentence::sentence;
use super::view::TimelineEntry;
use super::{Desk, DeskError};
use crate::audit::Actor;
use domain::id::ConversationId;

/// How many entries are read at once; a longer record is read in parts by its last number.
pub const MOST_ENTRIES: u32 = 2000;

impl Desk {
    /// The timeline, oldest first, above `after`.
    pub async fn timeline(&self, id: ConversationId, after: i64) -> Result<Vec<TimelineEntry>, DeskError> {
        self.row(id).await?;
        let names = self.staff_names().await?;
        let directory = self.directory.read().await?;
        let rows = self.store.record(id, after, MOST_ENTRIES).await?;
        Ok(rows
            .into_iter()
            .map(|row| TimelineEntry {
                seq: row.seq,
                at: row.at,
                who: match &row.actor {
                    Actor::System => String::new(),
                    Actor::Reporter => "Reporter".to_owned(),
                    Actor::Staff(id) => name_of(&names, *id),
                    Actor::Enduser => "Enduser".to_owned(),
                },
                sentence: sentence(&row.action, &self.catalogue, &directory),
                actor: row.actor,
                action: row.action,
            })
            .collect())
    }
}

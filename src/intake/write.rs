//! A first message from one of our own pages: durable, and its return code told in the same breath.
//!
//! The page drew the tip's id before anybody wrote (`Joins::New`), so sending twice is one tip. Its key is drawn here and remembered
//! for a while: while the database is away a second message of the same page must be told the same code. What is remembered is
//! bounded and in memory only; where the store can be asked, the store is believed.

use super::{Intake, IntakeError, Taken};
use crate::spool::{Letter, NewTip};
use domain::conversation::code::ReturnCode;
use domain::exchange::InboundMessage;
use domain::id::ConversationId;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// How many drafts one of two generations remembers: about 3 MB.
const GENERATION: usize = 10_000;

/// A message of one of our own pages that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The tip that it opened or joined.
    pub conversation: ConversationId,
    /// The tip's return code, to be shown once.
    pub code: ReturnCode,
    /// Whether it waits in the spool: kept, but not to be read back yet.
    pub spooled: bool,
}

/// Keys that were drawn for drafts.
#[derive(Debug, Default)]
pub(super) struct Drafts {
    generations: Mutex<[HashMap<ConversationId, NewTip>; 2]>,
}

impl Drafts {
    /// The tip drawn before for the same draft, at the time of the one given; else the one given.
    fn remembered(&self, fresh: NewTip) -> NewTip {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = generations.iter().find_map(|generation| generation.get(&fresh.id)) {
            return NewTip { at: fresh.at, ..before.clone() };
        }
        if generations[0].len() >= GENERATION {
            generations.swap(0, 1);
            generations[0].clear();
        }
        generations[0].insert(fresh.id, fresh.clone());
        fresh
    }
}

impl Intake {
    /// Takes the first message of one of our own pages, which [`Joins::New`](domain::exchange::Joins::New) with the draft's id; also the
    /// second and third of the same draft. Durable in the store or the spool when this returns.
    pub async fn write(&self, message: InboundMessage) -> Result<Written, IntakeError> {
        let tip = self.drafts.remembered(self.new_tip(&message.joins));
        let (drawn, drawn_code) = (tip.id, tip.key.return_code());
        let taken = self.letter(Letter::Message(Box::new(message), Box::new(tip))).await?;
        let (conversation, spooled) = match taken {
            Taken::Stored(id) => (id, false),
            Taken::Spooled(id) => (id.unwrap_or(drawn), true),
            Taken::Known | Taken::Merged | Taken::NotOurs | Taken::Script(..) => (drawn, false),
        };
        let code = if spooled { None } else { self.code_of(conversation).await };
        Ok(Written { conversation, code: code.unwrap_or(drawn_code), spooled })
    }

    /// The code of a tip in the store: another node may have opened it with another key.
    async fn code_of(&self, id: ConversationId) -> Option<ReturnCode> {
        let row = self.store.conversation(id).await.ok().flatten()?;
        self.vault.unwrap_key(id, &row.key).ok().map(|key| key.return_code())
    }
}

//! Saying something: its pictures fetched from where they wait, one message taken in, and the number that it got.

use super::{ChatError, Chats, Seat};
use crate::intake::Taken;
use adapters::chat::{Say, message};
use domain::exchange::{MediaBody, MediaRef, MediaRole};
use tokio::sync::Semaphore;

/// So many messages with files are in hand at a time: each may hold all that a message may name in memory.
static WITH_FILES: Semaphore = Semaphore::const_new(4);

/// What became of what was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// It is stored, under this number.
    Stored(i64),
    /// It is durable in the spool; its number comes when it is stored.
    Spooled,
}

impl Chats {
    /// Takes in what was said: durable when this returns. Saying it again gives the same number again.
    pub async fn say(&self, seat: &Seat, say: &Say) -> Result<Said, ChatError> {
        let conversation = seat.conversation();
        let (mut media, mut missing) = (Vec::new(), 0);
        let _turn = if say.files.is_empty() { None } else { WITH_FILES.acquire().await.ok() };
        for (place, id) in say.files.iter().enumerate() {
            if say.files[..place].contains(id) {
                continue;
            }
            // A file that cannot be read is lost, not the words.
            match self.uploads.get(conversation, id).await.unwrap_or_default() {
                Some(upload) => {
                    media.push(MediaRef { body: MediaBody::Here(upload.bytes), content_type: upload.content_type, role: MediaRole::Shown });
                }
                // The words are worth more than the picture: they go on without it, and the record says that one was lost.
                None => missing += 1,
            }
        }
        let event = message(conversation, say, seat.language(), media, missing);
        let provider_id = event.provider_id.0.clone();
        let taken = self.intake.message(event).await?;
        for id in &say.files {
            self.uploads.remove(conversation, id).await;
        }
        match taken {
            Taken::Spooled(_) => Ok(Said::Spooled),
            Taken::Stored(_) | Taken::Known | Taken::Merged | Taken::NotOurs | Taken::Script(..) => {
                // What is durable is acknowledged, also when its number cannot be read just now.
                let row = self.store.message_by_provider(conversation, provider_id).await;
                Ok(row.ok().flatten().map_or(Said::Spooled, |row| Said::Stored(row.seq)))
            }
        }
    }
}

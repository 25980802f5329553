//! Where a client stands in its conversation, and what it is to be shown next.
//!
//! A seat remembers the number of the last message that was handed over, and the numbers of the reporter's messages that nobody has read
//! yet, as far back as the mark can still move; nothing that was said stays in memory.

use super::{Came, ChatError, Chats};
use crate::store::rows::{AttachmentState, Author, ConversationRow, MessageRow, SafeCopy};
use crate::vault::ConversationKey;
use adapters::chat::{By, FileKind, ServerFrame, client_id};
use domain::conversation::first_words::{CODE_PLACE, with_code};
use domain::exchange::{MediaRole, Nature};
use domain::id::{ConversationId, MessageId};
use domain::language::Language;
use domain::sealed::Words;
use std::collections::{HashMap, VecDeque};

/// Messages read at a time.
const PAGE: u32 = 50;
/// The read mark is looked for among so many of the last messages.
const MARKED_MOST: usize = 200;

/// A client's place in a conversation.
#[derive(Debug)]
pub struct Seat {
    conversation: ConversationId,
    came: Came,
    language: Option<Language>,
    /// The last number handed over.
    shown: i64,
    /// Up to where the reporter has said that it was seen.
    seen: i64,
    /// Up to where a person has read, as told to the client.
    read: i64,
    /// The numbers of the reporter's messages above `read`, in order; `None` before they were looked for.
    unread: Option<VecDeque<i64>>,
    /// The conversation's key, once it is there.
    key: Option<ConversationKey>,
}

/// What a client is to be shown next.
#[derive(Debug, Default)]
pub struct History {
    /// In order.
    pub frames: Vec<ServerFrame>,
    /// Whether there is more to read at once.
    pub more: bool,
}

impl Seat {
    pub(super) fn new(conversation: ConversationId, came: Came, language: Option<Language>, after: i64) -> Self {
        Self { conversation, came, language, shown: after, seen: 0, read: 0, unread: None, key: None }
    }
    /// The conversation.
    pub fn conversation(&self) -> ConversationId {
        self.conversation
    }
    /// How it came in.
    pub fn came(&self) -> Came {
        self.came
    }
    /// The language that the client named.
    pub fn language(&self) -> Option<Language> {
        self.language
    }
    /// The last number handed over.
    pub fn shown(&self) -> i64 {
        self.shown
    }
    pub(super) fn key(&self) -> Option<&ConversationKey> {
        self.key.as_ref()
    }
    pub(super) fn newly_seen(&mut self, up_to: i64) -> Option<i64> {
        let up_to = up_to.min(self.shown);
        (up_to > self.seen).then(|| {
            self.seen = up_to;
            up_to
        })
    }

    /// Up to where a person has read, when it is further than was told: the last `unread` of the reporter's messages are not read.
    fn newly_read(&mut self, last_seq: i64, unread: i64) -> Option<i64> {
        let mine = self.unread.as_mut()?;
        let unread = usize::try_from(unread).unwrap_or(usize::MAX);
        // More unread ones than are known here: nothing is said of what is not known.
        let read = if unread == 0 { last_seq } else { mine.get(mine.len().checked_sub(unread)?)? - 1 };
        (read > self.read).then(|| {
            self.read = read;
            mine.retain(|seq| *seq > read);
            read
        })
    }
}

impl Chats {
    /// What comes next in order; a conversation that is not there yet has nothing to show.
    pub async fn next(&self, seat: &mut Seat) -> Result<History, ChatError> {
        let mut history = History::default();
        let Some(row) = self.store.conversation(seat.conversation).await? else { return Ok(history) };
        // A client that claims to have what never was begins again.
        seat.shown = seat.shown.min(row.last_seq);
        if seat.unread.is_none() {
            // Whoever has nothing yet is shown all of them anyway.
            let rows = if row.unread == 0 || seat.shown == 0 { Vec::new() } else { self.tail(&row).await? };
            let before = rows.iter().filter(|message| message.seq <= seat.shown && message.author == Author::Reporter);
            seat.unread = Some(before.map(|message| message.seq).collect());
        }
        let key = match &seat.key {
            Some(key) => key.clone(),
            None => seat.key.insert(self.vault.unwrap_key(row.conversation.id, &row.key)?).clone(),
        };
        if row.last_seq > seat.shown {
            let mut rows = self.store.messages(seat.conversation, seat.shown, PAGE).await?;
            history.more = rows.len() == PAGE as usize;
            // What came after the row was read is not in its count of unread ones: it is told of, and read with the next look.
            rows.retain(|message| message.seq <= row.last_seq);
            let mut files = self.files(&rows).await?;
            for message in rows {
                seat.shown = message.seq;
                if message.author == Author::Reporter {
                    seat.expect_reading(message.seq);
                }
                if is_shown(&message) {
                    let files = files.remove(&message.id).unwrap_or_default();
                    history.frames.push(self.frame(seat, &key, message, files)?);
                }
            }
        }
        if !history.more
            && let Some(seq) = seat.newly_read(row.last_seq, row.unread)
        {
            history.frames.push(ServerFrame::Seen { seq });
        }
        Ok(history)
    }

    /// The last number of the conversation; 0 when it is not there, or cannot be read now.
    pub async fn last(&self, seat: &Seat) -> i64 {
        self.store.conversation(seat.conversation).await.ok().flatten().map_or(0, |row| row.last_seq)
    }

    async fn tail(&self, row: &ConversationRow) -> Result<Vec<MessageRow>, ChatError> {
        let most = i64::try_from(MARKED_MOST).unwrap_or(i64::MAX);
        let after = (row.last_seq - most).max(0);
        Ok(self.store.messages(row.conversation.id, after, u32::try_from(MARKED_MOST).unwrap_or(u32::MAX)).await?)
    }

    /// The files of these messages; only reporters' messages have any.
    async fn files(&self, rows: &[MessageRow]) -> Result<HashMap<MessageId, Vec<FileKind>>, ChatError> {
        let mut files: HashMap<MessageId, Vec<FileKind>> = HashMap::new();
        let Some(conversation) = rows.iter().find(|row| row.author == Author::Reporter).map(|row| row.conversation) else {
            return Ok(files);
        };
        for attachment in self.store.attachments(conversation).await? {
            let kind = match (attachment.role, attachment.state) {
                (MediaRole::Raw, _) => continue,
                (MediaRole::Shown | MediaRole::Recording, AttachmentState::Kept { copy: SafeCopy::Ready { kind, .. }, .. }) => kind,
                (MediaRole::Shown | MediaRole::Recording, AttachmentState::Kept { kind, .. }) => kind,
                (MediaRole::Shown | MediaRole::Recording, AttachmentState::Waiting { .. } | AttachmentState::Lost { .. }) => {
                    crate::media::kind::UNKNOWN.to_owned()
                }
            };
            files.entry(attachment.message).or_default().push(FileKind { kind });
        }
        Ok(files)
    }

    fn frame(&self, seat: &Seat, key: &ConversationKey, row: MessageRow, files: Vec<FileKind>) -> Result<ServerFrame, ChatError> {
        let words = self.vault.open_words(key, row.id.uuid().as_bytes(), &row.body)?;
        let (by, text) = match row.author {
            Author::Reporter => (By::You, words),
            Author::Staff(_) => (By::Us, words),
            Author::System => (By::Auto, told_code(seat.came, key, &words)),
        };
        let id = row.provider.as_ref().and_then(|(_, id)| client_id(id)).map(str::to_owned);
        Ok(ServerFrame::Message { seq: row.seq, by, text, at: row.at, files, id })
    }
}

impl Seat {
    fn expect_reading(&mut self, seq: i64) {
        if let Some(mine) = &mut self.unread {
            if mine.len() == MARKED_MOST {
                mine.pop_front();
            }
            mine.push_back(seq);
        }
    }
}

/// The code stands in the program's words for whom it was told to when they began; whoever showed it need not be told it.
fn told_code(came: Came, key: &ConversationKey, words: &Words) -> Words {
    match came {
        Came::Begun => with_code(words, &key.return_code()),
        Came::Returned => Words::new(words.reveal().replace(CODE_PLACE, "••••")),
    }
}

/// News of mails, and what machines answered to them, is no part of what two people say.
fn is_shown(row: &MessageRow) -> bool {
    match row.nature {
        Nature::Person | Nature::Unreadable => true,
        Nature::Automatic | Nature::Bounce | Nature::ReadReceipt => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn the_read_mark_says_only_what_is_known() {
        let mut seat = Seat::new(ConversationId::new(Uuid::from_u128(1)), Came::Begun, None, 0);
        assert_eq!(seat.newly_read(5, 0), None, "not before the messages were looked for");
        seat.unread = Some(VecDeque::from([1, 3, 4]));
        assert_eq!(seat.newly_read(4, 3), None, "nobody has read any");
        assert_eq!(seat.newly_read(4, 9), None, "more are unread than are known");
        assert_eq!(seat.newly_read(5, 2), Some(2), "the first is read");
        assert_eq!(seat.newly_read(5, 2), None, "told once");
        seat.expect_reading(6);
        assert_eq!(seat.newly_read(6, 1), Some(5));
        assert_eq!(seat.newly_read(7, 0), Some(7));
        assert!(seat.unread.as_ref().is_some_and(VecDeque::is_empty));
    }

    #[test]
    fn only_what_was_shown_can_be_seen() {
        let mut seat = Seat::new(ConversationId::new(Uuid::from_u128(1)), Came::Begun, None, 3);
        assert_eq!(seat.newly_seen(9), Some(3));
        assert_eq!(seat.newly_seen(3), None);
        assert_eq!(seat.newly_seen(2), None);
    }
}

//! A conversation as its reporter may see it: their words and ours in order, no name of anybody, no code.
//!
//! "A person has read this" is said of a message only when it is not among the unopened ones that the store counts: staff who open a tip set
//! that count to nothing, and each message of the reporter raises it. What came after the count was read counts as unread. Of an unopened
//! message that is followed by an answer (written by a program of the desk) nothing is said: neither would surely be true.

use super::Here;
use super::form::{Form, LeftOut};
use super::phrases::Phrases;
use crate::intake::IntakeError;
use crate::store::rows::{AttachmentRow, AttachmentState, Author, MessageRow};
use crate::vault::ConversationKey;
use domain::channel::Channel;
use domain::conversation::first_words::CODE_PLACE;
use domain::dispatch::delivery::Delivery;
use domain::exchange::{MediaRole, Nature};
use domain::id::{ConversationId, MessageId};
use domain::language::Language;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::HashMap;

/// A page shows at most so many messages: the latest.
pub(super) const MOST_SHOWN: u32 = 500;

/// A conversation for a page.
pub(super) struct Talk {
    pub(super) items: Vec<Item>,
    /// Whether there are older ones that are not here.
    pub(super) earlier: bool,
    /// Whether a person has answered.
    pub(super) answered: bool,
    /// Whether something is kept that cannot be shown yet.
    pub(super) waiting: bool,
    /// Whether something of ours was not seen before.
    pub(super) unseen: bool,
    pub(super) last_seq: i64,
    /// Changes whenever the page would.
    pub(super) have: String,
}

/// One message on the page.
pub(super) struct Item {
    /// `you`, `us` or `program`: for the style.
    pub(super) side: &'static str,
    pub(super) author: &'static str,
    pub(super) words: String,
    pub(super) at: String,
    /// How it came, when it did not come by this page.
    pub(super) by: Option<&'static str>,
    /// What came with it.
    pub(super) files: Vec<String>,
    /// For the reporter's own: whether a person has read it.
    pub(super) read: Option<bool>,
}

impl Talk {
    /// Nothing can be shown yet.
    pub(super) fn waiting() -> Self {
        Self { items: Vec::new(), earlier: false, answered: false, waiting: true, unseen: false, last_seq: 0, have: String::new() }
    }
}

impl Here {
    /// Reads a conversation. One that is not in the store waits in the spool.
    pub(super) async fn talk(&self, id: ConversationId) -> Result<Talk, IntakeError> {
        let site = &self.site;
        let Some(row) = site.store.conversation(id).await? else { return Ok(Talk::waiting()) };
        let key = site.vault.unwrap_key(id, &row.key)?;
        let first = (row.last_seq - i64::from(MOST_SHOWN)).max(0);
        let mut rows = site.store.messages(id, first, MOST_SHOWN).await?;
        rows.retain(|message| message.seq <= row.last_seq);
        let mut files: HashMap<MessageId, Vec<AttachmentRow>> = HashMap::new();
        for file in site.store.attachments(id).await? {
            files.entry(file.message).or_default().push(file);
        }
        let unread = unread(&rows, row.unread);
        let answered_at = rows.iter().filter(|row| matches!(row.author, Author::Staff(_))).map(|row| row.seq).max();
        let unseen =
            rows.iter().any(|row| row.author != Author::Reporter && !matches!(row.delivery, None | Some(Delivery::Delivered { .. })));
        rows.sort_by_key(|row| (row.sent_at.unwrap_or(row.at), row.seq));
        let mut items = Vec::with_capacity(rows.len());
        for row in rows.iter().filter(|row| is_shown(row)) {
            let files = files.get(&row.id).map_or(&[][..], Vec::as_slice);
            let read = match (row.author, unread.contains(&row.id)) {
                (Author::Reporter, false) => Some(true),
                (Author::Reporter, true) if answered_at.is_none_or(|seq| seq < row.seq) => Some(false),
                (Author::Reporter, true) | (Author::Staff(_) | Author::System, _) => None,
            };
            items.push(Item { read, ..self.item(row, &key, files)? });
        }
        Ok(Talk {
            answered: answered_at.is_some(),
            items,
            earlier: first > 0,
            waiting: false,
            unseen,
            last_seq: row.last_seq,
            have: format!("{}-{}-{}", row.last_seq, row.unread, row.updated_at.as_microsecond()),
        })
    }

    fn item(&self, row: &MessageRow, key: &ConversationKey, files: &[AttachmentRow]) -> Result<Item, IntakeError> {
        let t = &self.words().visit;
        let opened = self.site.vault.open_words(key, row.id.uuid().as_bytes(), &row.body)?;
        let mut words = opened.reveal().replace(CODE_PLACE, t.code_place);
        let (side, author) = match row.author {
            Author::Reporter => ("you", t.you),
            Author::Staff(_) => ("us", t.us),
            Author::System => ("program", t.program),
        };
        let files = files_in_words(self.words(), files);
        if words.trim().is_empty() && files.is_empty() {
            words = t.no_words.to_owned();
        }
        Ok(Item {
            side,
            author,
            words,
            at: clock(row.sent_at.unwrap_or(row.at), self.site.clock.now(), &self.site.facts.zone, self.language),
            by: (row.channel != Channel::Web && row.author == Author::Reporter).then(|| (t.channel)(row.channel)),
            files,
            read: None,
        })
    }
}

/// What came from persons, and what the program said; news from machines says nothing to a reporter.
fn is_shown(row: &MessageRow) -> bool {
    match row.nature {
        Nature::Person | Nature::Unreadable => true,
        Nature::Automatic | Nature::Bounce | Nature::ReadReceipt => false,
    }
}

/// The reporter's messages that nobody has opened: the last so many.
fn unread(rows: &[MessageRow], count: i64) -> Vec<MessageId> {
    let theirs = rows.iter().rev().filter(|row| row.author == Author::Reporter);
    theirs.take(usize::try_from(count).unwrap_or(0)).map(|row| row.id).collect()
}

fn files_in_words(words: &Phrases, files: &[AttachmentRow]) -> Vec<String> {
    let shown = |file: &&AttachmentRow| match file.role {
        MediaRole::Shown | MediaRole::Recording => true,
        MediaRole::Raw => false,
    };
    let lost = |file: &AttachmentRow| matches!(file.state, AttachmentState::Lost { .. });
    let (t, shown): (_, Vec<_>) = (&words.visit, files.iter().filter(shown).collect());
    let lost_count = shown.iter().filter(|file| lost(file)).count();
    let received = match shown.len() - lost_count {
        0 => None,
        1 => Some(t.picture_one.to_owned()),
        count => Some((t.picture_many)(count)),
    };
    received.into_iter().chain((lost_count > 0).then(|| t.picture_lost.to_owned())).collect()
}

/// The pictures of a form that were left out, a sentence each.
pub(super) fn left_out(words: &Phrases, form: &Form) -> Vec<String> {
    let t = &words.pictures;
    let sentence = |(name, why): &(String, LeftOut)| {
        let name = if name.is_empty() { t.nameless.to_owned() } else { format!("\u{2068}{name}\u{2069}") };
        match why {
            LeftOut::TooLarge => (t.too_large)(&name),
            LeftOut::TooMany => (t.too_many)(&name),
            LeftOut::NoPicture => (t.no_picture)(&name),
            LeftOut::NoRoom => (t.no_room)(&name),
            LeftOut::BrokenOff => (t.broken_off)(&name),
        }
    };
    form.left_out.iter().map(sentence).collect()
}

/// A time as people read it: today the hour alone, else the day before it.
fn clock(at: Timestamp, now: Timestamp, zone: &TimeZone, language: Language) -> String {
    let (at, now) = (at.to_zoned(zone.clone()), now.to_zoned(zone.clone()));
    let is_today = at.date() == now.date();
    let form = match (language, is_today) {
        (Language::En, true) => "%-I:%M %p",
        (Language::En, false) => "%b %-d, %-I:%M %p",
        (Language::Es | Language::Ar, true) => "%-H:%M",
        (Language::Es | Language::Ar, false) => "%-d/%-m %-H:%M",
    };
    at.strftime(form).to_string()
}

//! Reading what was said: messages, attachments, staff notes.

use super::{Columns, Readers, Row, all, one};
use crate::store::StoreError;
use crate::store::rows::{AttachmentRow, Author, MessageRow, NoteKind, NoteRow};
use crate::vault::sealed::Sealed;
use domain::channel::Channel;
use domain::exchange::{MediaRole, Nature};
use domain::id::{AccountKey, AttachmentId, ConversationId, MessageId};

macro_rules! message_columns {
    () => {
        "m.id, m.conversation, m.seq, m.author, m.staff, m.channel, m.body, m.at, m.provider_account, m.provider_id, m.media_dropped, \
         m.delivery_json, m.delivery_version, m.sent_at, m.part_json, m.nature, m.source"
    };
}

const AFTER: &str =
    concat!("SELECT ", message_columns!(), " FROM message m WHERE m.conversation = $1 AND m.seq > $2 ORDER BY m.seq LIMIT $3");
const BY_ID: &str = concat!("SELECT ", message_columns!(), " FROM message m WHERE m.id = $1");
macro_rules! attachment_columns {
    () => {
        "a.id, a.message, a.conversation, a.account, a.role, a.url, a.content_type, a.state_json, a.version"
    };
}

const ATTACHMENTS: &str = concat!(
    "SELECT ",
    attachment_columns!(),
    " FROM attachment a JOIN message m ON m.id = a.message WHERE a.conversation = $1 ORDER BY m.seq, a.place",
);
const ATTACHMENT: &str = concat!("SELECT ", attachment_columns!(), " FROM attachment a WHERE a.id = $1");
const ATTACHMENTS_AFTER: &str = concat!("SELECT ", attachment_columns!(), " FROM attachment a WHERE a.id > $1 ORDER BY a.id LIMIT $2");
const BY_PROVIDER: &str =
    concat!("SELECT ", message_columns!(), " FROM message m WHERE m.conversation = $1 AND m.provider_id = $2 ORDER BY m.seq LIMIT 1");
const SOURCE: &str = "SELECT m.id, m.source FROM message m WHERE m.conversation = $1 AND m.source IS NOT NULL ORDER BY m.seq DESC LIMIT $2";
const NOTES: &str = "SELECT n.id, n.conversation, n.author, n.at, n.kind, n.body FROM note n WHERE n.conversation = $1 ORDER BY n.at, n.id";

/// Every statement here, for the test of their plans.
#[cfg(test)]
pub(super) const ALL: &[&str] = &[AFTER, BY_ID, ATTACHMENTS, ATTACHMENT, ATTACHMENTS_AFTER, BY_PROVIDER, SOURCE, NOTES];

pub(in crate::store) async fn messages(
    readers: &Readers,
    id: ConversationId,
    after: i64,
    limit: u32,
) -> Result<Vec<MessageRow>, StoreError> {
    let query = readers.ask(AFTER).bind(id.to_string()).bind(after).bind(i64::from(limit));
    all(&query.all("read messages").await?, row)
}

pub(in crate::store) async fn message(readers: &Readers, id: MessageId) -> Result<Option<MessageRow>, StoreError> {
    one(readers.ask(BY_ID).bind(id.to_string()).optional("read a message").await?, row)
}

pub(in crate::store) async fn attachments(readers: &Readers, id: ConversationId) -> Result<Vec<AttachmentRow>, StoreError> {
    let rows = readers.ask(ATTACHMENTS).bind(id.to_string()).all("read attachments").await?;
    all(&rows, attachment_row)
}

pub(in crate::store) async fn attachments_after(
    readers: &Readers,
    after: Option<AttachmentId>,
    limit: u32,
) -> Result<Vec<AttachmentRow>, StoreError> {
    let after = after.map(|id| id.to_string()).unwrap_or_default();
    let query = readers.ask(ATTACHMENTS_AFTER).bind(after).bind(i64::from(limit));
    all(&query.all("read attachments page by page").await?, attachment_row)
}

pub(in crate::store) async fn attachment(readers: &Readers, id: AttachmentId) -> Result<Option<AttachmentRow>, StoreError> {
    let row = readers.ask(ATTACHMENT).bind(id.to_string()).optional("read an attachment").await?;
    one(row, attachment_row)
}

pub(in crate::store) async fn message_by_provider(
    readers: &Readers,
    conversation: ConversationId,
    provider_id: String,
) -> Result<Option<MessageRow>, StoreError> {
    let query = readers.ask(BY_PROVIDER).bind(conversation.to_string()).bind(provider_id);
    one(query.optional("find a message by its carrier's id").await?, row)
}

pub(in crate::store) async fn last_sources(
    readers: &Readers,
    conversation: ConversationId,
    limit: u32,
) -> Result<Vec<(MessageId, Sealed)>, StoreError> {
    let query = readers.ask(SOURCE).bind(conversation.to_string()).bind(i64::from(limit));
    all(&query.all("find what an answer refers to").await?, |row| {
        let c = Columns::of("message", row);
        Ok((c.id("id")?, c.sealed("source")?))
    })
}

fn attachment_row(row: &Row) -> Result<AttachmentRow, StoreError> {
    let c = Columns::of("attachment", row);
    Ok(AttachmentRow {
        id: c.id("id")?,
        message: c.id("message")?,
        conversation: c.id("conversation")?,
        account: c.id("account")?,
        role: c.word("role", MediaRole::parse)?,
        url: c.opt_sealed("url")?,
        content_type: c.text("content_type")?,
        state: c.json("state_json")?,
        version: c.int("version")?,
    })
}

pub(in crate::store) async fn notes(readers: &Readers, id: ConversationId) -> Result<Vec<NoteRow>, StoreError> {
    let rows = readers.ask(NOTES).bind(id.to_string()).all("read notes").await?;
    all(&rows, |row| {
        let c = Columns::of("note", row);
        Ok(NoteRow {
            id: c.id("id")?,
            conversation: c.id("conversation")?,
            author: c.id("author")?,
            at: c.time("at")?,
            kind: c.word("kind", |word| [NoteKind::Assessment, NoteKind::Note].into_iter().find(|kind| kind.as_str() == word))?,
            body: c.sealed("body")?,
        })
    })
}

fn row(row: &Row) -> Result<MessageRow, StoreError> {
    let c = Columns::of("message", row);
    let author = match (c.get::<&str>("author")?, c.opt_id("staff")?) {
        ("reporter", None) => Author::Reporter,
        ("staff", Some(id)) => Author::Staff(id),
        ("system", None) => Author::System,
        _ => return Err(c.damaged("author")),
    };
    let provider = match (c.opt_id::<AccountKey>("provider_account")?, c.opt_text("provider_id")?) {
        (Some(account), Some(id)) => Some((account, id)),
        (None, _) | (_, None) => None,
    };
    Ok(MessageRow {
        id: c.id("id")?,
        conversation: c.id("conversation")?,
        seq: c.int("seq")?,
        author,
        channel: c.word("channel", Channel::parse)?,
        body: c.sealed("body")?,
        at: c.time("at")?,
        provider,
        media_dropped: c.small("media_dropped")?,
        sent_at: c.opt_time("sent_at")?,
        part: c.opt_json("part_json")?,
        nature: c.word("nature", Nature::parse)?,
        source: c.opt_sealed("source")?,
        delivery: c.opt_json("delivery_json")?,
        delivery_version: c.int("delivery_version")?,
    })
}

//! Reading tips and their addresses.

use super::{Columns, Readers, Row, all, one};
use crate::store::StoreError;
use crate::store::rows::{ContactRow, ConversationRow};
use crate::vault::sealed::{BlindIndex, WrappedKey};
use domain::channel::Channel;
use domain::conversation::reference::Reference;
use domain::conversation::triage::{Marks, Triage};
use domain::conversation::{Conversation, State, WayBack};
use domain::id::ConversationId;
use domain::language::Language;
use domain::level::Level;

/// The columns of a tip, of a table called `c`.
macro_rules! tip_columns {
    () => {
        "c.id, c.reference, c.alias, c.channel, c.received_at, c.code_index, c.wrapped_key, c.state, c.way_back, c.level, c.school, c.types_json, \
         c.in_progress, c.possible_crime, c.safety_issue, c.triaged_at, c.dispatched_at, c.claimed_by, c.version, c.last_seq, c.unread, c.updated_at, c.language, c.marks_json, c.drill"
    };
}
pub(super) use tip_columns;

macro_rules! contact_columns {
    () => {
        "k.handle, k.conversation, k.account, k.channel AS contact_channel, k.idx, k.address, k.ours, k.created_at, k.current"
    };
}

const BY_ID: &str = concat!("SELECT ", tip_columns!(), " FROM conversation c WHERE c.id = $1");
const BY_REFERENCE: &str = concat!("SELECT ", tip_columns!(), " FROM conversation c WHERE c.reference = $1");
const BY_REFERENCE_KEYS: &str =
    concat!("SELECT ", tip_columns!(), " FROM conversation c WHERE c.reference_keys = $1 ORDER BY c.received_at DESC LIMIT $2");
const BY_CONTACT: &str = concat!(
    "SELECT ",
    tip_columns!(),
    ", ",
    contact_columns!(),
    " FROM contact k JOIN conversation c ON c.id = k.conversation WHERE k.current AND k.idx = $1",
);
const BY_CODE: &str = concat!("SELECT ", tip_columns!(), " FROM conversation c WHERE c.code_index = $1");
const CONTACTS: &str = concat!("SELECT ", contact_columns!(), " FROM contact k WHERE k.conversation = $1 ORDER BY k.created_at, k.handle");
const ANSWER_TO: &str =
    concat!("SELECT ", contact_columns!(), " FROM conversation c JOIN contact k ON k.handle = c.answer_to WHERE c.id = $1");

/// Every statement here, for the test of their plans.
#[cfg(test)]
pub(super) const ALL: &[&str] = &[BY_ID, BY_REFERENCE, BY_REFERENCE_KEYS, BY_CONTACT, BY_CODE, CONTACTS, ANSWER_TO];

pub(in crate::store) async fn conversation(readers: &Readers, id: ConversationId) -> Result<Option<ConversationRow>, StoreError> {
    let row = readers.ask(BY_ID).bind(id.to_string()).optional("read a tip").await?;
    one(row, tip)
}

pub(in crate::store) async fn conversations_by_reference_keys(
    readers: &Readers,
    keys: String,
    limit: u32,
) -> Result<Vec<ConversationRow>, StoreError> {
    let rows = readers.ask(BY_REFERENCE_KEYS).bind(keys).bind(i64::from(limit)).all("find tips by the keys of a reference").await?;
    all(&rows, tip)
}

pub(in crate::store) async fn conversation_by_reference(
    readers: &Readers,
    reference: String,
) -> Result<Option<ConversationRow>, StoreError> {
    let row = readers.ask(BY_REFERENCE).bind(reference).optional("find a tip by its reference").await?;
    one(row, tip)
}

pub(in crate::store) async fn conversation_by_contact(
    readers: &Readers,
    index: BlindIndex,
) -> Result<Option<(ConversationRow, ContactRow)>, StoreError> {
    let row = readers.ask(BY_CONTACT).bind(index.0.to_vec()).optional("find a tip by its address").await?;
    one(row, |row| Ok((tip(row)?, contact(row)?)))
}

pub(in crate::store) async fn contact_of(readers: &Readers, id: ConversationId) -> Result<Option<ContactRow>, StoreError> {
    let row = readers.ask(ANSWER_TO).bind(id.to_string()).optional("read a tip's address").await?;
    one(row, contact)
}

pub(in crate::store) async fn contacts(readers: &Readers, id: ConversationId) -> Result<Vec<ContactRow>, StoreError> {
    all(&readers.ask(CONTACTS).bind(id.to_string()).all("read a tip's addresses").await?, contact)
}

pub(in crate::store) async fn conversation_by_code(readers: &Readers, index: BlindIndex) -> Result<Option<ConversationRow>, StoreError> {
    let row = readers.ask(BY_CODE).bind(index.0.to_vec()).optional("find a tip by its code").await?;
    one(row, tip)
}

/// A tip from a row with [`tip_columns!`].
pub(super) fn tip(row: &Row) -> Result<ConversationRow, StoreError> {
    let c = Columns::of("conversation", row);
    let conversation = Conversation {
        id: c.id("id")?,
        reference: c.word("reference", Reference::parse)?,
        alias: c.text("alias")?,
        channel: c.word("channel", Channel::parse)?,
        language: c.opt_word("language", Language::parse)?,
        received_at: c.time("received_at")?,
        state: c.word("state", State::parse)?,
        way_back: c.word("way_back", WayBack::parse)?,
        triage: Triage {
            types: c.json("types_json")?,
            level: c.opt_word("level", Level::parse)?,
            school: c.opt_id("school")?,
            marks: match c.opt_json("marks_json")? {
                Some(marks) => marks,
                // Written before there were more than three.
                None => Marks {
                    in_progress: c.flag("in_progress")?,
                    possible_crime: c.flag("possible_crime")?,
                    safety_issue: c.flag("safety_issue")?,
                    ..Marks::default()
                },
            },
        },
        triaged_at: c.opt_time("triaged_at")?,
        dispatched_at: c.opt_time("dispatched_at")?,
        claimed_by: c.opt_id("claimed_by")?,
        drill: c.flag("drill")?,
    };
    Ok(ConversationRow {
        conversation,
        version: c.int("version")?,
        key: WrappedKey(c.get("wrapped_key")?),
        code_index: c.index("code_index")?,
        last_seq: c.int("last_seq")?,
        unread: c.int("unread")?,
        updated_at: c.time("updated_at")?,
    })
}

fn contact(row: &Row) -> Result<ContactRow, StoreError> {
    let c = Columns::of("contact", row);
    Ok(ContactRow {
        handle: c.id("handle")?,
        conversation: c.id("conversation")?,
        account: c.id("account")?,
        channel: c.word("contact_channel", Channel::parse)?,
        index: c.index("idx")?,
        address: c.sealed("address")?,
        ours: c.sealed("ours")?,
        created_at: c.time("created_at")?,
        current: c.flag("current")?,
    })
}

//! What lies below a tip: contacts, messages, attachments, notes and the record.

use super::rows::Rows;
use super::*;
use crate::store::sql::{bytes, each, flag, hash, int, opt_bytes, text};

pub(super) const ONCE: &str =
    concat!("INSERT INTO once (account, once_key, at) SELECT ", text!(0), ", ", text!(1), ", ", int!(2), " FROM ", each!(), " i");

/// Before the new ones: a tip that is closed and an address that writes again may meet in one batch.
#[rustfmt::skip]
pub(super) const RETIRE: &str = concat!(
    "UPDATE contact SET current = FALSE WHERE current AND conversation IN (SELECT i.value FROM ", each!(), " i)",
);

#[rustfmt::skip]
pub(super) const CONTACT: &str = concat!(
    "INSERT INTO contact (handle, conversation, account, channel, idx, address, ours, created_at, current) SELECT ",
    text!(0), ", ", text!(1), ", ", text!(2), ", ", text!(3), ", ", hash!(4), ", ", bytes!(5, 6), ", ", bytes!(7, 8), ", ", int!(9), ", ", flag!(10), " FROM ", each!(), " i",
);

#[rustfmt::skip]
pub(super) const MESSAGE: &str = concat!(
    "INSERT INTO message (id, conversation, seq, author, staff, channel, body, at, provider_account, provider_id, media_dropped, delivery_json,",
    " delivery_open, delivery_version, sent_at, part_json, nature, source) SELECT ",
    text!(0), ", ", text!(1), ", ", int!(2), ", ", text!(3), ", ", text!(4), ", ", text!(5), ", ", bytes!(6, 7), ", ", int!(8), ", ", text!(9), ", ", text!(10),
    ", ", int!(11), ", ", text!(12), ", ", flag!(13), ", 1, ", int!(14), ", ", text!(15), ", ", text!(16), ", ", opt_bytes!(17, 18), " FROM ", each!(), " i",
);

#[rustfmt::skip]
pub(super) const DELIVERY: &str = concat!(
    "UPDATE message SET delivery_json = ", text!(1), ", delivery_open = ", flag!(2), ", delivery_version = ", int!(3),
    " FROM ", each!(), " i WHERE message.id = ", text!(0),
);

#[rustfmt::skip]
pub(super) const ATTACHMENT: &str = concat!(
    "INSERT INTO attachment (id, message, conversation, place, account, role, url, content_type, state_json, unfinished, version) SELECT ",
    text!(0), ", ", text!(1), ", ", text!(2), ", ", int!(3), ", ", text!(4), ", ", text!(5), ", ", opt_bytes!(6, 7), ", ", text!(8), ", ", text!(9), ", ",
    flag!(10), ", ", int!(11), " FROM ", each!(), " i WHERE TRUE",
    " ON CONFLICT (id) DO UPDATE SET url = excluded.url, state_json = excluded.state_json, unfinished = excluded.unfinished, version = excluded.version",
);

#[rustfmt::skip]
pub(super) const NOTE: &str = concat!(
    "INSERT INTO note (id, conversation, author, at, kind, body) SELECT ",
    text!(0), ", ", text!(1), ", ", text!(2), ", ", int!(3), ", ", text!(4), ", ", bytes!(5, 6), " FROM ", each!(), " i",
);

#[rustfmt::skip]
pub(super) const RECORD: &str = concat!(
    "INSERT INTO record (conversation, seq, at, actor_json, action_json, hash) SELECT ",
    text!(0), ", ", int!(1), ", ", int!(2), ", ", text!(3), ", ", text!(4), ", ", hash!(5), " FROM ", each!(), " i",
);

/// Every statement here, for the test of their plans.
#[cfg(test)]
pub(crate) const ALL: &[&str] = &[ONCE, RETIRE, CONTACT, MESSAGE, DELIVERY, ATTACHMENT, NOTE, RECORD];

impl<'a> Batch<'a> {
    pub(super) fn take_contact(&mut self, row: &'a ContactRow) {
        if row.current {
            self.facts.contacts.insert(row.index);
        }
        if let Some(tip) = self.tip(row.conversation) {
            tip.head.answer_to = Some(row.handle);
        }
        self.contacts
            .row()
            .id(row.handle.uuid())
            .id(row.conversation.uuid())
            .text(row.account.as_str())
            .text(row.channel.as_str())
            .hash(&row.index.0)
            .bytes(&row.address.0)
            .bytes(&row.ours.0)
            .int(row.created_at.as_microsecond())
            .flag(row.current)
            .end();
    }

    pub(super) fn take_message(&mut self, row: &'a MessageRow, [delivery, part]: &'a [Option<String>; 2]) -> i64 {
        let at = row.at.as_microsecond();
        let (author, staff) = author_words(row.author);
        let seq = self.tip(row.conversation).map_or(0, |tip| tip.next_message(row.author == Author::Reporter, at));
        let (account, provider_id) = row.provider.as_ref().map(|(account, id)| (account.as_str(), id.as_str())).unzip();
        self.messages
            .row()
            .id(row.id.uuid())
            .id(row.conversation.uuid())
            .int(seq)
            .text(author)
            .opt_id(staff.map(StaffId::uuid))
            .text(row.channel.as_str())
            .bytes(&row.body.0)
            .int(at)
            .opt_text(account)
            .opt_text(provider_id)
            .int(i64::from(row.media_dropped))
            .opt_text(delivery.as_deref())
            .flag(delivery_open(row))
            .opt_int(row.sent_at.map(Timestamp::as_microsecond))
            .opt_text(part.as_deref())
            .text(row.nature.as_str())
            .opt_bytes(row.source.as_ref().map(|source| source.0.as_slice()))
            .end();
        seq
    }

    pub(super) fn take_note(&mut self, row: &'a NoteRow) {
        if let Some(tip) = self.tip(row.conversation) {
            tip.head.updated_at = tip.head.updated_at.max(row.at.as_microsecond());
        }
        self.notes
            .row()
            .id(row.id.uuid())
            .id(row.conversation.uuid())
            .id(row.author.uuid())
            .int(row.at.as_microsecond())
            .text(row.kind.as_str())
            .bytes(&row.body.0)
            .end();
    }
}

/// Attachments, in the order in which they were first named.
pub(super) fn attachments(list: &Latest<AttachmentId, Versioned<'_, AttachmentRow>>) -> Rows {
    let mut rows = Rows::default();
    for (place, (id, Versioned { row, json, version })) in (1..).zip(list.iter()) {
        rows.row()
            .id(id.uuid())
            .id(row.message.uuid())
            .id(row.conversation.uuid())
            .int(place)
            .text(row.account.as_str())
            .text(row.role.as_str())
            .opt_bytes(row.url.as_ref().map(|url| url.0.as_slice()))
            .text(&row.content_type)
            .text(json[0].as_deref().unwrap_or("null"))
            .flag(row.is_unfinished())
            .int(*version)
            .end();
    }
    rows
}

pub(super) fn deliveries(list: &Latest<MessageId, Versioned<'_, MessageRow>>) -> Rows {
    let mut rows = Rows::default();
    for (id, Versioned { row, json, version }) in list.iter() {
        rows.row().id(id.uuid()).opt_text(json[0].as_deref()).flag(delivery_open(row)).int(*version).end();
    }
    rows
}

/// Whether the delivery still wants to be woken.
fn delivery_open(row: &MessageRow) -> bool {
    row.delivery.as_ref().is_some_and(|delivery| delivery.timer().is_some())
}

fn author_words(author: Author) -> (&'static str, Option<StaffId>) {
    match author {
        Author::Reporter => ("reporter", None),
        Author::Staff(id) => ("staff", Some(id)),
        Author::System => ("system", None),
    }
}

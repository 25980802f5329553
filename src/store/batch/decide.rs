//! One commit against what is in the database and what the commits before it in the batch have done.
//!
//! First everything is looked at, then everything is taken: a commit that is a duplicate or in conflict changes nothing here.
//! The outcome is what the commits would have got one after the other.

use super::facts::Head;
use super::heads::Tip;
use super::*;
use crate::store::chain;
use crate::store::commit::{Committed, Outcome, Write};
use crate::store::prepared::Piece;
use domain::conversation::State;

impl<'a> Batch<'a> {
    /// Decides a commit and, if it goes through, adds its rows.
    pub(crate) fn decide(&mut self, commit: &'a Prepared) -> Result<Outcome, Bad> {
        if let Some(once) = &commit.once
            && self.facts.once.contains(&(once.account.as_str().to_owned(), once.key.clone()))
        {
            return Ok(Outcome::Duplicate);
        }
        let new: Vec<ConversationId> = commit.pieces.iter().filter_map(|piece| new_tip(&piece.write)).collect();
        if commit.tips().any(|id| !new.contains(&id) && !self.tips.contains_key(&id) && !self.facts.heads.contains_key(&id)) {
            return Err(Bad::NoSuchTip);
        }
        if commit.pieces.iter().any(|piece| self.conflicts(&piece.write)) {
            return Ok(Outcome::Conflict);
        }

        if let Some(once) = &commit.once {
            self.facts.once.insert((once.account.as_str().to_owned(), once.key.clone()));
            self.once.row().text(once.account.as_str()).text(&once.key).int(once.at.as_microsecond()).end();
        }
        // A tip before its contacts and messages: they change its head.
        for piece in &commit.pieces {
            self.take_tip(piece);
        }
        let mut done = Committed::default();
        for piece in &commit.pieces {
            self.take(piece, &mut done);
        }
        for entry in &commit.entries {
            self.take_entry(entry);
        }
        Ok(Outcome::Committed(done))
    }

    /// A tip's head as the batch has it now.
    pub(super) fn tip(&mut self, id: ConversationId) -> Option<&mut Tip<'a>> {
        if !self.tips.contains_key(&id) {
            let head = self.facts.heads.remove(&id)?;
            self.tips.insert(id, Tip::known(head));
        }
        let tip = self.tips.get_mut(&id)?;
        tip.touched = true;
        Some(tip)
    }

    /// The same, only looked at.
    fn head(&self, id: ConversationId) -> Option<&Head> {
        self.tips.get(&id).map(|tip| &tip.head).or_else(|| self.facts.heads.get(&id))
    }

    fn version(&self, id: uuid::Uuid) -> i64 {
        self.facts.versions.get(&id).copied().unwrap_or(0)
    }

    fn conflicts(&self, write: &Write) -> bool {
        match write {
            Write::Conversation(row) if row.version == 0 => {
                self.facts.references.contains(row.conversation.reference.as_str())
                    || self.facts.codes.contains(&row.code_index)
                    || self.tips.contains_key(&row.conversation.id)
                    || self.facts.heads.contains_key(&row.conversation.id)
            }
            Write::Conversation(row) => {
                let id = row.conversation.id;
                let Some(head) = self.head(id) else { return true };
                // A tip is not closed over a message that came after it was read.
                let closes = row.conversation.state == State::Closed && head.state == State::Open;
                head.version != row.version || (closes && head.last_seq != row.last_seq)
            }
            Write::Contact(row) => row.current && self.facts.contacts.contains(&row.index),
            Write::Delivery(row) => row.delivery_version == 0 || self.version(row.id.uuid()) != row.delivery_version,
            Write::Obligation(row) => self.version(row.obligation.id.uuid()) != row.version,
            Write::Attempt(row) => {
                let holder =
                    row.provider_id.as_ref().and_then(|id| self.facts.providers.get(&(row.account.as_str().to_owned(), id.clone())));
                self.version(row.id.uuid()) != row.version || holder.is_some_and(|holder| *holder != row.id)
            }
            Write::Attachment(row) => self.version(row.id.uuid()) != row.version,
            Write::Caller(row) => self.version(row.call.uuid()) != row.version,
            Write::Watch(row) => self.version(row.conversation.uuid()) != row.version,
            Write::Enduser(write) => write.guarded().is_some_and(|(id, version)| self.version(id) != version),
            Write::TaskDone(id, ..) => self.facts.tasks.get(id).is_none_or(|(_, done)| *done),
            Write::Still(id, version, last_seq) => self.head(*id).is_none_or(|head| head.version != *version || head.last_seq != *last_seq),
            Write::Message(_)
            | Write::Incident(_)
            | Write::Mailbox(_)
            | Write::Route(_)
            | Write::AnswerTo(..)
            | Write::Note(_)
            | Write::WayBack(..)
            | Write::RetireContacts(_)
            | Write::MarkRead(_)
            | Write::Dispatch(_)
            | Write::Receipt(_)
            | Write::Work(_)
            | Write::WorkIfTold(..)
            | Write::WorkDone(_)
            | Write::Task(_)
            | Write::Staff(_)
            | Write::Session(_)
            | Write::SessionEnd(_)
            | Write::ApiToken(_)
            | Write::Throttle(_)
            | Write::Directory(_)
            | Write::Meta(..) => false,
        }
    }

    fn take_tip(&mut self, piece: &'a Piece) {
        let Write::Conversation(row) = &piece.write else { return };
        let id = row.conversation.id;
        let columns = (piece.json[0].as_deref().unwrap_or("[]"), piece.json[1].as_deref());
        if row.version == 0 {
            self.facts.references.insert(row.conversation.reference.as_str().to_owned());
            self.facts.codes.insert(row.code_index);
            self.tips.insert(id, Tip::new(row, columns));
            self.new_tips.push(id);
        } else if let Some(tip) = self.tip(id) {
            tip.change(row, columns);
        }
        if row.conversation.state == State::Closed {
            self.unfold_below(id);
        }
    }

    fn take(&mut self, piece: &'a Piece, done: &mut Committed) {
        let json = &piece.json;
        match &piece.write {
            Write::Conversation(_) => {}
            Write::Contact(row) => self.take_contact(row),
            Write::Message(row) => {
                let seq = self.take_message(row, json);
                if row.author == Author::Reporter {
                    self.unfold(row.conversation);
                }
                done.messages.push((row.id, seq));
            }
            Write::Delivery(row) => {
                let version = self.next_version(row.id.uuid(), row.delivery_version);
                self.tip(row.conversation);
                self.deliveries.put(row.id, Versioned { row, json, version });
            }
            Write::Attachment(row) => {
                let version = self.next_version(row.id.uuid(), row.version);
                self.tip(row.conversation);
                self.attachments.put(row.id, Versioned { row, json, version });
            }
            Write::Caller(row) => {
                let version = self.next_version(row.call.uuid(), row.version);
                self.callers.put(row.call, Versioned { row, json, version });
            }
            Write::Watch(row) => {
                let version = self.next_version(row.conversation.uuid(), row.version);
                self.watches.put(row.conversation, Versioned { row, json, version });
            }
            Write::Route(row) => self.routes.put(row.lane.as_str(), (row, json[0].as_deref().unwrap_or("null"))),
            Write::Mailbox(row) => self.mailboxes.put((row.account.as_str(), row.folder.as_str()), row),
            Write::AnswerTo(id, handle) => {
                if let Some(tip) = self.tip(*id) {
                    tip.head.answer_to = Some(*handle);
                }
            }
            Write::Note(row) => self.take_note(row),
            Write::Incident(row) => self.take_incident(row),
            Write::WayBack(id, way_back) => {
                if let Some(tip) = self.tip(*id) {
                    tip.set_way_back(*way_back)
                }
            }
            Write::RetireContacts(id) => {
                self.tip(*id);
                self.retired.id(id.uuid());
            }
            Write::MarkRead(id) => {
                if let Some(tip) = self.tip(*id) {
                    tip.head.unread = 0
                }
            }
            Write::Dispatch(row) => self.take_dispatch(row, json),
            Write::Obligation(row) => {
                let version = self.next_version(row.obligation.id.uuid(), row.version);
                let counted = telling::counted(&row.obligation);
                if self.facts.counted.insert(row.obligation.id, counted) != Some(counted) {
                    self.count_again(row.obligation.conversation);
                } else {
                    self.tip(row.obligation.conversation);
                }
                self.obligations.put(row.obligation.id, Versioned { row, json, version });
            }
            Write::Attempt(row) => {
                let version = self.next_version(row.id.uuid(), row.version);
                if let Some(id) = &row.provider_id {
                    self.facts.providers.insert((row.account.as_str().to_owned(), id.clone()), row.id);
                }
                self.tip(row.conversation);
                self.attempts.put(row.id, Versioned { row, json, version });
            }
            Write::Receipt(row) => self.take_receipt(row, json[0].as_deref()),
            Write::Work(row) => self.work.put(row.id, Some(row)),
            Write::WorkIfTold(id, row) => {
                if self.head(*id).is_some_and(|head| head.told) {
                    self.work.put(row.id, Some(row));
                }
            }
            Write::Still(..) => {}
            Write::WorkDone(id) => self.work.put(*id, None),
            Write::Task(row) => self.take_task(row),
            Write::TaskDone(id, staff, at) => self.take_task_done(*id, *staff, *at),
            Write::Staff(row) => self.staff.put(&row.login, row),
            Write::Session(row) => self.take_session(row),
            Write::SessionEnd(hash) => self.sessions_ended.row().hash(hash).end(),
            Write::ApiToken(row) => self.take_api_token(row),
            Write::Throttle(row) => self.throttles.put(&row.name, row),
            Write::Enduser(write) => self.take_enduser(write, json[0].as_deref()),
            Write::Directory(rows) => self.directory = Some(rows),
            Write::Meta(name, value) => self.meta.put(name, value),
        }
    }

    pub(super) fn next_version(&mut self, id: uuid::Uuid, read_at: i64) -> i64 {
        self.facts.versions.insert(id, read_at + 1);
        read_at + 1
    }

    /// The tip's tally has to be made again from its rows.
    pub(super) fn count_again(&mut self, id: ConversationId) {
        if let Some(tip) = self.tip(id) {
            tip.count_again = true;
        }
    }

    fn take_entry(&mut self, entry: &'a WrittenEntry) {
        let Some(tip) = self.tip(entry.conversation) else { return };
        let head = &mut tip.head;
        head.record_seq += 1;
        head.record_hash = chain::link(&head.record_hash, head.record_seq, entry.at_micros, &entry.actor_json, &entry.action_json);
        head.updated_at = head.updated_at.max(entry.at_micros);
        let (seq, hash) = (head.record_seq, head.record_hash);
        let row = self.record.row().id(entry.conversation.uuid()).int(seq).int(entry.at_micros);
        row.text(&entry.actor_json).text(&entry.action_json).hash(&hash).end();
    }
}

fn new_tip(write: &Write) -> Option<ConversationId> {
    match write {
        Write::Conversation(row) if row.version == 0 => Some(row.conversation.id),
        Write::Conversation(_)
        | Write::Contact(_)
        | Write::Message(_)
        | Write::Delivery(_)
        | Write::Attachment(_)
        | Write::Incident(_)
        | Write::Caller(_)
        | Write::Watch(_)
        | Write::Mailbox(_)
        | Write::Route(_)
        | Write::AnswerTo(..)
        | Write::Note(_)
        | Write::WayBack(..)
        | Write::RetireContacts(_)
        | Write::MarkRead(_)
        | Write::Dispatch(_)
        | Write::Obligation(_)
        | Write::Attempt(_)
        | Write::Receipt(_)
        | Write::Work(_)
        | Write::WorkIfTold(..)
        | Write::Still(..)
        | Write::WorkDone(_)
        | Write::Task(_)
        | Write::TaskDone(..)
        | Write::Staff(_)
        | Write::Session(_)
        | Write::SessionEnd(_)
        | Write::ApiToken(_)
        | Write::Throttle(_)
        | Write::Enduser(_)
        | Write::Directory(_)
        | Write::Meta(..) => None,
    }
}

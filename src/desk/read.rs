//! What an analyst reads: the inbox and a tip, opened for one answer.

use super::attention::attention;
use super::drills::Hit;
use super::view::*;
use super::{Desk, DeskError, MOST_ROWS, follow_up};
use crate::audit::Action;
use crate::store::rows::{self, InboxFilter, InboxRow};
use crate::store::{Commit, Write};
use crate::vault::ConversationKey;
use domain::channel::Channel;
use domain::conversation::canned::Canned;
use domain::conversation::first_words::CODE_PLACE;
use domain::conversation::parts::{Piece, Shown, Side, joined};
use domain::conversation::reference::Reference;
use domain::conversation::{Conversation, WayBack, first_deadline};
use domain::directory::{Directory, Kind};
use domain::dispatch::evidence::Rung;
use domain::dispatch::obligation::State as ObligationState;
use domain::dispatch::purpose::Purpose;
use domain::exchange::Part;
use domain::id::*;
use domain::language::Language;
use domain::sealed::Words;
use jiff::Timestamp;
use std::collections::HashMap;

/// The first words in the inbox are cut to this many characters.
const EXCERPT: usize = 140;
/// A page shows at most so many messages: the latest.
const MOST_MESSAGES: u32 = 1000;

impl Desk {
    /// One page of the inbox: page 0 has the most urgent tips. No tip is beyond the last page, however many there are.
    pub async fn inbox(&self, who: &Staff, filter: InboxFilter, page: u32) -> Result<Inbox, DeskError> {
        let now = self.clock.now();
        let directory = self.directory.read().await?;
        let names = self.staff_names().await?;
        // The order is by what is due next and moves as one looks, so a page is counted from the top and not from a row.
        let skip = page.saturating_mul(MOST_ROWS);
        let mut rows = self.store.inbox(filter, skip.saturating_add(MOST_ROWS).saturating_add(1)).await?;
        let mut rows: Vec<InboxRow> = rows.drain((skip as usize).min(rows.len())..).collect();
        let more = rows.len() > MOST_ROWS as usize;
        rows.truncate(MOST_ROWS as usize);
        let counts = self.store.inbox_counts(who.id).await?;
        let tips = rows.into_iter().map(|row| self.line_of(row, &directory, &names)).collect::<Result<_, _>>()?;
        Ok(Inbox { tips, counts, page, more, now })
    }

    fn line_of(&self, row: InboxRow, directory: &Directory, names: &HashMap<StaffId, String>) -> Result<TipLine, DeskError> {
        let tip = &row.row.conversation;
        let first_words = match &row.first {
            Some((id, sealed)) => {
                excerpt(&self.vault.open_words(&self.vault.key_for_reading(tip.id, &row.row.key)?, id.uuid().as_bytes(), sealed)?)
            }
            None => Words::default(),
        };
        Ok(TipLine {
            id: tip.id,
            reference: tip.reference.as_str().to_owned(),
            alias: tip.alias.clone(),
            channel: tip.channel,
            level: tip.triage.level,
            school: tip.triage.school.as_ref().map(|key| school_name(directory, key)),
            first_words,
            claimed_by: tip.claimed_by.map(|id| name_of(names, id)),
            unread: row.row.unread,
            way_back: tip.way_back,
            received_at: tip.received_at,
            deadline: self.deadline(tip, row.next_due),
            open_obligations: row.open_obligations,
            confirmed: row.confirmed,
            breached: row.breached,
            open_tasks: row.open_tasks,
            attention: attention(&row.watch, tip, row.open_obligations, row.open_tasks),
            state: tip.state,
            alike: row.alike,
            like: row.incident,
            new_facts: match &row.new_facts {
                Some(sealed) => {
                    self.vault.open_words(&self.vault.key_for_reading(tip.id, &row.row.key)?, tip.id.uuid().as_bytes(), sealed)?
                }
                None => Words::default(),
            },
        })
    }

    /// Until it is dispatched the clock of R44; then the earliest due time of what is not kept.
    fn deadline(&self, tip: &Conversation, next_due: Option<Timestamp>) -> Option<Timestamp> {
        first_deadline(tip, self.policy.critical_window).or(next_due)
    }

    /// A tip. `opened` records the opening (R57) and marks it read; live refreshes pass false.
    pub async fn tip(&self, who: &Staff, id: ConversationId, opened: bool) -> Result<Tip, DeskError> {
        let row = self.row(id).await?;
        let key = self.vault.key_for_reading(id, &row.key)?;
        if opened {
            let now = self.clock.now();
            let commit = Commit { once: None, writes: vec![Write::MarkRead(id)], audit: vec![self.entry(who, id, now, Action::Opened)] };
            self.commit(commit).await?;
        }
        let directory = self.directory.read().await?;
        let names = self.staff_names().await?;
        let dispatches = self.dispatches(id, &key, &directory, &names).await?;
        let promises = || {
            let told = dispatches.iter().filter(|dispatch| matches!(dispatch.purpose, Purpose::Tip | Purpose::Update));
            told.flat_map(|dispatch| &dispatch.obligations)
        };
        let next_due = promises()
            .filter(|obligation| obligation.is_open() && obligation.confirmed_at.is_none())
            .map(|obligation| obligation.due_at)
            .min();
        let messages = self.messages(id, &key, &names, row.last_seq).await?;
        let answers = self.answers(&row.conversation, &messages).await?;
        let wants_referral = self.wants_referral(&row);
        let police_reached = promises()
            .any(|one| one.kind == Kind::Police && (one.confirmed_at.is_some() || matches!(one.state, ObligationState::Satisfied { .. })));
        let mut tasks: Vec<Task> = self.store.open_tasks(Some(id), MOST_ROWS).await?.into_iter().map(Task::from).collect();
        follow_up::sort(&mut tasks);
        let clocks = self.clocks(id).await?.watch;
        let open = i64::try_from(promises().filter(|one| one.is_open()).count()).unwrap_or(i64::MAX);
        let attention = attention(&clocks, &row.conversation, open, i64::try_from(tasks.len()).unwrap_or(i64::MAX));
        let news = self.new_words(&row.conversation, &clocks, &messages);
        let tip = row.conversation;
        let wants_police = tip.triage.marks.safety_issue && !police_reached;
        Ok(Tip {
            id,
            version: row.version,
            reference: tip.reference.as_str().to_owned(),
            alias: tip.alias.clone(),
            channel: tip.channel,
            state: tip.state,
            way_back: tip.way_back,
            received_at: tip.received_at,
            triaged_at: tip.triaged_at,
            dispatched_at: tip.dispatched_at,
            deadline: self.deadline(&tip, next_due),
            claimed_by: tip.claimed_by.map(|id| (id, name_of(&names, id))),
            school_name: tip.triage.school.as_ref().map(|key| school_name(&directory, key)),
            triage: tip.triage,
            messages,
            answers,
            notes: self.notes(id, &key, &names).await?,
            enduser_notes: self.enduser_notes(id, &key, &names).await?,
            feedback: self.feedback(id, &key).await?,
            dispatches,
            tasks,
            attention,
            news,
            wants_referral,
            wants_police,
            now: self.clock.now(),
        })
    }

    async fn answers(&self, tip: &Conversation, messages: &[Message]) -> Result<Answers, DeskError> {
        let contacts = self.store.contacts(tip.id).await?;
        let last = self.store.contact_of(tip.id).await?;
        let channel = last.as_ref().map_or(tip.channel, |contact| contact.channel);
        let lane = last.and_then(|contact| self.progress.routes.for_reply(&contact.account, contact.channel));
        let mut used: Vec<Channel> = Vec::new();
        for contact in contacts {
            if !used.contains(&contact.channel) {
                used.push(contact.channel);
            }
        }
        let sent = lane.is_some() && tip.way_back == WayBack::Open;
        let language = tip.language.unwrap_or(self.line.language);
        Ok(Answers { channel, sent, language, used, said: said_once(messages) })
    }

    /// The tip of a reference such as `T-7K3-QM2`, for the search field.
    pub async fn find(&self, typed: &str) -> Result<Option<Hit>, DeskError> {
        let Some(reference) = Reference::parse(typed) else { return Ok(None) };
        let row = self.store.conversation_by_reference(reference.as_str()).await?;
        Ok(row.map(|row| if row.conversation.drill { Hit::Drill(row.conversation.id) } else { Hit::Tip(row.conversation.id) }))
    }

    /// The messages of a tip, oldest first, opened; nothing is recorded here.
    pub(crate) async fn messages(
        &self,
        id: ConversationId,
        key: &ConversationKey,
        names: &HashMap<StaffId, String>,
        last: i64,
    ) -> Result<Vec<Message>, DeskError> {
        let mut attachments: HashMap<MessageId, Vec<Attachment>> = HashMap::new();
        for row in self.store.attachments(id).await? {
            let attachment = Attachment { id: row.id, content_type: row.content_type, role: row.role, state: row.state };
            attachments.entry(row.message).or_default().push(attachment);
        }
        let rows = self.store.messages(id, (last - i64::from(MOST_MESSAGES)).max(0), MOST_MESSAGES).await?;
        let open = |row: rows::MessageRow| {
            let words = self.vault.open_words(key, row.id.uuid().as_bytes(), &row.body)?;
            let message = Message {
                id: row.id,
                seq: row.seq,
                author: author(row.author, names),
                channel: row.channel,
                words: if row.author == rows::Author::System { hide_code(&words) } else { words },
                at: row.sent_at.unwrap_or(row.at),
                missing: false,
                nature: row.nature,
                attachments: attachments.remove(&row.id).unwrap_or_default(),
                media_dropped: row.media_dropped,
                delivery: row.delivery,
            };
            Ok((row.part, message))
        };
        Ok(in_order(rows.into_iter().map(open).collect::<Result<_, DeskError>>()?))
    }

    async fn notes(&self, id: ConversationId, key: &ConversationKey, names: &HashMap<StaffId, String>) -> Result<Vec<Note>, DeskError> {
        let rows = self.store.notes(id).await?;
        rows.into_iter()
            .map(|row| {
                let words = self.vault.open_words(key, row.id.uuid().as_bytes(), &row.body)?;
                Ok(Note { author: name_of(names, row.author), at: row.at, kind: row.kind, words })
            })
            .collect()
    }

    async fn dispatches(
        &self,
        id: ConversationId,
        key: &ConversationKey,
        directory: &Directory,
        names: &HashMap<StaffId, String>,
    ) -> Result<Vec<Dispatch>, DeskError> {
        let dispatches = self.store.dispatches(id).await?;
        if dispatches.is_empty() {
            return Ok(Vec::new());
        }
        let mut receipts: HashMap<AttemptId, Vec<_>> = HashMap::new();
        for row in self.store.receipts(id).await? {
            receipts.entry(row.attempt).or_default().push((row.at, row.kind));
        }
        let mut attempts: HashMap<ObligationId, Vec<Attempt>> = HashMap::new();
        for row in self.store.attempts(id).await? {
            let rows::Owner::Obligation(owner) = row.owner else { continue };
            let receipts = receipts.remove(&row.id).unwrap_or_default();
            let attempt = Attempt { id: row.id, at: row.intended_at, lane: row.lane, answer: row.answer, evidence: row.evidence, receipts };
            attempts.entry(owner).or_default().push(attempt);
        }
        let mut views = Vec::new();
        for row in dispatches {
            let obligations = self.store.obligations(row.id).await?;
            let obligations = obligations.into_iter().map(|row| obligation_view(row, &mut attempts)).collect();
            let summary = row.summary.as_ref().map(|sealed| self.vault.open_words(key, row.id.uuid().as_bytes(), sealed)).transpose()?;
            views.push(Dispatch {
                id: row.id,
                purpose: row.purpose,
                left_out: row.excluded.iter().map(|person| person_name(directory, person)).collect(),
                summary,
                level: row.level,
                started_at: row.started_at,
                started_by: row.started_by.map_or_else(|| "the program".to_owned(), |staff| name_of(names, staff)),
                due_at: row.due_at,
                obligations,
            });
        }
        Ok(views)
    }

    /// The names of staff.
    pub(super) async fn staff_names(&self) -> Result<HashMap<StaffId, String>, DeskError> {
        Ok(self.store.staff().await?.into_iter().map(|staff| (staff.id, staff.name)).collect())
    }
}

impl Obligation {
    /// Whether something will still happen by itself.
    pub fn is_open(&self) -> bool {
        use domain::dispatch::obligation::State;
        match self.state {
            State::Standby { .. } | State::Waiting { .. } | State::InFlight { .. } => true,
            State::Satisfied { .. } | State::Released { .. } | State::Failed { .. } => false,
        }
    }
}

fn obligation_view(row: rows::ObligationRow, attempts: &mut HashMap<ObligationId, Vec<Attempt>>) -> Obligation {
    let obligation = row.obligation;
    let attempts = attempts.remove(&obligation.id).unwrap_or_default();
    Obligation {
        id: obligation.id,
        organization: obligation.step.organization_name,
        kind: obligation.step.kind,
        person: obligation.step.person_name,
        role: obligation.step.role,
        means: obligation.step.means,
        tail: obligation.step.tail,
        due_at: obligation.step.due_at,
        state: obligation.state,
        rung: attempts.iter().map(|attempt| attempt.evidence.rung()).max().unwrap_or(Rung::None),
        first_attempt_at: obligation.first_attempt_at,
        confirmed_at: obligation.confirmed_at,
        breached_at: obligation.breached_at,
        attempts,
    }
}

fn author(author: rows::Author, names: &HashMap<StaffId, String>) -> Author {
    match author {
        rows::Author::Reporter => Author::Reporter,
        rows::Author::Staff(id) => Author::Staff(name_of(names, id)),
        rows::Author::System => Author::System,
    }
}

pub(super) fn name_of(names: &HashMap<StaffId, String>, id: StaffId) -> String {
    names.get(&id).cloned().unwrap_or_else(|| "a former colleague".to_owned())
}

pub(super) fn person_name(directory: &Directory, key: &PersonKey) -> String {
    let listed = directory.persons.values().flatten().find(|person| person.key == *key);
    listed.map_or_else(|| key.to_string(), |person| person.name.clone())
}

fn school_name(directory: &Directory, key: &OrganizationKey) -> String {
    directory.organization(key).map_or_else(|| key.to_string(), |school| school.name.clone())
}

fn hide_code(words: &Words) -> Words {
    Words::new(words.reveal().replace(CODE_PLACE, "••••"))
}

fn excerpt(words: &Words) -> Words {
    let text = words.reveal();
    match text.char_indices().nth(EXCERPT) {
        Some((end, _)) => Words::new(format!("{}…", &text[..end])),
        None => words.clone(),
    }
}

/// The approved answers that are said once only, and have been (R7).
fn said_once(messages: &[Message]) -> Vec<Canned> {
    let by_staff = || messages.iter().filter(|message| matches!(message.author, Author::Staff(_)));
    let said = |canned: Canned| Language::ALL.iter().any(|language| by_staff().any(|m| m.words.reveal().trim() == canned.text(*language)));
    Canned::ALL.into_iter().filter(|canned| canned.once() && said(*canned)).collect()
}

/// In the order in which they were written (R72), the pieces of a long text as one message.
fn in_order(mut rows: Vec<(Option<Part>, Message)>) -> Vec<Message> {
    rows.sort_by_key(|(_, message)| (message.at, message.seq));
    let side = |message: &Message| if message.author == Author::Reporter { Side::Reporter } else { Side::Line };
    let pieces: Vec<_> = rows
        .iter()
        .map(|(part, message)| Piece { at: message.at, side: side(message), part: part.as_ref(), words: &message.words })
        .collect();
    let shown = joined(&pieces);
    let mut left: Vec<Option<Message>> = rows.into_iter().map(|(_, message)| Some(message)).collect();
    let whole = |one: Shown| {
        let missing = !one.is_whole();
        let mut parts = one.all().collect::<Vec<_>>().into_iter().filter_map(|index| left[index].take());
        let mut first = parts.next()?;
        for part in parts {
            first.at = first.at.min(part.at);
            first.seq = first.seq.min(part.seq);
            first.attachments.extend(part.attachments);
            first.media_dropped += part.media_dropped;
        }
        Some(Message { words: one.words, missing, ..first })
    };
    shown.into_iter().filter_map(whole).collect()
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;

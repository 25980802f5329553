//! What a batch must know before it can be decided: asked in one statement, whatever the number of commits.
//!
//! Eight kinds of facts come back in one shape of row, so that one hand-off to the database answers them all. A fact that
//! does not come back is not so: no such tip, nothing taken.

use super::Bad;
use super::rows::Rows;
use crate::store::commit::Write;
use crate::store::prepared::Prepared;
use crate::store::reads::Value;
use crate::store::sql::{begin, each, text};
use crate::vault::sealed::BlindIndex;
use domain::conversation::{State, WayBack};
use domain::id::{AttemptId, ContactHandle, ConversationId, ObligationId, TaskId};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

macro_rules! head {
    () => {
        "SELECT 2, c.id, c.state || ' ' || c.way_back || CASE WHEN c.dispatched_at IS NULL THEN ' - ' ELSE ' told ' END || COALESCE(c.answer_to, ''), c.record_hash, c.version, c.last_seq, c.unread, \
         c.updated_at, c.receipt_seq, c.record_seq FROM "
    };
}

/// `$1` once (account, key), `$2` tips, `$3` references, `$4` places of code indexes in `$9`, `$5` places of contact indexes in `$9`,
/// `$6` messages, obligations, attempts, attachments, calls, tips with clocks, login codes (one list: an id is only one of them), `$7` provider ids (account, id), `$8` tasks.
///
/// `CROSS JOIN` keeps the list outside and the index inside.
macro_rules! facts {
    () => {
        concat!(
            "SELECT CAST(1 AS BIGINT) AS what, o.account AS a, o.once_key AS b, NULL AS h, CAST(0 AS BIGINT) AS n1, CAST(0 AS BIGINT) AS n2, CAST(0 AS BIGINT) AS n3, CAST(0 AS BIGINT) AS n4, CAST(0 AS BIGINT) AS n5, CAST(0 AS BIGINT) AS n6 FROM ",
            each!(1),
            " i CROSS JOIN once o WHERE o.account = ",
            text!(0),
            " AND o.once_key = ",
            text!(1),
            " UNION ALL ",
            head!(),
            each!(2),
            " i CROSS JOIN conversation c WHERE c.id = i.value",
            " UNION ALL ",
            head!(),
            each!(8),
            " i CROSS JOIN task t CROSS JOIN conversation c",
            " WHERE t.id = i.value AND c.id = t.conversation",
            " UNION ALL SELECT 3, c.reference, '', NULL, 0, 0, 0, 0, 0, 0 FROM ",
            each!(3),
            " i CROSS JOIN conversation c WHERE c.reference = i.value",
            " UNION ALL SELECT 4, '', '', c.code_index, 0, 0, 0, 0, 0, 0 FROM ",
            each!(4),
            " i CROSS JOIN conversation c WHERE c.code_index = substr($9, CAST(i.value AS INTEGER), 32)",
            " UNION ALL SELECT 5, '', '', c.idx, 0, 0, 0, 0, 0, 0 FROM ",
            each!(5),
            " i CROSS JOIN contact c WHERE c.current AND c.idx = substr($9, CAST(i.value AS INTEGER), 32)",
            " UNION ALL SELECT 6, m.id, 'message', NULL, m.delivery_version, 0, 0, 0, 0, 0 FROM ",
            each!(6),
            " i CROSS JOIN message m WHERE m.id = i.value",
            " UNION ALL SELECT 6, o.id, 'obligation', NULL, o.version, CASE WHEN o.closed THEN 1 ELSE 0 END, CASE WHEN o.satisfied THEN 1 ELSE 0 END, \
             CASE WHEN o.confirmed_at IS NULL THEN 0 ELSE 1 END, CASE WHEN o.breached_at IS NULL THEN 0 ELSE 1 END, o.due_at FROM ",
            each!(6),
            " i CROSS JOIN obligation o WHERE o.id = i.value",
            " UNION ALL SELECT 6, a.id, 'attempt', NULL, a.version, 0, 0, 0, 0, 0 FROM ",
            each!(6),
            " i CROSS JOIN attempt a WHERE a.id = i.value",
            " UNION ALL SELECT 6, t.id, 'attachment', NULL, t.version, 0, 0, 0, 0, 0 FROM ",
            each!(6),
            " i CROSS JOIN attachment t WHERE t.id = i.value",
            " UNION ALL SELECT 6, r.id, 'caller', NULL, r.version, 0, 0, 0, 0, 0 FROM ",
            each!(6),
            " i CROSS JOIN caller r WHERE r.id = i.value",
            " UNION ALL SELECT 6, w.conversation, 'watch', NULL, w.version, 0, 0, 0, 0, 0 FROM ",
            each!(6),
            " i CROSS JOIN watch w WHERE w.conversation = i.value",
            " UNION ALL SELECT 6, l.id, 'login code', NULL, l.version, 0, 0, 0, 0, 0 FROM ",
            each!(6),
            " i CROSS JOIN login_code l WHERE l.id = i.value",
            " UNION ALL SELECT 7, a.account || ' ' || a.provider_id, a.id, NULL, 0, 0, 0, 0, 0, 0 FROM ",
            each!(7),
            " i CROSS JOIN attempt a WHERE a.account = ",
            text!(0),
            " AND a.provider_id = ",
            text!(1),
            " UNION ALL SELECT 8, t.id, t.conversation, NULL, CASE WHEN t.done_at IS NULL THEN 0 ELSE 1 END, 0, 0, 0, 0, 0 FROM ",
            each!(8),
            " i CROSS JOIN task t WHERE t.id = i.value",
        )
    };
}
/// Begins a transaction that will write, and asks: one text, one hand-off.
pub(crate) const BEGIN_AND_ASK: &str = concat!(begin!(), "; ", facts!());

/// The same within a transaction that has begun.
pub(crate) const ASK: &str = facts!();

/// Locks the tips that a batch is about (`$1` tips, `$2` tasks), in one order for everybody, so that what is asked then stays so until the
/// commit. PostgreSQL's only: SQLite has one writer.
pub(crate) const LOCK: &str = concat!(
    "SELECT c.id FROM conversation c WHERE c.id IN (SELECT i.value FROM ",
    each!(1),
    " i UNION ALL SELECT t.conversation FROM ",
    each!(2),
    " i CROSS JOIN task t WHERE t.id = i.value) ORDER BY c.id FOR NO KEY UPDATE",
);

/// Every statement here, for the test of their plans.
#[cfg(test)]
pub(crate) const ALL: &[&str] = &[facts!()];

/// The arguments of [`ASK`]: eight JSON arrays and the bytes.
#[derive(Debug)]
pub(crate) struct Questions {
    pub(crate) lists: [String; 8],
    pub(crate) bytes: Vec<u8>,
}

/// One row of the answer.
#[derive(Debug, Default)]
pub(crate) struct Fact {
    pub(crate) what: i64,
    pub(crate) a: String,
    pub(crate) b: String,
    pub(crate) hash: Option<Vec<u8>>,
    pub(crate) numbers: [i64; 6],
}

/// What is so.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    pub(crate) once: HashSet<(String, String)>,
    pub(crate) heads: HashMap<ConversationId, Head>,
    pub(crate) references: HashSet<String>,
    pub(crate) codes: HashSet<BlindIndex>,
    pub(crate) contacts: HashSet<BlindIndex>,
    pub(crate) versions: HashMap<Uuid, i64>,
    pub(crate) counted: HashMap<ObligationId, Counted>,
    pub(crate) providers: HashMap<(String, String), AttemptId>,
    pub(crate) tasks: HashMap<TaskId, (ConversationId, bool)>,
}

/// What of an obligation is in its tip's tally. Most of what happens to one, such as an attempt, changes none of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) closed: bool,
    pub(crate) satisfied: bool,
    pub(crate) confirmed: bool,
    pub(crate) breached: bool,
    /// Microseconds.
    pub(crate) due_at: i64,
}

/// The part of a tip's row that the writer assigns, and what it guards.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) version: i64,
    pub(crate) state: State,
    pub(crate) way_back: WayBack,
    /// It has been dispatched.
    pub(crate) told: bool,
    pub(crate) last_seq: i64,
    pub(crate) unread: i64,
    pub(crate) updated_at: i64,
    pub(crate) answer_to: Option<ContactHandle>,
    pub(crate) receipt_seq: i64,
    pub(crate) record_seq: i64,
    pub(crate) record_hash: [u8; 32],
}

impl Questions {
    /// What these commits need to know.
    pub(crate) fn of<'a>(commits: impl Iterator<Item = &'a Prepared>) -> Result<Self, Bad> {
        let mut lists: [Rows; 8] = Default::default();
        let mut bytes = Vec::new();
        let mut asked = HashSet::new();
        for commit in commits {
            commit.ask(&mut lists, &mut bytes, &mut asked);
        }
        let mut written: [String; 8] = Default::default();
        for (to, rows) in written.iter_mut().zip(lists) {
            *to = rows.finish()?.0;
        }
        Ok(Self { lists: written, bytes })
    }
}

impl Questions {
    /// The arguments in their order.
    pub(crate) fn values(self) -> Vec<Value> {
        self.lists.into_iter().map(Value::from).chain([Value::from(self.bytes)]).collect()
    }
    /// The tips and the tasks that are asked for.
    pub(crate) fn locks(&self) -> (String, String) {
        (self.lists[1].clone(), self.lists[7].clone())
    }
}

impl Prepared {
    /// The tips that this commit changes, as far as its rows say (a task that is done names none).
    pub(crate) fn tips(&self) -> impl Iterator<Item = ConversationId> {
        self.pieces.iter().filter_map(|piece| piece.write.tip()).chain(self.entries.iter().map(|entry| entry.conversation))
    }

    fn ask(
        &self,
        [once, heads, references, codes, contacts, versions, providers, tasks]: &mut [Rows; 8],
        bytes: &mut Vec<u8>,
        asked: &mut HashSet<Uuid>,
    ) {
        if let Some(key) = &self.once {
            once.row().text(key.account.as_str()).text(&key.key).end();
        }
        for piece in &self.pieces {
            match &piece.write {
                Write::Conversation(row) if row.version == 0 => {
                    references.text(row.conversation.reference.as_str());
                    place(codes, bytes, &row.code_index);
                }
                Write::Contact(row) => place(contacts, bytes, &row.index),
                Write::Delivery(row) => versions.id(row.id.uuid()),
                Write::Obligation(row) => versions.id(row.obligation.id.uuid()),
                Write::Attempt(row) => {
                    versions.id(row.id.uuid());
                    if let Some(id) = &row.provider_id {
                        providers.row().text(row.account.as_str()).text(id).end();
                    }
                }
                Write::Attachment(row) => versions.id(row.id.uuid()),
                Write::Caller(row) => versions.id(row.call.uuid()),
                Write::Watch(row) => versions.id(row.conversation.uuid()),
                Write::Enduser(write) => {
                    if let Some((id, _)) = write.guarded() {
                        versions.id(id);
                    }
                }
                Write::TaskDone(id, ..) => tasks.id(id.uuid()),
                // Whether it may be counted under the first tip depends on that one, which another writer may be closing.
                Write::Incident(row) => {
                    if asked.insert(row.incident.uuid()) {
                        heads.id(row.incident.uuid());
                    }
                }
                Write::Conversation(_)
                | Write::Message(_)
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
                | Write::Still(..)
                | Write::WorkDone(_)
                | Write::Task(_)
                | Write::Staff(_)
                | Write::Session(_)
                | Write::SessionEnd(_)
                | Write::ApiToken(_)
                | Write::Throttle(_)
                | Write::Directory(_)
                | Write::Meta(..) => {}
            }
        }
        for tip in self.tips() {
            if asked.insert(tip.uuid()) {
                heads.id(tip.uuid());
            }
        }
    }
}

fn place(rows: &mut Rows, bytes: &mut Vec<u8>, index: &BlindIndex) {
    rows.number(bytes.len() + 1);
    bytes.extend_from_slice(&index.0);
}

impl Write {
    fn tip(&self) -> Option<ConversationId> {
        match self {
            Write::Conversation(row) => Some(row.conversation.id),
            Write::Contact(row) => Some(row.conversation),
            Write::Message(row) | Write::Delivery(row) => Some(row.conversation),
            Write::Attachment(row) => Some(row.conversation),
            Write::Note(row) => Some(row.conversation),
            Write::Incident(row) => Some(row.conversation),
            Write::Caller(row) => row.conversation,
            Write::Watch(row) => Some(row.conversation),
            Write::WayBack(id, _) | Write::AnswerTo(id, _) | Write::RetireContacts(id) | Write::MarkRead(id) => Some(*id),
            Write::Dispatch(row) => Some(row.conversation),
            Write::Obligation(row) => Some(row.obligation.conversation),
            Write::Attempt(row) => Some(row.conversation),
            Write::Receipt(row) => Some(row.conversation),
            Write::Task(row) => Some(row.conversation),
            Write::Enduser(write) => write.tip(),
            Write::WorkIfTold(id, _) | Write::Still(id, ..) => Some(*id),
            Write::Work(_)
            | Write::WorkDone(_)
            | Write::TaskDone(..)
            | Write::Mailbox(_)
            | Write::Route(_)
            | Write::Staff(_)
            | Write::Session(_)
            | Write::SessionEnd(_)
            | Write::ApiToken(_)
            | Write::Throttle(_)
            | Write::Directory(_)
            | Write::Meta(..) => None,
        }
    }
}

impl Facts {
    /// Takes one row of the answer; `None` when it cannot be understood.
    pub(crate) fn take(&mut self, fact: Fact) -> Option<()> {
        let Fact { what, a, b, hash, numbers } = fact;
        match what {
            1 => {
                self.once.insert((a, b));
            }
            2 => {
                let mut words = b.split(' ');
                let [version, last_seq, unread, updated_at, receipt_seq, record_seq] = numbers;
                let head = Head {
                    version,
                    last_seq,
                    unread,
                    updated_at,
                    receipt_seq,
                    record_seq,
                    state: State::parse(words.next()?)?,
                    way_back: WayBack::parse(words.next()?)?,
                    told: words.next()? == "told",
                    answer_to: words.next().and_then(|word| word.parse().ok()),
                    record_hash: hash?.try_into().ok()?,
                };
                self.heads.insert(a.parse().ok()?, head);
            }
            3 => {
                self.references.insert(a);
            }
            4 => {
                self.codes.insert(BlindIndex(hash?.try_into().ok()?));
            }
            5 => {
                self.contacts.insert(BlindIndex(hash?.try_into().ok()?));
            }
            6 => {
                let [version, closed, satisfied, confirmed, breached, due_at] = numbers;
                self.versions.insert(Uuid::try_parse(&a).ok()?, version);
                if b == "obligation" {
                    let [closed, satisfied, confirmed, breached] = [closed, satisfied, confirmed, breached].map(|flag| flag == 1);
                    self.counted.insert(a.parse().ok()?, Counted { closed, satisfied, confirmed, breached, due_at });
                }
            }
            7 => {
                let (account, provider_id) = a.split_once(' ')?;
                self.providers.insert((account.to_owned(), provider_id.to_owned()), b.parse().ok()?);
            }
            8 => {
                self.tasks.insert(a.parse().ok()?, (b.parse().ok()?, numbers[0] == 1));
            }
            _ => return None,
        }
        Some(())
    }
}

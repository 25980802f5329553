//! The rows of an accepted first text: as the intake commits them, and as they stand in the tables.

use domain::channel::Channel;
use domain::conversation::reference::Reference;
use domain::conversation::triage::Triage;
use domain::conversation::{Conversation, State, WayBack};
use domain::dispatch::delivery::Delivery;
use domain::id::*;
use jiff::Timestamp;
use sqlx::Arguments;
use sqlx::sqlite::SqliteArguments;
use std::fmt::Write as _;
use tipline::audit::{Action, Actor, Entry};
use tipline::store::rows::*;
use tipline::store::{Commit, Write, chain, commit::Once};
use tipline::vault::sealed::{BlindIndex, Sealed, WrappedKey};
use uuid::{Builder, Uuid};

fn random() -> Uuid {
    Builder::from_random_bytes(tipline::entropy::Entropy.bytes()).into_uuid()
}

/// What the intake commits for a first text.
pub fn first_text(n: u32) -> Commit {
    let at = Timestamp::from_microsecond(1_800_000_000_000_000 + i64::from(n) * 100).unwrap_or_default();
    let index = || {
        let mut bytes = [7; 32];
        bytes[..16].copy_from_slice(random().as_bytes());
        BlindIndex(bytes)
    };
    let (tip, ordered) = (ConversationId::new(random()), || MessageId::new(tipline::entropy::Entropy.ordered(at)));
    #[expect(clippy::expect_used, reason = "constants")]
    let (account, lane): (AccountKey, LaneKey) = ("main".parse().expect("a key"), "main-text".parse().expect("a key"));
    let conversation = Conversation {
        drill: false,
        id: tip,
        reference: Reference::from_bits((n << 2).to_be_bytes()),
        alias: "Quiet Heron".to_owned(),
        channel: Channel::Text,
        language: None,
        received_at: at,
        state: State::Open,
        way_back: WayBack::Open,
        triage: Triage::default(),
        triaged_at: None,
        dispatched_at: None,
        claimed_by: None,
    };
    let row = ConversationRow {
        conversation,
        version: 0,
        key: WrappedKey(vec![3; 72]),
        code_index: index(),
        last_seq: 0,
        unread: 0,
        updated_at: at,
    };
    let contact = ContactRow {
        handle: ContactHandle::new(random()),
        conversation: tip,
        account: account.clone(),
        channel: Channel::Text,
        index: index(),
        address: Sealed(vec![4; 52]),
        ours: Sealed(vec![5; 52]),
        created_at: at,
        current: true,
    };
    let message = |author, length, provider, delivery| MessageRow {
        body: Sealed(vec![6; length]),
        provider,
        delivery,
        ..MessageRow::new(ordered(), tip, author, Channel::Text, at)
    };
    let key = format!("SM{}", random().simple());
    let said = message(Author::Reporter, 160, Some((account.clone(), key.clone())), None);
    let answer = message(Author::System, 340, None, Some(Delivery::Waiting { next_at: at, made: 0 }));
    let work = WorkRow { id: WorkId::Message(answer.id), lane, rank: 50, due_at: at, run_at: at };
    let entry = |actor, action| Entry { conversation: tip, at, actor, action };
    Commit {
        once: Some(Once { account, key, at }),
        writes: vec![
            Write::Conversation(Box::new(row)),
            Write::Contact(Box::new(contact)),
            Write::Message(Box::new(said)),
            Write::Message(Box::new(answer)),
            Write::Work(work),
        ],
        audit: vec![entry(Actor::Reporter, Action::TipReceived { channel: Channel::Text }), entry(Actor::System, Action::FirstWords)],
    }
}

/// Adds the rows of one table for one first text.
pub type Fill = fn(&Commit, &mut Row) -> Option<()>;

/// Tables, their columns, how many rows a first text has, and what fills them; parents first. Columns that are not named have their default.
pub const TABLES: [(&str, &str, usize, Fill); 6] = [
    ("once", "account,once_key,at", 1, once),
    (
        "conversation",
        "id,reference,alias,channel,received_at,code_index,wrapped_key,state,way_back,level,school,types_json,in_progress,possible_crime,\
         safety_issue,triaged_at,dispatched_at,claimed_by,version,last_seq,unread,updated_at,answer_to,receipt_seq,record_seq,record_hash,\
         open_obligations,confirmed,open_tasks,breached,next_due,urgency,deadline,language,marks_json,press,reference_keys",
        1,
        conversation,
    ),
    ("contact", "handle,conversation,account,channel,idx,address,ours,created_at,current", 1, contact),
    (
        "message",
        "id,conversation,seq,author,staff,channel,body,at,provider_account,provider_id,media_dropped,delivery_json,delivery_open,\
         delivery_version,sent_at,part_json,nature,source",
        2,
        messages,
    ),
    ("work", "id,about,lane,urgency,due_at,run_at,owner", 1, work),
    ("record", "conversation,seq,at,actor_json,action_json,hash", 2, record),
];

/// How many columns are named.
pub fn width(columns: &str) -> usize {
    columns.split(',').count()
}

/// The rows of these commits as the store would write them, table by table.
pub fn values(commits: &[Commit]) -> anyhow::Result<SqliteArguments> {
    let mut row = Row::Bound(SqliteArguments::default());
    for (table, _, _, fill) in TABLES {
        for commit in commits {
            fill(commit, &mut row).ok_or_else(|| anyhow::anyhow!("no row of {table}"))?;
        }
    }
    match row {
        Row::Bound(arguments) => Ok(arguments),
        Row::Copied { .. } => anyhow::bail!("rows for SQLite are bound"),
    }
}

/// The same rows as PostgreSQL's `COPY` reads them: a statement and a text for each table.
pub fn lines(commits: &[Commit]) -> anyhow::Result<Vec<(String, String)>> {
    let table = |(table, columns, _, fill): (&'static str, &'static str, usize, Fill)| {
        let mut row = Row::Copied { text: String::new(), columns: width(columns), at: 0 };
        for commit in commits {
            fill(commit, &mut row).ok_or_else(|| anyhow::anyhow!("no row of {table}"))?;
        }
        match row {
            Row::Copied { text, .. } => Ok((format!("COPY {table} ({columns}) FROM STDIN"), text)),
            Row::Bound(_) => anyhow::bail!("rows for PostgreSQL are copied"),
        }
    };
    TABLES.into_iter().map(table).collect()
}

/// Values in the order of the columns.
pub enum Row {
    /// Bound to the places of a statement.
    Bound(SqliteArguments),
    /// As lines of columns with tabs between.
    Copied {
        /// The lines.
        text: String,
        /// How many columns a line has.
        columns: usize,
        /// How many the last line has already.
        at: usize,
    },
}

impl Row {
    fn text(&mut self, value: impl ToString) -> Option<()> {
        let value = value.to_string();
        match self {
            Row::Bound(arguments) => arguments.add(value).ok(),
            Row::Copied { .. } => self.column(&value.replace('\\', "\\\\")),
        }
    }
    fn int(&mut self, number: i64) -> Option<()> {
        match self {
            Row::Bound(arguments) => arguments.add(number).ok(),
            Row::Copied { .. } => self.column(&number.to_string()),
        }
    }
    fn bytes(&mut self, bytes: &[u8]) -> Option<()> {
        match self {
            Row::Bound(arguments) => arguments.add(bytes.to_vec()).ok(),
            Row::Copied { .. } => {
                let mut hex = "\\\\x".to_owned();
                for byte in bytes {
                    write!(hex, "{byte:02x}").ok()?;
                }
                self.column(&hex)
            }
        }
    }
    fn null(&mut self) -> Option<()> {
        match self {
            Row::Bound(arguments) => arguments.add(None::<i64>).ok(),
            Row::Copied { .. } => self.column("\\N"),
        }
    }
    fn flag(&mut self, flag: bool) -> Option<()> {
        match self {
            Row::Bound(arguments) => arguments.add(flag).ok(),
            Row::Copied { .. } => self.column(if flag { "t" } else { "f" }),
        }
    }
    fn column(&mut self, value: &str) -> Option<()> {
        if let Row::Copied { text, columns, at } = self {
            text.push_str(value);
            *at = (*at + 1) % *columns;
            text.push(if *at == 0 { '\n' } else { '\t' });
        }
        Some(())
    }
}

fn tip(commit: &Commit) -> Option<&ConversationRow> {
    commit.writes.iter().find_map(|write| if let Write::Conversation(row) = write { Some(&**row) } else { None })
}

fn once(commit: &Commit, row: &mut Row) -> Option<()> {
    let once = commit.once.as_ref()?;
    row.text(&once.account)?;
    row.text(&once.key)?;
    row.int(once.at.as_microsecond())
}

fn conversation(commit: &Commit, row: &mut Row) -> Option<()> {
    let tip = tip(commit)?;
    let c = &tip.conversation;
    let received = c.received_at.as_microsecond();
    for word in [&c.id.to_string(), c.reference.as_str(), &c.alias, c.channel.as_str()] {
        row.text(word)?;
    }
    row.int(received)?;
    row.bytes(&tip.code_index.0)?;
    row.bytes(&tip.key.0)?;
    for word in ["open", "open"] {
        row.text(word)?;
    }
    for _ in ["level", "school"] {
        row.null()?;
    }
    row.text("[]")?;
    for _ in ["in_progress", "possible_crime", "safety_issue"] {
        row.flag(false)?;
    }
    for _ in ["triaged_at", "dispatched_at", "claimed_by"] {
        row.null()?;
    }
    for number in [1, 2, 1, received] {
        row.int(number)?;
    }
    row.text(c.id)?;
    for number in [0, 2] {
        row.int(number)?;
    }
    row.bytes(&chained(commit)?.last()?.2)?;
    for _ in ["open_obligations", "confirmed", "open_tasks", "breached"] {
        row.int(0)?;
    }
    row.null()?;
    row.int(0)?;
    row.int(received + 1_200_000_000)?;
    row.null()?;
    row.text(serde_json::to_string(&c.triage.marks).ok()?)?;
    row.flag(false)?;
    row.text(c.reference.keypad())
}

fn contact(commit: &Commit, row: &mut Row) -> Option<()> {
    let contact = commit.writes.iter().find_map(|write| if let Write::Contact(row) = write { Some(row) } else { None })?;
    row.text(contact.handle)?;
    row.text(contact.conversation)?;
    row.text(&contact.account)?;
    row.text("text")?;
    for bytes in [&contact.index.0[..], &contact.address.0, &contact.ours.0] {
        row.bytes(bytes)?;
    }
    row.int(contact.created_at.as_microsecond())?;
    row.flag(true)
}

fn messages(commit: &Commit, row: &mut Row) -> Option<()> {
    let messages = commit.writes.iter().filter_map(|write| if let Write::Message(row) = write { Some(row) } else { None });
    for (seq, message) in (1..).zip(messages) {
        row.text(message.id)?;
        row.text(message.conversation)?;
        row.int(seq)?;
        row.text(if seq == 1 { "reporter" } else { "system" })?;
        row.null()?;
        row.text("text")?;
        row.bytes(&message.body.0)?;
        row.int(message.at.as_microsecond())?;
        match &message.provider {
            Some((account, id)) => {
                row.text(account)?;
                row.text(id)?;
            }
            None => {
                row.null()?;
                row.null()?;
            }
        }
        row.int(0)?;
        match &message.delivery {
            Some(delivery) => {
                row.text(serde_json::to_string(delivery).ok()?)?;
                row.flag(true)?;
            }
            None => {
                row.null()?;
                row.flag(false)?;
            }
        }
        row.int(1)?;
        row.null()?;
        row.null()?;
        row.text("person")?;
        row.null()?;
    }
    Some(())
}

fn work(commit: &Commit, row: &mut Row) -> Option<()> {
    let work = commit.writes.iter().find_map(|write| if let Write::Work(row) = write { Some(row) } else { None })?;
    let WorkId::Message(id) = work.id else { return None };
    row.text(id)?;
    row.text("message")?;
    row.text(&work.lane)?;
    for number in [i64::from(work.rank), work.due_at.as_microsecond(), work.run_at.as_microsecond()] {
        row.int(number)?;
    }
    row.null()
}

fn record(commit: &Commit, row: &mut Row) -> Option<()> {
    for ((seq, entry), (actor, action, hash)) in (1..).zip(&commit.audit).zip(chained(commit)?) {
        row.text(entry.conversation)?;
        row.int(seq)?;
        row.int(entry.at.as_microsecond())?;
        row.text(actor)?;
        row.text(action)?;
        row.bytes(&hash)?;
    }
    Some(())
}

fn chained(commit: &Commit) -> Option<Vec<(String, String, [u8; 32])>> {
    let mut hash = chain::START;
    let mut list = Vec::new();
    for (seq, entry) in (1..).zip(&commit.audit) {
        let (actor, action) = (serde_json::to_string(&entry.actor).ok()?, serde_json::to_string(&entry.action).ok()?);
        hash = chain::link(&hash, seq, entry.at.as_microsecond(), &actor, &action);
        list.push((actor, action, hash));
    }
    Some(list)
}

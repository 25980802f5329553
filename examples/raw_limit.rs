//! What the store costs beside its engine: the rows of an accepted first text, written straight into SQLite and through `Store::commit`.
//!
//! Raw: one thread, batches of 64 and 256, one prepared text of multi-row inserts for a whole transaction, same schema and pragmas; only
//! the engine's work is timed, not the making of the rows. Store: 64 tasks, each commits and waits. Prints one line of JSON.
//! `cargo run --release --example raw_limit -- --dir PATH --seconds 5`

use clap::Parser;
use domain::channel::Channel;
use domain::conversation::reference::Reference;
use domain::conversation::triage::Triage;
use domain::conversation::{Conversation, State, WayBack};
use domain::dispatch::delivery::Delivery;
use domain::id::*;
use jiff::Timestamp;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, AssertSqlSafe, ConnectOptions, Executor, SqlSafeStr};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tipline::audit::{Action, Actor, Entry};
use tipline::lifecycle::Tasks;
use tipline::store::rows::*;
use tipline::store::sqlite::{Options, Sqlite, migrate, options};
use tipline::store::{Commit, Outcome, Write, chain, commit::Once};
use tipline::vault::sealed::{BlindIndex, Sealed, WrappedKey};
use uuid::{Builder, Uuid};

/// How many commit beside each other.
const TASKS: usize = 64;

#[derive(Parser)]
struct Flags {
    /// An empty folder on the disk to measure.
    #[arg(long)]
    dir: PathBuf,
    /// How long each of the three parts runs.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let flags = Flags::parse();
    std::fs::create_dir_all(&flags.dir)?;
    let time = Duration::from_secs(flags.seconds);
    let raw_64 = raw(&fresh(&flags.dir, "raw-64").await?, 64, time).await?;
    let raw_256 = raw(&fresh(&flags.dir, "raw-256").await?, 256, time).await?;
    let store = through_the_store(&fresh(&flags.dir, "store").await?, time).await?;
    let [p50, p99, p999] = store.percentiles_ms;
    let report = serde_json::json!({
        "raw_64_per_second": raw_64.round(),
        "raw_256_per_second": raw_256.round(),
        "store_per_second": store.per_second.round(),
        "store_of_raw_64": (store.per_second / raw_64 * 100.0).round() / 100.0,
        "store_ms": { "p50": p50, "p99": p99, "p99.9": p999 },
        "tasks": TASKS,
        "seconds": flags.seconds,
    });
    writeln!(std::io::stdout(), "{report}")?;
    Ok(())
}

async fn fresh(dir: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let path = dir.join(format!("{name}.db"));
    for end in ["", "-wal", "-shm", ".lock"] {
        let mut file = path.clone().into_os_string();
        file.push(end);
        if Path::new(&file).exists() { std::fs::remove_file(&file)?; }
    }
    migrate(&path).await?;
    Ok(path)
}

fn random() -> Uuid { Builder::from_random_bytes(tipline::entropy::Entropy.bytes()).into_uuid() }

/// What the intake commits for a first text.
fn first_text(n: u32) -> Commit {
    let at = Timestamp::from_microsecond(1_800_000_000_000_000 + i64::from(n) * 100).unwrap_or_default();
    let index = || { let mut bytes = [7; 32]; bytes[..16].copy_from_slice(random().as_bytes()); BlindIndex(bytes) };
    let (tip, ordered) = (ConversationId::new(random()), || MessageId::new(tipline::entropy::Entropy.ordered(at)));
    #[expect(clippy::expect_used, reason = "constants")]
    let (account, lane): (AccountKey, LaneKey) = ("main".parse().expect("a key"), "main-text".parse().expect("a key"));
    let conversation = Conversation {
        id: tip, reference: Reference::from_bits((n << 2).to_be_bytes()), alias: "Quiet Heron".to_owned(), channel: Channel::Text, received_at: at,
        state: State::Open, way_back: WayBack::Open, triage: Triage::default(), triaged_at: None, dispatched_at: None, claimed_by: None,
    };
    let row = ConversationRow { conversation, version: 0, key: WrappedKey(vec![3; 72]), code_index: index(), last_seq: 0, unread: 0, updated_at: at };
    let contact = ContactRow {
        handle: ContactHandle::new(random()), conversation: tip, account: account.clone(), channel: Channel::Text, index: index(),
        address: Sealed(vec![4; 52]), ours: Sealed(vec![5; 52]), created_at: at,
    };
    let message = |author, length, provider, delivery| MessageRow {
        id: ordered(), conversation: tip, seq: 0, author, channel: Channel::Text, body: Sealed(vec![6; length]), at, provider, media_dropped: 0,
        delivery, delivery_version: 0,
    };
    let key = format!("SM{}", random().simple());
    let said = message(Author::Reporter, 160, Some((account.clone(), key.clone())), None);
    let answer = message(Author::System, 340, None, Some(Delivery::Waiting { next_at: at, made: 0 }));
    let work = WorkRow { id: WorkId::Message(answer.id), lane, rank: 50, due_at: at, run_at: at };
    let entry = |actor, action| Entry { conversation: tip, at, actor, action };
    Commit {
        once: Some(Once { account, key, at }),
        writes: vec![
            Write::Conversation(Box::new(row)), Write::Contact(Box::new(contact)), Write::Message(Box::new(said)), Write::Message(Box::new(answer)),
            Write::Work(work),
        ],
        audit: vec![entry(Actor::Reporter, Action::TipReceived { channel: Channel::Text }), entry(Actor::System, Action::FirstWords)],
    }
}

/// Adds the rows of one table for one first text.
type Fill = fn(&Commit, &mut Row) -> Option<()>;

/// Tables, how many columns a row has and how many rows a first text has, parents first.
const TABLES: [(&str, usize, usize, Fill); 6] = [
    ("once", 3, 1, once), ("conversation", 33, 1, conversation), ("contact", 9, 1, contact), ("message", 14, 2, messages), ("work", 7, 1, work),
    ("record", 6, 2, record),
];

/// Accepts a second, straight into the engine.
async fn raw(path: &Path, batch: usize, time: Duration) -> anyhow::Result<f64> {
    let mut connection = options(path).connect().await?;
    let mut text = "BEGIN IMMEDIATE; ".to_owned();
    for (table, columns, rows, _) in TABLES {
        let row = format!("({})", vec!["?"; columns].join(","));
        text.push_str(&format!("INSERT INTO {table} VALUES {}; ", vec![row; rows * batch].join(",")));
    }
    text.push_str("COMMIT");
    let text = AssertSqlSafe(text).into_sql_str();
    let (mut spent, mut done) = (Duration::ZERO, 0_u32);
    while spent < time {
        let commits: Vec<Commit> = (0..batch).map(|_| { done += 1; first_text(done) }).collect();
        let query = sqlx::query_with(text.clone(), values(&commits)?);
        let start = Instant::now();
        connection.execute(query).await?;
        spent += start.elapsed();
    }
    Ok(f64::from(done) / spent.as_secs_f64())
}

/// The rows of these commits as the store would write them, table by table.
fn values(commits: &[Commit]) -> anyhow::Result<SqliteArguments> {
    let mut row = Row(SqliteArguments::default());
    for (table, _, _, fill) in TABLES {
        for commit in commits { fill(commit, &mut row).ok_or_else(|| anyhow::anyhow!("no row of {table}"))?; }
    }
    Ok(row.0)
}

/// Values in the order of the columns.
struct Row(SqliteArguments);

impl Row {
    fn text(&mut self, text: impl ToString) -> Option<()> { self.0.add(text.to_string()).ok() }
    fn int(&mut self, number: i64) -> Option<()> { self.0.add(number).ok() }
    fn bytes(&mut self, bytes: &[u8]) -> Option<()> { self.0.add(bytes.to_vec()).ok() }
    fn null(&mut self) -> Option<()> { self.0.add(None::<i64>).ok() }
    fn flag(&mut self, flag: bool) -> Option<()> { self.0.add(flag).ok() }
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
    for word in [&c.id.to_string(), c.reference.as_str(), &c.alias, c.channel.as_str()] { row.text(word)?; }
    row.int(received)?;
    row.bytes(&tip.code_index.0)?;
    row.bytes(&tip.key.0)?;
    for word in ["open", "open"] { row.text(word)?; }
    for _ in ["level", "school"] { row.null()?; }
    row.text("[]")?;
    for _ in ["in_progress", "possible_crime", "safety_issue"] { row.flag(false)?; }
    for _ in ["triaged_at", "dispatched_at", "claimed_by"] { row.null()?; }
    for number in [1, 2, 1, received] { row.int(number)?; }
    row.text(c.id)?;
    for number in [0, 2] { row.int(number)?; }
    row.bytes(&chained(commit)?.last()?.2)?;
    for _ in ["open_obligations", "confirmed", "open_tasks", "breached"] { row.int(0)?; }
    row.null()?;
    row.int(0)?;
    row.int(received + 1_200_000_000)
}

fn contact(commit: &Commit, row: &mut Row) -> Option<()> {
    let contact = commit.writes.iter().find_map(|write| if let Write::Contact(row) = write { Some(row) } else { None })?;
    row.text(contact.handle)?;
    row.text(contact.conversation)?;
    row.text(&contact.account)?;
    row.text("text")?;
    for bytes in [&contact.index.0[..], &contact.address.0, &contact.ours.0] { row.bytes(bytes)?; }
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
            Some((account, id)) => { row.text(account)?; row.text(id)?; }
            None => { row.null()?; row.null()?; }
        }
        row.int(0)?;
        match &message.delivery {
            Some(delivery) => { row.text(serde_json::to_string(delivery).ok()?)?; row.flag(true)?; }
            None => { row.null()?; row.flag(false)?; }
        }
        row.int(1)?;
    }
    Some(())
}

fn work(commit: &Commit, row: &mut Row) -> Option<()> {
    let work = commit.writes.iter().find_map(|write| if let Write::Work(row) = write { Some(row) } else { None })?;
    let WorkId::Message(id) = work.id else { return None };
    row.text(id)?;
    row.text("message")?;
    row.text(&work.lane)?;
    for number in [i64::from(work.rank), work.due_at.as_microsecond(), work.run_at.as_microsecond()] { row.int(number)?; }
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

/// What the store reached.
struct Reached {
    per_second: f64,
    percentiles_ms: [f64; 3],
}

/// Accepts a second and how long each waited, through the store.
async fn through_the_store(path: &Path, time: Duration) -> anyhow::Result<Reached> {
    let tasks = Tasks::default();
    let store = Sqlite::open(path, Options::default(), &|name, task| tasks.spawn(name, task)).await?;
    let next = Arc::new(AtomicU32::new(0));
    let waited = Arc::new(Mutex::new(Vec::new()));
    let start = Instant::now();
    let committers = Tasks::default();
    for _ in 0..TASKS {
        let (store, next, waited) = (Arc::clone(&store), Arc::clone(&next), Arc::clone(&waited));
        committers.spawn("committer", async move {
            let mut mine = Vec::new();
            while start.elapsed() < time {
                let commit = first_text(next.fetch_add(1, Ordering::Relaxed) + 1);
                let asked = Instant::now();
                match store.commit(commit).await {
                    Ok(Outcome::Committed(_)) => mine.push(asked.elapsed()),
                    other => tracing::error!(?other, "a commit was refused"),
                }
            }
            if let Ok(mut waited) = waited.lock() { waited.extend(mine); }
        });
    }
    committers.ended(time + Duration::from_secs(30)).await;
    let spent = start.elapsed();
    store.close().await;
    let mut waited = waited.lock().map_err(|_| anyhow::anyhow!("a committer panicked"))?.clone();
    waited.sort();
    let at = |share: usize| waited.get((waited.len() * share / 1000).min(waited.len().saturating_sub(1))).map_or(0.0, |t| (t.as_secs_f64() * 100_000.0).round() / 100.0);
    #[expect(clippy::cast_precision_loss, reason = "a count for a figure")]
    Ok(Reached { per_second: waited.len() as f64 / spent.as_secs_f64(), percentiles_ms: [at(500), at(990), at(999)] })
}

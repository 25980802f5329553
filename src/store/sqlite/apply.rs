//! One transaction: facts, decisions, statements, commit.
//!
//! Each text that is run costs a hand-off to the engine's thread, so a batch of commits is two texts: `BEGIN` with the facts, and all
//! statements with `COMMIT`. Answers leave here only when the commit is durable. An error says whether one request may be to
//! blame (then the writer halves) or the database itself (then halving would only break it more often).

use super::joined::{COMMIT, Joined};
use crate::clock::from_micros;
use crate::store::batch::facts::{BEGIN_AND_ASK, Fact, Facts, Questions};
use crate::store::batch::work::{CLAIM, EVADE, LEASE, MOVE, RELEASE, RELEASE_WORK};
use crate::store::batch::{Bad, Batch};
use crate::store::prepared::Prepared;
use crate::store::rows::{WorkId, WorkRow};
use crate::store::sql::begin;
use crate::store::{Outcome, StoreError};
use domain::id::{ConversationId, LaneKey};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};
use std::sync::Arc;

/// Something that writes.
#[derive(Debug)]
pub(super) enum Request {
    /// A change.
    Commit(Box<Prepared>),
    /// Due work for an owner.
    Claim { lane: LaneKey, owner: String, now: i64, until: i64, most: u32 },
    /// Leases of lanes, as a JSON array of their keys.
    Lease { lanes: String, owner: String, now: i64, until: i64 },
    /// All lanes of an owner given back.
    Release { owner: String },
    /// Work of lanes that are no more given to one that is.
    Move { lanes: String, ending: String, to: String },
    /// Endusers' work of a lane that cannot be used given to one that can.
    Evade { from: LaneKey, to: LaneKey, most: u32 },
}

/// What became of it.
#[derive(Debug)]
pub(super) enum Answer {
    Committed(Outcome),
    Claimed(Vec<WorkRow>),
    Leased(Vec<LaneKey>),
    Released,
    Moved(u64),
}

/// A batch that is durable.
#[derive(Debug)]
pub(super) struct Applied {
    pub(super) answers: Vec<Result<Answer, StoreError>>,
    pub(super) changed: Vec<ConversationId>,
}

/// Why a batch was rolled back.
#[derive(Debug)]
pub(super) enum Broken {
    /// One of its requests may be to blame.
    ByOne(Arc<Cause>),
    /// The database is to blame.
    ForAll(Arc<Cause>),
}

/// What went wrong; the texts of the sources name tables and columns, never a value.
#[derive(Debug, thiserror::Error)]
pub(super) enum Cause {
    #[error("the database refused")]
    Database(#[from] sqlx::Error),
    #[error("a commit cannot be written")]
    Bad(#[from] Bad),
    #[error("the database answered something that cannot be understood")]
    Strange,
}

impl Request {
    /// For the error.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Request::Commit(_) => "commit",
            Request::Claim { .. } => "claim work",
            Request::Lease { .. } => "lease lanes",
            Request::Release { .. } => "release lanes",
            Request::Move { .. } | Request::Evade { .. } => "move work",
        }
    }
    const fn commit(&self) -> Option<&Prepared> {
        match self {
            Request::Commit(prepared) => Some(prepared),
            Request::Claim { .. } | Request::Lease { .. } | Request::Release { .. } | Request::Move { .. } | Request::Evade { .. } => None,
        }
    }
}

impl From<Cause> for Broken {
    fn from(cause: Cause) -> Self {
        let by_one = match &cause {
            Cause::Database(sqlx::Error::Database(error)) => is_of_the_rows(error.code().as_deref()),
            Cause::Bad(_) => true,
            Cause::Database(_) | Cause::Strange => false,
        };
        if by_one { Broken::ByOne(Arc::new(cause)) } else { Broken::ForAll(Arc::new(cause)) }
    }
}

/// SQLite's result codes that come from what is written: ERROR, TOOBIG, CONSTRAINT, MISMATCH and their extended forms.
fn is_of_the_rows(code: Option<&str>) -> bool {
    code.and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| matches!(code & 0xff, 1 | 18 | 19 | 20))
}

/// Writes these requests in one transaction: first the commits, then what claims.
pub(super) async fn apply(connection: &mut SqliteConnection, joined: &mut Joined, requests: &[&Request]) -> Result<Applied, Broken> {
    let applied = transaction(connection, joined, requests).await;
    if applied.is_err() {
        // Fails when the error was in `BEGIN` or the engine has rolled back by itself: then there is nothing to do.
        let _ = sqlx::query("ROLLBACK").execute(connection).await;
    }
    applied.map_err(Broken::from)
}

async fn transaction(connection: &mut SqliteConnection, joined: &mut Joined, requests: &[&Request]) -> Result<Applied, Cause> {
    let commits: Vec<&Prepared> = requests.iter().filter_map(|request| request.commit()).collect();
    let mut changed = Vec::new();
    let mut outcomes = Vec::new().into_iter();
    let mut statements = Vec::new();
    if commits.is_empty() {
        sqlx::query(begin!()).execute(&mut *connection).await?;
    } else {
        let mut batch = Batch::new(begin_and_ask(connection, &commits).await?);
        let decided: Vec<Result<Outcome, Bad>> = commits.iter().map(|commit| batch.decide(commit)).collect();
        outcomes = decided.into_iter();
        changed = batch.changed();
        statements = batch.statements()?;
    }
    let only_commits = commits.len() == requests.len();
    joined.run(connection, statements, only_commits).await?;
    let mut answers = Vec::with_capacity(requests.len());
    for request in requests {
        answers.push(match request {
            Request::Commit(_) => match outcomes.next().ok_or(Cause::Strange)? {
                Ok(outcome) => Ok(Answer::Committed(outcome)),
                Err(bad) => Err(StoreError::Failed { operation: "commit", source: Box::new(bad) }),
            },
            Request::Claim { lane, owner, now, until, most } => {
                Ok(Answer::Claimed(claim(connection, lane, owner, (*now, *until), *most).await?))
            }
            Request::Lease { lanes, owner, now, until } => Ok(Answer::Leased(lease(connection, lanes, owner, (*now, *until)).await?)),
            Request::Move { lanes, ending, to } => {
                sqlx::query(MOVE).bind(lanes.as_str()).bind(ending.as_str()).bind(to.as_str()).execute(&mut *connection).await?;
                Ok(Answer::Released)
            }
            Request::Evade { from, to, most } => {
                let query = sqlx::query(EVADE).bind(from.as_str()).bind(to.as_str()).bind(i64::from(*most));
                Ok(Answer::Moved(query.execute(&mut *connection).await?.rows_affected()))
            }
            Request::Release { owner } => {
                for statement in [RELEASE, RELEASE_WORK] {
                    sqlx::query(statement).bind(owner.as_str()).execute(&mut *connection).await?;
                }
                Ok(Answer::Released)
            }
        });
    }
    if !only_commits {
        sqlx::query(COMMIT).execute(connection).await?;
    }
    Ok(Applied { answers, changed })
}

async fn begin_and_ask(connection: &mut SqliteConnection, commits: &[&Prepared]) -> Result<Facts, Cause> {
    let Questions { lists, bytes } = Questions::of(commits.iter().copied())?;
    let mut query = sqlx::query(BEGIN_AND_ASK);
    for list in lists {
        query = query.bind(list);
    }
    let rows = query.bind(bytes).fetch_all(connection).await?;
    let mut facts = Facts::default();
    for row in rows {
        facts.take(fact(&row)?).ok_or(Cause::Strange)?;
    }
    Ok(facts)
}

fn fact(row: &SqliteRow) -> Result<Fact, sqlx::Error> {
    let mut fact = Fact { what: row.try_get(0)?, a: row.try_get(1)?, b: row.try_get(2)?, hash: row.try_get(3)?, numbers: [0; 6] };
    for (place, number) in fact.numbers.iter_mut().enumerate() {
        *number = row.try_get(4 + place)?;
    }
    Ok(fact)
}

async fn claim(
    connection: &mut SqliteConnection,
    lane: &LaneKey,
    owner: &str,
    (now, until): (i64, i64),
    most: u32,
) -> Result<Vec<WorkRow>, Cause> {
    let query = sqlx::query(CLAIM).bind(lane.as_str()).bind(owner).bind(now).bind(until).bind(i64::from(most));
    let rows = query.fetch_all(connection).await?;
    let mut work = rows.iter().map(|row| work_row(row)?.ok_or(Cause::Strange)).collect::<Result<Vec<_>, _>>()?;
    work.sort_by_key(|row| {
        (
            row.rank,
            row.due_at,
            match row.id {
                WorkId::Obligation(id) => id.uuid(),
                WorkId::Message(id) => id.uuid(),
                WorkId::Attachment(id) => id.uuid(),
                WorkId::Watch(id) => id.uuid(),
            },
        )
    });
    Ok(work)
}

fn work_row(row: &SqliteRow) -> Result<Option<WorkRow>, Cause> {
    let (id, about, lane): (String, String, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    let (rank, due_at, run_at): (i64, i64, i64) = (row.try_get(3)?, row.try_get(4)?, row.try_get(5)?);
    let id = match about.as_str() {
        "obligation" => id.parse().ok().map(WorkId::Obligation),
        "message" => id.parse().ok().map(WorkId::Message),
        "attachment" => id.parse().ok().map(WorkId::Attachment),
        "watch" => id.parse().ok().map(WorkId::Watch),
        _ => None,
    };
    let (Some(id), Ok(lane), Ok(rank)) = (id, lane.parse(), i32::try_from(rank)) else { return Ok(None) };
    Ok(Some(WorkRow { id, lane, rank, due_at: from_micros(due_at), run_at: from_micros(run_at) }))
}

async fn lease(connection: &mut SqliteConnection, lanes: &str, owner: &str, (now, until): (i64, i64)) -> Result<Vec<LaneKey>, Cause> {
    let rows = sqlx::query(LEASE).bind(lanes).bind(owner).bind(now).bind(until).fetch_all(connection).await?;
    let mut lanes = Vec::with_capacity(rows.len());
    for row in rows {
        let lane: String = row.try_get(0)?;
        lanes.push(lane.parse().map_err(|_| Cause::Strange)?);
    }
    lanes.sort();
    Ok(lanes)
}

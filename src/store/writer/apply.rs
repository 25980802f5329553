//! One transaction: facts, decisions, statements, commit.
//!
//! Answers leave here only when the commit is durable. An error says whether another node was quicker (then everything is decided anew), one
//! request may be to blame (then the writer halves) or the database itself (then halving would only break it more often).

use super::connection::Connection;
use crate::clock::from_micros;
use crate::progress::routes::BELOW_CRITICAL;
use crate::store::batch::facts::Questions;
use crate::store::batch::work::{CLAIM, CLAIM_CRITICAL, CLAIM_HELD, EVADE, FORGET, GIVE_BACK, LEASE, MOVE, RECLAIM, RELEASE, RELEASE_WORK};
use crate::store::batch::{Bad, Batch};
use crate::store::news::Changed;
use crate::store::prepared::Prepared;
use crate::store::reads::{Row, is_away};
use crate::store::rows::{Claim, WorkId, WorkRow};
use crate::store::{Outcome, StoreError};
use domain::id::LaneKey;
use std::sync::Arc;

/// Something that writes.
#[derive(Debug)]
pub(in crate::store) enum Request {
    /// A change.
    Commit(Box<Prepared>),
    /// Due work for an owner.
    Claim { lane: LaneKey, owner: String, now: i64, until: i64, which: Claim, most: u32 },
    /// Leases of lanes, as a JSON array of their keys.
    Lease { lanes: String, owner: String, now: i64, until: i64 },
    /// All lanes of an owner given back.
    Release { owner: String },
    /// Some lanes of an owner given back, as a JSON array of their keys.
    GiveBack { lanes: String, owner: String },
    /// What was claimed on these lanes by owners that are no more.
    Reclaim { lanes: String, now: i64, latest: i64 },
    /// Leases of these lanes that ended by then are of no use any more.
    Forget { lanes: String, before: i64 },
    /// Work of lanes that are no more given to one that is.
    Move { lanes: String, ending: String, to: String, now: i64 },
    /// Endusers' work of a lane that cannot be used given to one that can.
    Evade { from: LaneKey, to: LaneKey, most: u32 },
}

/// What became of it.
#[derive(Debug)]
pub(in crate::store) enum Answer {
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
    pub(super) changed: Changed,
}

/// Why a batch was rolled back.
#[derive(Debug)]
pub(super) enum Broken {
    /// Another node was quicker: decided anew, it may go through.
    ByRace(Arc<Cause>),
    /// One of its requests may be to blame.
    ByOne(Arc<Cause>),
    /// The database is to blame.
    ForAll(Arc<Cause>),
}

/// What went wrong; the texts of the sources name tables and columns, never a value.
#[derive(Debug, thiserror::Error)]
pub(in crate::store) enum Cause {
    #[error("the database refused")]
    Database(#[from] sqlx::Error),
    #[error("a commit cannot be written")]
    Bad(#[from] Bad),
    #[error("a row changed meanwhile")]
    Raced,
    #[error("the database is away")]
    Away,
    #[error("the database answered something that cannot be understood")]
    Strange,
}

impl Cause {
    /// Whether the database is away, and nothing wrong with what was asked.
    pub(in crate::store) fn is_away(&self) -> bool {
        match self {
            Cause::Away => true,
            Cause::Database(error) => is_away(error),
            Cause::Bad(_) | Cause::Raced | Cause::Strange => false,
        }
    }
}

impl Request {
    /// For the error.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Request::Commit(_) => "commit",
            Request::Claim { .. } => "claim work",
            Request::Lease { .. } => "lease lanes",
            Request::Release { .. } | Request::GiveBack { .. } => "release lanes",
            Request::Forget { .. } => "forget leases",
            Request::Reclaim { .. } => "reclaim work",
            Request::Move { .. } | Request::Evade { .. } => "move work",
        }
    }
    const fn commit(&self) -> Option<&Prepared> {
        match self {
            Request::Commit(prepared) => Some(prepared),
            Request::Claim { .. } | Request::Lease { .. } | Request::Release { .. } | Request::GiveBack { .. } => None,
            Request::Reclaim { .. } | Request::Forget { .. } | Request::Move { .. } | Request::Evade { .. } => None,
        }
    }
}

impl From<Cause> for Broken {
    fn from(cause: Cause) -> Self {
        let blame = match &cause {
            Cause::Database(sqlx::Error::Database(error)) => blame(error.code().as_deref()),
            Cause::Bad(_) => Blame::One,
            Cause::Raced => Blame::Race,
            Cause::Database(_) | Cause::Away | Cause::Strange => Blame::All,
        };
        let cause = Arc::new(cause);
        match blame {
            Blame::Race => Broken::ByRace(cause),
            Blame::One => Broken::ByOne(cause),
            Blame::All => Broken::ForAll(cause),
        }
    }
}

enum Blame {
    Race,
    One,
    All,
}

/// By the engine's code. SQLite's are numbers: ERROR, TOOBIG, CONSTRAINT, MISMATCH and their extended forms come from what is written.
/// PostgreSQL's are five characters: a unique violation, a deadlock and a serialization failure come from another node; the classes of data,
/// constraints and syntax from what is written.
fn blame(code: Option<&str>) -> Blame {
    match code {
        Some("23505" | "40001" | "40P01") => Blame::Race,
        Some(code) if code.len() == 5 && ["21", "22", "23", "42"].iter().any(|class| code.starts_with(class)) => Blame::One,
        Some(code) if code.len() < 5 && code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 1 | 18 | 19 | 20)) => Blame::One,
        Some(_) | None => Blame::All,
    }
}

/// Writes these requests in one transaction: first the commits, then what claims.
pub(super) async fn apply(connection: &mut Connection, requests: &[&Request]) -> Result<Applied, Broken> {
    let applied = transaction(connection, requests).await;
    if let Err(cause) = &applied {
        connection.roll_back(cause).await;
    }
    applied.map_err(Broken::from)
}

async fn transaction(connection: &mut Connection, requests: &[&Request]) -> Result<Applied, Cause> {
    let commits: Vec<&Prepared> = requests.iter().filter_map(|request| request.commit()).collect();
    let mut changed = Changed::default();
    let mut outcomes = Vec::new().into_iter();
    let mut statements = Vec::new();
    if commits.is_empty() {
        connection.begin().await?;
    } else {
        let mut batch = Batch::new(connection.begin_and_ask(Questions::of(commits.iter().copied())?).await?);
        let decided: Vec<Result<Outcome, Bad>> = commits.iter().map(|commit| batch.decide(commit)).collect();
        outcomes = decided.into_iter();
        changed = Changed { tips: batch.changed(), lanes: batch.lanes(), freed: false };
        statements = batch.statements()?;
    }
    let only_commits = commits.len() == requests.len();
    connection.run(statements, only_commits).await?;
    let mut answers = Vec::with_capacity(requests.len());
    for request in requests {
        answers.push(match request {
            Request::Commit(_) => match outcomes.next().ok_or(Cause::Strange)? {
                Ok(outcome) => Ok(Answer::Committed(outcome)),
                Err(bad) => Err(StoreError::Failed { operation: "commit", source: Box::new(bad) }),
            },
            Request::Claim { lane, owner, now, until, which, most } => {
                Ok(Answer::Claimed(claim(connection, lane, owner, (*now, *until), (*which, *most)).await?))
            }
            Request::Lease { lanes, owner, now, until } => Ok(Answer::Leased(lease(connection, lanes, owner, (*now, *until)).await?)),
            Request::Move { lanes, ending, to, now } => {
                let values = vec![lanes.as_str().into(), ending.as_str().into(), to.as_str().into(), (*now).into()];
                if connection.touch(MOVE, values).await? > 0 {
                    changed.lanes.extend(to.parse::<LaneKey>());
                }
                Ok(Answer::Released)
            }
            Request::GiveBack { lanes, owner } => {
                changed.freed |= connection.touch(GIVE_BACK, vec![lanes.as_str().into(), owner.as_str().into()]).await? > 0;
                Ok(Answer::Released)
            }
            Request::Reclaim { lanes, now, latest } => {
                Ok(Answer::Moved(connection.touch(RECLAIM, vec![lanes.as_str().into(), (*now).into(), (*latest).into()]).await?))
            }
            Request::Forget { lanes, before } => {
                connection.touch(FORGET, vec![lanes.as_str().into(), (*before).into()]).await?;
                Ok(Answer::Released)
            }
            Request::Evade { from, to, most } => {
                let values = vec![from.as_str().into(), to.as_str().into(), i64::from(*most).into()];
                changed.lanes.push(to.clone());
                Ok(Answer::Moved(connection.touch(EVADE, values).await?))
            }
            Request::Release { owner } => {
                for statement in [RELEASE, RELEASE_WORK] {
                    connection.touch(statement, vec![owner.as_str().into()]).await?;
                }
                changed.freed = true;
                Ok(Answer::Released)
            }
        });
    }
    if !only_commits {
        connection.commit().await?;
    }
    Ok(Applied { answers, changed })
}

async fn claim(
    connection: &mut Connection,
    lane: &LaneKey,
    owner: &str,
    (now, until): (i64, i64),
    (which, most): (Claim, u32),
) -> Result<Vec<WorkRow>, Cause> {
    let mut values = vec![lane.as_str().into(), owner.into(), now.into(), until.into(), i64::from(most).into()];
    let statement = match which {
        Claim::Any => CLAIM,
        Claim::Critical => {
            values.push(i64::from(BELOW_CRITICAL).into());
            CLAIM_CRITICAL
        }
        Claim::Held { graced } => {
            values.push(graced.as_microsecond().into());
            CLAIM_HELD
        }
    };
    let rows = connection.rows(statement, values).await?;
    let mut work = rows.iter().map(|row| work_row(row).ok_or(Cause::Strange)).collect::<Result<Vec<_>, _>>()?;
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

fn work_row(row: &Row) -> Option<WorkRow> {
    let (id, about, lane): (&str, &str, &str) = (row.at(0)?, row.at(1)?, row.at(2)?);
    let (rank, due_at, run_at): (i64, i64, i64) = (row.at(3)?, row.at(4)?, row.at(5)?);
    let id = match about {
        "obligation" => WorkId::Obligation(id.parse().ok()?),
        "message" => WorkId::Message(id.parse().ok()?),
        "attachment" => WorkId::Attachment(id.parse().ok()?),
        "watch" => WorkId::Watch(id.parse().ok()?),
        _ => return None,
    };
    Some(WorkRow {
        id,
        lane: lane.parse().ok()?,
        rank: i32::try_from(rank).ok()?,
        due_at: from_micros(due_at),
        run_at: from_micros(run_at),
    })
}

async fn lease(connection: &mut Connection, lanes: &str, owner: &str, (now, until): (i64, i64)) -> Result<Vec<LaneKey>, Cause> {
    let rows = connection.rows(LEASE, vec![lanes.into(), owner.into(), now.into(), until.into()]).await?;
    let mut lanes = rows.iter().map(|row| row.at::<&str>(0)?.parse().ok()).collect::<Option<Vec<LaneKey>>>().ok_or(Cause::Strange)?;
    lanes.sort();
    Ok(lanes)
}

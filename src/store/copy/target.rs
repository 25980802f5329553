//! What is done to a target before a copy and after it, and to a source that is moved away.

use super::end::End;
use super::marks::{COPIED, MOVED, Mark, Moved, UNFINISHED};
use super::{CopyError, Place};
use crate::store::sql;
use crate::store::tables::TABLES;
use domain::id::ConversationId;

/// A move that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Move {
    /// This one: new, or to be gone on with.
    Under(String),
    /// To this place it was moved already.
    Done(String),
    /// To this place another one was begun.
    Other(String),
}

/// Brings a PostgreSQL target's schema up to date; a file's is made where its lock is taken.
pub async fn prepare(to: &Place) -> Result<(), CopyError> {
    match to {
        Place::Sqlite(_) | Place::Finished(_) => Ok(()),
        Place::Postgres(url) => {
            let mut connection = End::postgres(url, to).await?;
            if let End::Postgres(connection) = &mut connection {
                let migrated = sql::postgres_migrator().run_direct(None, &mut **connection, false).await;
                migrated.map_err(|source| CopyError::Foreign { place: to.shown(), source })?;
            }
            connection.close().await
        }
    }
}

/// The mark of this copy in the target, which is empty or has the beginning of this very copy.
pub(super) async fn begin(target: &mut End, place: &Place, id: &str) -> Result<Mark, CopyError> {
    if let Some(text) = target.meta(UNFINISHED).await? {
        let mark: Mark = serde_json::from_str(&text).map_err(|_| CopyError::OtherCopy(place.shown()))?;
        return if mark.id == id { Ok(mark) } else { Err(CopyError::OtherCopy(place.shown())) };
    }
    for table in TABLES {
        if target.count(table).await? > 0 {
            return Err(CopyError::NotEmpty(place.shown()));
        }
    }
    let mark = Mark { id: id.to_owned(), ..Mark::default() };
    set(target, &mark).await?;
    Ok(mark)
}

/// Refuses a target that holds anything but the beginning, or the whole, of a move from this source.
pub async fn refuse_taken(from: &Place, to: &Place) -> Result<(), CopyError> {
    let mut source = End::writing(from).await?;
    let moved = source.meta(MOVED).await?.and_then(|text| serde_json::from_str::<Moved>(&text).ok());
    source.close().await?;
    let mut target = End::writing(to).await?;
    let id = moved.map(|moved| moved.id);
    let taken = match (target.meta(UNFINISHED).await?, target.meta(COPIED).await?) {
        (Some(text), _) => {
            let of = serde_json::from_str::<Mark>(&text).ok().map(|mark| mark.id);
            (of != id).then(|| CopyError::OtherCopy(to.shown()))
        }
        (None, Some(copied)) => (id.as_ref() != Some(&copied)).then(|| CopyError::NotEmpty(to.shown())),
        (None, None) => {
            let mut rows = 0;
            for table in TABLES {
                rows += target.count(table).await?;
            }
            (rows > 0).then(|| CopyError::NotEmpty(to.shown()))
        }
    };
    target.close().await?;
    taken.map_or(Ok(()), Err)
}

/// Writes how far the copy has come.
pub(super) async fn set(target: &mut End, mark: &Mark) -> Result<(), CopyError> {
    let text = serde_json::to_string(mark).map_err(|error| CopyError::File("write its mark", error.into()))?;
    target.set_meta(UNFINISHED, Some(&text)).await
}

/// Opens the target to others: the copy and what belongs to it is done.
pub async fn finish(to: &Place, id: &str) -> Result<(), CopyError> {
    let mut target = End::writing(to).await?;
    target.execute("BEGIN").await?;
    target.set_meta(COPIED, Some(id)).await?;
    target.set_meta(UNFINISHED, None).await?;
    target.execute("COMMIT").await?;
    target.close().await
}

/// Whether this copy was finished.
pub async fn is_finished(to: &Place, id: &str) -> Result<bool, CopyError> {
    let mut target = End::writing(to).await?;
    let copied = target.meta(COPIED).await?;
    let unfinished = target.meta(UNFINISHED).await?;
    target.close().await?;
    Ok(unfinished.is_none() && copied.as_deref() == Some(id))
}

/// Marks a source as being moved, so that nothing changes it from here on; `id` is for a move that is new.
pub async fn begin_move(from: &Place, to: &Place, id: &str) -> Result<Move, CopyError> {
    let mut source = End::writing(from).await?;
    let begun = match source.meta(MOVED).await?.and_then(|text| serde_json::from_str::<Moved>(&text).ok()) {
        Some(moved) if moved.to != to.shown() => {
            if moved.done {
                Move::Done(moved.to)
            } else {
                Move::Other(moved.to)
            }
        }
        Some(moved) if moved.done => Move::Done(moved.to),
        Some(moved) => Move::Under(moved.id),
        None => {
            set_moved(&mut source, to, id, false).await?;
            Move::Under(id.to_owned())
        }
    };
    source.close().await?;
    Ok(begun)
}

/// Marks a source as moved.
pub async fn end_move(from: &Place, to: &Place, id: &str) -> Result<(), CopyError> {
    let mut source = End::writing(from).await?;
    set_moved(&mut source, to, id, true).await?;
    source.close().await
}

/// Takes the mark of a move away; whether there was one.
pub async fn undo_move(from: &Place) -> Result<bool, CopyError> {
    let mut source = End::writing(from).await?;
    let there = source.meta(MOVED).await?.is_some();
    source.set_meta(MOVED, None).await?;
    source.close().await?;
    Ok(there)
}

async fn set_moved(source: &mut End, to: &Place, id: &str, done: bool) -> Result<(), CopyError> {
    let moved = Moved { id: id.to_owned(), to: to.shown(), done };
    let text = serde_json::to_string(&moved).map_err(|error| CopyError::File("write its mark", error.into()))?;
    source.set_meta(MOVED, Some(&text)).await
}

/// The tips for which anything waited: a promise, an answer, a file, or the clocks of an open tip.
pub async fn waiting(of: &Place) -> Result<Vec<ConversationId>, CopyError> {
    const WAITING: &str = "SELECT o.conversation AS id FROM obligation o WHERE NOT o.closed \
        UNION SELECT m.conversation AS id FROM message m WHERE m.delivery_open \
        UNION SELECT a.conversation AS id FROM attachment a WHERE a.unfinished \
        UNION SELECT c.id AS id FROM conversation c WHERE c.state = 'open' ORDER BY id";
    let mut source = End::writing(of).await?;
    let ids = source.texts(WAITING).await?;
    source.close().await?;
    ids.iter().map(|id| id.parse().map_err(|_| CopyError::Damaged { table: "conversation", what: "id" })).collect()
}

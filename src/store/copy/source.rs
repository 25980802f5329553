//! A deployment that is read as it stands at one moment, beside whoever writes: what a backup is made from.

use super::end::End;
use super::marks::{MOVED, UNFINISHED, moved, unfinished};
use super::{CopyError, Place};
use crate::clock::from_micros;
use crate::store::reads::health;
use jiff::Timestamp;

/// A snapshot of a deployment that is whole.
pub(crate) struct Source(End);

impl Source {
    /// Its moment is over when this returns. A database that a copy has left a mark in is refused: it is half a deployment, or no longer
    /// the one.
    pub(crate) async fn open(of: &Place) -> Result<Self, CopyError> {
        let mut end = End::snapshot(of).await?;
        let name = of.shown();
        let marked = match (end.meta(UNFINISHED).await?, end.meta(MOVED).await?) {
            (Some(_), _) => Some(unfinished(&name)),
            (None, Some(mark)) => Some(moved(&mark, &name)),
            (None, None) => None,
        };
        match marked {
            None => Ok(Self(end)),
            Some(why) => {
                end.close().await?;
                Err(CopyError::Marked(why))
            }
        }
    }

    pub(super) fn end(&mut self) -> &mut End {
        &mut self.0
    }

    pub(crate) async fn close(self) -> Result<(), CopyError> {
        self.0.close().await
    }
}

/// The time of the server that a deployment lies on; `None` for a file, whose time is the machine's.
pub(crate) async fn time(of: &Place) -> Result<Option<Timestamp>, CopyError> {
    let Place::Postgres(url) = of else { return Ok(None) };
    let mut end = End::postgres(url, of).await?;
    let micros = end.number(health::TIME).await?;
    end.close().await?;
    Ok(Some(from_micros(micros)))
}

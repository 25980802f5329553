//! Who is left out of a tip (R42): told nothing, shown nothing, until a supervisor puts them back.
//!
//! Every dispatch of a tip names all who were left out when it began, so the latest one alone says who is. News, questions and pages name
//! nobody and change nothing.

use crate::store::rows::DispatchRow;
use domain::id::PersonKey;
use std::collections::BTreeSet;

/// Who is left out now, by the dispatches of one tip in the order in which they began.
pub fn left_out<'a>(dispatches: impl IntoIterator<Item = &'a DispatchRow, IntoIter: DoubleEndedIterator>) -> BTreeSet<PersonKey> {
    let latest = dispatches.into_iter().rev().find(|row| row.purpose.tells_of_tip());
    latest.map(|row| row.excluded.iter().cloned().collect()).unwrap_or_default()
}

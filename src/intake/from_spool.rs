//! Where the spool's letters are brought: the same way in as everybody's, without the spool behind it.

use super::Intake;
use crate::spool::Letter;
use crate::spool::drain::{Takes, Untaken};
use crate::store::{Commit, Outcome, Write};
use adapters::contract::BoxFuture;
use std::error::Error;

/// Written to find out whether the store writes; its value is when it last did.
const DRAINED: &str = "spool_asked_at";

impl Takes for Intake {
    fn take_letter<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Result<(), Untaken>> {
        Box::pin(async move {
            let taken = self.take(letter).await;
            taken.map(drop).map_err(|error| {
                let why = error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"));
                if error.store_is_away() { Untaken::Away(why) } else { Untaken::Refused(why) }
            })
        })
    }

    fn writes(&self) -> BoxFuture<'_, bool> {
        Box::pin(async move {
            let writes = vec![Write::Meta(DRAINED, self.clock.now().to_string())];
            matches!(self.store.commit(Commit { writes, ..Commit::default() }).await, Ok(Outcome::Committed(_)))
        })
    }
}

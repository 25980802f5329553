//! The shell's end of what fetches by itself: a mailbox hands its mails in here, and asks where it had read to.
//!
//! An event is durable when `submit` returns, or it is not acknowledged. The cursor is written after what it stands for, in a
//! commit of its own: a crash between the two brings the same mails again, which the store knows.

use super::Intake;
use crate::store::commit::{Commit, Write};
use crate::store::rows::MailboxRow;
use adapters::contract::{BoxFuture, Cursor, NotTaken};
use domain::exchange::Inbound;
use domain::id::AccountKey;

impl adapters::contract::Intake for Intake {
    fn submit<'a>(&'a self, event: Inbound) -> BoxFuture<'a, Result<(), NotTaken>> {
        Box::pin(async move {
            match Intake::submit(self, event).await {
                Ok(_) => Ok(()),
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "a mail was not taken in; it stays where it is");
                    Err(NotTaken)
                }
            }
        })
    }

    fn cursor<'a>(&'a self, account: &'a AccountKey, folder: &'a str) -> BoxFuture<'a, Result<Option<Cursor>, NotTaken>> {
        Box::pin(async move {
            let row = self.store.mailbox(account.clone(), folder.to_owned()).await.map_err(|error| {
                tracing::warn!(error = %error, %account, "where the mailbox was read to is not known now");
                NotTaken
            })?;
            // Asked once in every look: an operator sees by it that the mailbox is being read.
            let labels = [("account", account.to_string()), ("folder", folder.to_owned())];
            metrics::gauge!(crate::telemetry::metric::MAILBOX_LOOKED_AT, &labels).set(self.clock.now().as_second() as f64);
            Ok(row.map(|row| row.cursor))
        })
    }

    fn advance<'a>(&'a self, account: &'a AccountKey, folder: &'a str, cursor: Cursor) -> BoxFuture<'a, Result<(), NotTaken>> {
        Box::pin(async move {
            let row = MailboxRow { account: account.clone(), folder: folder.to_owned(), cursor };
            let commit = Commit { writes: vec![Write::Mailbox(row)], ..Commit::default() };
            self.store.commit(commit).await.map(drop).map_err(|error| {
                tracing::warn!(error = %error, %account, "where the mailbox was read to was not noted; what came is taken once all the same");
                NotTaken
            })
        })
    }
}

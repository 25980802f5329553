//! News that a mail to a reporter did not arrive: believed only with our own proof in it (carriers.md 5).
//!
//! The bounce itself is a message of the tip like any other, shown as what it is. Here the delivery that it is about becomes
//! what it is: failed, so that nobody takes the reporter for told.

use super::{Intake, IntakeError};
use crate::progress::News;
use crate::store::rows::Owner;
use crate::vault::mail::MailThread;
use domain::dispatch::evidence::{End, ReceiptKind};
use domain::exchange::{InboundMessage, Joins, Nature};
use domain::id::MessageId;

impl Intake {
    /// Marks what came back as not delivered. A second time it changes nothing.
    pub(super) async fn bounced(&self, message: &InboundMessage) -> Result<(), IntakeError> {
        let Some(id) = self.returned(message) else { return Ok(()) };
        let Some(row) = self.store.message(id).await? else { return Ok(()) };
        let attempts = self.store.attempts(row.conversation).await?;
        // The last one that the server took; one whose answer was lost may have been it too.
        let about = |attempt: &&crate::store::rows::AttemptRow| attempt.owner == Owner::Message(id);
        let taken = attempts.iter().rev().filter(about).find(|attempt| attempt.evidence.submitted.is_some());
        if let Some(attempt) = taken.or_else(|| attempts.iter().rev().find(about)) {
            let kinds = vec![ReceiptKind::Ended(End::Undelivered(None))];
            self.progress.news(attempt.id, News { kinds, ..News::default() }).await?;
        }
        Ok(())
    }

    /// The message that a bounce is about, when the bounce proves that it had it.
    fn returned(&self, message: &InboundMessage) -> Option<MessageId> {
        let Joins::Threads(tokens) = &message.joins else { return None };
        let ours = |token: &String| match self.vault.read_mail_thread(token) {
            Some(MailThread::Message(id)) => Some(id),
            Some(MailThread::Tip(_) | MailThread::Attempt(_) | MailThread::Notice(_)) | None => None,
        };
        if message.nature == Nature::Bounce { tokens.iter().find_map(ours) } else { None }
    }
}

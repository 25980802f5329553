//! The receipt page behind a mail's link: looking changes nothing, the code that is printed in the mail confirms (R19).
//!
//! The link proves that we made it; the code proves that somebody read the mail. Guesses are counted in the attempt's
//! receipts and end after [`MOST_TRIES`], so a six-digit code cannot be found by trying.

use super::Intake;
use crate::http::public::receipt::{Confirmation, ReceiptDesk, ReceiptView};
use crate::progress::{MOST_REPEATS, News, ProgressError, Took};
use crate::store::StoreError;
use crate::store::rows::{AttemptRow, ObligationRow, Owner};
use adapters::contract::BoxFuture;
use domain::dispatch::evidence::{ConfirmedBy, ReceiptKind};
use domain::level::Level;

/// How many wrong codes one mail's page takes: 10 of a million.
pub const MOST_TRIES: u32 = 10;

/// What stands between a press of the button and its answer.
enum PageError {
    Unknown,
    Unavailable,
}

impl From<StoreError> for PageError {
    fn from(error: StoreError) -> Self {
        tracing::warn!(error = %error, "the receipt page could not be served");
        PageError::Unavailable
    }
}
impl From<ProgressError> for PageError {
    fn from(error: ProgressError) -> Self {
        tracing::warn!(error = %error, "a receipt could not be stored");
        PageError::Unavailable
    }
}

impl ReceiptDesk for Intake {
    fn look<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Option<ReceiptView>> {
        Box::pin(async move {
            match self.page(token).await {
                Ok((attempt, row)) => self.view(&attempt, &row).await.ok(),
                Err(PageError::Unknown | PageError::Unavailable) => None,
            }
        })
    }

    fn confirm<'a>(&'a self, token: &'a str, code: &'a str) -> BoxFuture<'a, Confirmation> {
        Box::pin(async move {
            match self.confirm_page(token, code).await {
                Ok(confirmation) => confirmation,
                Err(PageError::Unknown) => Confirmation::Unknown,
                Err(PageError::Unavailable) => Confirmation::Unavailable,
            }
        })
    }
}

impl Intake {
    /// Many may post at once: what is decided on is the attempt as it was read, and whoever comes late reads again. Every round of a loser
    /// has a winner, and a link has [`MOST_TRIES`] of them.
    async fn confirm_page(&self, token: &str, code: &str) -> Result<Confirmation, PageError> {
        for _ in 0..MOST_TRIES + MOST_REPEATS {
            if let Some(confirmation) = self.try_page(token, code).await? {
                return Ok(confirmation);
            }
        }
        Err(PageError::Unavailable)
    }

    /// One try; `None` when somebody else was quicker.
    async fn try_page(&self, token: &str, code: &str) -> Result<Option<Confirmation>, PageError> {
        let (attempt, row) = self.page(token).await?;
        if attempt.evidence.is_confirmed() {
            return Ok(Some(Confirmation::AlreadyConfirmed(self.view(&attempt, &row).await?)));
        }
        let wrong = self.wrong_tries(&attempt).await?;
        if wrong >= MOST_TRIES {
            return Ok(Some(Confirmation::TooManyTries));
        }
        let is_right = self.vault.is_mail_code(attempt.id, code);
        let kind = if is_right { ReceiptKind::Confirmed(ConfirmedBy::MailPage) } else { ReceiptKind::WrongKey };
        let news = News { kinds: vec![kind], version: Some(attempt.version), ..News::default() };
        if self.progress.news(attempt.id, news).await? == Took::Stale {
            return Ok(None);
        }
        if !is_right {
            return Ok(Some(Confirmation::WrongCode { view: self.view(&attempt, &row).await?, tries_left: MOST_TRIES - wrong - 1 }));
        }
        let (attempt, row) = self.page(token).await?;
        Ok(Some(Confirmation::Confirmed(self.view(&attempt, &row).await?)))
    }

    async fn page(&self, token: &str) -> Result<(AttemptRow, ObligationRow), PageError> {
        let attempt = self.vault.receipt_attempt(token).ok_or(PageError::Unknown)?;
        let attempt = self.store.attempt(attempt).await?.ok_or(PageError::Unknown)?;
        let Owner::Obligation(id) = attempt.owner else { return Err(PageError::Unknown) };
        let row = self.store.obligation(id).await?.ok_or(PageError::Unknown)?;
        Ok((attempt, row))
    }

    pub(super) async fn wrong_tries(&self, attempt: &AttemptRow) -> Result<u32, StoreError> {
        let receipts = self.store.receipts(attempt.conversation).await?;
        let wrong = receipts.iter().filter(|receipt| receipt.attempt == attempt.id && receipt.kind == ReceiptKind::WrongKey).count();
        Ok(u32::try_from(wrong).unwrap_or(u32::MAX))
    }

    async fn view(&self, attempt: &AttemptRow, row: &ObligationRow) -> Result<ReceiptView, PageError> {
        let tip = self.store.conversation(attempt.conversation).await?.ok_or(PageError::Unknown)?;
        Ok(ReceiptView {
            organization: row.obligation.step.organization_name.clone(),
            reference: tip.conversation.reference.as_str().to_owned(),
            told_at: attempt.intended_at,
            confirmed_at: attempt.evidence.confirmed.map(|(at, _)| at),
            level_urgent: row.obligation.level == Level::Critical,
        })
    }
}

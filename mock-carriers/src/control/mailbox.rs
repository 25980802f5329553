//! The control of the tip line's mailbox: write to it, look into its folders, change its UIDVALIDITY, cut its clients.

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::extract::{Query, State};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{Control, ControlError, Outcome, Shared, body};
use crate::exchange::{Announcement, Exchange};
use crate::letter::Letter;
use crate::postman::{self, Posted};
use crate::state::mailbox::{INBOX, Listing};

pub(super) fn routes() -> Router<Arc<Exchange>> {
    Router::new()
        .route("/control/mailbox", get(listing).post(deliver))
        .route("/control/mailbox/uidvalidity", post(renumber))
        .route("/control/mailbox/cut", post(cut))
}

impl Control {
    /// Writes one mail to the tip line.
    pub async fn write(&self, letter: Letter) -> Result<Posted, ControlError> {
        postman::post(&self.exchange, &letter).map_err(ControlError::Wrong)
    }

    /// Writes a plain mail to the tip line.
    pub async fn mail_in(&self, from: &str, subject: &str, text: &str) -> Result<Posted, ControlError> {
        let (from, subject, text) = (from.to_owned(), subject.to_owned(), Some(text.to_owned()));
        self.write(Letter { from, subject, text, ..Letter::default() }).await
    }

    /// What lies in a folder.
    pub async fn mailbox(&self, folder: &str) -> Result<Listing, ControlError> {
        self.exchange.with(|state| state.mailbox.listing(folder)).ok_or_else(|| no_folder(folder))
    }

    /// The bytes of one mail in a folder.
    pub async fn mailbox_raw(&self, folder: &str, uid: u32) -> Result<Vec<u8>, ControlError> {
        let raw = self.exchange.with(|state| Some(state.mailbox.folder(folder)?.mail(uid)?.raw.to_vec()));
        raw.ok_or_else(|| ControlError::Missing(format!("there is no mail {uid} in `{folder}`")))
    }

    /// Gives a folder a new UIDVALIDITY and its mails new UIDs; clients in it are thrown out. Returns the new one.
    pub async fn renumber_mailbox(&self, folder: &str) -> Result<u32, ControlError> {
        let validity = self.exchange.with(|state| state.mailbox.renumber(folder)).ok_or_else(|| no_folder(folder))?;
        self.exchange.announce(Announcement::Mailbox { folder: folder.to_owned() });
        Ok(validity)
    }

    /// Cuts every IMAP connection, as a server that is killed would.
    pub async fn cut_mailbox(&self) {
        let fresh = CancellationToken::new();
        self.exchange.with(|state| std::mem::replace(&mut state.imap_cut, fresh)).cancel();
    }
}

fn no_folder(folder: &str) -> ControlError {
    ControlError::Missing(format!("there is no folder `{folder}`"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    #[serde(default = "inbox")]
    folder: String,
}

fn inbox() -> String {
    INBOX.to_owned()
}

async fn listing(State(ex): Shared, Query(which): Query<Which>) -> Outcome<impl Serialize> {
    Ok(Json(Control::new(ex).mailbox(&which.folder).await?))
}

async fn deliver(State(ex): Shared, bytes: axum::body::Bytes) -> Outcome<impl Serialize> {
    let letter: Letter = body(&bytes)?;
    Ok(Json(Control::new(ex).write(letter).await?))
}

async fn renumber(State(ex): Shared, bytes: axum::body::Bytes) -> Outcome<impl Serialize> {
    let which: Which = if bytes.is_empty() { Which { folder: inbox() } } else { body(&bytes)? };
    let validity = Control::new(ex).renumber_mailbox(&which.folder).await?;
    Ok(Json(json!({ "folder": which.folder, "uid_validity": validity })))
}

async fn cut(State(ex): Shared) -> axum::http::StatusCode {
    Control::new(ex).cut_mailbox().await;
    axum::http::StatusCode::NO_CONTENT
}

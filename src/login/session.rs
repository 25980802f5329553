//! Sessions at the console: opaque, kept in the store, ended by logout or twelve hours after login whatever happens.
//!
//! Each session has a CSRF secret that its forms send back. It also derives the key by which a page that was opened (and recorded,
//! R57) may refresh itself without being recorded again: no other page and no other session can use it.

use super::{Login, shown, token};
use crate::desk::view::Staff;
use crate::store::rows::SessionRow;
use crate::store::{StoreError, Write};
use domain::id::StaffId;
use jiff::SignedDuration;
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;

/// How long a login lasts.
pub const LONGEST_SESSION: SignedDuration = SignedDuration::from_hours(12);

/// Somebody logged in.
#[derive(Clone)]
pub struct Session {
    /// Who.
    pub staff: Staff,
    csrf: String,
    token_hash: [u8; 32],
}

impl Session {
    /// A session of these parts, as the store kept them.
    pub fn new(staff: Staff, csrf: String, token_hash: [u8; 32]) -> Self {
        Self { staff, csrf, token_hash }
    }
    /// The secret for this session's forms.
    pub fn csrf(&self) -> &str {
        &self.csrf
    }
    /// Whether a form sent the right secret.
    pub fn csrf_fits(&self, sent: &str) -> bool {
        self.csrf.as_bytes().ct_eq(sent.as_bytes()).into()
    }
    /// The key by which a page about `subject` may refresh itself.
    pub fn live_key(&self, subject: &str) -> String {
        let hash = Sha256::new().chain_update(self.csrf.as_bytes()).chain_update(b"/live/").chain_update(subject.as_bytes()).finalize();
        hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
    /// Whether this is that key.
    pub fn live_key_fits(&self, subject: &str, sent: &str) -> bool {
        self.live_key(subject).as_bytes().ct_eq(sent.as_bytes()).into()
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("staff", &self.staff.id).finish_non_exhaustive()
    }
}

impl Login {
    /// The session of a cookie's token; `None` when there is none, or it has ended.
    pub async fn session(&self, presented: &str) -> Result<Option<Session>, StoreError> {
        let Some(hash) = token::session_token_hash(presented) else { return Ok(None) };
        let found = self.store.session(hash, self.clock.now()).await?;
        Ok(found.map(|(row, staff)| Session::new(shown(staff), row.csrf, row.token_hash)))
    }

    /// Ends a session, for this and every other page that uses it.
    pub async fn logout(&self, session: &Session) -> Result<(), StoreError> {
        self.write(Write::SessionEnd(session.token_hash)).await
    }

    pub(super) fn new_session(&self, staff: StaffId) -> (token::SessionToken, SessionRow) {
        let (secret, token_hash) = token::SessionToken::new(&self.entropy);
        let now = self.clock.now();
        let expires_at = now.checked_add(LONGEST_SESSION).unwrap_or(now);
        (secret, SessionRow { token_hash, staff, csrf: token::random_text(&self.entropy), created_at: now, expires_at })
    }
}

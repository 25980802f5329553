//! Logins of staff: passwords, sessions, API tokens, and the throttle that slows guessing.
//!
//! What is secret (password, session token, API token) is kept only as a hash. A login name is never locked for good: failures
//! double the wait up to five minutes. Nothing here knows cookies or headers; `http::staff` does.

pub mod password;
pub mod session;
pub mod throttle;
pub mod token;

pub use password::{PasswordRefused, new_password_hash};
pub use session::Session;
pub use token::{ApiToken, SessionToken};

use crate::clock::Clock;
use crate::desk::view::Staff;
use crate::entropy::Entropy;
use crate::store::rows::{ApiTokenRow, StaffRow};
use crate::store::{Commit, Store, StoreError, Write};
use domain::id::StaffId;
use jiff::SignedDuration;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// How many passwords are hashed at once: each takes 19 MiB and a core.
const HASHING_AT_ONCE: usize = 2;

/// How long a login waits for its turn to be hashed before it is answered with "busy".
const LONGEST_TURN: Duration = Duration::from_secs(10);

/// Why somebody could not be logged in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The name or the password is wrong: which of them is not said.
    #[error("That name and password do not belong together. Try again, or ask a supervisor for a new password.")]
    Wrong,
    /// Too many failures in a row: wait so long.
    #[error("Too many tries with this name. Wait {}, then try again.", throttle::in_words(*.wait))]
    Throttled {
        /// How long to wait.
        wait: SignedDuration,
    },
    /// Too many logins at once.
    #[error("Many people are logging in at this moment. Try again in a few seconds.")]
    Busy,
    /// A stored hash cannot be read, or hashing failed.
    #[error("The password could not be checked. Tell the operator.")]
    Hashing,
    /// The store.
    #[error("The login could not be checked. Try again in a moment.")]
    Store(#[from] StoreError),
}

/// Logs staff in and out.
pub struct Login {
    store: Arc<dyn Store>,
    clock: Clock,
    entropy: Entropy,
    turns: Arc<Semaphore>,
}

impl Login {
    /// Logins over this store.
    pub fn new(store: Arc<dyn Store>, clock: Clock, entropy: Entropy) -> Self {
        Self { store, clock, entropy, turns: Arc::new(Semaphore::new(HASHING_AT_ONCE)) }
    }

    /// Checks name and password and starts a session. An unknown name costs as much time as a known one.
    pub async fn verify(&self, login: &str, password: &str) -> Result<SessionToken, LoginError> {
        let login = normal_name(login);
        let turn = tokio::time::timeout(LONGEST_TURN, Arc::clone(&self.turns).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return Err(LoginError::Busy) };
        let slot = throttle::slot(&login);
        let now = self.clock.now();
        let before = self.store.throttle(slot.clone()).await?;
        if let Some(wait) = throttle::wait(before.as_ref(), now) {
            return Err(LoginError::Throttled { wait });
        }
        // The failure is written before the password is looked at: tries at the same moment cannot all be "the first".
        self.write(Write::Throttle(throttle::failed(slot.clone(), before.as_ref(), now))).await?;
        let known = self.store.staff_by_login(login).await?;
        let stored = known.as_ref().map(|row| row.password_hash.clone());
        let right = password::check(stored, password.to_owned()).await;
        drop(turn);
        match (known, right?) {
            (Some(staff), true) => {
                let (token, row) = self.new_session(staff.id);
                self.store
                    .commit(Commit {
                        writes: vec![Write::Throttle(throttle::cleared(slot, now)), Write::Session(row)],
                        ..Commit::default()
                    })
                    .await?;
                Ok(token)
            }
            (Some(_) | None, _) => Err(LoginError::Wrong),
        }
    }

    /// Who this bearer token stands for; `None` when it is not one of ours.
    pub async fn bearer(&self, presented: &str) -> Result<Option<Staff>, StoreError> {
        let Some(hash) = token::api_token_hash(presented) else { return Ok(None) };
        Ok(self.store.api_token(hash).await?.map(|(_, staff)| shown(staff)))
    }

    /// Makes an API token in the name of a member of staff. It is shown once: only its hash is kept.
    pub async fn new_api_token(&self, staff: StaffId, label: &str) -> Result<ApiToken, StoreError> {
        let (token, token_hash) = ApiToken::new(&self.entropy);
        let row = ApiTokenRow { token_hash, staff, label: label.to_owned(), created_at: self.clock.now() };
        self.write(Write::ApiToken(row)).await?;
        Ok(token)
    }

    async fn write(&self, write: Write) -> Result<(), StoreError> {
        self.store.commit(Commit { writes: vec![write], ..Commit::default() }).await.map(|_| ())
    }
}

/// A login name as it is kept: lower case, no space around it.
pub fn normal_name(typed: &str) -> String {
    typed.trim().to_lowercase().chars().take(64).collect()
}

fn shown(row: StaffRow) -> Staff {
    Staff { id: row.id, name: row.name, role: row.role }
}

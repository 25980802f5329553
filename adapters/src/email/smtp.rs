//! Sends mail by SMTP, and keeps a few connections open between mails.
//!
//! A mail server's `250` says that it took the mail, no more. Nobody can be asked afterwards what became of a mail, so an
//! unknown outcome stays unknown here; the same Message-ID on a repeat is what keeps it from showing twice.

use super::config::{Config, ConfigError, Tls};
use super::message;
use super::session::{Protection, Session};
use crate::contract::{BoxFuture, SendError, Sender};
use domain::exchange::{Accepted, Content, Outbound, ProviderId, Search, Sighting, StepToken};
use domain::id::{AccountKey, AttemptId};
use lettre::transport::smtp::client::TlsParameters;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// An idle connection that is older is not used again: servers and firewalls end them silently.
const MAX_IDLE: Duration = Duration::from_secs(30);

/// Sends mail from one mailbox. How many mails go out at once is the lane's business.
pub struct SmtpSender {
    config: Arc<Config>,
    /// As the account is configured; checks no certificate where TLS is only taken if offered.
    tls: TlsParameters,
    /// For mails that may go over TLS only: checks the certificate, whatever the account says.
    checked: TlsParameters,
    idle: Mutex<Vec<(Session, Instant)>>,
}

impl SmtpSender {
    /// Checks the configuration; opens no connection yet.
    pub fn new(config: Arc<Config>) -> Result<Self, ConfigError> {
        config.check()?;
        // Where TLS is taken only if offered, an attacker on the line could simply not offer it: a certificate check would keep
        // nobody out, and would keep alerts in when a relay's certificate is its own. A password never goes this way.
        let unchecked = config.tls == Tls::Opportunistic;
        let parameters = |unchecked: bool| {
            let built = TlsParameters::builder(config.host.clone()).dangerous_accept_invalid_certs(unchecked).build();
            built.map_err(|source| ConfigError::Tls { account: config.account.clone(), source })
        };
        let (tls, checked) = (parameters(unchecked)?, parameters(false)?);
        Ok(Self { config, tls, checked, idle: Mutex::new(Vec::new()) })
    }

    async fn mail(&self, outbound: &Outbound, mail: &domain::exchange::Mail) -> Result<Accepted, SendError> {
        let ready = message::build(&self.config, outbound, mail)?;
        let mut session = self.session(if mail.tls_required { Protection::Checked } else { Protection::AsConfigured }).await?;
        let result = session.send(&self.config, &ready).await;
        // A refusal in words leaves the conversation in order; after anything else it is not certain where it stands.
        if result.as_ref().err().is_none_or(refused_in_words) {
            self.keep(session);
        }
        result.map(|()| Accepted { provider_id: ProviderId(ready.message_id) })
    }

    /// An open connection that answers, or a new one.
    async fn session(&self, wanted: Protection) -> Result<Session, SendError> {
        while let Some(mut session) = self.take(wanted) {
            if session.is_alive().await {
                return Ok(session);
            }
        }
        let tls = match wanted {
            Protection::AsConfigured => &self.tls,
            Protection::Checked => &self.checked,
        };
        Session::open(&self.config, tls, wanted).await
    }

    /// The connection that was used last, of those that will do, if that was not long ago.
    fn take(&self, wanted: Protection) -> Option<Session> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(_, since)| since.elapsed() < MAX_IDLE);
        let place = idle.iter().rposition(|(session, _)| session.gives(wanted))?;
        Some(idle.remove(place).0)
    }

    /// Keeps a connection for the next mail, or drops it when there are enough.
    fn keep(&self, session: Session) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < self.config.max_idle_connections {
            idle.push((session, Instant::now()));
        }
    }
}

/// Whether the server answered, and goes on listening (after 421 it hangs up).
fn refused_in_words(error: &SendError) -> bool {
    match error {
        SendError::Transient { code, .. } | SendError::Permanent { code, .. } | SendError::Misconfigured { code, .. } => {
            code.is_some_and(|code| code != 421)
        }
        SendError::Throttled { .. } | SendError::Unknown { .. } => false,
    }
}

impl Sender for SmtpSender {
    fn account(&self) -> &AccountKey {
        &self.config.account
    }

    fn send<'a>(&'a self, outbound: &'a Outbound) -> BoxFuture<'a, Result<Accepted, SendError>> {
        Box::pin(async move {
            match &outbound.content {
                Content::Mail(mail) => self.mail(outbound, mail).await,
                Content::Text(_) | Content::Call { .. } => {
                    Err(SendError::Permanent { reason: "this account sends mail only".to_owned(), code: None })
                }
            }
        })
    }

    fn find<'a>(&'a self, _search: &'a Search) -> BoxFuture<'a, Result<Vec<Sighting>, SendError>> {
        let reason = "mail servers keep no record that can be asked".to_owned();
        Box::pin(async { Err(SendError::Permanent { reason, code: None }) })
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), SendError>> {
        Box::pin(async move {
            let session = self.session(Protection::AsConfigured).await?;
            self.keep(session);
            Ok(())
        })
    }

    fn steer<'a>(&'a self, _call: &'a ProviderId, _attempt: AttemptId, _then: &'a StepToken) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(async { Ok(()) })
    }
}

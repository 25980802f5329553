//! One conversation with a mail server, stage by stage.
//!
//! It is driven command by command instead of by the library's ready transport, because only the stage tells what an error
//! means: before the text is handed over nothing can have been sent; after its first byte a lost answer is an unknown
//! outcome. Reasons hold the stage and the reply code only: servers quote addresses in their sentences.

use super::config::{Config, Tls};
use super::message::Ready;
use crate::contract::SendError;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Ehlo, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use std::future::Future;
use std::time::Duration;

/// How long an idle connection may take to say that it still stands; a new one costs little more.
const RESET_TIMEOUT: Duration = Duration::from_secs(2);

/// How far a conversation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Connect,
    Tls,
    Login,
    Sender,
    Recipient,
    Data,
    Text,
}

impl Stage {
    const fn word(self) -> &'static str {
        match self {
            Stage::Connect => "connecting",
            Stage::Tls => "starting TLS",
            Stage::Login => "logging in",
            Stage::Sender => "naming the sender",
            Stage::Recipient => "naming the recipient",
            Stage::Data => "asking to send the text",
            Stage::Text => "sending the text",
        }
    }
}

/// What a mail asks of the connection that it goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protection {
    /// What the account's configuration says.
    AsConfigured,
    /// TLS with the server's certificate checked, or the mail is not sent (docs/decisions/tls-required.md).
    Checked,
}

/// A connection that is greeted, protected and logged in.
pub(super) struct Session {
    connection: AsyncSmtpConnection,
    protection: Protection,
}

impl Session {
    /// Connects, protects and logs in. `tls` checks certificates when `protection` says so.
    pub(super) async fn open(config: &Config, tls: &TlsParameters, protection: Protection) -> Result<Self, SendError> {
        let hello = ClientId::Domain(config.hello_name.clone());
        let wrapper = (config.tls == Tls::Wrapper).then(|| tls.clone());
        let server = (config.host.as_str(), config.port);
        let connecting = AsyncSmtpConnection::connect_tokio1(server, Some(config.timeout), &hello, wrapper, None);
        let mut connection = timed(config, Stage::Connect, connecting).await.map_err(|error| protection.sorted(error))?;
        let wanted = match (config.tls, protection) {
            (Tls::Wrapper, _) => false,
            (Tls::Required, _) | (Tls::Opportunistic, Protection::Checked) => true,
            (Tls::Opportunistic, Protection::AsConfigured) => connection.can_starttls(),
        };
        if wanted && !connection.can_starttls() {
            let reason = "the mail server offers no STARTTLS, and tls is required".to_owned();
            return Err(protection.sorted(SendError::Misconfigured { reason, code: None }));
        }
        if wanted {
            timed(config, Stage::Tls, connection.starttls(tls.clone(), &hello)).await.map_err(|error| protection.sorted(error))?;
        }
        if let (Some(user), Some(password)) = (&config.user, &config.password) {
            let credentials = Credentials::new(user.clone(), password.reveal().to_owned());
            timed(config, Stage::Login, connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials)).await?;
        }
        // An account that insists on TLS has checked the certificate for every mail.
        let protection = if config.tls == Tls::Opportunistic { protection } else { Protection::Checked };
        Ok(Self { connection, protection })
    }

    /// Whether a mail that asks for this may go by it.
    pub(super) fn gives(&self, wanted: Protection) -> bool {
        match wanted {
            Protection::AsConfigured => true,
            Protection::Checked => self.protection == Protection::Checked,
        }
    }

    /// Whether a connection that lay idle still stands, and is ready for a new mail.
    pub(super) async fn is_alive(&mut self) -> bool {
        matches!(tokio::time::timeout(RESET_TIMEOUT, self.connection.command(Rset)).await, Ok(Ok(_)))
    }

    /// Hands one mail over. `Ok` only when the server said that it took it.
    pub(super) async fn send(&mut self, config: &Config, mail: &Ready) -> Result<(), SendError> {
        let server = self.connection.server_info();
        let mut parameters = Vec::new();
        let from_is_ascii = mail.from.as_ref().is_none_or(|from| from.to_string().is_ascii());
        if !from_is_ascii || !mail.to.to_string().is_ascii() {
            if !server.supports_feature(Extension::SmtpUtfEight) {
                return Err(SendError::Permanent { reason: "the mail server takes no address beyond ASCII".to_owned(), code: None });
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        // The text is encoded to ASCII when it is built; only a header of an address beyond ASCII needs eight bits.
        if !mail.bytes.is_ascii() && server.supports_feature(Extension::EightBitMime) {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        if mail.tls_required && self.offers_require_tls(config).await? {
            parameters.push(MailParameter::Other { keyword: "REQUIRETLS".to_owned(), value: None });
        }
        timed(config, Stage::Sender, self.connection.command(Mail::new(mail.from.clone(), parameters))).await?;
        timed(config, Stage::Recipient, self.connection.command(Rcpt::new(mail.to.clone(), Vec::new()))).await?;
        timed(config, Stage::Data, self.connection.command(Data)).await?;
        timed(config, Stage::Text, self.connection.message(&mail.bytes)).await?;
        Ok(())
    }

    /// Whether the server passes a mail on over TLS only, and returns it otherwise (RFC 8689). The library keeps no word that it does not
    /// know itself, so the server is asked again.
    async fn offers_require_tls(&mut self, config: &Config) -> Result<bool, SendError> {
        let hello = Ehlo::new(ClientId::Domain(config.hello_name.clone()));
        let answer = timed(config, Stage::Sender, self.connection.command(hello)).await?;
        Ok(answer.message().any(|line| line.split_whitespace().next().is_some_and(|word| word.eq_ignore_ascii_case("REQUIRETLS"))))
    }
}

impl Protection {
    /// A fault of TLS is the operator's to mend; for a mail that may go no other way it is the end of this way to the person.
    fn sorted(self, error: SendError) -> SendError {
        match (self, error) {
            (Protection::Checked, SendError::Misconfigured { reason, code }) => {
                SendError::Permanent { reason: format!("this address takes mail over TLS only: {reason}"), code }
            }
            (Protection::Checked | Protection::AsConfigured, error) => error,
        }
    }
}

/// Runs one stage inside the configured time and sorts its error.
async fn timed<T>(config: &Config, stage: Stage, work: impl Future<Output = Result<T, SmtpError>>) -> Result<T, SendError> {
    match tokio::time::timeout(config.timeout, work).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(sort(stage, &error)),
        Err(_) => Err(broken(stage, format!("no answer in time while {}", stage.word()))),
    }
}

/// A reply code counts by the stage at which it came; anything else is a broken connection.
fn sort(stage: Stage, error: &SmtpError) -> SendError {
    let Some(status) = error.status() else {
        return match stage {
            Stage::Connect | Stage::Tls if is_tls_fault(error) => misconfigured(stage, None),
            Stage::Login if error.is_client() => misconfigured(stage, None),
            Stage::Connect | Stage::Tls | Stage::Login | Stage::Sender | Stage::Recipient | Stage::Data | Stage::Text => {
                broken(stage, format!("the connection broke while {}", stage.word()))
            }
        };
    };
    let code = i64::from(u16::from(status));
    let reason = format!("reply {code} while {}", stage.word());
    if error.is_transient() {
        return SendError::Transient { reason, code: Some(code) };
    }
    match stage {
        Stage::Recipient | Stage::Data | Stage::Text => SendError::Permanent { reason, code: Some(code) },
        Stage::Connect | Stage::Tls | Stage::Login | Stage::Sender => misconfigured(stage, Some(code)),
    }
}

/// A certificate that does not fit, or nothing in common: that gets no better by itself, unlike a broken connection.
fn is_tls_fault(error: &SmtpError) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if cause.downcast_ref::<std::io::Error>().is_some_and(|io| io.kind() == std::io::ErrorKind::InvalidData) {
            return true;
        }
        source = cause.source();
    }
    error.is_tls()
}

fn misconfigured(stage: Stage, code: Option<i64>) -> SendError {
    let reason = match code {
        Some(code) => format!("reply {code} while {}", stage.word()),
        None => format!("failed while {}", stage.word()),
    };
    SendError::Misconfigured { reason, code }
}

/// From the first byte of the text on, the server may have taken the mail.
fn broken(stage: Stage, reason: String) -> SendError {
    match stage {
        Stage::Text => SendError::Unknown { reason },
        Stage::Connect | Stage::Tls | Stage::Login | Stage::Sender | Stage::Recipient | Stage::Data => {
            SendError::Transient { reason, code: None }
        }
    }
}

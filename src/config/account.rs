//! Carrier accounts: what each kind needs, with its secrets in a type that does not show them.
//!
//! Whether a number can send or a server answers is not asked here; only what can be known without asking anybody.

use super::dkim::{self, Dkim};
use super::error::ConfigError;
use super::layers::Environment;
use super::mailbox::{self, ImapAccount};
use super::origin::Origin;
use super::section::Section;
use super::telnyx::{self, TelnyxAccount};
use crate::import::address::{PHONE_FIX, mail, phone};
use adapters::media::Allowance;
use adapters::secret::Secret;
use domain::exchange::Detection;
use domain::id::AccountKey;
use domain::sealed::Address;
use std::collections::BTreeMap;
use std::time::Duration;

/// The most that one identity may send in a second.
pub(super) const FASTEST_PER_SECOND: f64 = 1000.0;
/// The longest time-out of a request, in seconds.
const LONGEST_REQUEST_SECONDS: f64 = 120.0;
/// The longest time for one picture or recording, in seconds.
pub(super) const LONGEST_MEDIA_SECONDS: f64 = 600.0;

/// One account.
#[derive(Debug, Clone, PartialEq)]
pub enum Account {
    /// Texts and calls in Twilio's dialect: Twilio, SignalWire, the mock.
    Twilio(Box<TwilioAccount>),
    /// Texts and calls at Telnyx.
    Telnyx(Box<TelnyxAccount>),
    /// Mail that is sent.
    Smtp(Box<SmtpAccount>),
    /// Mail that is read.
    Imap(Box<ImapAccount>),
}

impl Account {
    /// The number that texts and the one that calls; `None` for an account of mail.
    pub fn numbers(&self) -> Option<(Option<&Address>, Option<&Address>)> {
        match self {
            Account::Twilio(account) => Some((account.text_from.as_ref(), account.call_from.as_ref())),
            Account::Telnyx(account) => Some((account.text_from.as_ref(), account.call_from.as_ref())),
            Account::Smtp(_) | Account::Imap(_) => None,
        }
    }
    /// Its name: in webhook paths and lanes.
    pub fn name(&self) -> &AccountKey {
        match self {
            Account::Twilio(account) => &account.name,
            Account::Telnyx(account) => &account.name,
            Account::Smtp(account) => &account.name,
            Account::Imap(account) => &account.name,
        }
    }
}

/// An account in Twilio's dialect.
#[derive(Debug, Clone, PartialEq)]
pub struct TwilioAccount {
    /// Its name.
    pub name: AccountKey,
    /// The carrier's id of it.
    pub account_sid: String,
    /// Auth tokens; the first one sends, each verifies. May be empty when `shared_keys` is not.
    pub auth_tokens: Vec<Secret>,
    /// Signing keys by id.
    pub shared_keys: BTreeMap<String, Secret>,
    /// The header with the signature.
    pub signature_header: String,
    /// Where the API is, without a slash at the end.
    pub api_base: String,
    /// An API key instead of account and token.
    pub api_key: Option<(String, Secret)>,
    /// The number that texts.
    pub text_from: Option<Address>,
    /// The number that calls.
    pub call_from: Option<Address>,
    /// Pace of texts.
    pub texts_per_second: f64,
    /// Pace of calls.
    pub calls_per_second: f64,
    /// For one request.
    pub timeout: Duration,
    /// How long a phone may ring.
    pub ring_seconds: u16,
    /// How a machine is told from a person on a call of ours.
    pub machine_detection: Detection,
    /// Further addresses of ours that reporters write to, such as `whatsapp:+15555550100`.
    pub also_receives: Vec<Address>,
    /// Whether the carrier itself answers STOP and START.
    pub answers_keywords: bool,
    /// For one picture or recording.
    pub media_timeout: Duration,
    /// Hosts inside our network that pictures may be fetched from.
    pub allow_private_media: Vec<Allowance>,
}

/// A mail server to send by.
#[derive(Debug, Clone, PartialEq)]
pub struct SmtpAccount {
    /// Its name.
    pub name: AccountKey,
    /// The server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How TLS is used.
    pub tls: SmtpTls,
    /// User and password, for a server that asks for them.
    pub login: Option<(String, Secret)>,
    /// The sender's name as people see it; may be empty.
    pub from_name: String,
    /// The sender's address.
    pub from: Address,
    /// Pace of mails.
    pub mails_per_second: f64,
    /// For one mail.
    pub timeout: Duration,
    /// How mails are signed; `None` when another server does it.
    pub dkim: Option<Dkim>,
}

/// How TLS is used with a mail server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpTls {
    /// STARTTLS if the server offers it.
    Opportunistic,
    /// STARTTLS or nothing.
    Required,
    /// TLS from the first byte.
    Wrapper,
}

const TWILIO_KEYS: &[&str] = &[
    "name",
    "kind",
    "account_sid",
    "auth_token",
    "auth_token_file",
    "auth_token_env",
    "shared_keys",
    "signature_header",
    "api_base",
    "api_user",
    "api_secret",
    "api_secret_file",
    "api_secret_env",
    "text_from",
    "call_from",
    "texts_per_second",
    "calls_per_second",
    "timeout_seconds",
    "ring_seconds",
    "machine_detection",
    "also_receives",
    "answers_keywords",
    "media_timeout_seconds",
    "allow_private_media",
];
const SMTP_KEYS: &[&str] = &[
    "name",
    "kind",
    "host",
    "port",
    "tls",
    "user",
    "password",
    "password_file",
    "password_env",
    "from",
    "mails_per_second",
    "timeout_seconds",
    "dkim_selector",
    "dkim_domain",
    "dkim_key",
    "dkim_key_file",
    "dkim_key_env",
];
const KIND_FIX: &str = "write \"twilio\", \"telnyx\", \"smtp\" or \"imap\"";

/// All accounts.
pub(super) fn read(root: &Section<'_>, environment: &Environment) -> Result<Vec<Account>, ConfigError> {
    let mut accounts: Vec<Account> = Vec::new();
    let keys = |kind: &str| match kind {
        "smtp" => SMTP_KEYS,
        "imap" => mailbox::KEYS,
        "telnyx" => telnyx::KEYS,
        _ => TWILIO_KEYS,
    };
    for section in root.list("account", keys)? {
        let account = match section.parsed("kind", KIND_FIX, |text| Some(text.to_owned()))?.as_str() {
            "twilio" => Account::Twilio(Box::new(twilio(&section, environment)?)),
            "telnyx" => Account::Telnyx(Box::new(telnyx::read(&section, environment)?)),
            "smtp" => Account::Smtp(Box::new(smtp(&section, environment)?)),
            "imap" => Account::Imap(Box::new(mailbox::read(&section, environment)?)),
            other => return Err(section.bad("kind", &format!("{other:?}"), KIND_FIX)),
        };
        if accounts.iter().any(|other| other.name() == account.name()) {
            return Err(section.bad("name", account.name().as_str(), "two accounts have this name; give each its own"));
        }
        accounts.push(account);
    }
    mailbox::answered(root, &accounts)?;
    Ok(accounts)
}

pub(super) fn name(section: &Section<'_>) -> Result<AccountKey, ConfigError> {
    section.parsed("name", "write 1 to 64 lower-case letters, digits and dashes, such as main", |text| text.parse().ok())
}

fn twilio(section: &Section<'_>, environment: &Environment) -> Result<TwilioAccount, ConfigError> {
    let auth_tokens = section.secrets("auth_token", environment)?;
    let shared_keys: BTreeMap<String, Secret> = section.secret_table("shared_keys", environment)?.into_iter().collect();
    let api_key = api_key(section, environment)?;
    if auth_tokens.is_empty() && (shared_keys.is_empty() || api_key.is_none()) {
        let fix = "without it no webhook can be verified and nothing be sent: write auth_token_file, auth_token_env or auth_token";
        return Err(section.missing("auth_token", fix));
    }
    let number = |key: &str| section.maybe(key, PHONE_FIX, |text| phone(text).ok());
    let (text_from, call_from) = (number("text_from")?, number("call_from")?);
    if text_from.is_none() && call_from.is_none() {
        return Err(section.missing("text_from", "name the number that texts here, or the one that calls in call_from"));
    }
    Ok(TwilioAccount {
        name: name(section)?,
        account_sid: section.parsed("account_sid", "copy it from the carrier's console", |text| is_sid(text).then(|| text.to_owned()))?,
        auth_tokens,
        shared_keys,
        signature_header: section
            .maybe("signature_header", "write a header's name, such as X-Twilio-Signature", header)?
            .unwrap_or_else(|| "X-Twilio-Signature".to_owned()),
        api_base: section.maybe("api_base", BASE_FIX, base)?.unwrap_or_else(|| "https://api.twilio.com".to_owned()),
        api_key,
        text_from,
        call_from,
        texts_per_second: section.above_zero("texts_per_second", FASTEST_PER_SECOND, Some(1.0), "a number")?,
        calls_per_second: section.above_zero("calls_per_second", FASTEST_PER_SECOND, Some(1.0), "a number")?,
        timeout: timeout(section, 10.0)?,
        ring_seconds: u16::try_from(section.whole("ring_seconds", 5, 60, Some(25))?).unwrap_or(25),
        machine_detection: section.maybe("machine_detection", DETECTION_FIX, detection)?.unwrap_or_default(),
        also_receives: each(section, "also_receives", RECEIVES_FIX, prefixed_address)?,
        answers_keywords: section.flag("answers_keywords", true)?,
        media_timeout: section
            .above_zero("media_timeout_seconds", LONGEST_MEDIA_SECONDS, Some(60.0), "seconds")
            .map(Duration::from_secs_f64)?,
        allow_private_media: each(section, "allow_private_media", "write a host, or host:port, such as 127.0.0.1:9091", Allowance::parse)?,
    })
}

const DETECTION_FIX: &str = "write \"before\", \"beside\" or \"off\"";

/// How a machine is told from a person.
fn detection(word: &str) -> Option<Detection> {
    match word {
        "before" => Some(Detection::Before),
        "beside" => Some(Detection::Beside),
        "off" => Some(Detection::Off),
        _ => None,
    }
}

/// A text or a list of them, each read into a type.
pub(super) fn each<T>(section: &Section<'_>, key: &str, fix: &str, read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, ConfigError> {
    section.texts(key)?.into_iter().map(|text| read(text).ok_or_else(|| section.bad(key, &format!("{text:?}"), fix))).collect()
}

pub(super) const RECEIVES_FIX: &str =
    "write a number, or an address with its channel before it, such as whatsapp:+15555550100 or messenger:123456";

/// A number, or what follows a channel's name.
pub(super) fn prefixed_address(text: &str) -> Option<Address> {
    let plain = |id: &str| !id.is_empty() && id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'_');
    match text.split_once(':') {
        Some(("whatsapp" | "messenger", id)) => plain(id).then(|| Address::new(text)),
        Some(_) => None,
        None => phone(text).ok(),
    }
}

fn api_key(section: &Section<'_>, environment: &Environment) -> Result<Option<(String, Secret)>, ConfigError> {
    let user = section.maybe("api_user", "copy the key's SID from the carrier's console", |text| is_sid(text).then(|| text.to_owned()))?;
    match (user, section.secrets("api_secret", environment)?.into_iter().next()) {
        (Some(user), Some(secret)) => Ok(Some((user, secret))),
        (None, None) => Ok(None),
        (Some(_), None) => Err(section.missing("api_secret", "api_user needs it: write api_secret_file, api_secret_env or api_secret")),
        (None, Some(_)) => Err(section.missing("api_user", "api_secret needs it: write the API key's SID")),
    }
}

fn smtp(section: &Section<'_>, environment: &Environment) -> Result<SmtpAccount, ConfigError> {
    let tls = section.maybe("tls", "write \"required\", \"opportunistic\" or \"wrapper\"", SmtpTls::parse)?.unwrap_or(SmtpTls::Required);
    let usual_port = if tls == SmtpTls::Wrapper { 465 } else { 587 };
    let user = section.maybe("user", "write the login name", |text| Some(text.to_owned()))?;
    let login = match (user, section.secrets("password", environment)?.into_iter().next()) {
        (Some(user), Some(password)) => Some((user, password)),
        (None, None) => None,
        (Some(_), None) => return Err(section.missing("password", "user needs it: write password_file, password_env or password")),
        (None, Some(_)) => return Err(section.missing("user", "password needs it: write the login name")),
    };
    let (from_name, from): (String, Address) = section.parsed("from", "write it as \"Safe2Help <notify@example.org>\"", mailbox)?;
    Ok(SmtpAccount {
        name: name(section)?,
        host: section.parsed("host", "write the server's name, such as mail.example.org", |text| is_host(text).then(|| text.to_owned()))?,
        port: u16::try_from(section.whole("port", 1, u32::from(u16::MAX), Some(usual_port))?).unwrap_or(587),
        tls,
        login,
        dkim: dkim::read(section, &from, environment)?,
        from_name,
        from,
        mails_per_second: section.above_zero("mails_per_second", FASTEST_PER_SECOND, Some(5.0), "a number")?,
        timeout: timeout(section, 30.0)?,
    })
}

impl SmtpTls {
    fn parse(word: &str) -> Option<Self> {
        match word {
            "opportunistic" => Some(SmtpTls::Opportunistic),
            "required" => Some(SmtpTls::Required),
            "wrapper" => Some(SmtpTls::Wrapper),
            _ => None,
        }
    }
}

pub(super) fn timeout(section: &Section<'_>, default: f64) -> Result<Duration, ConfigError> {
    section.above_zero("timeout_seconds", LONGEST_REQUEST_SECONDS, Some(default), "seconds").map(Duration::from_secs_f64)
}

pub(super) const BASE_FIX: &str = "write where the API is, such as https://api.twilio.com (http is taken for a loopback host only)";

/// An API's base: an origin, perhaps with a path; no slash at the end.
pub(super) fn base(text: &str) -> Option<String> {
    let text = text.trim_end_matches('/');
    let authority_end = text.find("://").and_then(|at| text[at + 3..].find('/').map(|slash| at + 3 + slash)).unwrap_or(text.len());
    let path_is_plain = text[authority_end..].bytes().all(|b| b.is_ascii_alphanumeric() || b"/-_.~".contains(&b));
    (path_is_plain && Origin::parse(&text[..authority_end]).is_some()).then(|| text.to_owned())
}

/// "Safe2Help <notify@example.org>", or the address alone.
fn mailbox(text: &str) -> Option<(String, Address)> {
    let (name, address) = match text.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
        Some((name, address)) => (name.trim().trim_matches('"'), address),
        None => ("", text),
    };
    let good = !name.contains(['<', '>', '"']) && !name.chars().any(char::is_control);
    mail(address).ok().filter(|_| good).map(|address| (name.to_owned(), address))
}

/// Ids are opaque, but they stand in paths.
pub(super) fn is_sid(text: &str) -> bool {
    text.len() <= 64 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

pub(super) fn is_host(text: &str) -> bool {
    text.len() <= 253 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b))
}

fn header(text: &str) -> Option<String> {
    let good = text.len() <= 64 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    good.then(|| text.to_owned())
}

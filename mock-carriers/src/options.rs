//! What the mock is told at start: where to listen, the account, its numbers and its tempo.
//! Used by the command line and by tests that run the mock in-process.
//! The tempo is simulated: a spoken word lasts 20 ms unless said otherwise, so that tests are quick.

use std::collections::HashMap;
use std::net::SocketAddr;

use thiserror::Error;

use crate::telnyx::TelnyxOptions;

/// Everything the mock needs to start. `Options::default()` suits a test: free ports, a quick tempo.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where REST, control API and pages listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where the SMTP server listens; port 0 takes a free one.
    pub smtp: SocketAddr,
    /// Where the IMAP server listens; port 0 takes a free one.
    pub imap: SocketAddr,
    /// The tip line's mailbox: what IMAP logs in to, and whose mail lands there.
    pub mailbox: String,
    /// Its password.
    pub mailbox_password: String,
    /// `AC` and 32 hexadecimal digits.
    pub account_sid: String,
    /// The account's token: password of the REST API and key of the webhook signatures.
    pub auth_token: String,
    /// The account's own numbers with their webhooks.
    pub numbers: Vec<NumberRoute>,
    /// What those numbers have besides their webhooks.
    pub number_options: HashMap<String, NumberOptions>,
    /// How long a recording's sound answers 404 after it was made, in milliseconds.
    pub recording_ready_ms: u64,
    /// One second of TwiML on a call at a handset, in milliseconds.
    pub handset_second_ms: u64,
    /// Whether `<Record action>` is asked, with `Digits=hangup`, after the caller hung up.
    pub record_action_after_hangup: bool,
    /// The gateway's public pages, `http://127.0.0.1:8080`, to which handsets link.
    pub site: Option<String>,
    /// REST creations allowed in one second before 429; none means no limit.
    pub max_per_second: Option<u32>,
    /// How the first carrier differs from Twilio itself.
    pub house: House,
    /// The account at the second carrier.
    pub telnyx: TelnyxOptions,
    /// How long everything takes.
    pub tempo: Tempo,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            smtp: SocketAddr::from(([127, 0, 0, 1], 0)),
            imap: SocketAddr::from(([127, 0, 0, 1], 0)),
            mailbox: DEFAULT_MAILBOX.to_owned(),
            mailbox_password: DEFAULT_MAILBOX_PASSWORD.to_owned(),
            account_sid: DEFAULT_ACCOUNT_SID.to_owned(),
            auth_token: DEFAULT_AUTH_TOKEN.to_owned(),
            numbers: Vec::new(),
            number_options: HashMap::new(),
            recording_ready_ms: 0,
            handset_second_ms: 1_000,
            record_action_after_hangup: false,
            site: None,
            max_per_second: None,
            house: House::default(),
            telnyx: TelnyxOptions::default(),
            tempo: Tempo::default(),
        }
    }
}

/// Another carrier of Twilio's dialect: where its API is, and how its webhooks are signed.
#[derive(Debug, Clone)]
pub struct House {
    /// What stands before `/2010-04-01`, such as `/api/laml`.
    pub prefix: String,
    /// The header with the signature.
    pub signature_header: String,
    /// What webhooks are signed with, when it is not the account's token.
    pub signing_key: Option<String>,
}

impl Default for House {
    fn default() -> Self {
        Self { prefix: String::new(), signature_header: "X-Twilio-Signature".to_owned(), signing_key: None }
    }
}

/// The account used when none is given; fictional, and the same in every run.
pub const DEFAULT_ACCOUNT_SID: &str = "AC00000000000000000000000000000001";
/// The token used when none is given; fictional, and the same in every run.
pub const DEFAULT_AUTH_TOKEN: &str = "mock-auth-token-0001";

/// The mailbox used when none is given.
pub const DEFAULT_MAILBOX: &str = "tips@example.org";
/// Its password when none is given; fictional, and the same in every run.
pub const DEFAULT_MAILBOX_PASSWORD: &str = "mail-secret";

/// Simulated durations, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Tempo {
    /// One spoken word on a scripted call. A real one takes about 350.
    pub word_ms: u64,
    /// One spoken word when a person listens on a handset page.
    pub handset_word_ms: u64,
    /// Ringing before a scripted callee answers.
    pub ring_ms: u64,
    /// One second of TwiML (`Pause`, `Gather` time-out) on a scripted call; on a handset see `handset_second_ms`.
    pub second_ms: u64,
    /// From a message's creation to `sent`, and again to `delivered`.
    pub message_ms: u64,
}

impl Default for Tempo {
    fn default() -> Self {
        Self { word_ms: 20, handset_word_ms: 180, ring_ms: 300, second_ms: 50, message_ms: 30 }
    }
}

/// One of the account's numbers and where its inbound traffic goes.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberRoute {
    /// E.164.
    pub number: String,
    /// Webhook for inbound messages.
    #[serde(default)]
    pub sms_url: Option<String>,
    /// Webhook for inbound calls.
    #[serde(default)]
    pub voice_url: Option<String>,
}

/// What one of the account's numbers has besides its webhooks.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberOptions {
    /// Advanced opt-out: webhooks carry `OptOutType`, and HELP is answered by the carrier as well.
    #[serde(default)]
    pub advanced_opt_out: bool,
    /// Where the end of an inbound call is reported.
    #[serde(default)]
    pub voice_status_url: Option<String>,
    /// Asked when `voice_url` cannot be had.
    #[serde(default)]
    pub voice_fallback_url: Option<String>,
}

/// Why a `--number` value was refused.
#[derive(Debug, Error)]
pub enum NumberError {
    /// Not E.164.
    #[error(
        "`{0}` is not a phone number: write it as + and 7 to 15 digits, such as +15555550100, with whatsapp: before it for \
         WhatsApp, or as messenger: and a page's digits"
    )]
    NotE164(String),
    /// Not an http address.
    #[error("`{0}` is not a webhook address: it must begin with http:// or https://")]
    NotUrl(String),
}

impl std::str::FromStr for NumberRoute {
    type Err = NumberError;

    /// Parses `NUMBER`, `NUMBER=SMS_URL` or `NUMBER=SMS_URL,VOICE_URL`.
    fn from_str(text: &str) -> Result<Self, NumberError> {
        let (number, urls) = text.split_once('=').unwrap_or((text, ""));
        // A comma may stand inside an address (`#rp=ct,5xx`), so only one before a new address separates.
        let (sms, voice) = match urls.find(",http") {
            Some(at) => (urls.get(..at).unwrap_or(urls), urls.get(at + 1..).unwrap_or_default()),
            None => (urls, ""),
        };
        let route = Self {
            number: number.trim().to_owned(),
            sms_url: Some(sms.trim().to_owned()).filter(|url| !url.is_empty()),
            voice_url: Some(voice.trim().to_owned()).filter(|url| !url.is_empty()),
        };
        route.check()?;
        Ok(route)
    }
}

impl NumberRoute {
    /// Checks the number and both addresses.
    pub fn check(&self) -> Result<(), NumberError> {
        if !is_address(&self.number) {
            return Err(NumberError::NotE164(self.number.clone()));
        }
        for url in [&self.sms_url, &self.voice_url].into_iter().flatten() {
            check_url(url)?;
        }
        Ok(())
    }
}

/// Checks a webhook's address.
pub fn check_url(url: &str) -> Result<(), NumberError> {
    let known_scheme = url.starts_with("http://") || url.starts_with("https://");
    if known_scheme && reqwest::Url::parse(url).is_ok() { Ok(()) } else { Err(NumberError::NotUrl(url.to_owned())) }
}

/// True for a phone number, `whatsapp:` and a phone number, or `messenger:` and an id of digits.
pub fn is_address(address: &str) -> bool {
    match address.split_once(':') {
        None => is_e164(address),
        Some(("whatsapp", number)) => is_e164(number),
        Some(("messenger", id)) => (5..=20).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit()),
        Some(_) => false,
    }
}

/// What stands before the colon of an address: the channel, empty for SMS.
pub fn channel(address: &str) -> &str {
    address.split_once(':').map_or("", |(channel, _)| channel)
}

/// True for `+` and 7 to 15 digits that do not begin with zero.
pub fn is_e164(number: &str) -> bool {
    number.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_parse_with_none_one_or_two_webhooks() {
        let plain: NumberRoute = "+15555550100".parse().unwrap();
        assert_eq!(plain.sms_url, None);
        let both: NumberRoute = "+15555550100=http://a/s?x=1#rp=ct,rt,http://a/v".parse().unwrap();
        assert_eq!(both.sms_url.as_deref(), Some("http://a/s?x=1#rp=ct,rt"));
        assert_eq!(both.voice_url.as_deref(), Some("http://a/v"));
        assert!("whatsapp:+15555550100=http://a/s".parse::<NumberRoute>().is_ok());
        assert!(is_address("messenger:100000000000001") && !is_address("messenger:x") && !is_address("telegram:+15555550100"));
        for bad in ["5555550100", "+1555555010x", "+15555550100=ftp://a"] {
            assert!(bad.parse::<NumberRoute>().is_err(), "{bad}");
        }
    }
}

//! An account at Telnyx: texts by JSON, calls by TeXML.
//!
//! Whether a number can send is not asked here; that the public key is one, is. Numbers, paces and times are named as with every carrier of
//! calls and texts.

use super::account::{
    BASE_FIX, FASTEST_PER_SECOND, LONGEST_MEDIA_SECONDS, RECEIVES_FIX, base, each, is_sid, name, prefixed_address, timeout,
};
use super::error::ConfigError;
use super::layers::Environment;
use super::origin::Origin;
use super::section::Section;
use crate::import::address::{PHONE_FIX, phone};
use adapters::media::Allowance;
use adapters::secret::Secret;
use adapters::telnyx::is_public_key;
use domain::id::AccountKey;
use domain::sealed::Address;
use std::time::Duration;

/// The keys of an account of kind telnyx.
pub(super) const KEYS: &[&str] = &[
    "name",
    "kind",
    "api_key",
    "api_key_file",
    "api_key_env",
    "public_key",
    "account_sid",
    "application_id",
    "profile_id",
    "api_base",
    "failover_origin",
    "text_from",
    "call_from",
    "texts_per_second",
    "calls_per_second",
    "timeout_seconds",
    "ring_seconds",
    "also_receives",
    "media_timeout_seconds",
    "allow_private_media",
];

/// An account at Telnyx.
#[derive(Debug, Clone, PartialEq)]
pub struct TelnyxAccount {
    /// Its name.
    pub name: AccountKey,
    /// The key of the API.
    pub api_key: Secret,
    /// The carrier's public keys in base64; each verifies.
    pub public_keys: Vec<String>,
    /// The carrier's id of the account.
    pub account_sid: String,
    /// The TeXML application that calls go out by.
    pub application_id: Option<String>,
    /// The messaging profile that texts go out by.
    pub profile_id: Option<String>,
    /// Where the API is, without a slash at the end.
    pub api_base: String,
    /// Another origin of ours for news of texts.
    pub failover_origin: Option<String>,
    /// The number that texts.
    pub text_from: Option<Address>,
    /// The number that calls.
    pub call_from: Option<Address>,
    /// Pace of texts.
    pub texts_per_second: f64,
    /// Pace of calls.
    pub calls_per_second: f64,
    /// For one sending.
    pub timeout: Duration,
    /// How long a phone may ring.
    pub ring_seconds: u16,
    /// Further numbers of ours that reporters write to or call.
    pub also_receives: Vec<Address>,
    /// For one picture or recording.
    pub media_timeout: Duration,
    /// Hosts inside our network that pictures may be fetched from.
    pub allow_private_media: Vec<Allowance>,
}

const KEY_FIX: &str = "copy the account's public key from the carrier's portal: 32 bytes in base64";
const ID_FIX: &str = "copy it from the carrier's portal";

/// Reads one.
pub(super) fn read(section: &Section<'_>, environment: &Environment) -> Result<TelnyxAccount, ConfigError> {
    let api_key = section.secrets("api_key", environment)?.into_iter().next();
    let public_keys = each(section, "public_key", KEY_FIX, |text| is_public_key(text).then(|| text.to_owned()))?;
    if public_keys.is_empty() {
        return Err(section.missing("public_key", KEY_FIX));
    }
    let number = |key: &str| section.maybe(key, PHONE_FIX, |text| phone(text).ok());
    let id = |key: &str| section.maybe(key, ID_FIX, |text| is_sid(text).then(|| text.to_owned()));
    let (text_from, call_from) = (number("text_from")?, number("call_from")?);
    let application_id = id("application_id")?;
    if text_from.is_none() && call_from.is_none() {
        return Err(section.missing("text_from", "name the number that texts here, or the one that calls in call_from"));
    }
    if call_from.is_some() && application_id.is_none() {
        return Err(section.missing("application_id", "call_from needs it: copy the TeXML application's id from the carrier's portal"));
    }
    let origin_fix = "write scheme, host and port, such as https://tips2.example.org";
    Ok(TelnyxAccount {
        name: name(section)?,
        api_key: api_key.ok_or_else(|| section.missing("api_key", "write api_key_file, api_key_env or api_key"))?,
        public_keys,
        account_sid: section.parsed("account_sid", ID_FIX, |text| is_sid(text).then(|| text.to_owned()))?,
        application_id,
        profile_id: id("profile_id")?,
        api_base: section.maybe("api_base", BASE_FIX, base)?.unwrap_or_else(|| "https://api.telnyx.com".to_owned()),
        failover_origin: section.maybe("failover_origin", origin_fix, |text| Origin::parse(text).map(|origin| origin.to_string()))?,
        text_from,
        call_from,
        texts_per_second: section.above_zero("texts_per_second", FASTEST_PER_SECOND, Some(1.0), "a number")?,
        calls_per_second: section.above_zero("calls_per_second", FASTEST_PER_SECOND, Some(1.0), "a number")?,
        timeout: timeout(section, 10.0)?,
        ring_seconds: u16::try_from(section.whole("ring_seconds", 5, 60, Some(25))?).unwrap_or(25),
        also_receives: each(section, "also_receives", RECEIVES_FIX, prefixed_address)?,
        media_timeout: section
            .above_zero("media_timeout_seconds", LONGEST_MEDIA_SECONDS, Some(60.0), "seconds")
            .map(Duration::from_secs_f64)?,
        allow_private_media: each(section, "allow_private_media", "write a host, or host:port, such as 127.0.0.1:9091", Allowance::parse)?,
    })
}

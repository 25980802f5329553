//! The key that an account of kind smtp signs its mails with (DKIM): read, and checked to fit the sender.
//!
//! Whether the record stands in the DNS is not asked here; `check-config` prints it.

use super::error::ConfigError;
use super::layers::Environment;
use super::section::Section;
use adapters::email::{DkimError, Signer};
use adapters::secret::Secret;
use domain::sealed::Address;

/// A key that mails are signed with (DKIM).
#[derive(Debug, Clone, PartialEq)]
pub struct Dkim {
    /// In whose name: the sender's domain, or one above it.
    pub domain: String,
    /// Which of the domain's keys.
    pub selector: String,
    /// The private key in PEM.
    pub key: Secret,
}

impl Dkim {
    /// The key, ready to sign.
    pub fn signer(&self) -> Result<Signer, DkimError> {
        Signer::new(&self.domain, &self.selector, &self.key)
    }
}

const SELECTOR_FIX: &str = "write the name that the key has in the DNS, such as tips1 for tips1._domainkey.example.org";

/// The key that mails are signed with, if there is one: read, and checked to fit.
pub(super) fn read(section: &Section<'_>, from: &Address, environment: &Environment) -> Result<Option<Dkim>, ConfigError> {
    let selector = section.maybe("dkim_selector", SELECTOR_FIX, |text| is_name(text).then(|| text.to_owned()))?;
    let domain = section.maybe("dkim_domain", "write a domain, such as example.org", |text| is_name(text).then(|| text.to_owned()))?;
    let sender = from.reveal().rsplit_once('@').map_or("", |(_, domain)| domain).to_ascii_lowercase();
    let (selector, key) = match (selector, section.secrets("dkim_key", environment)?.into_iter().next()) {
        (Some(selector), Some(key)) => (selector, key),
        (None, None) if domain.is_none() => return Ok(None),
        (None, _) => return Err(section.missing("dkim_selector", SELECTOR_FIX)),
        (Some(_), None) => return Err(section.missing("dkim_key", "dkim_selector needs it: write dkim_key_file, dkim_key_env or dkim_key")),
    };
    let domain = domain.unwrap_or_else(|| sender.clone()).to_ascii_lowercase();
    if sender != domain && !sender.ends_with(&format!(".{domain}")) {
        let fix =
            "receivers believe a signature only in the name of the sender's own domain, or one above it; leave it out for the sender's";
        return Err(section.bad("dkim_domain", &format!("{domain:?}"), fix));
    }
    let dkim = Dkim { domain, selector, key };
    dkim.signer().map_err(|error| section.bad("dkim_key", "(secret)", &format!("it {error}")))?;
    Ok(Some(dkim))
}

/// A name of the DNS with or without dots.
fn is_name(text: &str) -> bool {
    let label = |label: &str| !label.is_empty() && label.len() <= 63 && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    text.len() <= 200 && text.split('.').all(label)
}

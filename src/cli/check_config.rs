//! `tipline check-config`: reads the configuration and the key as `serve` would, and says what it found.
//!
//! Asks nobody: neither carriers nor the database. Secrets and numbers are not shown.

use super::{give, note};
use crate::config::{Account, Config};
use crate::deployment::{NO_ACCOUNT, refusal};

/// Checks.
pub(super) fn run(config: &Config) -> anyhow::Result<()> {
    let (_, source) = config.master_key().map_err(refusal)?;
    give(&format!("public   {} as {}", config.public.listen, config.public.origin));
    give(&format!("staff    {} as {}", config.staff.listen, config.staff.origin));
    give(&format!("ops      {}", config.ops_listen));
    give(&format!("database {}", config.database));
    give(&format!("key      from {source}"));
    for account in &config.accounts {
        give(&format!("account  {}", described(account)));
        give_record(account)?;
    }
    give(&format!("types    {}, calendars {}", config.catalogue().list().len(), config.calendars().len()));
    for warning in config.warnings() {
        note(&format!("note: {warning}"));
    }
    if config.accounts.is_empty() {
        return Err(refusal(NO_ACCOUNT));
    }
    give("The configuration is good.");
    Ok(())
}

/// The record that the operator publishes, so that others can check our signatures.
fn give_record(account: &Account) -> anyhow::Result<()> {
    if let Account::Smtp(smtp) = account
        && let Some(dkim) = &smtp.dkim
    {
        let signer = dkim.signer().map_err(refusal)?;
        give(&format!("         signs its mails; TXT record of {}:", signer.record_name()));
        give(&format!("         {}", signer.record()));
    }
    Ok(())
}

fn by_phone(account: &Account, api_base: &str) -> String {
    let does = match account.numbers() {
        Some((Some(_), Some(_))) => "texts and calls",
        Some((Some(_), None)) => "texts",
        Some((None, Some(_) | None)) | None => "calls",
    };
    let name = account.name();
    format!("{name} {does} by {api_base}; webhooks at /webhooks/{name}/…")
}

fn described(account: &Account) -> String {
    match account {
        Account::Twilio(twilio) => by_phone(account, &twilio.api_base),
        Account::Telnyx(telnyx) => by_phone(account, &telnyx.api_base),
        Account::Imap(imap) => format!("{} reads mail from {}:{}, answered by {}", imap.name, imap.host, imap.port, imap.answers_by),
        Account::Smtp(smtp) => format!("{} mails by {}:{}", smtp.name, smtp.host, smtp.port),
    }
}

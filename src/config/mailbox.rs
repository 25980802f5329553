//! A mailbox that reporters write to: what it needs, and by which account it is answered.
//!
//! It only reads: answers go out by an account of kind smtp, which `answers_by` names. Whether the server answers is not
//! asked here.

use super::account::{Account, is_host, name, timeout};
use super::error::ConfigError;
use super::layers::Environment;
use super::section::Section;
use crate::import::address::mail;
use adapters::email::{ImapTls, MOST_LOCAL_PART, is_this_machine};
use adapters::secret::Secret;
use domain::id::AccountKey;
use domain::sealed::Address;
use std::time::Duration;

/// The keys of an account of kind imap.
pub(super) const KEYS: &[&str] = &[
    "name",
    "kind",
    "host",
    "port",
    "tls",
    "user",
    "password",
    "password_file",
    "password_env",
    "address",
    "answers_by",
    "inbox",
    "junk",
    "processed",
    "authserv_id",
    "sweep_seconds",
    "timeout_seconds",
    "largest_mail_mb",
];

/// A mailbox to read.
#[derive(Debug, Clone, PartialEq)]
pub struct ImapAccount {
    /// Its name.
    pub name: AccountKey,
    /// The server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How TLS is used.
    pub tls: ImapTls,
    /// The user.
    pub user: String,
    /// The user's password.
    pub password: Secret,
    /// The address that reporters write to.
    pub address: Address,
    /// The account that answers.
    pub answers_by: AccountKey,
    /// The folder that mail comes into.
    pub inbox: String,
    /// Folders that tips land in by mistake.
    pub junk: Vec<String>,
    /// The folder for what is taken in.
    pub processed: String,
    /// The name in Authentication-Results that is believed.
    pub authserv: Option<String>,
    /// How often every folder is looked into.
    pub sweep: Duration,
    /// For one command.
    pub timeout: Duration,
    /// The largest mail that is taken whole.
    pub most_bytes: usize,
}

const FOLDER_FIX: &str = "write a folder's name in plain ASCII, such as Junk";

/// Reads one.
pub(super) fn read(section: &Section<'_>, environment: &Environment) -> Result<ImapAccount, ConfigError> {
    let tls = section.maybe("tls", "write \"required\", \"starttls\" or \"none\"", ImapTls::parse)?.unwrap_or(ImapTls::Required);
    let host =
        section.parsed("host", "write the server's name, such as imap.example.org", |text| is_host(text).then(|| text.to_owned()))?;
    if tls == ImapTls::None && !is_this_machine(&host) {
        return Err(section.bad(
            "tls",
            "\"none\"",
            "without TLS only a mailbox on this machine is read; write \"required\" or \"starttls\"",
        ));
    }
    let usual_port = if tls == ImapTls::Required { 993 } else { 143 };
    let password = section.secrets("password", environment)?.into_iter().next();
    let folder = |key: &str, usual: &str| {
        Ok::<_, ConfigError>(
            section.maybe(key, FOLDER_FIX, |text| is_folder(text).then(|| text.to_owned()))?.unwrap_or_else(|| usual.to_owned()),
        )
    };
    let (inbox, processed) = (folder("inbox", "INBOX")?, folder("processed", "Processed")?);
    let junk: Vec<String> = match section.texts("junk")? {
        names if names.is_empty() => vec!["Junk".to_owned()],
        names => names.into_iter().filter(|name| !name.is_empty()).map(str::to_owned).collect(),
    };
    if let Some(name) = junk.iter().find(|name| !is_folder(name)) {
        return Err(section.bad("junk", &format!("{name:?}"), FOLDER_FIX));
    }
    if junk.contains(&processed) || processed.eq_ignore_ascii_case(&inbox) {
        return Err(section.bad(
            "processed",
            &format!("{processed:?}"),
            "mails are moved there and not read again: name none of the folders that are read",
        ));
    }
    let sweep = section.above_zero("sweep_seconds", LONGEST_SWEEP_SECONDS, Some(60.0), "seconds")?;
    Ok(ImapAccount {
        name: name(section)?,
        host,
        port: u16::try_from(section.whole("port", 1, u32::from(u16::MAX), Some(usual_port))?).unwrap_or(993),
        tls,
        user: section.parsed("user", "write the login name of the mailbox", |text| Some(text.to_owned()))?,
        password: password.ok_or_else(|| section.missing("password", "write password_file, password_env or password"))?,
        address: section.parsed("address", ADDRESS_FIX, address)?,
        answers_by: section.parsed("answers_by", ANSWERS_FIX, |text| text.parse().ok())?,
        inbox,
        junk,
        processed,
        authserv: section.maybe("authserv_id", "write the name that your mail server puts first into Authentication-Results", |text| {
            is_host(text).then(|| text.to_owned())
        })?,
        sweep: Duration::from_secs_f64(sweep),
        timeout: timeout(section, 30.0)?,
        most_bytes: section.whole("largest_mail_mb", 1, 100, Some(25))? as usize * 1024 * 1024,
    })
}

/// Every mailbox is answered by an account that mails.
pub(super) fn answered(root: &Section<'_>, accounts: &[Account]) -> Result<(), ConfigError> {
    for account in accounts {
        let Account::Imap(mailbox) = account else { continue };
        let mails = |other: &Account| matches!(other, Account::Smtp(smtp) if smtp.name == mailbox.answers_by);
        if !accounts.iter().any(mails) {
            let value = format!("{:?} of account {}", mailbox.answers_by.as_str(), mailbox.name);
            return Err(root.bad("account.answers_by", &value, ANSWERS_FIX));
        }
    }
    Ok(())
}

/// A server ends an IDLE after half an hour, a router forgets a silent line much sooner.
const LONGEST_SWEEP_SECONDS: f64 = 300.0;
const ANSWERS_FIX: &str = "name the account of kind \"smtp\" that sends the answers";
const ADDRESS_FIX: &str = "write the address that reporters write to, such as tips@example.org: without a +, and with at most 13 characters before the @, so that an answer's address fits";

fn address(text: &str) -> Option<Address> {
    let local = text.split('@').next().unwrap_or("");
    mail(text).ok().filter(|_| !local.contains('+') && local.len() <= MOST_LOCAL_PART)
}

fn is_folder(name: &str) -> bool {
    !name.is_empty() && name.len() <= 100 && name.bytes().all(|byte| (b' '..=b'~').contains(&byte) && !b"\"\\*%&".contains(&byte))
}

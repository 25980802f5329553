//! Mail: out by SMTP, in by IMAP.
//!
//! `smtp` sends, `session` speaks with the server, `message` builds the bytes. In the other direction `imap` keeps a mailbox
//! read, `folder` takes its mails one by one, `read` makes of each what a tip needs. Nothing is believed of a mail that its
//! sender could have written there, and nothing of it is lost: the original is handed on, whole.

mod bounce;
mod config;
mod connect;
mod dkim;
mod folder;
mod html;
mod imap;
pub mod knows;
mod mailbox;
mod message;
mod mime;
mod nature;
mod read;
mod session;
mod smtp;
#[cfg(test)]
mod tests;
mod text;
mod thread;
mod trim;

pub use config::{Config, ConfigError, Tls};
pub use dkim::{DkimError, Signer};
pub use imap::ImapListener;
pub use mailbox::{ImapTls, LARGE_TAKEN_BYTES, MOST_LOCAL_PART, MailboxConfig, MailboxError, is_this_machine};
pub use mime::{MOST_DEPTH, MOST_HEADER_BYTES, MOST_PARTS, MOST_TEXT_CHARS};
pub use read::{Attachment, ReadMail, read};
pub use smtp::SmtpSender;
pub use thread::{Auth, Own, Verdict};

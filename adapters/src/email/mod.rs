//! Mail: out by SMTP. Mail from reporters (IMAP) will stand beside it.

mod config;
mod message;
mod session;
mod smtp;
#[cfg(test)]
mod tests;

pub use config::{Config, ConfigError, Tls};
pub use smtp::SmtpSender;

//! What anybody can reach: carriers' webhooks, the home page and the receipt page of mails.
//!
//! No login, no cookie, no script. The reporter's site, chat and the enduser portal will stand here too.

pub mod chat;
pub mod home;
pub mod receipt;
pub mod webhooks;

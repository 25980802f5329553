//! What anybody can reach: carriers' webhooks, the reporter's site and the receipt page of mails.
//!
//! No login, no cookie; every page does its job without a script. The enduser portal will stand here too.

pub mod chat;
pub mod receipt;
pub mod site;
pub mod webhooks;

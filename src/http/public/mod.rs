//! What anybody can reach: carriers' webhooks, the reporter's site and the receipt page of mails.
//!
//! Every page does its job without a script. No login and no cookie but the endusers' in `portal`.

pub mod chat;
pub mod portal;
pub mod receipt;
pub mod site;
pub mod webhooks;

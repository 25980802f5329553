//! The gateway: everything around the rules.
//!
//! `domain` decides, `adapters` speak with carriers; this crate commits, sends, serves pages and keeps time. Modules are
//! listed in reading order.

pub mod audit;
pub mod backup;
pub mod boot;
pub mod carriers;
pub mod chat;
pub mod cli;
pub mod client;
pub mod clock;
pub mod config;
pub mod deployment;
pub mod desk;
pub mod drills;
pub mod entropy;
pub mod heartbeat;
pub mod http;
pub mod import;
pub mod intake;
pub mod lifecycle;
pub mod links;
pub mod lint;
pub mod live;
pub mod login;
pub mod mailboxes;
pub mod media;
pub mod outbox;
pub mod portal;
pub mod progress;
pub mod readiness;
pub mod reconcile;
pub mod similar;
pub mod spool;
pub mod store;
pub mod telemetry;
pub mod vault;
pub mod verify;
pub mod watch;

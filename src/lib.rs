//! The gateway: everything around the rules.
//!
//! `domain` decides, `adapters` speak with carriers; this crate commits, sends, serves pages and keeps time. Modules are
//! listed in reading order.

pub mod clock;
pub mod entropy;
pub mod audit;
pub mod vault;
pub mod live;
pub mod lifecycle;
pub mod telemetry;
pub mod store;
pub mod progress;
pub mod intake;
pub mod outbox;
pub mod desk;
pub mod login;
pub mod http;
pub mod import;
pub mod config;
pub mod carriers;
pub mod deployment;
pub mod boot;
pub mod cli;

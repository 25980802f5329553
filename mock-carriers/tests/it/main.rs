//! The mock carriers from the outside: over HTTP and SMTP only, with a small gateway that answers webhooks.
//! One binary, so that it links once; a file for each subject.

#![expect(clippy::unwrap_used, reason = "in a test's harness an unwrap is the assertion")]

mod calls;
mod commands;
mod faults;
mod gateway;
mod inbound;
mod mail;
mod mailbox;
mod messages;
mod pages;
mod schema;
mod sdk;
mod throughput;

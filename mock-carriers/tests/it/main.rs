//! The mock carriers from the outside: over HTTP and SMTP only, with a small gateway that answers webhooks.
//! One binary, so that it links once; a file for each subject.

#![expect(clippy::unwrap_used, reason = "in a test's harness an unwrap is the assertion")]

mod calling_in;
mod calls;
mod channels;
mod commands;
mod faults;
mod gateway;
mod handset_ways;
mod inbound;
mod mail;
mod mailbox;
mod media;
mod messages;
mod pages;
mod schema;
mod sdk;
mod telnyx;
mod throughput;

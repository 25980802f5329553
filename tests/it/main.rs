//! The whole gateway as its operators run it: the real binary, its own database, mock carriers over real sockets.
//!
//! Every test has its own folder, ports and carriers, and waits on conditions with a time-out.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

mod away;
mod backup;
mod backup_folder;
mod bad_input;
mod call_back;
mod calls_in;
mod canary;
mod chat;
mod chat_client;
mod clocks;
mod deploying;
mod disk;
mod drill;
mod flood;
mod gateway;
mod kill;
mod loops;
mod mail;
mod moving;
mod next_way;
mod nodes;
mod ops;
mod outage;
mod pictures;
mod portal;
mod promises;
mod reconcile;
mod record;
mod reporter;
mod sdk;
mod senders;
mod signed;
mod site_client;
mod spool;
mod start;
mod steps;
mod storm;
mod telnyx;
mod texts_told;
mod urgent_mail;
mod verify;
mod ways;

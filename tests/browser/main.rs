//! The pages as people use them: Chromium, steered by chromedriver, against a whole gateway with mock carriers.
//!
//! Every test starts its own gateway, its own chromedriver and its own browsers; a few run at a time (`driver`). What is missing on the
//! machine fails a test with the package's name: nothing is skipped. `cargo xtask test` installs it.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]
#![expect(clippy::print_stdout, reason = "what was measured and judged is said")]

mod accessible;
mod browser;
mod chat;
mod driver;
#[path = "../it/gateway.rs"]
#[allow(dead_code, reason = "shared with tests/it, which uses the rest of it")]
mod gateway;
mod handset;
mod keyboard;
mod lively;
mod logins;
mod main_job;
mod pictures;
mod portal;
mod reporter;
mod scriptless;
mod stage;

//! The steps, in the order in which a mistake is told soonest.

use super::tools::Tools;
use crate::workspace::{self, cargo};
use anyhow::{Context, bail};
use std::process::Command;

/// A step: what it is called and how it runs.
type Step = (&'static str, fn(&Tools) -> anyhow::Result<Outcome>);

/// How a step that did not fail ended.
pub(super) enum Outcome {
    /// It ran and all was well.
    Passed,
    /// It could not run here, which is no failure; says why.
    NotRun(&'static str),
}

/// All steps.
pub(super) const STEPS: [Step; 6] = [
    ("format: cargo fmt --check", format),
    ("lints: cargo clippy, warnings are errors", lints),
    ("tests: cargo test, with Twilio's SDKs and the browser", tests),
    ("documentation: cargo doc, warnings are errors", documentation),
    ("dependencies: cargo deny", dependencies),
    ("the main job: cargo xtask demo --play", play),
];

/// Tests at a time, also on a small machine: those of the whole gateway wait more than they work.
const THREADS_LEAST: usize = 4;

fn format(_: &Tools) -> anyhow::Result<Outcome> {
    run(cargo().args(["fmt", "--all", "--check"]))
}

fn lints(_: &Tools) -> anyhow::Result<Outcome> {
    run(cargo().args(["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]))
}

fn tests(tools: &Tools) -> anyhow::Result<Outcome> {
    tools.must_be_there()?;
    let mut command = cargo();
    command.args(["test", "--workspace"]);
    if std::env::var_os("RUST_TEST_THREADS").is_none() {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        command.env("RUST_TEST_THREADS", cores.max(THREADS_LEAST).to_string());
    }
    for (name, value) in tools.variables() {
        command.env(name, value);
    }
    run(&mut command)
}

fn documentation(_: &Tools) -> anyhow::Result<Outcome> {
    run(cargo().args(["doc", "--workspace", "--no-deps", "--document-private-items"]).env("RUSTDOCFLAGS", "--deny warnings"))
}

/// cargo-deny takes minutes to build, so it is used where it is and not installed.
fn dependencies(_: &Tools) -> anyhow::Result<Outcome> {
    let there = Command::new("cargo-deny").arg("--version").output().is_ok_and(|output| output.status.success());
    if !there {
        return Ok(Outcome::NotRun("cargo-deny is not installed, so deny.toml is not checked here; `cargo install cargo-deny` brings it"));
    }
    run(cargo().args(["deny", "check", "licenses", "bans", "sources"]))
}

fn play(_: &Tools) -> anyhow::Result<Outcome> {
    // With what the tests were built with: built for itself, the gateway has libraries with fewer features, and all of them are built again.
    run(cargo().args(["test", "--workspace", "--no-run"]))?;
    let own = std::env::current_exe().context("find this program")?;
    run(Command::new(own).args(["demo", "--play", "--as-built"]).current_dir(workspace::root()))
}

/// Runs a command with its output shown.
fn run(command: &mut Command) -> anyhow::Result<Outcome> {
    let status = command.status().with_context(|| format!("start {}", command.get_program().display()))?;
    if status.success() { Ok(Outcome::Passed) } else { bail!("see above ({status})") }
}

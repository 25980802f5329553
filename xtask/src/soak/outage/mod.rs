//! `cargo xtask soak --outage MINUTES`: a carrier that is dead, carriers that ask for less, carriers that tell nothing, in real time and with
//! the delays of a real deployment (the windows of `config/default.toml`, not the demo's seconds).
//!
//! Three deployments side by side, each with two carriers. What must hold everywhere: everybody who was promised a call or a mail has it
//! inside the twenty minutes, nobody is stormed. What is only a figure is printed.

mod dead;
mod line;
mod silent;
mod slower;
mod told;

use crate::workspace;
use anyhow::{Context, Result, ensure};

/// How long the carriers ask for less.
const SLOWER_MINUTES: u64 = 5;
/// How long the carriers tell nothing.
const SILENT_MINUTES: u64 = 10;

/// What one deployment saw.
pub(super) struct Seen {
    /// What was broken.
    name: String,
    /// Lines of the table: what, and the figure.
    figures: Vec<(&'static str, String)>,
    /// What must not have happened.
    broken: Vec<String>,
}

impl Seen {
    /// Nothing yet.
    fn new(name: String) -> Self {
        Self { name, figures: Vec::new(), broken: Vec::new() }
    }
    /// A figure.
    fn figure(&mut self, what: &'static str, figure: impl ToString) {
        self.figures.push((what, figure.to_string()));
    }
    /// Something that must hold.
    fn must(&mut self, holds: bool, or: impl Into<String>) {
        if !holds {
            self.broken.push(or.into());
        }
    }
}

/// Runs all three and prints what was seen.
pub(super) fn run(minutes: u64) -> Result<()> {
    workspace::build()?;
    let work = workspace::target().join("soak-outage");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("start the runtime")?;
    let seen = runtime.block_on(async {
        let (dead, slower, silent) = (work.join("dead"), work.join("slower"), work.join("silent"));
        tokio::join!(dead::soak(dead, minutes), slower::soak(slower, SLOWER_MINUTES), silent::soak(silent, SILENT_MINUTES))
    });
    let mut broken = 0;
    for seen in [seen.0, seen.1, seen.2] {
        let seen = seen?;
        println!("\n{}", seen.name);
        for (what, figure) in &seen.figures {
            println!("  {what:<58} {figure}");
        }
        for sentence in &seen.broken {
            println!("  MUST NOT BE: {sentence}");
        }
        broken += seen.broken.len();
    }
    ensure!(broken == 0, "{broken} things happened that must not happen: see above");
    Ok(())
}

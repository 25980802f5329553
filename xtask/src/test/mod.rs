//! `cargo xtask test`: everything that CI runs, in one go, with a summary.
//!
//! What a check needs and the machine lacks is installed first: it is said what and why. Every step runs even when one before
//! it failed, so that one run tells everything.

mod steps;
mod tools;

use anyhow::bail;
use std::time::{Duration, Instant};

#[derive(Debug, clap::Args)]
pub struct Test {
    /// Install nothing; steps that lack a tool fail and say so.
    #[arg(long)]
    no_install: bool,
}

/// How one step ended.
struct Ended {
    name: &'static str,
    took: Duration,
    failure: Option<String>,
}

/// Runs everything.
pub fn run(test: &Test) -> anyhow::Result<()> {
    let tools = tools::Tools::ready(!test.no_install);
    let mut ended: Vec<Ended> = Vec::new();
    for (name, step) in steps::STEPS {
        println!("\n== {name}");
        let began = Instant::now();
        let failure = step(&tools).err().map(|error| format!("{error:#}"));
        let took = began.elapsed();
        match &failure {
            None => println!("== {name}: passed in {:.0} s", took.as_secs_f64()),
            Some(why) => println!("== {name}: FAILED after {:.0} s: {why}", took.as_secs_f64()),
        }
        ended.push(Ended { name, took, failure });
    }
    println!("\nSummary");
    for one in &ended {
        let mark = if one.failure.is_none() { "passed" } else { "FAILED" };
        println!("  {mark}  {:>5.0} s  {}", one.took.as_secs_f64(), one.name);
    }
    let failed = ended.iter().filter(|one| one.failure.is_some()).count();
    println!("{} passed, {failed} failed", ended.len() - failed);
    if failed > 0 {
        bail!("{failed} of {} steps failed", ended.len());
    }
    Ok(())
}

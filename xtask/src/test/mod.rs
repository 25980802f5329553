//! `cargo xtask test`: everything that CI runs, in one go, with a summary.
//!
//! What a check needs and the machine lacks is installed first: it is said what and why. Every step runs even when one before
//! it failed, so that one run tells everything.

mod steps;
mod tools;

use crate::Mistake;
use anyhow::bail;
use std::time::{Duration, Instant};
use steps::Outcome;

#[derive(Debug, clap::Args)]
pub struct Test {
    /// Install nothing; steps that lack a tool fail and say so.
    #[arg(long)]
    no_install: bool,
    /// Run only the steps whose name holds this text, such as lints.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
}

/// How one step ended.
struct Ended {
    name: &'static str,
    took: Duration,
    outcome: anyhow::Result<Outcome>,
}

/// Runs everything.
pub fn run(test: &Test) -> anyhow::Result<()> {
    let tools = tools::Tools::ready(!test.no_install);
    let mut ended: Vec<Ended> = Vec::new();
    let wanted = |name: &str| test.only.as_deref().is_none_or(|only| name.contains(only));
    if !steps::STEPS.iter().any(|(name, _)| wanted(name)) {
        let names = steps::STEPS.map(|(name, _)| name).join("; ");
        return Err(Mistake(format!("--only fits no step; the steps are: {names}")).into());
    }
    for (name, step) in steps::STEPS.into_iter().filter(|(name, _)| wanted(name)) {
        println!("\n== {name}");
        let began = Instant::now();
        let outcome = step(&tools);
        let took = began.elapsed();
        match &outcome {
            Ok(Outcome::Passed) => println!("== {name}: passed in {:.0} s", took.as_secs_f64()),
            Ok(Outcome::NotRun(why)) => println!("== {name}: not run: {why}"),
            Err(error) => println!("== {name}: FAILED after {:.0} s: {error:#}", took.as_secs_f64()),
        }
        ended.push(Ended { name, took, outcome });
    }
    summary(&ended)
}

/// One line a step, then how many; fails when one failed.
fn summary(ended: &[Ended]) -> anyhow::Result<()> {
    println!("\nSummary");
    let (mut passed, mut failed) = (0, 0);
    for one in ended {
        let mark = match one.outcome {
            Ok(Outcome::Passed) => {
                passed += 1;
                "passed "
            }
            Ok(Outcome::NotRun(_)) => "not run",
            Err(_) => {
                failed += 1;
                "FAILED "
            }
        };
        println!("  {mark}  {:>5.0} s  {}", one.took.as_secs_f64(), one.name);
    }
    println!("{passed} passed, {failed} failed");
    if failed > 0 {
        bail!("{failed} of {} steps failed", ended.len());
    }
    Ok(())
}

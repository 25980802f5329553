//! The project's recipes: `cargo xtask demo`, `cargo xtask test`, `cargo xtask bench`, `cargo xtask soak`.
//!
//! Each drives the real programs from the outside, as an operator would; nothing of the gateway is linked in. A mistake that
//! the user can mend is one sentence and exit code 2, any other failure exit code 1.

#![expect(clippy::print_stdout, reason = "printing what happens is what a recipe is for")]

mod bench;
mod demo;
mod play;
mod process;
mod soak;
mod test;
mod workspace;

use clap::{Parser, Subcommand};
use std::io::Write;
use std::process::ExitCode;

/// The project's recipes.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the gateway and pretend carriers on this machine, with a demo county; --play plays the main job by itself.
    Demo(demo::Demo),
    /// Run everything that CI runs, after installing what is missing for it.
    Test(test::Test),
    /// Measure in the release profile, beside the machine's own limits, and write docs/benchmarks.md.
    Bench(bench::Bench),
    /// Break everything, by a seed, for minutes or hours under load, then look that nothing was lost, doubled or forgotten.
    Soak(soak::Soak),
}

/// Something that the user can mend.
#[derive(Debug)]
struct Mistake(String);

impl std::fmt::Display for Mistake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Mistake {}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Demo(demo) => demo::run(&demo),
        Command::Test(test) => test::run(&test),
        Command::Bench(bench) => bench::run(&bench),
        Command::Soak(soak) => soak::run(&soak),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mistake = error.downcast_ref::<Mistake>().is_some();
            // Nobody is left to tell when even this cannot be written.
            let _ = writeln!(std::io::stderr(), "xtask: {error:#}");
            ExitCode::from(if mistake { 2 } else { 1 })
        }
    }
}

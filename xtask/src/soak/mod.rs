//! `cargo xtask soak`: faults in real time, for longer than a test may take.
//!
//! Each soak starts the gateway and the pretend carriers as programs of their own, breaks something for as long as it is told to, and ends
//! with a table of what was seen; anything that must not happen makes it fail. Loopback only, and it ends by itself.

mod outage;

use anyhow::Result;

/// What to soak.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo xtask soak --outage 30     a carrier is dead for half an hour of real time, beside it five\n                                   minutes of 429 and ten of silence; takes about 35 minutes"
)]
pub struct Soak {
    /// Carriers that are dead (for so many minutes), ask for less, or take everything and tell nothing.
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u64).range(1..=600))]
    outage: u64,
}

/// Soaks.
pub fn run(soak: &Soak) -> Result<()> {
    outage::run(soak.outage)
}

//! `tipline pin new`: a PIN for a person of the directory, shown this once, for calls and the call-back line (R19).
//!
//! Works while the gateway does not run; the console draws PINs while it does. What is kept is a keyed hash: nobody can look a PIN up again.

use super::{database, give, note};
use crate::clock::Clock;
use crate::config::Config;
use crate::deployment::refusal;
use crate::portal::pins;
use domain::id::PersonKey;

const EXAMPLE: &str = "Example:
  tipline pin new delta-high-principal";

#[derive(Debug, clap::Subcommand)]
pub(super) enum Pin {
    /// Draw a new PIN for a person. The one before is void. It is shown this once.
    #[command(after_help = EXAMPLE)]
    New {
        /// The person's key in the directory.
        person: PersonKey,
    },
}

/// Runs it.
pub(super) fn run(command: Pin, config: &Config) -> anyhow::Result<()> {
    let Pin::New { person } = command;
    let pin = database::with(config, false, async |database| {
        let listed = database.store.directory().await?.persons.into_iter().any(|one| one.key == person);
        if !listed {
            return Err(refusal(format!("the directory has no person {person}: `tipline directory check` lists who there is")));
        }
        Ok(pins::draw(&*database.store, &database.vault, [person.clone()], None, Clock::System.now()).await?)
    })?;
    note(&format!("The new PIN of {person}, shown this once:"));
    give(pin.reveal());
    Ok(())
}

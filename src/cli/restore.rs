//! `tipline restore`: a backup into an empty deployment.

use super::progress::Bar;
use super::{give, note};
use crate::backup;
use crate::clock::Clock;
use crate::config::Config;
use crate::deployment::refusal;
use crate::store::copy::CopyError;
use anyhow::Context;
use std::path::PathBuf;

const EXAMPLES: &str = "Examples:
  tipline --config tipline.toml restore /srv/backups/tipline/2026-11-22T12-00-00Z
  tipline --config tipline.toml --database postgres://tipline@db.example.org/tipline restore /srv/backups/tipline/2026-11-22T12-00-00Z

Nothing of what was under way when the backup was taken is sent again: it becomes a task for a person.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Restore {
    /// The backup: a folder with a manifest.json.
    #[arg(value_name = "FOLDER/TIME")]
    backup: PathBuf,
}

/// What the operator can mend is a refusal; what a disk or a database says is told with its causes.
fn mistake(error: anyhow::Error) -> anyhow::Error {
    let error = error.downcast::<CopyError>().map_or_else(|other| other, |error| backup::BackupError::from(error).into());
    match error.downcast::<backup::BackupError>() {
        Ok(error) if std::error::Error::source(&error).is_none() => refusal(error),
        Ok(error) => error.into(),
        Err(error) => error,
    }
}

/// Runs it.
pub(super) fn run(command: &Restore, config: &Config) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("start the runtime")?;
    let mut bar = Bar::new();
    let restored = runtime.block_on(backup::restore(config, &Clock::System, &command.backup, &mut |at| bar.at(at)));
    bar.end();
    let restored = restored.map_err(mistake)?;
    let settled = restored.settled;
    give(&format!("The backup of {} stands in {}.", restored.manifest.taken_at, config.database));
    note(&format!("{} tips can be read, {} were destroyed; {} files came back.", restored.tips, restored.destroyed, restored.files));
    note(&format!(
        "Ended, because nobody knows what happened since: {} promises to endusers, {} messages to reporters. {} tasks wait for people.",
        settled.obligations, settled.messages, settled.tasks
    ));
    note("Everybody logs in anew. At its first start the gateway asks the carriers for what came since the backup.");
    for folder in &restored.other_letters {
        note(&format!(
            "Letters of another node's spool are in {}: put them into the empty spool folder of another node.",
            folder.display()
        ));
    }
    Ok(())
}

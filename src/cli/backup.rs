//! `tipline backup`: a backup beside whatever runs, and looking whether one is whole.

use super::progress::Bar;
use super::{give, note};
use crate::backup::{self, Taken, Verified};
use crate::clock::Clock;
use crate::config::Config;
use crate::deployment::refusal;
use anyhow::Context;
use std::path::PathBuf;

const EXAMPLES: &str = "Examples:
  tipline --config tipline.toml backup /srv/backups/tipline
  tipline --config tipline.toml backup --keep 14 /srv/backups/tipline
  tipline --config tipline.toml backup --verify /srv/backups/tipline/2026-11-22T12-00-00Z

The master key is never in a backup: keep a copy of it elsewhere. From cron, every hour (cron's PATH has no /usr/local/bin):
  17 * * * * /usr/local/bin/tipline --config /etc/tipline/tipline.toml backup --quiet --keep 48 /srv/backups/tipline";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Backup {
    /// Where backups are kept; or, with --verify, one of them.
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// Read a backup and compare it with what was written.
    #[arg(long, conflicts_with = "keep")]
    verify: bool,
    /// Say nothing unless something is wrong: for cron, which mails whatever is said.
    #[arg(long)]
    quiet: bool,
    /// Keep so many backups and remove the older ones.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    keep: Option<u32>,
}

/// Runs it.
pub(super) fn run(command: &Backup, config: &Config) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("start the runtime")?;
    let mut bar = if command.quiet { Bar::silent() } else { Bar::new() };
    if command.verify {
        let verified = runtime.block_on(backup::verify(config, &command.folder, &mut |at| bar.at(at)));
        bar.end();
        let verified = verified.map_err(refusal_or_failure)?;
        if !command.quiet {
            show_verified(&verified);
        }
    } else {
        let taken = runtime.block_on(backup::take(config, &Clock::System, &command.folder, command.keep, &mut |at| bar.at(at)));
        bar.end();
        show_taken(&taken.map_err(refusal_or_failure)?, command.quiet);
    }
    Ok(())
}

/// What the operator can mend is a refusal; what a disk or a database says is told with its causes.
fn refusal_or_failure(error: backup::BackupError) -> anyhow::Error {
    if std::error::Error::source(&error).is_some() { error.into() } else { refusal(error) }
}

fn show_taken(taken: &Taken, quiet: bool) {
    let manifest = &taken.manifest;
    let rows: u64 = manifest.tables.iter().map(|table| table.rows).sum();
    if !quiet {
        give(&taken.path.display().to_string());
        note(&format!("{rows} rows, {} keys, {} files; every table was compared with what was read.", manifest.keys, manifest.files));
    }
    if manifest.missing > 0 {
        note(&format!("WARNING: {} files that rows name are not in the folder of media, so they are in no backup.", manifest.missing));
    }
    if taken.may_lack_letters {
        note("WARNING: letters went through the spool faster than they were copied; a few that just came may be missing.");
    }
    for folder in &taken.other_letters {
        if !taken.letters_open {
            let folder = folder.display();
            note(&format!("WARNING: whether the letters of another spool in {folder} are needed cannot be seen without the master key."));
        } else if !quiet {
            note(&format!("Letters of another spool stay in {}: the database does not have them yet.", folder.display()));
        }
    }
    if !taken.dropped.is_empty() && !quiet {
        note(&format!("{} older backups were removed, and {} files that none needs any more.", taken.dropped.len(), taken.swept));
    }
}

fn show_verified(verified: &Verified) {
    let manifest = &verified.manifest;
    give(&format!("The backup of {} is whole: every row, file and key is what was written.", manifest.taken_at));
    note(&format!("{} tips can be read, {} were destroyed; {} files.", verified.tips, verified.destroyed, manifest.files));
    match verified.opened {
        Some(count) => note(&format!("The master key of this configuration opens all {count} keys.")),
        None => note("The keys were not tried: there is no master key here, or it is another one."),
    }
}

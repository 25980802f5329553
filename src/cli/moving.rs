//! `tipline move`: a deployment from its SQLite file into PostgreSQL, with a proof.
//!
//! The file is kept from everybody else meanwhile, and marked, so that nobody goes on with it by mistake.

use super::progress::Bar;
use super::{give, note, table};
use crate::config::{Config, Database};
use crate::deployment::refusal;
use crate::entropy::Entropy;
use crate::store::copy::{self, CopyError, Move, Place, TableProof};
use crate::store::sqlite;
use anyhow::Context;
use std::path::Path;

const EXAMPLES: &str = "Examples:
  tipline --config tipline.toml move --to postgres://tipline@db.example.org/tipline
  tipline --config tipline.toml move --undo-mark

Stop the gateway first. A move that was cut off is run again and goes on. Pictures and recordings stay where they are
(the folder of media), as do the spool and the master key.";

/// How much of a hash is shown.
const HASH_SHOWN: usize = 16;

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Moving {
    /// Where to: postgres://user:password@host:5432/name, an empty database.
    #[arg(long, value_name = "URL", required_unless_present = "undo_mark", conflicts_with = "undo_mark")]
    to: Option<String>,
    /// Take away the mark that the file was moved, so that the gateway starts on it again.
    #[arg(long)]
    undo_mark: bool,
}

/// Runs it.
pub(super) fn run(command: &Moving, config: &Config) -> anyhow::Result<()> {
    let Database::File(path) = &config.database else {
        return Err(refusal("the deployment is on a server already: `move` goes from a file to a server (is database.url set?)"));
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("start the runtime")?;
    runtime.block_on(async {
        if !path.exists() {
            return Err(refusal(CopyError::Nothing(path.display().to_string())));
        }
        let held = sqlite::hold(path, false).await.map_err(refusal)?;
        let moved = match &command.to {
            None => undo(path).await,
            Some(url) => over(path, url).await,
        };
        drop(held);
        moved
    })
}

async fn undo(path: &Path) -> anyhow::Result<()> {
    if copy::undo_move(&Place::Sqlite(path.to_owned())).await? {
        give(&format!("{} can be used again. Do not use both.", path.display()));
    } else {
        give(&format!("{} has no mark of a move.", path.display()));
    }
    Ok(())
}

async fn over(path: &Path, url: &str) -> anyhow::Result<()> {
    let Some(Database::Server(url)) = Database::parse(url) else {
        return Err(refusal("--to takes postgres://user:password@host:5432/name"));
    };
    let (from, to) = (Place::Sqlite(path.to_owned()), Place::Postgres(url.reveal().to_owned()));
    copy::prepare(&to).await.map_err(mistake)?;
    let id = Entropy.uuid().simple().to_string();
    copy::refuse_taken(&from, &to).await.map_err(mistake)?;
    let id = match copy::begin_move(&from, &to, &id).await? {
        Move::Under(id) => id,
        Move::Done(place) => return Err(refusal(format!("{} was moved to {place} already", path.display()))),
        Move::Other(place) => {
            return Err(refusal(format!(
                "{} is being moved to {place}: finish that by `tipline move --to` that place, or give it up by `tipline move --undo-mark`",
                path.display()
            )));
        }
    };
    if !copy::is_finished(&to, &id).await? {
        let mut bar = Bar::new();
        let proof = copy::copy(&from, &to, &id, &mut |at| bar.at(at)).await;
        bar.end();
        show(&proof.map_err(mistake)?);
        copy::finish(&to, &id).await?;
    }
    copy::end_move(&from, &to, &id).await?;
    give(&format!("{} was moved to {}.", path.display(), to.shown()));
    note("Set database.url in the configuration (or give --database) and start the gateway. Pictures and recordings stay where they are.");
    note(&format!("{} keeps what it had and refuses to be used; remove it when you are sure.", path.display()));
    Ok(())
}

/// What the operator can mend is a refusal; what a database says is told with its causes.
fn mistake(error: CopyError) -> anyhow::Error {
    if std::error::Error::source(&error).is_some() { error.into() } else { refusal(error) }
}

fn show(proof: &[TableProof]) {
    let rows: Vec<Vec<String>> = proof
        .iter()
        .map(|table| {
            let hash = table.hash.get(..HASH_SHOWN).unwrap_or(&table.hash).to_owned();
            vec![table.table.clone(), table.rows.to_string(), hash, "the same on both sides".to_owned()]
        })
        .collect();
    for line in table::lines(&["table", "rows", "hash", ""], &rows) {
        give(&line);
    }
}

//! `tipline verify`: whether what is kept is sound. Reads beside a running gateway and changes nothing.
//!
//! Exit code 0 says that everything was looked at and is sound, 3 that there are faults, 1 that it could not be looked at to the end.
//! Faults are named by the random ids of tips: what is printed may be sent to whoever helps.

use super::table::lines;
use super::{database, give, note};
use crate::carriers::carriers;
use crate::clock::Clock;
use crate::config::Config;
use crate::deployment;
use crate::entropy::Entropy;
use crate::media::files::Files;
use crate::store::Store;
use crate::vault::Vault;
use crate::verify::{self, Options, Report, Step};
use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// The exit code when something is wrong.
const FAULTS: u8 = 3;

/// How often progress is told on a terminal, and elsewhere.
const EVERY: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

const HELP: &str = "Exit code: 0 sound, 3 faults, 1 it could not be looked at; 2 as everywhere.
It reads beside a running gateway, page by page, and changes nothing. What changes meanwhile is looked at again before it is told.

Examples:
  tipline --config tipline.toml verify
  tipline --config tipline.toml verify --files
  0 5 * * *  tipline --config tipline.toml verify --json > /var/log/tipline-verify.json || mail -s 'tip line: verify' operator@example.org";

#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct Verify {
    /// Also open every sealed file, and look for files that belong to nothing.
    #[arg(long)]
    files: bool,
    /// Give JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// Say nothing about the progress.
    #[arg(long)]
    quiet: bool,
}

/// Looks, and gives what was found; the exit code.
pub(super) fn run(wish: &Verify, config: &Config) -> anyhow::Result<u8> {
    let report = database::reading(config, async |store| look(wish, config, store).await)?;
    if wish.json {
        give(&serde_json::to_string_pretty(&report)?);
    } else {
        told(&report);
    }
    Ok(if report.is_sound() { 0 } else { FAULTS })
}

async fn look(wish: &Verify, config: &Config, store: &dyn Store) -> anyhow::Result<Report> {
    let sending = carriers(config, &Clock::System)?.lanes;
    let lanes: BTreeSet<_> = sending.into_iter().map(|lane| lane.key).chain([crate::media::lane(), crate::watch::lane()]).collect();
    let vault = Arc::new(Vault::new(&config.master_key().map_err(deployment::refusal)?.0, Entropy));
    let every = if std::io::stderr().is_terminal() { EVERY.0 } else { EVERY.1 };
    let last = Mutex::new(Instant::now());
    let progress = |step: Step, report: &Report| {
        let mut last = last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if !wish.quiet && last.elapsed() >= every {
            *last = Instant::now();
            note(&so_far(step, report));
        }
    };
    let directory = store.directory().await?;
    let options = Options {
        calendar_of: directory.organizations.into_iter().map(|one| (one.key, one.calendar)).collect(),
        files: wish.files.then(|| (Files::new(config.media.files(), vault.clone()), &*vault)),
        progress: &progress,
        ..Options::new(config, Some(lanes), Clock::System.now())
    };
    Ok(verify::run(store, &options).await?)
}

fn so_far(step: Step, report: &Report) -> String {
    let (tips, faults) = (report.tips, report.fault_count());
    let doing = match step {
        Step::Tips => "looking at tips",
        Step::Once => "comparing what carriers brought",
        Step::Work => "looking at work",
        Step::Files => "opening files",
    };
    format!("{doing}: {tips} tips, {} obligations, {faults} faults so far", report.obligations.all)
}

/// The table, the faults and what it comes to.
fn told(report: &Report) {
    let looked = report.checks.iter().filter(|checked| checked.looked_at > 0 || checked.faults > 0);
    let rows: Vec<Vec<String>> = looked
        .map(|checked| {
            let says = checked.check.says().to_owned();
            vec![checked.check.as_str().to_owned(), checked.looked_at.to_string(), checked.faults.to_string(), says]
        })
        .collect();
    lines(&["check", "looked at", "faults", "what must hold"], &rows).iter().for_each(|line| give(line));
    let o = report.obligations;
    give(&format!(
        "\n{} obligations = {} satisfied + {} released + {} failed and escalated + {} open with a timer",
        o.all, o.satisfied, o.released, o.failed, o.open
    ));
    report.notes.iter().for_each(|line| give(&format!("note: {line}")));
    for fault in &report.faults {
        let tip = fault.tip.map_or_else(String::new, |tip| format!("tip {tip}: "));
        give(&format!("fault ({}): {tip}{}", fault.check.as_str(), fault.what));
    }
    let untold = report.fault_count().saturating_sub(u64::try_from(report.faults.len()).unwrap_or(u64::MAX));
    if untold > 0 {
        give(&format!("and {untold} more"));
    }
    give(&match (report.fault_count(), report.tips) {
        (0, tips) => format!("Sound: {tips} tips were looked at, and nothing was found."),
        (faults, tips) => format!("Not sound: {faults} faults in {tips} tips. docs/verify.md says what to do about each."),
    });
}

//! `tipline directory import`, `tipline directory check` and `tipline directory lint`.
//!
//! An import replaces the whole list in one commit, or changes nothing. Addresses are sealed before they reach the store. The lint's exit code
//! is for cron: 0 when nothing was found, 3 for warnings only, 4 when there is an error.

use super::{database, give};
use crate::carriers::carriers;
use crate::clock::Clock;
use crate::config::Config;
use crate::deployment::refusal;
use crate::import::{self, Imported, Source};
use crate::store::endusers::EnduserWrite;
use crate::store::{Commit, Outcome, Write};
use domain::directory;
use domain::directory::check::incomplete;
use domain::directory::lint::{Finding, Severity};
use jiff::civil::Date;
use std::path::{Path, PathBuf};

/// After so many days an attested contact is stale (R13).
const ATTESTED_DAYS: i32 = 365;

const IMPORT_EXAMPLE: &str = "Example:
  tipline directory import --organizations organizations.csv --people people.csv

organizations.csv: key,kind,name,county,district,psap,police,hotline,calendar,content,content_accepted_on
people.csv:        key,organization,name,role,order,phone,extension,mail,text,language,attested_on,
                   phone_hours,phone_kind,phone2,phone2_hours,mail_tls
Columns may stand in any order, and what is not needed may be missing. config/demo holds an example of both.";

#[derive(Debug, clap::Subcommand)]
pub(super) enum Directory {
    /// Replace the list of who is told by these two files; every bad row is told and then nothing is changed.
    #[command(after_help = IMPORT_EXAMPLE)]
    Import {
        /// Schools, districts, police agencies, PSAPs, counties, hotlines.
        #[arg(long, value_name = "FILE")]
        organizations: PathBuf,
        /// Who is told for each of them.
        #[arg(long, value_name = "FILE")]
        people: PathBuf,
    },
    /// Check two files without importing them, or, without files, the list that was imported last.
    Check {
        /// Schools, districts, police agencies, PSAPs, counties, hotlines.
        #[arg(long, value_name = "FILE", requires = "people")]
        organizations: Option<PathBuf>,
        /// Who is told for each of them.
        #[arg(long, value_name = "FILE", requires = "organizations")]
        people: Option<PathBuf>,
    },
    /// Name every school whose plan cannot work, with the way to mend it.
    #[command(after_help = LINT_HELP)]
    Lint {
        /// Give JSON instead of sentences.
        #[arg(long)]
        json: bool,
    },
}

const LINT_HELP: &str = "Exit code: 0 nothing was found, 3 warnings only, 4 errors; 1 and 2 as everywhere.
It reads beside a running gateway, so cron can run it:
  0 6 * * 1  tipline --config tipline.toml directory lint || mail -s 'tip line: directory' operator@example.org";

/// The lint's exit codes.
const WARNINGS: u8 = 3;
const ERRORS: u8 = 4;

/// Runs one of them; gives the exit code.
pub(super) fn run(command: Directory, config: &Config) -> anyhow::Result<u8> {
    match command {
        Directory::Import { organizations, people } => {
            let imported = read(&organizations, &people, config)?;
            let told = counted(&imported.organizations, &imported.persons);
            let void = store(imported, config)?;
            give(&format!("Imported {told}."));
            void.iter().for_each(|sentence| give(sentence));
        }
        Directory::Check { organizations: Some(organizations), people: Some(people) } => {
            let imported = read(&organizations, &people, config)?;
            give(&format!("Good: {}.", counted(&imported.organizations, &imported.persons)));
        }
        Directory::Check { .. } => check_stored(config)?,
        Directory::Lint { json } => return lint(json, config),
    }
    Ok(0)
}

/// What the lint finds in the list that was imported last.
fn lint(json: bool, config: &Config) -> anyhow::Result<u8> {
    let (rows, pins) = database::reading(config, async |store| Ok((store.directory().await?, store.pins().await?)))?;
    if rows.organizations.is_empty() {
        return Err(refusal("no directory was imported yet: `tipline directory import --organizations FILE --people FILE`"));
    }
    let lanes = carriers(config, &Clock::System)?.lanes;
    let findings = crate::lint::findings(rows, config.calendars(), config.policy(), &pins, &lanes, Clock::System.now());
    if json {
        give(&serde_json::to_string_pretty(&findings)?);
    } else {
        told(&findings);
    }
    let errors = findings.iter().any(|finding| finding.severity == Severity::Error);
    Ok(if errors { ERRORS } else { u8::from(!findings.is_empty()) * WARNINGS })
}

/// Sentences by organization, then how many.
fn told(findings: &[Finding]) {
    let mut last: Option<&str> = None;
    for finding in findings {
        let name = if finding.organization.is_some() { finding.organization_name.as_str() } else { "The line as a whole" };
        if last != Some(name) {
            give(name);
            last = Some(name);
        }
        give(&format!("  {:<7}  {} {}", finding.severity.as_str(), finding.what, finding.fix));
    }
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    give(&match (count(Severity::Error), count(Severity::Warning)) {
        (0, 0) => "Nothing was found: the plan of every school works.".to_owned(),
        (errors, warnings) => format!("{errors} errors, {warnings} warnings."),
    });
}

fn read(organizations: &Path, people: &Path, config: &Config) -> anyhow::Result<Imported> {
    let file = |path: &Path| {
        let named = path.display().to_string();
        match std::fs::read(path) {
            Ok(bytes) => Ok((named, bytes)),
            Err(error) => Err(refusal(format!("{named} cannot be read ({}): name a CSV file that can", error.kind()))),
        }
    };
    let (organizations, people) = (file(organizations)?, file(people)?);
    let organizations = Source { name: &organizations.0, bytes: &organizations.1 };
    let people = Source { name: &people.0, bytes: &people.1 };
    import::read(organizations, people, config.calendars()).map_err(refusal)
}

/// Replaces the list. A sentence for each PIN that is void from now on.
fn store(imported: Imported, config: &Config) -> anyhow::Result<Vec<String>> {
    database::with(config, false, async |database| {
        let rows = imported.sealed(&database.vault);
        let (before, pins) = (database.store.directory().await?, database.store.pins().await?);
        let void = import::pins::void(&before.persons, &rows.persons, &pins);
        let now = Clock::System.now();
        let mut writes: Vec<Write> = void.iter().map(|one| Write::Enduser(Box::new(EnduserWrite::Pin(one.row(now))))).collect();
        writes.push(Write::Directory(Box::new(rows)));
        match database.store.commit(Commit { writes, ..Commit::default() }).await? {
            Outcome::Committed(_) => Ok(void.iter().map(ToString::to_string).collect()),
            Outcome::Duplicate | Outcome::Conflict => anyhow::bail!("the directory was not stored; import it again"),
        }
    })
}

/// What the imported list lacks, and who was not attested within a year.
fn check_stored(config: &Config) -> anyhow::Result<()> {
    let rows = database::reading(config, async |store| Ok(store.directory().await?))?;
    let told = counted(&rows.organizations, &rows.persons);
    if rows.organizations.is_empty() {
        return Err(refusal("no directory was imported yet: `tipline directory import --organizations FILE --people FILE`"));
    }
    let today = Clock::System.now().to_zoned(config.zone().clone()).date();
    let stale = rows.persons.iter().filter(|person| person.attested_on.is_none_or(|day| is_stale(day, today))).count();
    let list = directory::Directory::new(rows.organizations, rows.persons);
    let reasons: Vec<String> = list
        .schools()
        .into_iter()
        .chain(list.counties())
        .flat_map(|told| incomplete(&list, &told.key))
        .map(|reason| reason.to_string())
        .collect();
    if stale > 0 {
        give(&format!("{stale} of the persons were not attested within a year; they are told all the same."));
    }
    if !reasons.is_empty() {
        return Err(refusal(reasons.join("\n")));
    }
    give(&format!("Good: {told}."));
    Ok(())
}

fn is_stale(attested: Date, today: Date) -> bool {
    (today - attested).get_days() > ATTESTED_DAYS
}

fn counted(organizations: &[directory::Organization], persons: &[directory::Person]) -> String {
    let schools = organizations.iter().filter(|organization| organization.kind == directory::Kind::School).count();
    format!("{} organizations, {schools} of them schools, and {} persons", organizations.len(), persons.len())
}

//! `tipline directory import` and `tipline directory check`.
//!
//! An import replaces the whole list in one commit, or changes nothing. Addresses are sealed before they reach the store.

use super::{database, give};
use crate::clock::Clock;
use crate::config::Config;
use crate::deployment::refusal;
use crate::import::{self, Imported, Source};
use crate::store::{Commit, Outcome, Write};
use domain::directory;
use domain::directory::check::incomplete;
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
}

/// Runs one of them.
pub(super) fn run(command: Directory, config: &Config) -> anyhow::Result<()> {
    match command {
        Directory::Import { organizations, people } => {
            let imported = read(&organizations, &people, config)?;
            let told = counted(&imported.organizations, &imported.persons);
            store(imported, config)?;
            give(&format!("Imported {told}."));
        }
        Directory::Check { organizations: Some(organizations), people: Some(people) } => {
            let imported = read(&organizations, &people, config)?;
            give(&format!("Good: {}.", counted(&imported.organizations, &imported.persons)));
        }
        Directory::Check { .. } => check_stored(config)?,
    }
    Ok(())
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

fn store(imported: Imported, config: &Config) -> anyhow::Result<()> {
    database::with(config, false, async |database| {
        let rows = imported.sealed(&database.vault);
        let writes = vec![Write::Directory(Box::new(rows))];
        match database.store.commit(Commit { writes, ..Commit::default() }).await? {
            Outcome::Committed(_) => Ok(()),
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

//! `tipline plan`: who would be told what by when, for a school, types and a received-at time. No side effect.
//!
//! The plan is the console's: same rules, same directory, same means. It is made as if the tip were dispatched when it was
//! received, unless no time is given: then now is both.

use super::{database, give, note, table};
use crate::carriers::carriers;
use crate::clock::Clock;
use crate::config::Config;
use crate::deployment::refusal;
use crate::progress::routes::Lane;
use domain::channel::Means;
use domain::conversation::triage::{Marks, StaffRole, Triage, TriageChange, apply};
use domain::directory::Directory;
use domain::dispatch::plan::{self, Request, Start, StepContent};
use domain::id::{PersonKey, TipTypeKey};
use domain::level::Level;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use std::collections::BTreeSet;

const EXAMPLES: &str = "Examples:
  tipline plan --school delta-high --types suicidal-ideation
  tipline plan --school charlie-high --types bullying --received-at 2026-11-20T16:40
  tipline plan --school bravo-middle --types possession-of-a-weapon,threat-to-safety --in-progress --json
  tipline plan --school delta-high --types staff-misconduct --without delta-high-principal";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Plan {
    /// The school's key in the directory.
    #[arg(long)]
    school: String,
    /// Keys of types in the catalogue, with commas between them.
    #[arg(long, value_delimiter = ',', required = true)]
    types: Vec<String>,
    /// critical, standard or other; without it the level follows from the types.
    #[arg(long)]
    level: Option<String>,
    /// It happens now.
    #[arg(long)]
    in_progress: bool,
    /// Police may be told.
    #[arg(long)]
    possible_crime: bool,
    /// Police must be told.
    #[arg(long)]
    safety_issue: bool,
    /// When the tip was received: 2026-11-20T16:40 in the line's zone, or with an offset such as 2026-11-20T16:40-06:00.
    #[arg(long, value_name = "TIME")]
    received_at: Option<String>,
    /// Keys of persons who get nothing, with commas between them (R42).
    #[arg(long, value_delimiter = ',', value_name = "PERSON")]
    without: Vec<String>,
    /// As if a summary was written for organizations that have accepted one.
    #[arg(long)]
    summary: bool,
    /// Give JSON instead of a table.
    #[arg(long)]
    json: bool,
}

/// Makes and shows the plan.
pub(super) fn run(command: Plan, config: &Config) -> anyhow::Result<()> {
    let now = Clock::System.now();
    let received_at = command.received_at.as_deref().map_or(Ok(now), |text| moment(text, config.zone()))?;
    let triage = triage(&command, config)?;
    let rows = database::reading(config, async |store| Ok(store.directory().await?))?;
    if rows.organizations.is_empty() {
        return Err(refusal("no directory was imported yet: `tipline directory import --organizations FILE --people FILE`"));
    }
    let directory = Directory::new(rows.organizations, rows.persons);
    let excluded = excluded(&command, &directory)?;
    let lanes = carriers(config, &Clock::System)?.lanes;
    let request = Request {
        triage: &triage,
        received_at,
        now: received_at,
        directory: &directory,
        calendars: config.calendars(),
        policy: config.policy(),
        line_name: &config.line.name,
        excluded: &excluded,
        has_summary: command.summary,
        calls_per_second: lanes.iter().find(|lane| lane.means == Means::Call).and_then(|lane| lane.per_second),
    };
    let mut plan = plan::plan(request).map_err(refusal)?;
    leave_out_unserved(&mut plan, &lanes);
    if command.json {
        give(&serde_json::to_string_pretty(&plan)?)
    } else {
        show(&plan, &triage, received_at, config)
    }
    Ok(())
}

/// A local or an absolute time.
fn moment(text: &str, zone: &TimeZone) -> anyhow::Result<Timestamp> {
    if let Ok(absolute) = text.parse::<Timestamp>() {
        return Ok(absolute);
    }
    let local = text.parse::<DateTime>().ok().and_then(|local| zone.to_timestamp(local).ok());
    local.ok_or_else(|| refusal(format!("--received-at {text} is not a time: write it as 2026-11-20T16:40")))
}

/// The triage as the console would make it.
fn triage(command: &Plan, config: &Config) -> anyhow::Result<Triage> {
    let known = || config.catalogue().list().iter().map(|one| one.key.to_string()).collect::<Vec<_>>().join(", ");
    let mut types: BTreeSet<TipTypeKey> = BTreeSet::new();
    for text in &command.types {
        let key = text.trim().parse().ok().filter(|key| config.catalogue().get(key).is_some());
        types.insert(key.ok_or_else(|| refusal(format!("--types {text} is not in the catalogue: choose from {}", known())))?);
    }
    let level = match &command.level {
        None => None,
        Some(text) => Some(Level::parse(text).ok_or_else(|| refusal(format!("--level {text}: write critical, standard or other")))?),
    };
    let school = command.school.parse().map_err(|_| refusal(format!("--school {}: write its key, such as delta-high", command.school)))?;
    let marks = Marks {
        in_progress: command.in_progress,
        possible_crime: command.possible_crime,
        safety_issue: command.safety_issue,
        ..Marks::default()
    };
    let change = TriageChange { types, level, school: Some(school), marks, reason: Some("to see the plan".to_owned()) };
    apply(&Triage::default(), change, StaffRole::Supervisor, config.catalogue()).map_err(refusal)
}

/// What no account can send is not promised, here as at the console.
fn leave_out_unserved(plan: &mut plan::Plan, lanes: &[Lane]) {
    let serves = |means: Means| lanes.iter().any(|lane| lane.means == means);
    for means in Means::ALL.into_iter().filter(|means| !serves(*means)) {
        let before = plan.steps.len();
        plan.steps.retain(|step| step.means != means);
        if plan.steps.len() < before {
            plan.notes.push(format!("No account can {}: {} steps are left out.", means.as_str(), before - plan.steps.len()));
        }
    }
}

/// Who is left out, by their keys in the directory (R42).
fn excluded(command: &Plan, directory: &Directory) -> anyhow::Result<BTreeSet<PersonKey>> {
    let listed = |text: &String| {
        let key = text.trim().parse::<PersonKey>().ok();
        let known = key.filter(|key| directory.persons.values().flatten().any(|person| person.key == *key));
        known.ok_or_else(|| refusal(format!("--without {text}: write the key of a person in the directory")))
    };
    command.without.iter().map(listed).collect()
}

fn show(plan: &plan::Plan, triage: &Triage, received_at: Timestamp, config: &Config) {
    let zoned = |at: Timestamp| at.to_zoned(config.zone().clone());
    let full = |at: Timestamp| zoned(at).strftime("%a %Y-%m-%d %H:%M:%S").to_string();
    let today = zoned(received_at).date();
    let local = |at: Timestamp| if zoned(at).date() == today { zoned(at).strftime("%H:%M:%S").to_string() } else { full(at) };
    let types: Vec<&str> = triage.types.iter().filter_map(|key| config.catalogue().get(key)).map(|one| one.name.as_str()).collect();
    give(&format!("{}: {}", plan.level.title(), types.join(", ")));
    give(&format!("received {}, everybody told by {}", full(received_at), local(plan.due_at)));
    let row = |step: &plan::Step| {
        let start = match step.start {
            Start::Now(_) => "at once".to_owned(),
            Start::Standby(at) => format!("if nobody confirmed by {}", local(at)),
        };
        let to = format!("{} {}", step.person_name, step.tail);
        let carries = match step.content {
            StepContent::Nothing => "no content",
            StepContent::Summary => "the summary",
        };
        let means = step.means.as_str().to_owned();
        vec![start, means, step.organization_name.clone(), step.role.clone(), to, local(step.due_at), carries.to_owned()]
    };
    let rows: Vec<Vec<String>> = plan.steps.iter().map(row).collect();
    give("");
    for line in table::lines(&["start", "means", "organization", "role", "person", "due", "carries"], &rows) {
        give(&line);
    }
    for sentence in &plan.notes {
        note(&format!("note: {sentence}"));
    }
}

//! The numbers of sending: the dispatch's policy, the outbox's leases, the listeners' limits.

use super::error::ConfigError;
use super::section::Section;
use domain::dispatch::policy::Policy;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How the outbox works.
#[derive(Debug, Clone, PartialEq)]
pub struct Outbox {
    /// How long a claimed piece of work belongs to its worker.
    pub lease: Duration,
    /// How long a lane belongs to a node.
    pub lane_lease: Duration,
    /// Requests of one lane under way at the same time.
    pub in_flight_most: usize,
}

/// What bounds a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// The largest body of a webhook.
    pub webhook_body_bytes: usize,
    /// The longest that a request may take.
    pub request: Duration,
}

/// How messages are found whose webhook never came.
#[derive(Debug, Clone, PartialEq)]
pub struct Reconcile {
    /// How often the carrier is asked.
    pub poll: Duration,
    /// How far back the first look goes.
    pub look_back: Duration,
}

/// The `[reconcile]` section.
pub(super) fn reconcile(root: &Section<'_>) -> Result<Reconcile, ConfigError> {
    let section = root.section("reconcile", &["poll_seconds", "look_back_seconds"])?;
    Ok(Reconcile { poll: section.seconds("poll_seconds", None)?, look_back: section.seconds("look_back_seconds", None)? })
}

/// Pictures, recordings and files.
#[derive(Debug, Clone, PartialEq)]
pub struct Media {
    /// The folder below which files and uploads lie; shared by all nodes of a deployment.
    pub folder: PathBuf,
    /// The largest that is fetched.
    pub most_bytes: usize,
    /// How long making one copy may take.
    pub copy: Duration,
    /// The program that makes copies; `None` is this one.
    pub worker: Option<PathBuf>,
}

impl Media {
    /// Where sealed pictures, recordings and files lie.
    pub fn files(&self) -> PathBuf {
        self.folder.join("media")
    }
    /// Where what was uploaded waits for its message.
    pub fn uploads(&self) -> PathBuf {
        self.folder.join("uploads")
    }
}

/// The `[media]` section.
pub(super) fn media(root: &Section<'_>, data_folder: &Path) -> Result<Media, ConfigError> {
    let section = root.section("media", &["folder", "most_bytes", "copy_seconds", "worker"])?;
    let folder = section.maybe("folder", "name a folder, or leave it empty for data.folder", |text| Some(PathBuf::from(text)))?;
    Ok(Media {
        folder: folder.unwrap_or_else(|| data_folder.to_owned()),
        most_bytes: section.whole("most_bytes", 64 * 1024, 128 * 1024 * 1024, None)? as usize,
        copy: section.seconds("copy_seconds", None)?,
        worker: section.maybe("worker", "name the program, or leave it empty for this one", |text| Some(PathBuf::from(text)))?,
    })
}

/// A lane's lease is renewed once a second at the most, at a third of its length.
const SHORTEST_LANE_LEASE: Duration = Duration::from_secs(3);

/// The `[outbox]` section.
pub(super) fn outbox(root: &Section<'_>) -> Result<Outbox, ConfigError> {
    let section = root.section("outbox", &["lease_seconds", "lane_lease_seconds", "in_flight_most"])?;
    let lane_lease = section.seconds("lane_lease_seconds", None)?;
    if lane_lease < SHORTEST_LANE_LEASE {
        let fix = format!("write {} or more: a shorter one ends between two renewals", SHORTEST_LANE_LEASE.as_secs());
        return Err(section.bad("lane_lease_seconds", &section.number_shown("lane_lease_seconds"), &fix));
    }
    Ok(Outbox {
        lease: section.seconds("lease_seconds", None)?,
        lane_lease,
        in_flight_most: section.whole("in_flight_most", 1, 4096, None)? as usize,
    })
}

/// The `[limits]` section.
pub(super) fn limits(root: &Section<'_>) -> Result<Limits, ConfigError> {
    let section = root.section("limits", &["webhook_body_bytes", "request_seconds"])?;
    Ok(Limits {
        webhook_body_bytes: section.whole("webhook_body_bytes", 8 * 1024, 16 * 1024 * 1024, None)? as usize,
        request: section.seconds("request_seconds", None)?,
    })
}

/// The most rungs of the ladder of pages; a rung's number has to fit into a small one.
const MOST_RUNGS: usize = 20;

/// The `[dispatch]` section.
pub(super) fn policy(root: &Section<'_>) -> Result<Policy, ConfigError> {
    let keys = [
        "critical_window",
        "standard_window",
        "other_window",
        "district_after",
        "busy_first",
        "no_answer_first",
        "fault_first",
        "longest_delay",
        "most_attempts",
        "ask_after",
        "silent_attempt_limit",
        "grace",
        "drill_attempts",
        "drill_spacing",
        "page_after",
        "page_grace",
        "update_after",
        "follow_up_after",
    ];
    let section = root.section("dispatch", &keys)?;
    let policy = Policy {
        critical_window: section.span("critical_window")?,
        standard_window: section.span("standard_window")?,
        other_window: section.span("other_window")?,
        district_after: section.span("district_after")?,
        busy_first: section.span("busy_first")?,
        no_answer_first: section.span("no_answer_first")?,
        fault_first: section.span("fault_first")?,
        longest_delay: section.span("longest_delay")?,
        most_attempts: section.whole("most_attempts", 1, 1000, None)?,
        ask_after: section.span("ask_after")?,
        silent_attempt_limit: section.span("silent_attempt_limit")?,
        grace: section.span("grace")?,
        drill_attempts: section.whole("drill_attempts", 1, 10, None)?,
        drill_spacing: section.span("drill_spacing")?,
        page_after: section.rising_spans("page_after", MOST_RUNGS)?,
        page_grace: section.span("page_grace")?,
        update_after: section.span("update_after")?,
        follow_up_after: section.span("follow_up_after")?,
    };
    check(&section, &policy)?;
    Ok(policy)
}

/// What the numbers must be to each other.
fn check(section: &Section<'_>, policy: &Policy) -> Result<(), ConfigError> {
    let rules = [
        ("district_after", policy.district_after < policy.critical_window, "it must be less than critical_window"),
        ("busy_first", policy.busy_first <= policy.longest_delay, "it must not be more than longest_delay"),
        ("no_answer_first", policy.no_answer_first <= policy.longest_delay, "it must not be more than longest_delay"),
        ("fault_first", policy.fault_first <= policy.longest_delay, "it must not be more than longest_delay"),
        ("longest_delay", policy.longest_delay < policy.critical_window, "it must be less than critical_window"),
        ("ask_after", policy.ask_after < policy.silent_attempt_limit, "it must be less than silent_attempt_limit"),
        ("silent_attempt_limit", policy.silent_attempt_limit < policy.critical_window, "it must be less than critical_window"),
    ];
    match rules.into_iter().find(|(_, good, _)| !good) {
        Some((key, _, fix)) => Err(section.bad(key, &section.number_shown(key), fix)),
        None => Ok(()),
    }
}

//! The parts, and what is wrong with each: sentences for an operator, without anything of a tip.

use crate::progress::routes::Routes;
use crate::spool::{Holds, SpoolError};
use crate::store::pulse::{LaneDue, Pulse};
use crate::{media, watch};
use domain::channel::Means;
use domain::id::LaneKey;
use jiff::{SignedDuration, Timestamp};
use std::io::ErrorKind;
use std::time::Duration;

/// How many pieces a second a lane without a pace does at the least; measured it is hundreds (docs/benchmarks.md).
const UNPACED_A_SECOND: f64 = 20.0;
/// The same for files: fetching and copying one may take seconds.
const FILES_A_SECOND: f64 = 0.2;
/// How many lanes are named before "and others".
const NAMED_MOST: usize = 4;

/// A part of the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Whether the node was told to stop.
    Stopping,
    /// Whether the database answers.
    Database,
    /// Whether letters wait, and whether more could.
    Spool,
    /// Whether every lane is somebody's.
    Leases,
    /// Whether every promise has a timer, and nothing waits longer than its lane explains.
    Work,
    /// Whether the clock is sane.
    Clock,
    /// Whether there is anybody to tell.
    Directory,
    /// Whether some account is trusted for each means.
    Carriers,
}

impl Part {
    /// Every part, in the order in which they are told.
    pub const ALL: [Part; 8] =
        [Part::Stopping, Part::Database, Part::Spool, Part::Leases, Part::Work, Part::Clock, Part::Directory, Part::Carriers];

    /// Its name in `/readyz` and in metrics.
    pub const fn word(self) -> &'static str {
        match self {
            Part::Stopping => "stopping",
            Part::Database => "database",
            Part::Spool => "spool",
            Part::Leases => "leases",
            Part::Work => "work",
            Part::Clock => "clock",
            Part::Directory => "directory",
            Part::Carriers => "carriers",
        }
    }
}

pub(super) fn spool(
    holds: &Holds,
    would_take: &Result<(), SpoolError>,
    store_answers: bool,
    now: Timestamp,
    patience: Duration,
) -> Option<String> {
    if let Err(why) = would_take {
        return Some(format!("{}: what comes while the database is away cannot be kept", spool_says(why)));
    }
    if holds.refuses {
        return Some("it refused the last letter: it is full, or its disk does not write".to_owned());
    }
    let waited = holds.oldest_at.map_or(Duration::ZERO, |at| Duration::try_from(now.duration_since(at)).unwrap_or(Duration::ZERO));
    if holds.letters > 0 && store_answers && waited > patience {
        return Some(format!(
            "it is stuck: {} letters wait although the database answers, the oldest for {} s",
            holds.letters,
            waited.as_secs()
        ));
    }
    (holds.letters > 0).then(|| format!("{} letters wait for the store on this node's disk", holds.letters))
}

/// Why the spool takes nothing, as a clause.
fn spool_says(why: &SpoolError) -> String {
    match why {
        SpoolError::Full => "it is full: it holds spool.most_bytes".to_owned(),
        SpoolError::Failed(error) => match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "its disk is full".to_owned(),
            ErrorKind::ReadOnlyFilesystem => "its disk is read-only".to_owned(),
            ErrorKind::Unsupported => "there is none".to_owned(),
            other => format!("its disk does not write ({other})"),
        },
    }
}

pub(super) fn carriers(routes: &Routes) -> Option<String> {
    let circuits = routes.circuits();
    let shut = Means::ALL.into_iter().filter(|means| {
        let mut lanes = routes.lanes().filter(|lane| lane.means == *means).peekable();
        lanes.peek().is_some() && lanes.all(|lane| !circuits.is_closed(&lane.key))
    });
    let shut: Vec<&str> = shut.map(Means::as_str).collect();
    (!shut.is_empty()).then(|| format!("no account is trusted now to {}", shut.join(", ")))
}

/// The lanes that somebody has to hold.
fn lanes(routes: &Routes) -> Vec<LaneKey> {
    routes.lanes().map(|lane| lane.key.clone()).chain([media::lane(), watch::lane()]).collect()
}

pub(super) fn leases(routes: &Routes, pulse: &Pulse) -> Option<String> {
    let free: Vec<String> =
        lanes(routes).iter().filter(|lane| pulse.leases.iter().all(|held| held.lane != **lane)).map(ToString::to_string).collect();
    (!free.is_empty()).then(|| format!("nobody holds {}", some_of(&free)))
}

pub(super) fn work(routes: &Routes, pulse: &Pulse, now: Timestamp, patience: Duration) -> Option<String> {
    if pulse.without_timer > 0 {
        return Some(format!("{} promises have no timer: tell the makers", pulse.without_timer));
    }
    let late: Vec<String> = pulse.lanes.iter().filter_map(|due| is_late(routes, due, now, patience)).collect();
    (!late.is_empty()).then(|| some_of(&late))
}

/// Work that has waited longer than the pace of its lane explains by what is due there.
fn is_late(routes: &Routes, due: &LaneDue, now: Timestamp, patience: Duration) -> Option<String> {
    let pace = match routes.lane(&due.lane) {
        Some(lane) => lane.per_second.unwrap_or(UNPACED_A_SECOND),
        None if due.lane == media::lane() => FILES_A_SECOND,
        None => UNPACED_A_SECOND,
    };
    let explained = patience.as_secs_f64() + due.due as f64 / pace;
    let waited = now.duration_since(due.oldest).max(SignedDuration::ZERO).as_secs_f64();
    (waited > explained).then(|| format!("work on {} has waited {waited:.0} s, its pace explains {explained:.0}", due.lane))
}

fn some_of(all: &[String]) -> String {
    let named = all.iter().take(NAMED_MOST).cloned().collect::<Vec<_>>().join(", ");
    if all.len() > NAMED_MOST { format!("{named} and {} others", all.len() - NAMED_MOST) } else { named }
}

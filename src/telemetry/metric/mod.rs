//! Every metric by its name, and what it means: the one list that the code counts by, `/metrics` describes and `docs/metrics.md` prints.
//!
//! Who counts writes `counter!(metric::DISPATCHES, …)`; a name that is not in the list is a test that fails. No label ever holds anything of a tip or
//! of a person: accounts, lanes and folders are names out of the configuration, everything else is a word out of the list here. So
//! the number of series is bounded by the configuration.

mod document;
mod list;

#[cfg(test)]
mod tests;

pub use document::document;
pub use list::*;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, histogram};

/// One metric.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its name in `/metrics`; ends with its unit.
    pub name: &'static str,
    /// What it measures by.
    pub kind: Kind,
    /// Its labels with what they can hold.
    pub labels: &'static [(&'static str, Values)],
    /// What it tells, in a sentence or two.
    pub help: &'static str,
}

/// How a metric moves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// It only grows, while the process runs.
    Counter,
    /// It is what it is now.
    Gauge,
    /// How many were at most so large; with these upper bounds.
    Histogram(&'static [f64]),
}

impl Kind {
    /// As `/metrics` writes it.
    pub const fn word(self) -> &'static str {
        match self {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram(_) => "histogram",
        }
    }
}

/// What a label can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// One of these.
    Words(&'static [&'static str]),
    /// The name of an account; `chat` and `web` are our own pages.
    Account,
    /// The key of a lane: an account and a means, or one of the lanes within.
    Lane,
    /// The name of a mail folder.
    Folder,
    /// An operation as errors name it: "read the inbox".
    Operation,
    /// A version of this program.
    Version,
}

/// The names that a deployment's labels are made of.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// Accounts.
    pub accounts: Vec<String>,
    /// Lanes.
    pub lanes: Vec<String>,
}

impl Names {
    fn of(&self, values: Values) -> Option<Vec<String>> {
        match values {
            Values::Words(words) => Some(words.iter().map(|word| (*word).to_owned()).collect()),
            Values::Account => Some(self.accounts.clone()),
            Values::Lane => Some(self.lanes.clone()),
            // The one that has to be an increase when it comes: others begin when they happen.
            Values::Operation => Some(vec!["commit".to_owned()]),
            Values::Folder | Values::Version => None,
        }
    }

    /// Every set of labels that a metric can have; none when they are not known before.
    fn sets(&self, labels: &[(&'static str, Values)]) -> Vec<Vec<(&'static str, String)>> {
        let mut sets = vec![Vec::new()];
        for (key, values) in labels {
            let Some(values) = self.of(*values) else { return Vec::new() };
            sets = sets
                .into_iter()
                .flat_map(|set: Vec<(&'static str, String)>| {
                    values.iter().map(move |value| set.iter().cloned().chain([(*key, value.clone())]).collect())
                })
                .collect();
        }
        sets
    }
}

/// The metric of this name.
pub fn of(name: &str) -> Option<&'static Metric> {
    ALL.iter().find(|metric| metric.name == name)
}

/// Gives every metric its sentence.
pub fn describe() {
    for metric in ALL {
        match metric.kind {
            Kind::Counter => describe_counter!(metric.name, metric.help.trim()),
            Kind::Gauge => describe_gauge!(metric.name, metric.help.trim()),
            Kind::Histogram(_) => describe_histogram!(metric.name, metric.help.trim()),
        }
    }
}

/// Starts every counter and histogram at nothing: an alarm on what grows must see the first one, and a list of what there is be whole.
pub fn begin_at_zero(names: &Names) {
    for metric in ALL {
        for set in names.sets(metric.labels) {
            match metric.kind {
                Kind::Counter => counter!(metric.name, &set).increment(0),
                Kind::Histogram(_) => drop(histogram!(metric.name, &set)),
                // A gauge that nobody has set would claim a zero that nobody has measured.
                Kind::Gauge => {}
            }
        }
    }
}

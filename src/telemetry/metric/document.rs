//! `docs/metrics.md` out of the list.

use super::{ALL, Kind, Metric, Values};
use std::fmt::Write;

const HEAD: &str = "# Metrics

Everything that `GET /metrics` of the ops listener gives, in Prometheus' text format. This page is written from the list that the program counts by
(`src/telemetry/metric/list.rs`), and a test compares both with a running gateway.

No label holds anything of a tip or of a person. `account` and `lane` are names out of your configuration (a lane is an account and a means;
`media-fetch` and `watch-clocks` are the lanes within), every other label is one of the words given. Counters and histograms start at 0 with every
label that they can have, so the first of its kind is an increase.

Counters and histograms are each node's own: sum them. Gauges that are read from the database (`tipline_tips`, `tipline_messages`,
`tipline_obligations_*`, `tipline_oldest_promise_overdue_seconds`, `tipline_tasks_open`, `tipline_lane_due`, `tipline_lane_oldest_wait_seconds`)
are the same on all nodes: take the largest. They are left out while the database is away; `tipline_database_up` is 0 then.

The dashboard is [config/grafana/tipline.json](../config/grafana/tipline.json), the alarms are
[config/prometheus/alerts.yml](../config/prometheus/alerts.yml), and what to do about each is in [runbooks.md](runbooks.md).

| metric | kind | labels | what it tells |
|---|---|---|---|
";

/// The page.
pub fn document() -> String {
    ALL.iter().fold(HEAD.to_owned(), |mut page, metric| {
        let _ = writeln!(page, "{}", row(metric));
        page
    })
}

fn row(metric: &Metric) -> String {
    let labels: Vec<String> = metric.labels.iter().map(|(key, values)| format!("`{key}`: {}", shown(*values))).collect();
    let bounds = match metric.kind {
        Kind::Counter | Kind::Gauge => String::new(),
        Kind::Histogram(bounds) => {
            format!(" Bounds: {}.", bounds.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
        }
    };
    format!("| `{}` | {} | {} | {}{bounds} |", metric.name, metric.kind.word(), labels.join("; "), metric.help.trim())
}

fn shown(values: Values) -> String {
    match values {
        Values::Words(words) => words.join(", "),
        Values::Account => "an account".to_owned(),
        Values::Lane => "a lane".to_owned(),
        Values::Folder => "a mail folder".to_owned(),
        Values::Operation => "what was tried".to_owned(),
        Values::Version => "a version".to_owned(),
    }
}

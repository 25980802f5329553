//! The list, the page, the code, the dashboard, the alarms and their runbooks name the same metrics: each is compared with the others.
//!
//! `TIPLINE_WRITE_DOCS=1` writes `docs/metrics.md` anew.

use super::{ALL, Kind, Values, document, of};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn sources(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "rs") && !path.ends_with("telemetry/metric/list.rs") {
            found.push((path.clone(), fs::read_to_string(&path).unwrap()));
        }
    }
}

/// The names of metrics in an expression, a histogram's parts by its own name.
fn named_in(expression: &str) -> BTreeSet<String> {
    let words = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| word.starts_with("tipline_"));
    words
        .map(|word| {
            let whole = ["_bucket", "_sum", "_count"].iter().find_map(|part| word.strip_suffix(part));
            whole.filter(|whole| of(whole).is_some_and(|metric| matches!(metric.kind, Kind::Histogram(_)))).unwrap_or(word).to_owned()
        })
        .collect()
}

fn all_are_documented(place: &str, expression: &str) {
    let named = named_in(expression);
    assert!(!named.is_empty(), "{place}: {expression} asks for no metric of ours");
    for name in named {
        assert!(of(&name).is_some(), "{place} asks for {name}, which is not in the list");
    }
}

#[test]
fn the_page_is_the_list() {
    let path = root().join("docs/metrics.md");
    if std::env::var_os("TIPLINE_WRITE_DOCS").is_some() {
        fs::write(&path, document()).unwrap();
    }
    let page = fs::read_to_string(&path).unwrap();
    assert!(page == document(), "docs/metrics.md is not what the list says: run the tests with TIPLINE_WRITE_DOCS=1");
}

#[test]
fn names_are_good() {
    let mut seen = BTreeSet::new();
    for metric in ALL {
        let name = metric.name;
        assert!(seen.insert(name), "{name} is there twice");
        assert!(name.starts_with("tipline_") && name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{name}");
        assert_eq!(name.ends_with("_total"), metric.kind == Kind::Counter, "{name}: what only grows ends with _total");
        assert!(metric.help.trim().ends_with('.'), "{name} says what it tells in a sentence");
        for (key, values) in metric.labels {
            // Nothing that could name a person or a tip is a label; every other value is out of a list.
            let bounded = match values {
                Values::Words(words) => !words.is_empty() && words.len() <= 16,
                Values::Account | Values::Lane => ["account", "lane", "from", "to"].contains(key),
                Values::Folder | Values::Operation | Values::Version => true,
            };
            assert!(bounded, "{name}: label {key}");
        }
    }
}

/// A name in the code would escape the list; one in the list that nobody counts would be documented and not there.
#[test]
fn the_code_counts_what_is_in_the_list_and_nothing_else() {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    sources(&root().join("adapters/src"), &mut files);
    sources(&root().join("domain/src"), &mut files);
    for (path, text) in &files {
        for what in ["counter!(\"", "gauge!(\"", "histogram!(\""] {
            let written = ["metrics::", ""].iter().any(|before| text.contains(&format!("{before}{what}")));
            assert!(!written || path.ends_with("telemetry/metric/tests.rs"), "{} counts by a name of its own", path.display());
        }
    }
    let all: String = files.into_iter().map(|(_, text)| text).collect();
    let list = text("src/telemetry/metric/list.rs");
    let constants = list.lines().filter_map(|line| line.trim().split_once(" = Kind::").map(|(constant, _)| constant));
    let mut count = 0;
    for constant in constants {
        count += 1;
        assert!(all.contains(&format!("metric::{constant}")), "nobody counts {constant}");
    }
    assert_eq!(count, ALL.len());
}

#[test]
fn the_dashboard_asks_for_what_there_is() {
    let board: Value = serde_json::from_str(&text("config/grafana/tipline.json")).unwrap();
    let panels = board["panels"].as_array().unwrap();
    let rows: Vec<&str> = panels.iter().filter(|panel| panel["type"] == "row").map(|panel| panel["title"].as_str().unwrap()).collect();
    assert_eq!(rows, ["Is all well?", "Intake", "Promises", "Lanes", "Store", "Carriers"]);
    let (mut ids, mut asked) = (BTreeSet::new(), 0);
    for panel in panels {
        assert!(ids.insert(panel["id"].as_i64().unwrap()), "every panel has an id of its own");
        for target in panel["targets"].as_array().into_iter().flatten() {
            all_are_documented(panel["title"].as_str().unwrap(), target["expr"].as_str().unwrap());
            asked += 1;
        }
    }
    assert!(asked > 40, "{asked}");
}

/// One alarm of the rules file.
struct Alarm {
    name: String,
    expression: String,
    runbook: String,
    severity: String,
}

/// Reads the rules file in the one form in which it is written.
fn alarms() -> Vec<Alarm> {
    let rules = text("config/prometheus/alerts.yml");
    let blocks = rules.split("      - alert: ").skip(1);
    blocks
        .map(|block| {
            let value = |key: &str| {
                let line = block.lines().find_map(|line| line.trim().strip_prefix(key));
                line.unwrap_or_else(|| panic!("no {key} in: {block}")).trim().to_owned()
            };
            let name = block.lines().next().unwrap().trim().to_owned();
            assert!(!value("summary:").contains(": "), "{name}: YAML would read the summary as a map");
            Alarm { name, expression: value("expr:"), runbook: value("runbook:"), severity: value("labels:") }
        })
        .collect()
}

#[test]
fn every_alarm_has_its_runbook_and_every_runbook_its_alarm() {
    let page = text("docs/runbooks.md");
    let sections: BTreeSet<String> = page.lines().filter_map(|line| line.strip_prefix("## ")).map(str::to_owned).collect();
    let alarms = alarms();
    assert!(alarms.len() > 25);
    for alarm in &alarms {
        all_are_documented(&alarm.name, &alarm.expression);
        assert!(["{ severity: page }", "{ severity: ticket }"].contains(&alarm.severity.as_str()), "{}", alarm.name);
        assert!(alarm.runbook.ends_with(&format!("docs/runbooks.md#{}", alarm.name.to_lowercase())), "{}", alarm.runbook);
    }
    assert_eq!(alarms.iter().map(|alarm| alarm.name.clone()).collect::<BTreeSet<_>>(), sections);
    for section in page.split("\n## ").skip(1) {
        for part in ["**For the student:**", "**Look:**", "**Do:**"] {
            assert!(section.contains(part), "{part} is missing in: {}", section.lines().next().unwrap());
        }
        for name in section.split('`').filter(|word| word.starts_with("tipline_")) {
            all_are_documented("runbooks.md", name);
        }
    }
    for link in page.split("](#").skip(1) {
        let anchor = link.split(')').next().unwrap();
        assert!(sections.iter().any(|section| section.to_lowercase() == anchor), "no section #{anchor}");
    }
}

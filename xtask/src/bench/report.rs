//! The report: figures with the machine's size and, beside each, the limit that it is to be read against.

use super::Figures;
use super::accepts::CONNECTIONS;
use crate::workspace;
use anyhow::{Context, Result};
use std::fs;

/// The text of `docs/benchmarks.md`, but for what is only measured by itself.
fn text(figures: &Figures) -> String {
    let Figures { raw, accepts, dispatch, chats, flood, queue, storm, idle_kib, loaded_kib } = figures;
    let number = |key: &str| raw[key].as_f64().unwrap_or(0.0);
    let (raw_64, raw_256, store) = (number("raw_64_per_second"), number("raw_256_per_second"), number("store_per_second"));
    let ms = |key: &str| raw["store_ms"][key].as_f64().unwrap_or(0.0);
    format!(
        "# Benchmarks

Written by `cargo xtask bench` on {machine}, release profile, everything on loopback: load, gateway and mock
carriers share the cores. Figures of one run; read the ratios, which hold when the machine's speed drifts.

## Durable accepts

One accept is the first text of a new reporter: tip with its own key, sealed address and words, first words to be sent, work, three
entries of the record, committed with one disk sync a batch. The limit is the same rows written by one thread straight into the same
engine, with the same schema and settings, nothing but the engine's work timed.

| what | per second | of the limit | p50 ms | p99 ms | p99.9 ms |
|---|---|---|---|---|---|
| limit: batches of 64 | {raw_64:.0} | 1.00 | | | |
| limit: batches of 256 | {raw_256:.0} | | | | |
| through the store, 64 tasks | {store:.0} | {store_ratio:.2} | {p50:.1} | {p99:.1} | {p999:.1} |
| signed webhooks over HTTP, {CONNECTIONS} connections | {http:.0} | {http_ratio:.2} | {hp50:.1} | {hp99:.1} | {hp999:.1} |

{accepted} webhooks were answered with 200, {stored} tips were in the store afterwards.

## Dispatch

One Critical tip with {calls} calls on an unpaced lane, from the click (the API's request) on.

| until | ms |
|---|---|
| everything promised is durable and the click is answered | {answered:.0} |
| the carrier has the first call | {first:.0} |
| the carrier has all {calls} calls | {last:.0} |

{queue}
{storm}
{chats}
{flood}
## Memory

| when | MiB |
|---|---|
| idle after the start | {idle:.1} |
| after the accepts above | {loaded:.1} |
",
        machine = machine(),
        chats = super::chats::section(chats),
        flood = super::flood::section(flood),
        queue = super::queue::section(queue),
        storm = super::storm::section(storm),
        store_ratio = store / raw_64.max(1.0),
        p50 = ms("p50"),
        p99 = ms("p99"),
        p999 = ms("p99.9"),
        http = accepts.per_second,
        http_ratio = accepts.per_second / raw_64.max(1.0),
        hp50 = accepts.p50_ms,
        hp99 = accepts.p99_ms,
        hp999 = accepts.p999_ms,
        accepted = accepts.accepted,
        stored = accepts.stored,
        calls = dispatch.calls,
        answered = dispatch.answered_ms,
        first = dispatch.first_ms,
        last = dispatch.last_ms,
        idle = *idle_kib as f64 / 1024.0,
        loaded = *loaded_kib as f64 / 1024.0,
    )
}

/// Puts a section measured by itself into the report, in the place of the one with the same heading.
pub fn replace_section(section: &str, release: bool) -> Result<()> {
    let path = workspace::root().join("docs/benchmarks.md");
    let report = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    let profile = if release { "release profile" } else { "dev profile (unoptimised)" };
    let note = format!("Measured by itself, in the {profile}, on {}.", machine());
    fs::write(&path, replaced(&report, &format!("{section}\n{note}\n"))).with_context(|| format!("write {}", path.display()))?;
    println!("{section}\nwritten to docs/benchmarks.md");
    Ok(())
}

/// Writes the whole report; the sections that are measured by themselves, or written by hand, stay as they are.
pub fn write(figures: &Figures) -> Result<()> {
    let path = workspace::root().join("docs/benchmarks.md");
    let before = fs::read_to_string(&path).unwrap_or_default();
    fs::write(&path, with_the_others(text(figures), &before)).with_context(|| format!("write {}", path.display()))?;
    println!("written to docs/benchmarks.md");
    Ok(())
}

/// The report, and those sections of the one before that it does not have.
fn with_the_others(report: String, before: &str) -> String {
    let headings = before.lines().filter(|line| line.starts_with("## ") && section(&report, line).is_none());
    let kept: Vec<&str> = headings.filter_map(|heading| section(before, heading)).collect();
    kept.into_iter().fold(report, |report, kept| format!("{}\n\n{}\n", report.trim_end(), kept.trim_end()))
}

/// The section of this heading.
fn section<'a>(report: &'a str, heading: &str) -> Option<&'a str> {
    let begin = report.find(&format!("{heading}\n"))?;
    let end = report[begin + 1..].find("\n## ").map_or(report.len(), |at| begin + 2 + at);
    Some(&report[begin..end])
}

fn replaced(report: &str, section: &str) -> String {
    let heading = section.lines().next().unwrap_or("");
    let Some(begin) = report.find(&format!("{heading}\n")) else { return format!("{}\n\n{section}", report.trim_end()) };
    let end = report[begin + 1..].find("\n## ").map_or(report.len(), |at| begin + 1 + at);
    format!("{}{section}{}", &report[..begin], &report[end..])
}

/// Cores, memory and processor of this machine.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib: u64 = memory.lines().next().and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0);
    let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processor
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split(':').nth(1))
        .unwrap_or("an unnamed processor")
        .trim()
        .to_owned();
    format!("{cores} cores ({model}), {} GiB of memory", (kib + 524_288) / 1_048_576)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_found_whole() {
        let report = "# R\n\n## A\n\nof a\n\n## B\n\nof b\n";
        assert_eq!((section(report, "## A"), section(report, "## B")), (Some("## A\n\nof a\n\n"), Some("## B\n\nof b\n")));
        assert_eq!(section(report, "## C"), None);
    }

    #[test]
    fn sections_that_are_not_measured_anew_stay() {
        let before = "# R\n\n## A\n\nold\n\n## B\n\nkept\n\n## C\n\nkept, too\n";
        assert_eq!(with_the_others("# R\n\n## A\n\nnew\n".to_owned(), before), "# R\n\n## A\n\nnew\n\n## B\n\nkept\n\n## C\n\nkept, too\n");
    }

    #[test]
    fn a_section_takes_the_place_of_its_namesake() {
        let report = "# R\n\n## A\n\nold\n\n## B\n\nkept\n";
        assert_eq!(replaced(report, "## A\n\nnew\n"), "# R\n\n## A\n\nnew\n\n## B\n\nkept\n");
        assert_eq!(replaced(report, "## C\n\nnew\n"), "# R\n\n## A\n\nold\n\n## B\n\nkept\n\n## C\n\nnew\n");
    }
}

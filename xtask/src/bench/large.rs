//! A line that is five years old beside one that began today: what an analyst and a reporter wait for on ten million messages.
//!
//! Both hold the same tips that are looked at; the old one has closed ones of five years round them, made by `examples/five_years`. Two gateways
//! of the same build run beside each other and are asked in turn, so that both meet the same moments of the machine, and the ratio holds when
//! its speed does not.

use super::accepts::Line;
use super::clock::share;
use super::deployment::{Deployment, Paces, Round, Wants};
use super::nodes::tune;
use super::sink::Sink;
use crate::demo::deployment::{Deployment as Folder, LOGINS};
use crate::workspace;
use anyhow::{Context, Result, ensure};
use reqwest::{Client, header, redirect};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use test_kit::Cluster;

/// The heading of its section.
const HEADING: &str = "## Five years of messages";
/// Tips that are opened, from all of the five years.
const READ: usize = 300;
/// Open tips when the first page is asked for: more than a page.
const OPEN: u64 = 60;
/// How often everything is asked.
const ROUNDS: usize = 200;
/// Asked before anything is timed.
const WARM: usize = 20;
/// Slower than this is more than twice what is promised.
const PROMISED: f64 = 1.5;

/// One thing that is waited for, on the new line and on the old one, in ms.
#[derive(Debug)]
struct Waited {
    what: &'static str,
    /// New and old.
    half: [f64; 2],
    most: [f64; 2],
}

/// What came out of one engine.
#[derive(Debug)]
pub struct Large {
    engine: &'static str,
    messages: u64,
    tips: u64,
    gib: f64,
    built_s: u64,
    waited: Vec<Waited>,
}

/// Both engines, one after the other, so that the disk holds one at a time.
pub async fn measure(work: &Path, messages: u64) -> Result<Vec<Large>> {
    let sqlite = one(&work.join("sqlite"), messages, None).await?;
    std::fs::remove_dir_all(work.join("sqlite")).context("remove the large database")?;
    let mut cluster = Cluster::start().await.context("start PostgreSQL")?;
    tune(&mut cluster).await?;
    let postgres = one(&work.join("postgres"), messages, Some(&cluster)).await;
    cluster.stop().await?;
    Ok(vec![sqlite, postgres?])
}

async fn one(work: &Path, messages: u64, cluster: Option<&Cluster>) -> Result<Large> {
    let engine = if cluster.is_some() { "PostgreSQL" } else { "SQLite" };
    let sink = Sink::start().await?;
    let (mut folders, mut filled) = (Vec::new(), Vec::new());
    let mut databases = Vec::new();
    for (name, messages) in [("young", 0), ("old", messages)] {
        let database = match cluster {
            Some(cluster) => Some(cluster.create_database(name).await?),
            None => None,
        };
        let paces = Paces { texts: 1.0, calls: 10.0 };
        let wants = Wants { paces, mails_per_second: 20.0, district_after: 900, schools: Vec::new() };
        let round = Round { database: database.clone(), carrier: Some(sink.base.clone()), more_nodes: 0 };
        let folder = Deployment::prepare(work.join(name), &wants, &round)?;
        println!("{engine}: {messages} messages …");
        filled.push(tokio::task::block_in_place(|| fill(&folder, database.as_deref(), messages))?);
        databases.extend(database);
        folders.push(folder);
    }
    let gib = size(&folders[1], cluster).await?;
    let claimed = tokio::task::block_in_place(|| claim(&folders, &databases))?;
    let mut gateways = Vec::new();
    for (folder, filled) in folders.into_iter().zip(&filled) {
        gateways.push(Asked::new(Deployment::run(folder, 0).await?, filled).await?);
    }
    let mut waited = vec![Waited::of("claim of 16 pieces of work", claimed)];
    waited.extend(rounds(&mut gateways).await?);
    for gateway in gateways {
        gateway.gateway.stop().await;
    }
    let (tips, built_s) = (filled[1]["tips"].as_u64().unwrap_or(0), filled[1]["seconds"].as_u64().unwrap_or(0));
    let large = Large { engine, messages: filled[1]["messages"].as_u64().unwrap_or(0), tips, gib, built_s, waited };
    println!("  {large:?}");
    Ok(large)
}

fn five_years(arguments: &[String]) -> Result<Value> {
    let out = Command::new(workspace::program("examples/five_years")).args(arguments).output().context("start five_years")?;
    ensure!(out.status.success(), "five_years {}: {}", arguments[0], String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).context("five_years did not print JSON")
}

fn config(folder: &Folder) -> String {
    folder.folder.join("tipline.toml").display().to_string()
}

fn fill(folder: &Folder, database: Option<&str>, messages: u64) -> Result<Value> {
    let mut arguments =
        ["fill", "--config", &config(folder), "--messages", &messages.to_string(), "--read", &READ.to_string()].map(str::to_owned).to_vec();
    arguments.extend(database.iter().flat_map(|url| ["--database".to_owned(), (*url).to_owned()]));
    five_years(&arguments)
}

/// Milliseconds of each claim, young and old.
fn claim(folders: &[Folder], databases: &[String]) -> Result<[Vec<f64>; 2]> {
    let mut arguments = vec!["claim".to_owned(), "--rounds".to_owned(), ROUNDS.to_string()];
    arguments.extend(folders.iter().flat_map(|folder| ["--config".to_owned(), config(folder)]));
    arguments.extend(databases.iter().flat_map(|url| ["--database".to_owned(), url.clone()]));
    let said = five_years(&arguments)?;
    let times = |n: usize| said["ms"][n].as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
    Ok([times(0), times(1)])
}

async fn size(folder: &Folder, cluster: Option<&Cluster>) -> Result<f64> {
    let bytes = match cluster {
        Some(cluster) => cluster.ask("old", "SELECT pg_database_size('old')").await?.trim().parse::<u64>()?,
        None => std::fs::metadata(folder.folder.join("data/tipline.db"))?.len(),
    };
    Ok(bytes as f64 / f64::from(1 << 30))
}

/// A gateway with what it is asked.
struct Asked {
    gateway: Deployment,
    client: Client,
    cookie: String,
    line: Line,
    texts: u64,
    tips: Vec<String>,
}

impl Asked {
    async fn new(gateway: Deployment, filled: &Value) -> Result<Self> {
        let client = Client::builder().no_proxy().redirect(redirect::Policy::none()).build()?;
        let (login, _, _, password) = LOGINS[0];
        let form = client
            .post(gateway.staff("/login"))
            .header(header::ORIGIN, gateway.staff(""))
            .form(&[("login", login), ("password", password)]);
        let answer = form.send().await?;
        let cookie = answer.headers().get(header::SET_COOKIE).and_then(|value| value.to_str().ok()?.split(';').next().map(str::to_owned));
        let cookie = cookie.with_context(|| format!("logging in was answered with {}", answer.status()))?;
        let line = Line::open(&gateway.public).await?;
        let tips = filled["read"].as_array().context("read")?.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect();
        let mut asked = Self { gateway, client, cookie, line, texts: 0, tips };
        for _ in 0..OPEN {
            asked.text().await?;
        }
        Ok(asked)
    }

    /// A new reporter's text, in ms.
    async fn text(&mut self) -> Result<f64> {
        self.texts += 1;
        // Words of their own, so that none is taken for another's.
        let n = self.texts;
        let took = self.line.text(9_000_000 + n, &format!("five years {n} {} {}", n * 7919, n * 104_729)).await?;
        Ok(took.as_secs_f64() * 1000.0)
    }

    /// A page of the console, in ms, and whether it shows this.
    async fn page(&self, path: &str, shows: &str) -> Result<f64> {
        let began = Instant::now();
        let answer = self.client.get(self.gateway.staff(path)).header(header::COOKIE, &self.cookie).send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        let took = began.elapsed().as_secs_f64() * 1000.0;
        ensure!(status.is_success() && text.contains(shows), "a page was answered with {status} and does not show {shows:?}");
        Ok(took)
    }

    /// Everything once, in ms.
    async fn all(&mut self, round: usize) -> Result<[f64; 4]> {
        // A prime step: not in the order in which they were made.
        let tip = format!("/tips/{}", self.tips[round * 101 % self.tips.len()]);
        let inbox = self.page("/", "five years").await?;
        let tip = self.page(&tip, "gave his things away").await?;
        let text = self.text().await?;
        let scrape = self.gateway.metrics_ms().await?;
        Ok([inbox, tip, text, scrape])
    }
}

async fn rounds(gateways: &mut [Asked]) -> Result<Vec<Waited>> {
    let mut times: [[Vec<f64>; 2]; 4] = Default::default();
    for round in 0..WARM + ROUNDS {
        for place in 0..2 {
            // Who is first in one round is second in the next.
            let which = (place + round) % 2;
            let took = gateways[which].all(round).await?;
            for (what, ms) in took.into_iter().enumerate().filter(|_| round >= WARM) {
                times[what][which].push(ms);
            }
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let names = ["the inbox", "a tip of some year, 20 messages", "accept of a new tip's text", "a scrape of the metrics"];
    Ok(names.into_iter().zip(times).map(|(what, times)| Waited::of(what, times)).collect())
}

impl Waited {
    fn of(what: &'static str, mut times: [Vec<f64>; 2]) -> Self {
        times.iter_mut().for_each(|times| times.sort_by(f64::total_cmp));
        let at = |part: f64| [share(&times[0], part), share(&times[1], part)];
        Self { what, half: at(0.5), most: at(0.99) }
    }
}

/// The section of the report.
pub fn section(all: &[Large]) -> String {
    let mut text = format!("{HEADING}\n\n");
    for Large { engine, messages, tips, gib, built_s, waited } in all {
        text.push_str(&format!(
            "**{engine}**: {messages} messages and as many entries of the record in {tips} tips of five years, {gib:.1} GiB, built in {built_s} s.\n\n\
             | milliseconds | new: half | 99 % | old: half | 99 % | ratio of halves | of 99 % |\n|---|---|---|---|---|---|---|\n"
        ));
        for Waited { what, half, most } in waited {
            let ratio = |[young, old]: &[f64; 2]| old / young.max(0.001);
            text.push_str(&format!(
                "| {what} | {:.1} | {:.1} | {:.1} | {:.1} | {:.2} | {:.2} |\n",
                half[0],
                most[0],
                half[1],
                most[1],
                ratio(half),
                ratio(most)
            ));
        }
        text.push('\n');
    }
    text.push_str(&format!(
        "Two gateways beside each other, asked in turn {ROUNDS} times, one request at a time; *new* has {READ} closed tips that are opened and {OPEN} open \
         ones, *old* has the same among those of five years. The filling is synthetic and closed; the tips that are opened are sealed by the \
         deployment's own key and spread over all years. What is promised is a ratio of {PROMISED}. PostgreSQL has its statistics (`VACUUM ANALYZE` \
         after the filling, as autovacuum would); SQLite has none.\n"
    ));
    text
}

//! A gateway of its own for one measurement: the demo's deployment with other paces, and a directory of any size.

use crate::demo::deployment::Deployment as Folder;
use crate::demo::ports::Ports;
use crate::demo::running::{Both, LINE_NUMBER, Pace};
use crate::process::Running;
use anyhow::{Context, Result, ensure};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::PathBuf;

/// The mock's account.
pub const ACCOUNT_SID: &str = "AC00000000000000000000000000000001";
/// Its token.
pub const AUTH_TOKEN: &str = "mock-auth-token-0001";
/// The tip line's number.
pub const TEXT_NUMBER: &str = LINE_NUMBER;
/// The school of the large dispatch.
pub const SCHOOL: &str = "bench-high";

/// A school of the directory that is made for one measurement.
pub struct School {
    /// Its key.
    pub key: &'static str,
    /// How many people are called.
    pub phones: usize,
    /// How many people are mailed; they come first.
    pub mails: usize,
}

/// Requests to the carrier in a second; 1000 and more is as fast as it goes.
pub struct Paces {
    /// Of texts.
    pub texts: f64,
    /// Of calls.
    pub calls: f64,
}

/// What one measurement wants beside the demo.
pub struct Wants {
    /// The lanes' paces.
    pub paces: Paces,
    /// Of mails.
    pub mails_per_second: f64,
    /// When the district's turn comes, in seconds.
    pub district_after: u32,
    /// Schools besides the demo's.
    pub schools: Vec<School>,
}

/// What stands round the gateway.
#[derive(Default)]
pub struct Round {
    /// PostgreSQL instead of the file.
    pub database: Option<String>,
    /// Scheme, host and port of what is asked for texts and calls instead of the mock.
    pub carrier: Option<String>,
    /// How many gateways beside the first.
    pub more_nodes: usize,
}

/// A running gateway with its carriers.
pub struct Deployment {
    /// Its folder and configuration.
    pub folder: Folder,
    both: Both,
    more: Vec<Running>,
    client: Client,
    /// Host and port of the public listener.
    pub public: String,
    /// Of every node's, the first node's first.
    pub publics: Vec<String>,
}

impl Deployment {
    /// Starts one; with `calls` above 0 the school [`SCHOOL`] has that many people who are called.
    pub async fn start(folder: PathBuf, paces: Paces, calls: usize) -> Result<Self> {
        let school = School { key: SCHOOL, phones: calls, mails: 1 };
        let schools = if calls > 0 { vec![school] } else { Vec::new() };
        Self::start_as(folder, Wants { paces, mails_per_second: 20.0, district_after: 45, schools }).await
    }

    /// Starts one as a measurement wants it.
    pub async fn start_as(folder: PathBuf, wants: Wants) -> Result<Self> {
        Self::start_in(folder, wants, Round::default()).await
    }

    /// Starts one with something else round it.
    pub async fn start_in(folder: PathBuf, wants: Wants, round: Round) -> Result<Self> {
        let folder = Self::prepare(folder, &wants, &round)?;
        Self::run(folder, round.more_nodes).await
    }

    /// Makes its folder and its empty database, and starts nothing.
    pub fn prepare(folder: PathBuf, wants: &Wants, round: &Round) -> Result<Folder> {
        let paces = &wants.paces;
        let variables = round.database.iter().map(|url| ("TIPLINE__DATABASE__URL", url.clone())).collect();
        let folder = Folder::make_with(folder, Ports::free()?, false, variables)?;
        let path = folder.folder.join("tipline.toml");
        let text = std::fs::read_to_string(&path)?;
        let text = text
            .replace("texts_per_second = 10", &format!("texts_per_second = {:?}", paces.texts))
            .replace("calls_per_second = 5", &format!("calls_per_second = {:?}", paces.calls))
            .replace("mails_per_second = 20", &format!("mails_per_second = {:?}", wants.mails_per_second))
            .replace("district_after = 45", &format!("district_after = {}", wants.district_after));
        let text = match &round.carrier {
            None => text,
            // Nothing comes back from it, so nobody is to ask or to give up while the measurement runs.
            Some(base) => text
                .replace(&format!("http://127.0.0.1:{}", folder.ports.mock), base)
                .replace("ask_after = 10", "ask_after = 900")
                .replace("silent_attempt_limit = 40", "silent_attempt_limit = 1100"),
        };
        std::fs::write(&path, text)?;
        if !wants.schools.is_empty() {
            import(&folder, &wants.schools)?;
        }
        Ok(folder)
    }

    /// Starts the programs on what [`prepare`](Self::prepare) made.
    pub async fn run(folder: Folder, more_nodes: usize) -> Result<Self> {
        let mut both = Both::start(&folder, Pace::Usual).await?;
        let (mut more, mut publics) = (Vec::new(), vec![format!("127.0.0.1:{}", folder.ports.public)]);
        for n in 0..more_nodes {
            let ports = Ports::free()?;
            let own = folder.folder.join(format!("node-{}", n + 2));
            std::fs::create_dir_all(&own)?;
            let mut command = folder.command();
            command.envs(folder.node(&own, &ports)).arg("serve");
            let node = Running::start("tipline", command, &own.join("tipline.log"))?;
            let ready = both.ready(&format!("http://127.0.0.1:{}/readyz", ports.ops)).await;
            ready.with_context(|| format!("node {} says:\n{}", n + 2, node.tail()))?;
            more.push(node);
            publics.push(format!("127.0.0.1:{}", ports.public));
        }
        let public = publics[0].clone();
        Ok(Self { folder, both, more, client: Client::builder().no_proxy().build()?, public, publics })
    }

    /// Ends all programs.
    pub async fn stop(self) {
        for node in self.more {
            node.end().await;
        }
        self.both.end().await;
    }

    /// Ends the gateway as a power cut would, starts it again, and returns when it is ready.
    pub async fn cut_and_start_again(&mut self) -> Result<()> {
        self.both.cut_gateway(&self.folder).await
    }

    /// What the gateway holds in memory now, in KiB (`VmRSS`).
    pub fn memory_kib(&self) -> Result<u64> {
        let id = self.both.gateway.id().context("the gateway has ended")?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        line.split_whitespace().next().and_then(|kib| kib.parse().ok()).context("VmRSS is not a number")
    }

    /// A metric of the gateway.
    pub async fn metric(&self, name: &str) -> Result<u64> {
        let text = self.client.get(format!("http://127.0.0.1:{}/metrics", self.folder.ports.ops)).send().await?.text().await?;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).with_context(|| format!("no metric {name}"))?;
        Ok(line.trim().parse::<f64>()? as u64)
    }

    /// How long a scrape of the metrics takes, in ms.
    pub async fn metrics_ms(&self) -> Result<f64> {
        let began = std::time::Instant::now();
        let answer = self.client.get(format!("http://127.0.0.1:{}/metrics", self.folder.ports.ops)).send().await?.error_for_status()?;
        answer.bytes().await?;
        Ok(began.elapsed().as_secs_f64() * 1000.0)
    }

    /// A reporter texts.
    pub async fn say(&self, body: &str) -> Result<()> {
        self.say_from("+12175550142", body).await
    }

    /// Another reporter texts.
    pub async fn say_from(&self, from: &str, body: &str) -> Result<()> {
        let said = json!({"from": from, "to": TEXT_NUMBER, "body": body});
        self.client.post(self.mock("/control/say")).json(&said).send().await?.error_for_status()?;
        Ok(())
    }

    /// What the carrier was asked.
    pub async fn requests(&self) -> Result<Vec<Value>> {
        Ok(self.client.get(self.mock("/control/requests")).send().await?.error_for_status()?.json().await?)
    }

    /// The mails that were taken.
    pub async fn mails(&self) -> Result<Vec<Value>> {
        Ok(self.client.get(self.mock("/control/mails")).send().await?.error_for_status()?.json().await?)
    }

    /// What people at a number do when they are called.
    pub async fn behave(&self, number: &str, calls: &Value) -> Result<()> {
        let body = json!({"number": number, "calls": calls});
        self.client.post(self.mock("/control/behaviour")).json(&body).send().await?.error_for_status()?;
        Ok(())
    }

    /// Forgets what the carrier was asked.
    pub async fn clear_requests(&self) -> Result<()> {
        self.client.delete(self.mock("/control/requests")).send().await?.error_for_status()?;
        Ok(())
    }

    /// GET of the gateway's API.
    pub async fn get(&self, path: &str) -> Result<Value> {
        let answer = self.client.get(self.staff(path)).bearer_auth(&self.folder.token).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    /// A change by the gateway's API.
    pub async fn send(&self, method: Method, path: &str, body: &Value) -> Result<()> {
        let answer = self.client.request(method, self.staff(path)).bearer_auth(&self.folder.token).json(body).send().await?;
        let status = answer.status();
        ensure!(status.is_success(), "{path}: {status} {}", answer.text().await?);
        Ok(())
    }

    /// An address of the staff listener.
    pub fn staff(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.folder.ports.staff)
    }

    fn mock(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.folder.ports.mock)
    }
}

/// The number of a school's n-th person.
pub fn number(school: usize, person: usize) -> String {
    format!("+1666{school}{person:06}")
}

/// The demo's directory with more schools.
fn import(folder: &Folder, schools: &[School]) -> Result<()> {
    let county = crate::workspace::root().join("config/demo");
    let mut organizations = std::fs::read_to_string(county.join("organizations.csv"))?;
    let mut people = std::fs::read_to_string(county.join("people.csv"))?;
    let columns = |table: &str| table.lines().next().unwrap_or("").split(',').map(str::to_owned).collect::<Vec<_>>();
    let (of_organizations, of_people) = (columns(&organizations), columns(&people));
    for (at, School { key, phones, mails }) in schools.iter().enumerate() {
        let name = format!("School {key}");
        let fields = [
            ("key", *key),
            ("kind", "school"),
            ("name", &name),
            ("county", "demo-county"),
            ("district", "demo-district"),
            ("psap", "demo-county-911"),
            ("police", "demo-county-police"),
            ("calendar", "school"),
        ];
        let _ = writeln!(organizations, "{}", row(&of_organizations, &fields));
        for n in 0..(*phones).max(*mails) {
            let (id, order) = (format!("{key}-{n}"), (n + 1).to_string());
            let phone = if n < *phones { number(at, n) } else { String::new() };
            let mail = if n < *mails { format!("contact-{n}.{key}@example.org") } else { String::new() };
            let role = format!("Contact {n}");
            let fields = [
                ("key", id.as_str()),
                ("organization", key),
                ("name", &role),
                ("role", &role),
                ("order", &order),
                ("phone", &phone),
                ("mail", &mail),
                ("text", "no"),
                ("language", "en"),
                ("attested_on", "2026-08-15"),
            ];
            let _ = writeln!(people, "{}", row(&of_people, &fields));
        }
    }
    let (one, two) = (folder.folder.join("organizations.csv"), folder.folder.join("people.csv"));
    std::fs::write(&one, organizations)?;
    std::fs::write(&two, people)?;
    let status = folder.command().args(["directory", "import", "--organizations"]).arg(one).arg("--people").arg(two).status()?;
    ensure!(status.success(), "the large directory was not imported");
    Ok(())
}

/// A row of a table with these columns.
fn row(columns: &[String], fields: &[(&str, &str)]) -> String {
    let value = |column: &String| fields.iter().find(|(name, _)| name == column).map_or("", |(_, value)| *value);
    columns.iter().map(value).collect::<Vec<_>>().join(",")
}

//! Three nodes, their database, a line to it for each, and a balancer: started, killed, asked whichever answers.

use crate::gateway::{LINE, SECOND_LINE, TestGateway, free_port, until};
use mock_carriers::NumberRoute;
use reqwest::Method;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use test_kit::{Balancer, Cluster, Line};

/// Windows short enough to see the end: 20 seconds for everybody, 5 of grace.
const SHORT: &[(&str, &str)] = &[
    ("TIPLINE__DISPATCH__CRITICAL_WINDOW", "20"),
    ("TIPLINE__DISPATCH__GRACE", "5"),
    ("TIPLINE__DISPATCH__DISTRICT_AFTER", "8"),
    ("TIPLINE__DISPATCH__BUSY_FIRST", "0.5"),
    ("TIPLINE__DISPATCH__NO_ANSWER_FIRST", "0.5"),
    ("TIPLINE__DISPATCH__LONGEST_DELAY", "3"),
    ("TIPLINE__DISPATCH__ASK_AFTER", "1"),
    ("TIPLINE__DISPATCH__SILENT_ATTEMPT_LIMIT", "5"),
];

/// The lanes by which everybody is told: what a dead node leaves of them must not wait. (Others are for what happens now and then.)
const TELLING: [&str; 6] = ["main-call", "main-text", "backup-call", "backup-text", "mail-mail", "watch-clocks"];

/// The name of the database.
const DATABASE: &str = "tips";

/// The whole of it.
pub struct Several {
    /// Carriers, folder, key and configuration of the first node; its process is not run by it.
    pub gateway: TestGateway,
    pub nodes: Vec<Node>,
    pub cluster: Cluster,
    balancer: Balancer,
}

/// One of the nodes.
pub struct Node {
    pub line: Line,
    config: PathBuf,
    data: PathBuf,
    staff: String,
    ops: String,
    client: reqwest::Client,
    child: Option<Child>,
}

impl Several {
    /// Three nodes that are ready.
    pub async fn start() -> Self {
        Self::over(Cluster::start().await.expect("a private PostgreSQL")).await
    }

    /// The same over this server.
    pub async fn over(cluster: Cluster) -> Self {
        let url = cluster.create_database(DATABASE).await.expect("a database");
        let environment: Vec<_> = SHORT.iter().copied().chain([("TIPLINE__DATABASE__URL", url.as_str())]).collect();
        let gateway = TestGateway::prepare(&environment).await;
        let ports: Vec<[u16; 3]> = (0..3).map(|_| [free_port(), free_port(), free_port()]).collect();
        let publics = ports.iter().map(|[public, ..]| ([127, 0, 0, 1], *public).into()).collect();
        let balancer = Balancer::start(0, publics).await.expect("a balancer");
        gateway.configure(|text| {
            let text = text.replace(&format!("origin = \"{}\"", gateway.public), &format!("origin = \"{}\"", balancer.origin()));
            let files = gateway.folder.join("media");
            format!("{text}\n[database]\nurl = \"{url}\"\n\n[media]\nfolder = \"{}\"\n", files.display())
        });
        routes(&gateway, &balancer.origin()).await;
        let mut nodes = Vec::new();
        for (number, ports) in ports.into_iter().enumerate() {
            nodes.push(Node::prepare(&gateway, &cluster, &url, number, ports).await);
        }
        // For whoever looks afterwards: wherever the first node's line leads then.
        gateway.configure(|text| text.replace(&url, &Cluster::url_at(nodes[0].line.address(), DATABASE)));
        let mut several = Self { gateway, nodes, cluster, balancer };
        for node in &mut several.nodes {
            node.serve().await;
        }
        several
    }

    /// Where the world comes in.
    pub fn origin(&self) -> String {
        self.balancer.origin()
    }

    /// Asks the API at whichever node answers; `None` when none does, or when it is refused.
    pub async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Option<Value> {
        for node in &self.nodes {
            let mut request = node.client.request(method.clone(), format!("{}/api/v1{path}", node.staff)).bearer_auth(&self.gateway.token);
            if let Some(body) = body {
                request = request.json(body);
            }
            let Ok(answer) = request.send().await else { continue };
            if answer.status().is_success() {
                return answer.json().await.ok();
            }
            if answer.status().is_client_error() {
                return None;
            }
        }
        None
    }

    /// Waits until every node says that it is ready.
    pub async fn nodes_are_ready(&self) {
        for node in &self.nodes {
            node.is_ready().await;
        }
    }

    /// The lanes of [`TELLING`] that a node of this name holds.
    pub async fn lanes_of(&self, name: &str) -> BTreeSet<String> {
        let text = self.cluster.ask(DATABASE, &format!("SELECT lane FROM lane WHERE owner = '{name}'")).await.expect("the leases");
        text.lines().filter(|lane| TELLING.contains(lane)).map(str::to_owned).collect()
    }

    /// Waits until no letter waits on any node's disk for the database: what was answered with 200 is in it.
    pub async fn spools_are_empty(&self) {
        for node in &self.nodes {
            until("the spool is drained", || async { (node.metric("tipline_spool_letters").await? == 0.0).then_some(()) }).await;
        }
    }

    /// Waits until letters wait at some node.
    pub async fn something_is_spooled(&self) {
        until("a letter waits", || async {
            for node in &self.nodes {
                if node.metric("tipline_spool_letters").await? > 0.0 {
                    return Some(());
                }
            }
            None
        })
        .await;
    }

    /// Which node holds this lane.
    pub async fn node_with(&self, lane: &str) -> usize {
        until("somebody has the lane", || async {
            let owner = self.cluster.ask(DATABASE, &format!("SELECT owner FROM lane WHERE lane = '{lane}'")).await.ok()?;
            self.nodes.iter().position(|node| !owner.is_empty() && node.name() == owner)
        })
        .await
    }

    /// Waits until each of these lanes is leased by somebody else than `name`, and not only free.
    pub async fn until_lanes_are_taken(&self, lanes: &BTreeSet<String>, name: &str) {
        until("the lanes are another one's", || async {
            let text = self.cluster.ask(DATABASE, &format!("SELECT lane FROM lane WHERE owner <> '{name}'")).await.ok()?;
            let taken: BTreeSet<String> = text.lines().map(str::to_owned).collect();
            lanes.is_subset(&taken).then_some(())
        })
        .await;
    }
}

/// Webhooks go to the balancer, of both carriers.
async fn routes(gateway: &TestGateway, origin: &str) {
    let route = |number: &str, account: &str| {
        let url = |rest: &str| Some(format!("{origin}/webhooks/{account}/{rest}"));
        NumberRoute { number: number.to_owned(), sms_url: url("messages"), voice_url: url("voice") }
    };
    gateway.control().set_number(route(LINE, "main")).await.expect("the line's number");
    gateway.control().set_telnyx_number(route(SECOND_LINE, "backup")).await.expect("the second carrier's number");
}

impl Node {
    async fn prepare(gateway: &TestGateway, cluster: &Cluster, url: &str, number: usize, [public, staff, ops]: [u16; 3]) -> Self {
        let line = Line::to(cluster.address()).await.expect("a line to the database");
        let text = fs::read_to_string(gateway.folder.join("tipline.toml")).expect("the configuration");
        let data = gateway.folder.join(format!("node{number}"));
        let listen = |text: String, origin: &str, port: u16| {
            let own = origin.trim_start_matches("http://");
            text.replace(&format!("listen = \"{own}\""), &format!("listen = \"127.0.0.1:{port}\""))
        };
        let text = listen(text, &gateway.public, public);
        let text = listen(text, &gateway.staff, staff);
        let text = listen(text, &gateway.ops, ops);
        let folder = format!("folder = \"{}\"", gateway.folder.join("data").display());
        assert!(text.contains(&folder), "the demo's data folder");
        let text = text.replace(&folder, &format!("folder = \"{}\"", data.display()));
        let text = text.replace(url, &Cluster::url_at(line.address(), DATABASE));
        let config = gateway.folder.join(format!("node{number}.toml"));
        fs::write(&config, text).expect("a configuration");
        // One that does not answer is passed by.
        let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build().expect("a client");
        let at = |port: u16| format!("http://127.0.0.1:{port}");
        Self { line, config, data, staff: at(staff), ops: at(ops), client, child: None }
    }

    /// Its name in leases.
    pub fn name(&self) -> String {
        fs::read_to_string(self.data.join("node")).unwrap_or_default().trim().to_owned()
    }

    /// A command with its configuration.
    pub fn command(&self, name: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tipline"));
        command.arg("--config").arg(&self.config).arg(name).env_remove("RUST_LOG").envs(SHORT.iter().copied());
        command
    }

    /// Starts it and waits until it is ready.
    pub async fn serve(&mut self) {
        let log = fs::OpenOptions::new().create(true).append(true).open(self.config.with_extension("log")).expect("a log");
        let mut command = self.command("serve");
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a log")).stderr(log);
        self.child = Some(command.spawn().expect("the node starts"));
        self.is_ready().await;
    }

    /// What its readiness page says.
    pub async fn ready_says(&self) -> String {
        until("the node says something", || async { self.client.get(format!("{}/readyz", self.ops)).send().await.ok()?.text().await.ok() })
            .await
    }

    async fn is_ready(&self) {
        let ready = format!("{}/readyz", self.ops);
        until("the node is ready", || async {
            self.client.get(&ready).send().await.is_ok_and(|answer| answer.status() == 200).then_some(())
        })
        .await;
    }

    /// The value of a metric without labels.
    async fn metric(&self, name: &str) -> Option<f64> {
        let text = self.client.get(format!("{}/metrics", self.ops)).send().await.ok()?.text().await.ok()?;
        text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
    }

    /// Ends it as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("the node is killed");
            child.wait().expect("the node ends");
        }
    }

    /// Asks it to end; its exit code.
    pub async fn terminate(&mut self) -> i32 {
        let mut child = self.child.take().expect("the node runs");
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill").success());
        until("the node ends", || std::future::ready(child.try_wait().expect("its status"))).await.code().unwrap_or(-1)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

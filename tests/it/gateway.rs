//! A gateway of one's own for a test: the binary, a folder, free ports, mock carriers.

use mock_carriers::{Control, MockCarriers, NumberRoute, Options, Tempo};
use reqwest::{Client, Method, Response};
use serde_json::Value;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use test_kit::disk::Disks;

/// The account of the mock.
pub const ACCOUNT_SID: &str = "AC00000000000000000000000000000001";
/// Its token.
pub const TOKEN: &str = "mock-auth-token-0001";
/// The tip line's number.
pub const LINE: &str = "+15555550100";
/// The number at the second carrier.
pub const SECOND_LINE: &str = "+15555550180";
/// The exit code of `tipline verify` when it finds a fault. Where a test took the database away it cannot look, which is another one.
const FAULTS: i32 = 3;
/// How long a condition is waited for.
pub const PATIENCE: Duration = Duration::from_secs(60);

static FOLDERS: AtomicU32 = AtomicU32::new(0);

/// A gateway and its carriers.
pub struct TestGateway {
    /// The carriers.
    pub mock: MockCarriers,
    /// Everything it writes.
    pub folder: PathBuf,
    /// `http://127.0.0.1:NNNN` of the public listener.
    pub public: String,
    /// Of the staff listener.
    pub staff: String,
    /// Of the ops listener.
    pub ops: String,
    /// An API token of an analyst.
    pub token: String,
    /// An HTTP client without a memory.
    pub client: Client,
    /// Small disks that lie over its folders, for the next start.
    pub disks: Option<Disks>,
    environment: Vec<(String, String)>,
    child: Option<Child>,
}

/// A second on calls that a handset makes or takes: nothing where a program holds it, a real one where a browser presses its keys.
const HANDSET_SECOND_MS: u64 = if matches!(env!("CARGO_CRATE_NAME").as_bytes(), b"browser") { 1_000 } else { 20 };

impl TestGateway {
    /// Starts carriers and gateway with the demo's directory.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same with further environment variables for `serve`.
    pub async fn start_with(environment: &[(&str, &str)]) -> Self {
        let mut gateway = Self::prepare(environment).await;
        gateway.serve().await;
        gateway
    }

    /// Everything but the running process.
    pub async fn prepare(environment: &[(&str, &str)]) -> Self {
        let mock = MockCarriers::start(Options {
            listen: ([127, 0, 0, 1], 0).into(),
            smtp: ([127, 0, 0, 1], 0).into(),
            imap: ([127, 0, 0, 1], 0).into(),
            handset_second_ms: HANDSET_SECOND_MS,
            tempo: Tempo { word_ms: 1, handset_word_ms: 1, ring_ms: 20, second_ms: 20, message_ms: 10 },
            ..Options::default()
        })
        .await
        .expect("mock carriers start");
        let folder = folder();
        let [public, staff, ops] = [free_port(), free_port(), free_port()];
        let text = fs::read_to_string(root().join("config/demo.toml")).expect("the demo's configuration");
        let text = text
            .replace("127.0.0.1:8080", &format!("127.0.0.1:{public}"))
            .replace("127.0.0.1:8081", &format!("127.0.0.1:{staff}"))
            .replace("127.0.0.1:9464", &format!("127.0.0.1:{ops}"))
            .replace("http://127.0.0.1:9090", &mock.base_url())
            .replace("http://127.0.0.1:9091", &mock.telnyx_url())
            .replace("port = 2525", &format!("port = {}", mock.smtp_addr().port()))
            .replace("port = 1143", &format!("port = {}", mock.imap_addr().port()))
            .replace("target/demo", &folder.display().to_string());
        fs::write(folder.join("tipline.toml"), text).expect("a configuration");
        let mut gateway = Self {
            mock,
            public: format!("http://127.0.0.1:{public}"),
            staff: format!("http://127.0.0.1:{staff}"),
            ops: format!("http://127.0.0.1:{ops}"),
            token: String::new(),
            client: Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client"),
            environment: environment.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            disks: None,
            child: None,
            folder,
        };
        let messages = format!("{}/webhooks/main/messages", gateway.public);
        let voice = format!("{}/webhooks/main/voice", gateway.public);
        let route = NumberRoute { number: LINE.to_owned(), sms_url: Some(messages), voice_url: Some(voice) };
        gateway.control().set_number(route).await.expect("the line's number");
        let second = |rest: &str| Some(format!("{}/webhooks/backup/{rest}", gateway.public));
        let route = NumberRoute { number: SECOND_LINE.to_owned(), sms_url: second("messages"), voice_url: second("voice") };
        gateway.control().set_telnyx_number(route).await.expect("the second carrier's number");
        let key = gateway.folder.join("master.key").display().to_string();
        gateway.must(&["keygen", "--out", &key]);
        gateway.must(&["migrate"]);
        let demo = |file: &str| root().join("config/demo").join(file).display().to_string();
        gateway.must(&["directory", "import", "--organizations", &demo("organizations.csv"), "--people", &demo("people.csv")]);
        gateway.must(&["user", "add", "analyst", "--name", "Analyst One", "--role", "analyst"]);
        gateway.must(&["user", "add", "supervisor", "--name", "Supervisor One", "--role", "supervisor"]);
        let printed = gateway.must(&["token", "add", "analyst", "--label", "tests"]);
        gateway.token = printed.split_whitespace().find(|word| word.starts_with("tl_")).expect("a token").to_owned();
        gateway
    }

    /// Scripts and inspects the carriers.
    pub fn control(&self) -> Control {
        self.mock.control()
    }

    /// A command of the gateway with this deployment's configuration.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let program = env!("CARGO_BIN_EXE_tipline");
        let mut command = self.disks.as_ref().map_or_else(|| Command::new(program), |disks| disks.command(program));
        command.arg("--config").arg(self.folder.join("tipline.toml")).args(arguments).current_dir(&self.folder);
        command.env_remove("RUST_LOG");
        for (key, value) in &self.environment {
            command.env(key, value);
        }
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).stdin(Stdio::null()).output().expect("the gateway's binary runs")
    }

    fn must(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "tipline {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Changes the configuration; for the next start.
    pub fn configure(&self, change: impl FnOnce(String) -> String) {
        let file = self.folder.join("tipline.toml");
        let text = fs::read_to_string(&file).expect("the configuration");
        fs::write(file, change(text)).expect("a configuration");
    }

    /// Starts `serve` and waits until it is ready. Its log goes to `gateway.log`, appended.
    pub async fn serve(&mut self) {
        self.start_serving();
        let ready = format!("{}/readyz", self.ops);
        until("the gateway is ready", || async {
            self.client.get(&ready).send().await.is_ok_and(|answer| answer.status() == 200).then_some(())
        })
        .await;
    }

    /// Starts `serve` and does not wait.
    pub fn start_serving(&mut self) {
        let log = fs::OpenOptions::new().create(true).append(true).open(self.folder.join("gateway.log")).expect("a log");
        let child = self.command(&["serve"]).stdin(Stdio::null()).stdout(log.try_clone().expect("a log")).stderr(log).spawn();
        self.child = Some(child.expect("the gateway starts"));
    }

    /// The id of its process.
    pub fn process(&self) -> u32 {
        self.child.as_ref().expect("the gateway runs").id()
    }

    /// Waits until it has ended by itself; its exit code.
    pub async fn ended(&mut self) -> i32 {
        let mut child = self.child.take().expect("the gateway was started");
        until("the gateway ends", || std::future::ready(child.try_wait().expect("its status"))).await.code().unwrap_or(-1)
    }

    /// Ends the process as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("the gateway is killed");
            child.wait().expect("the gateway ends");
        }
    }

    /// Sends it a signal, such as `-TERM`.
    pub fn signal(&self, signal: &str) {
        let id = self.child.as_ref().expect("the gateway runs").id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().expect("kill").success());
    }

    /// Asks it to end, and waits for it.
    pub async fn terminate(&mut self) -> i32 {
        let id = self.process().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill").success());
        self.ended().await
    }

    /// The log so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("gateway.log")).unwrap_or_default()
    }

    /// A reporter texts; the gateway's status.
    pub async fn text(&self, from: &str, body: &str) -> u16 {
        let said = self.control().text(from, LINE, body).await.expect("the mock says it");
        said.webhook.status.unwrap_or(0)
    }

    /// GET of the API.
    pub async fn get(&self, path: &str) -> Value {
        let answer = self.ask(Method::GET, path, None).await;
        let status = answer.status();
        let text = answer.text().await.expect("a body");
        assert!(status.is_success(), "GET {path}: {status} {text}");
        serde_json::from_str(&text).expect("JSON")
    }

    /// A change by the API; asserts that it was taken.
    pub async fn send(&self, method: Method, path: &str, body: Value) -> Value {
        let answer = self.ask(method.clone(), path, Some(body)).await;
        let status = answer.status();
        let text = answer.text().await.expect("a body");
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// Any request of the API.
    pub async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Response {
        let mut request = self.client.request(method, format!("{}/api/v1{path}", self.staff)).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.expect("the API answers")
    }

    /// All open tips of the inbox, page by page.
    pub async fn tips(&self) -> Vec<Value> {
        let mut all = Vec::new();
        for page in 0.. {
            let read = self.get(&format!("/tips?filter=open&page={page}")).await;
            all.extend(read["tips"].as_array().cloned().unwrap_or_default());
            if read["more"] != true {
                break;
            }
        }
        all
    }

    /// The value of one series, written as in `/metrics`; 0 when it is not there.
    pub async fn metric_of(&self, series: &str) -> f64 {
        let text = self.client.get(format!("{}/metrics", self.ops)).send().await.expect("metrics").text().await.expect("metrics");
        let value = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok());
        value.unwrap_or(0.0)
    }

    /// The value of a metric without labels, or the sum over its labels.
    pub async fn metric(&self, name: &str) -> f64 {
        let text = self.client.get(format!("{}/metrics", self.ops)).send().await.expect("metrics").text().await.expect("metrics");
        text.lines()
            .filter(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' '])))
            .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .sum()
    }
}

impl Drop for TestGateway {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
        if !std::thread::panicking() {
            let checked = self.run(&["verify", "--quiet"]);
            assert_ne!(checked.status.code(), Some(FAULTS), "what it leaves is not sound: {}", String::from_utf8_lossy(&checked.stdout));
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Looks until there is something, a bounded time.
pub async fn until<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    let began = Instant::now();
    let mut pause = tokio::time::interval(Duration::from_millis(25));
    loop {
        pause.tick().await;
        if let Some(found) = look().await {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "not within {} s: {what}", PATIENCE.as_secs());
    }
}

/// The checkout.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn folder() -> PathBuf {
    let number = FOLDERS.fetch_add(1, Ordering::SeqCst);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("it-{}-{number}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder for the test");
    folder
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

//! A chromedriver of one's own on a free port, and the browsers it opens.
//!
//! Ended with everything that it started, also when a test fails. Only two run at a time in this process.

use crate::browser::Browser;
use crate::gateway::{free_port, until};
use fantoccini::ClientBuilder;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Three tests at a time: a browser waits more than it works, and more of them would wait for each other.
static TURN: Semaphore = Semaphore::const_new(3);

static FOLDERS: AtomicU32 = AtomicU32::new(0);

/// The switches of every browser: nothing is fetched that a test did not ask for.
const SWITCHES: [&str; 13] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--mute-audio",
    "--hide-scrollbars",
    "--disable-lcd-text",
];

/// A running chromedriver.
pub struct Driver {
    child: Child,
    base: String,
    chromium: PathBuf,
    folder: PathBuf,
    browsers: AtomicU32,
    _turn: SemaphorePermit<'static>,
}

impl Driver {
    /// Starts it and waits until it is ready.
    pub async fn start() -> Self {
        let turn = TURN.acquire().await.expect("the turn is never closed");
        let program = program("TIPLINE_CHROMEDRIVER", &["chromedriver"], "chromium-driver");
        let chromium = program_of_browser();
        let number = FOLDERS.fetch_add(1, Ordering::SeqCst);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("browser-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder for the browser");
        let port = free_port();
        let log = File::create(folder.join("chromedriver.log")).expect("a log");
        let mut command = Command::new(&program);
        command.arg(format!("--port={port}")).stdin(Stdio::null()).stdout(log.try_clone().expect("a log")).stderr(log);
        // Its own group, so that the end of the test reaches the browsers too.
        let child = command.process_group(0).spawn().unwrap_or_else(|error| panic!("start {}: {error}", program.display()));
        let driver = Self { child, base: format!("http://127.0.0.1:{port}"), chromium, folder, browsers: AtomicU32::new(0), _turn: turn };
        let client = reqwest::Client::new();
        let status = format!("{}/status", driver.base);
        until("chromedriver is ready", || async {
            let answer: Value = client.get(&status).send().await.ok()?.json().await.ok()?;
            answer["value"]["ready"].as_bool()?.then_some(())
        })
        .await;
        driver
    }

    /// A browser with nothing in its memory.
    pub async fn open(&self) -> Browser {
        let number = self.browsers.fetch_add(1, Ordering::SeqCst);
        let profile = format!("--user-data-dir={}", self.folder.join(format!("profile-{number}")).display());
        let switches: Vec<String> =
            SWITCHES.into_iter().map(str::to_owned).chain([profile, "--window-size=1400,1000".to_owned()]).collect();
        let options = json!({"goog:chromeOptions": {"binary": self.chromium, "args": switches}});
        let mut builder = ClientBuilder::new(HttpConnector::new());
        if let Value::Object(capabilities) = options {
            builder.capabilities(capabilities);
        }
        let client = builder.connect(&self.base).await.unwrap_or_else(|error| panic!("open a browser: {error}"));
        Browser::new(client, &self.base).await
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let group = format!("-{}", self.child.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn program_of_browser() -> PathBuf {
    program("TIPLINE_CHROMIUM", &["chromium", "chromium-browser", "google-chrome"], "chromium")
}

/// A program by its variable, or on the PATH.
fn program(variable: &str, names: &[&str], package: &str) -> PathBuf {
    let named = std::env::var_os(variable).map(PathBuf::from);
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&folders).flat_map(|folder| names.iter().map(move |name| folder.join(name)));
    let found = named.into_iter().chain(on_path).find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("{} is missing: install the Debian package {package}, or set {variable} to the program", names[0]))
}

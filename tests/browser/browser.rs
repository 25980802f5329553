//! One browser: what a person does in it, and waiting for what they would see.
//!
//! Whatever is not there yet is waited for, a bounded time; a failure keeps a picture of the page beside the other test files.
//! Targets are CSS, or XPath when they begin with `//`.

use crate::gateway::PATIENCE;
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::wd::WindowHandle;
use fantoccini::{Client, Locator};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// How often something is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(40);

/// A browser window.
pub struct Browser {
    client: Client,
    commands: String,
    http: reqwest::Client,
}

/// How a page is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Scheme {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Light, Self::Dark];
    /// As the media query and file names have it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

impl Browser {
    /// Wraps a session of chromedriver.
    pub async fn new(client: Client, driver: &str) -> Self {
        let session = client.session_id().await.expect("the session").expect("a session");
        Self { client, commands: format!("{driver}/session/{session}/goog/cdp/execute"), http: reqwest::Client::new() }
    }

    /// Opens an address.
    pub async fn go(&self, url: &str) {
        self.client.goto(url).await.unwrap_or_else(|error| panic!("open {url}: {error}"));
    }

    /// Loads the page again.
    pub async fn reload(&self) {
        self.client.refresh().await.expect("the page is loaded again");
    }

    /// The window that is looked at.
    pub async fn window(&self) -> WindowHandle {
        self.client.window().await.expect("a window")
    }

    /// Opens another window with the same logins; it is looked at only after [`Browser::show`].
    pub async fn open_window(&self) -> WindowHandle {
        self.client.new_window(false).await.expect("a window").handle
    }

    /// Looks at a window from now on.
    pub async fn show(&self, window: &WindowHandle) {
        self.client.switch_to_window(window.clone()).await.expect("the window is shown");
    }

    /// Runs a script in the page and gives what it returns.
    pub async fn run(&self, script: &str) -> Value {
        self.run_with(script, vec![]).await
    }

    /// The same with arguments.
    pub async fn run_with(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.client.execute(script, arguments).await.unwrap_or_else(|error| panic!("{error} in: {}", script.get(..200).unwrap_or(script)))
    }

    /// The same for a script that calls its last argument when it is done.
    pub async fn run_slowly(&self, script: &str) -> Value {
        self.client.execute_async(script, vec![]).await.unwrap_or_else(|error| panic!("{error} in: {script}"))
    }

    /// Waits until a script returns something that is not null, false or empty.
    pub async fn until(&self, what: &str, script: &str) -> Value {
        self.wait(what, async || {
            let found = self.client.execute(script, vec![]).await.ok()?;
            let there = !matches!(&found, Value::Null | Value::Bool(false)) && found.as_str() != Some("");
            there.then_some(found)
        })
        .await
    }

    /// Waits until the page shows these words.
    pub async fn sees(&self, words: &str) {
        let script = format!("return document.body.innerText.includes({})", json!(words));
        self.until(&format!("the page shows “{words}”"), &script).await;
    }

    /// Everything that the page shows as text.
    pub async fn text(&self) -> String {
        self.run("return document.body.innerText").await.as_str().unwrap_or_default().to_owned()
    }

    /// Whether it is there now.
    pub async fn there(&self, target: &str) -> bool {
        self.find(target).await.is_ok()
    }

    /// Clicks what is, or soon will be, there.
    pub async fn click(&self, target: &str) {
        self.wait(&format!("a click on {target}"), async || self.find(target).await.ok()?.click().await.ok()).await;
    }

    /// Types into a field.
    pub async fn fill(&self, target: &str, text: &str) {
        self.wait(&format!("{target} takes “{text}”"), async || {
            let field = self.find(target).await.ok()?;
            field.clear().await.ok()?;
            field.send_keys(text).await.ok()
        })
        .await;
    }

    /// Waits until the address begins so.
    pub async fn is_at(&self, beginning: &str) {
        self.wait(&format!("the browser is at {beginning}"), async || {
            self.client.current_url().await.ok()?.as_str().starts_with(beginning).then_some(())
        })
        .await;
    }

    /// Chooses an option by its words.
    pub async fn choose(&self, target: &str, option: &str) {
        self.wait(&format!("{option} in {target}"), async || self.find(target).await.ok()?.select_by_label(option).await.ok()).await;
    }

    /// Presses keys, whatever has the focus.
    pub async fn press(&self, keys: &str) {
        let mut actions = KeyActions::new("keyboard".to_owned());
        for key in keys.chars() {
            actions = actions.then(KeyAction::Down { value: key }).then(KeyAction::Up { value: key });
        }
        self.client.perform_actions(actions).await.expect("keys are pressed");
    }

    /// Shows pages in the light or the dark, and without motion: what is looked at is not half-way between two colours.
    pub async fn scheme(&self, scheme: Scheme) {
        let features =
            json!([{"name": "prefers-color-scheme", "value": scheme.word()}, {"name": "prefers-reduced-motion", "value": "reduce"}]);
        self.command("Emulation.setEmulatedMedia", json!({"features": features})).await;
    }

    /// The size of the window's inside; narrow ones are phones that are touched.
    pub async fn size(&self, width: u32, height: u32) {
        let phone = width < 600;
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone});
        self.command("Emulation.setDeviceMetricsOverride", metrics).await;
        self.command("Emulation.setTouchEmulationEnabled", json!({"enabled": phone})).await;
    }

    /// Takes the network away from this page, or gives it back.
    pub async fn offline(&self, offline: bool) {
        self.command("Network.enable", json!({})).await;
        let conditions = json!({"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
        self.command("Network.emulateNetworkConditions", conditions).await;
    }

    /// Puts a file into a field.
    pub async fn attach(&self, target: &str, path: &Path) {
        self.find(target).await.expect("a field for files").send_keys(&path.display().to_string()).await.expect("the file is chosen");
    }

    /// The address that is shown.
    pub async fn address(&self) -> String {
        self.client.current_url().await.map(|url| url.to_string()).unwrap_or_default()
    }

    /// Takes scripts away from the pages opened from now on.
    pub async fn without_scripts(&self) {
        self.command("Emulation.setScriptExecutionDisabled", json!({"value": true})).await;
    }

    /// What is shown, as a PNG.
    pub async fn picture(&self) -> Vec<u8> {
        self.client.screenshot().await.expect("a picture")
    }

    async fn command(&self, name: &str, parameters: Value) {
        let answer = self.http.post(&self.commands).json(&json!({"cmd": name, "params": parameters})).send().await.expect("chromedriver");
        let status = answer.status();
        assert!(status.is_success(), "{name}: {status} {}", answer.text().await.unwrap_or_default());
    }

    async fn find(&self, target: &str) -> Result<Element, CmdError> {
        let locator = if target.starts_with("//") { Locator::XPath(target) } else { Locator::Css(target) };
        self.client.find(locator).await
    }

    async fn wait<T>(&self, what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
        let mut pause = tokio::time::interval(LOOK_EVERY);
        let search = async {
            loop {
                pause.tick().await;
                if let Some(found) = look().await {
                    return found;
                }
            }
        };
        if let Ok(found) = tokio::time::timeout(PATIENCE, search).await {
            return found;
        }
        let picture = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser-failed.png");
        if let Ok(png) = self.client.screenshot().await {
            let _ = std::fs::write(&picture, png);
        }
        let text = self.client.execute("return document.body.innerText", vec![]).await.unwrap_or_default();
        let address = self.client.current_url().await.map(|url| url.path().to_owned()).unwrap_or_default();
        panic!(
            "not within {} s: {what}\nat {address}, see {}\n{}",
            PATIENCE.as_secs(),
            picture.display(),
            text.as_str().unwrap_or_default()
        );
    }
}

//! The demo's folder: configuration, key, database, directory, logins, all made by the gateway's own commands.

use super::ports::Ports;
use crate::{Mistake, workspace};
use anyhow::{Context, ensure};
use std::fs::{File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What the logins of the demo are; they open nothing but this demo.
pub const LOGINS: [(&str, &str, &str, &str); 2] = [
    ("analyst", "Demo Analyst", "analyst", "demo-analyst-password"),
    ("supervisor", "Demo Supervisor", "supervisor", "demo-supervisor-password"),
];

/// Who has a PIN in the demo.
pub const WITH_PIN: [&str; 2] = ["delta-high-principal", "delta-high-assistant"];

/// A folder with everything that the gateway needs.
pub struct Deployment {
    /// The folder.
    pub folder: PathBuf,
    /// The ports written into its configuration.
    pub ports: Ports,
    /// A token for the API, in the analyst's name.
    pub token: String,
    /// The PINs of [`WITH_PIN`], in that order.
    pub pins: Vec<String>,
    /// Keys of the configuration that are set by variables instead: `TIPLINE__DATABASE__URL`.
    variables: Vec<(&'static str, String)>,
}

impl Deployment {
    /// Makes the folder afresh, or goes on with the one that is there.
    pub fn make(folder: PathBuf, ports: Ports, go_on: bool) -> anyhow::Result<Self> {
        Self::make_with(folder, ports, go_on, Vec::new())
    }

    /// The same, with keys of the configuration set by variables for every command.
    pub fn make_with(folder: PathBuf, ports: Ports, go_on: bool, variables: Vec<(&'static str, String)>) -> anyhow::Result<Self> {
        let token_file = folder.join("token");
        refuse_running(&folder)?;
        let there = go_on && token_file.exists();
        if !there && folder.exists() {
            std::fs::remove_dir_all(&folder).with_context(|| format!("empty {}", folder.display()))?;
        }
        std::fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
        let pins_file = folder.join("pins");
        let mut deployment = Self { folder, ports, token: String::new(), pins: Vec::new(), variables };
        deployment.write_config()?;
        if !there {
            deployment.fill()?;
            let token = deployment.tipline(&["token", "add", LOGINS[0].0, "--label", "demo"], None)?;
            std::fs::write(&token_file, &token).context("keep the token")?;
            let pins: Vec<String> = WITH_PIN.iter().map(|who| deployment.tipline(&["pin", "new", who], None)).collect::<Result<_, _>>()?;
            std::fs::write(&pins_file, pins.join("\n")).context("keep the PINs")?;
        }
        deployment.token = std::fs::read_to_string(&token_file).context("read the token")?.trim().to_owned();
        let pins = std::fs::read_to_string(&pins_file).context("read the PINs")?;
        deployment.pins = pins.lines().map(str::to_owned).collect();
        Ok(deployment)
    }

    /// The gateway's program with this configuration.
    pub fn command(&self) -> Command {
        self.configured(Command::new(workspace::program("tipline")))
    }

    /// What is different for one more node over the same database: its listeners and its own folder. All nodes keep their files in the first's.
    pub fn node(&self, own: &Path, ports: &Ports) -> Vec<(&'static str, String)> {
        let listen = |port: u16| format!("127.0.0.1:{port}");
        vec![
            ("TIPLINE__PUBLIC__LISTEN", listen(ports.public)),
            ("TIPLINE__STAFF__LISTEN", listen(ports.staff)),
            ("TIPLINE__OPS__LISTEN", listen(ports.ops)),
            ("TIPLINE__DATA__FOLDER", text(own)),
            ("TIPLINE__MEDIA__FOLDER", text(&self.folder.join("data"))),
        ]
    }

    /// The gateway's program, started by whatever this command is, with this configuration.
    pub fn configured(&self, mut command: Command) -> Command {
        // What the user's shell says about a real gateway must not reach the demo's.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TIPLINE_")) {
            command.env_remove(name);
        }
        for (name, value) in &self.variables {
            command.env(name, value);
        }
        command.current_dir(workspace::root()).arg("--config").arg(self.folder.join("tipline.toml"));
        command
    }

    /// config/demo.toml with this folder and these ports.
    fn write_config(&self) -> anyhow::Result<()> {
        let path = workspace::root().join("config/demo.toml");
        let mut text = std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        let folder = self.folder.display();
        let Ports { public, staff, ops, mock, telnyx, smtp, imap } = self.ports;
        for (usual, own) in [
            ("\"target/demo/data\"", format!("\"{folder}/data\"")),
            ("\"target/demo/master.key\"", format!("\"{folder}/master.key\"")),
            ("127.0.0.1:8080", format!("127.0.0.1:{public}")),
            ("127.0.0.1:8081", format!("127.0.0.1:{staff}")),
            ("127.0.0.1:9464", format!("127.0.0.1:{ops}")),
            ("127.0.0.1:9090", format!("127.0.0.1:{mock}")),
            ("127.0.0.1:9091", format!("127.0.0.1:{telnyx}")),
            ("port = 2525", format!("port = {smtp}")),
            ("port = 1143", format!("port = {imap}")),
        ] {
            ensure!(text.contains(usual), "config/demo.toml no longer has {usual}: change xtask with it");
            text = text.replace(usual, &own);
        }
        std::fs::write(self.folder.join("tipline.toml"), text).context("write the demo's configuration")
    }

    fn fill(&self) -> anyhow::Result<()> {
        let county = workspace::root().join("config/demo");
        self.tipline(&["keygen", "--out", &text(&self.folder.join("master.key"))], None)?;
        self.tipline(&["migrate"], None)?;
        let (organizations, people) = (text(&county.join("organizations.csv")), text(&county.join("people.csv")));
        self.tipline(&["directory", "import", "--organizations", &organizations, "--people", &people], None)?;
        for (login, name, role, password) in LOGINS {
            self.tipline(&["user", "add", login, "--name", name, "--role", role, "--password-stdin"], Some(password))?;
        }
        Ok(())
    }

    /// Runs one of the gateway's commands; gives what it printed.
    fn tipline(&self, arguments: &[&str], input: Option<&str>) -> anyhow::Result<String> {
        let mut command = self.command();
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().context("start tipline")?;
        if let (Some(input), Some(mut stdin)) = (input, child.stdin.take()) {
            stdin.write_all(input.as_bytes()).context("give tipline its input")?;
        }
        let output = child.wait_with_output().context("wait for tipline")?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(Mistake(format!("`tipline {}` refused: {said}", arguments.join(" "))).into());
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}

/// A folder that a running demo uses is not emptied under it: the gateway holds a lock on a file beside its database.
fn refuse_running(folder: &Path) -> anyhow::Result<()> {
    let Ok(lock) = File::open(folder.join("data/tipline.db.lock")) else { return Ok(()) };
    match lock.try_lock() {
        Err(TryLockError::WouldBlock) => {
            Err(Mistake(format!("a demo runs in {}: end it first (Ctrl-C where it was started)", folder.display())).into())
        }
        Ok(()) | Err(TryLockError::Error(_)) => Ok(()),
    }
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

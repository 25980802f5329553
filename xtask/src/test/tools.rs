//! What the checks need beside the Rust toolchain: a browser, servers, and Twilio's own libraries as foreign clients.
//!
//! Debian packages are installed system-wide, as root or through sudo; Python's and Node's packages go into `target/tools` and touch
//! nothing else. Each is told by name with the reason before it is installed.

use crate::workspace;
use anyhow::{Context, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A program that a Debian package brings.
const PACKAGES: [(&str, &str, &str); 11] = [
    ("chromium", "chromium", "the browser tests look at the pages in it"),
    ("chromedriver", "chromium-driver", "the browser tests steer the browser with it"),
    ("python3", "python3-venv", "Twilio's Python library speaks with the mock and signs webhooks"),
    ("node", "nodejs", "Twilio's Node library does the same, and axe-core looks at the pages"),
    ("npm", "npm", "it brings Twilio's Node library and axe-core"),
    ("dovecot", "dovecot-imapd", "a real mailbox is read from it"),
    ("exim4", "exim4-daemon-light", "a real mail server carries reporters' mails, the answers and the bounces"),
    ("postgres", test_kit::PACKAGE, "the store runs on private PostgreSQL servers in the tests; Debian's own server is left alone"),
    ("faketime", "faketime", "it sets the clock of one gateway by hours, back and forth"),
    ("openssl", "openssl", "it makes certificates that nobody knows, which must be refused"),
    ("systemd-analyze", "systemd", "it reads the gateway's unit as systemd does; nothing of systemd has to run"),
];

/// What is there.
pub(super) struct Tools {
    folder: PathBuf,
    missing: Vec<String>,
}

impl Tools {
    /// Installs what is missing, unless that is not wanted. What could not be had is remembered for the step that needs it.
    pub(super) fn ready(install: bool) -> Self {
        let folder = workspace::target().join("tools");
        let mut missing = Vec::new();
        let mut note = |what: &str, outcome: anyhow::Result<()>| {
            if let Err(error) = outcome {
                println!("{what} could not be installed: {error:#}");
                missing.push(what.to_owned());
            }
        };
        for (program, package, why) in PACKAGES {
            if !is_there(program) || (package == "python3-venv" && !has_venv()) {
                println!("{package} is missing: {why}.");
                note(package, if install { apt(package) } else { Err(anyhow::anyhow!("--no-install was given")) });
            }
        }
        if !folder.join("python/lib").exists() || !python(&folder).exists() {
            println!("The Python package twilio is missing: it is a foreign client for the mock and the gateway.");
            note("twilio for Python", if install { make_python(&folder) } else { Err(anyhow::anyhow!("--no-install was given")) });
        }
        if !node_modules(&folder).join("twilio").exists() || !node_modules(&folder).join("axe-core").exists() {
            println!("The Node packages twilio and axe-core are missing: a foreign client, and the judge of accessible pages.");
            note("twilio and axe-core for Node", if install { make_node(&folder) } else { Err(anyhow::anyhow!("--no-install was given")) });
        }
        Self { folder, missing }
    }

    /// Fails when something could not be had: a check that is left out must not count as passed.
    pub(super) fn must_be_there(&self) -> anyhow::Result<()> {
        if self.missing.is_empty() { Ok(()) } else { bail!("missing: {}", self.missing.join(", ")) }
    }

    /// The variables by which tests find the tools.
    pub(super) fn variables(&self) -> Vec<(&'static str, PathBuf)> {
        let chromium = ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(path_of);
        let driver = path_of("chromedriver");
        let mut variables = vec![
            ("TIPLINE_SDK_PYTHON", python(&self.folder)),
            ("TIPLINE_SDK_NODE_PATH", node_modules(&self.folder)),
            ("TIPLINE_AXE", node_modules(&self.folder).join("axe-core/axe.min.js")),
        ];
        variables.extend(chromium.map(|path| ("TIPLINE_CHROMIUM", path)));
        variables.extend(driver.map(|path| ("TIPLINE_CHROMEDRIVER", path)));
        variables
    }
}

fn python(folder: &Path) -> PathBuf {
    folder.join("python/bin/python")
}

fn node_modules(folder: &Path) -> PathBuf {
    folder.join("node/node_modules")
}

fn path_of(program: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    // Debian keeps servers where only root's PATH looks.
    std::env::split_paths(&folders).chain([PathBuf::from("/usr/sbin")]).map(|folder| folder.join(program)).find(|path| path.is_file())
}

fn is_there(program: &str) -> bool {
    // Debian keeps PostgreSQL's server in a folder of its version, which no PATH names.
    path_of(program).is_some() || (program == "postgres" && test_kit::is_there())
}

/// Debian keeps the part that makes environments apart from Python itself.
fn has_venv() -> bool {
    quiet(Command::new("python3").args(["-c", "import ensurepip, venv"])).is_ok()
}

/// Installs a Debian package, as root or through sudo.
fn apt(package: &str) -> anyhow::Result<()> {
    let root = quiet_text(Command::new("id").arg("-u")).is_ok_and(|text| text.trim() == "0");
    if !is_there("apt-get") {
        bail!("this is no Debian: install {package} by hand");
    }
    if !root && !is_there("sudo") {
        bail!("neither root nor sudo: install {package} by hand");
    }
    let command = |arguments: &[&str]| {
        let mut command = if root { Command::new("apt-get") } else { Command::new("sudo") };
        if !root {
            command.arg("apt-get");
        }
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    let install = ["-o", "DPkg::Lock::Timeout=300", "install", "-y", "--no-install-recommends", package];
    if shown(&mut command(&install)).is_err() {
        // The list of packages may be old, or was never read.
        shown(&mut command(&["update"]))?;
        shown(&mut command(&install))?;
    }
    Ok(())
}

fn make_python(folder: &Path) -> anyhow::Result<()> {
    let environment = folder.join("python");
    std::fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
    shown(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment))?;
    let installed = shown(Command::new(python(folder)).args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "twilio"]));
    if installed.is_err() {
        // Half an environment must not be taken for a whole one the next time.
        let _ = std::fs::remove_dir_all(&environment);
    }
    installed
}

fn make_node(folder: &Path) -> anyhow::Result<()> {
    let node = folder.join("node");
    std::fs::create_dir_all(&node).with_context(|| format!("make {}", node.display()))?;
    shown(Command::new("npm").args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"]).arg(&node).args(["twilio", "axe-core"]))
}

fn shown(command: &mut Command) -> anyhow::Result<()> {
    let status = command.stdin(Stdio::null()).status().with_context(|| format!("start {}", command.get_program().display()))?;
    if status.success() { Ok(()) } else { bail!("{} ended with {status}", command.get_program().display()) }
}

fn quiet(command: &mut Command) -> anyhow::Result<()> {
    quiet_text(command).map(|_| ())
}

fn quiet_text(command: &mut Command) -> anyhow::Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("start {}", command.get_program().display()))?;
    if output.status.success() { Ok(String::from_utf8_lossy(&output.stdout).into_owned()) } else { bail!("ended with {}", output.status) }
}

//! A program that runs beside this one: its output in a log, its death noticed, its end asked for and then enforced.

use anyhow::{Context, bail};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};

/// How many lines of a log are shown when a program has died.
const TAIL_LINES: usize = 25;

/// How long a program may take to end by itself: longer than the gateway's two deadlines of 20 seconds, for its tasks and for its store.
const END_WITHIN: Duration = Duration::from_secs(45);

/// A running program.
pub struct Running {
    name: String,
    log: PathBuf,
    child: Child,
}

impl Running {
    /// Starts a program with its output in `log`, behind what is there. It is killed when this is dropped.
    pub fn start(name: &str, command: std::process::Command, log: &Path) -> anyhow::Result<Self> {
        let output = File::options().create(true).append(true).open(log).with_context(|| format!("make {}", log.display()))?;
        let errors = output.try_clone().with_context(|| format!("write {}", log.display()))?;
        let mut command = Command::from(command);
        command.stdin(Stdio::null()).stdout(output).stderr(errors).kill_on_drop(true);
        // A group of its own: Ctrl-C reaches this process first, which then ends the others in order.
        command.process_group(0);
        let child = command.spawn().with_context(|| format!("start {name}"))?;
        Ok(Self { name: name.to_owned(), log: log.to_owned(), child })
    }

    /// The process's id, while it runs.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Fails with the end of its log when the program has ended.
    pub fn must_live(&mut self) -> anyhow::Result<()> {
        match self.child.try_wait().with_context(|| format!("look after {}", self.name))? {
            None => Ok(()),
            Some(status) => bail!("{} ended ({status}). The end of {}:\n{}", self.name, self.log.display(), self.tail()),
        }
    }

    /// Waits until it ends, then fails with the end of its log.
    pub async fn death(&mut self) -> anyhow::Error {
        match self.child.wait().await {
            Ok(status) => anyhow::anyhow!("{} ended ({status}). The end of {}:\n{}", self.name, self.log.display(), self.tail()),
            Err(error) => anyhow::anyhow!("{} cannot be looked after: {error}", self.name),
        }
    }

    /// The last lines of its log.
    pub fn tail(&self) -> String {
        let text = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
    }

    /// Ends it at once, and waits until it has ended.
    pub async fn kill(&mut self) {
        let _ = self.child.kill().await;
    }

    /// Asks it to end, and ends it when it does not. Gives its exit code; none when it had to be ended.
    pub async fn end(mut self) -> Option<i32> {
        self.signal("TERM").await;
        match tokio::time::timeout(END_WITHIN, self.child.wait()).await {
            Ok(ended) => ended.ok().and_then(|status| status.code()),
            Err(_) => {
                let _ = self.child.kill().await;
                None
            }
        }
    }

    /// Sends it a signal, by the shell's own tool: the standard library only knows SIGKILL.
    pub async fn signal(&self, name: &str) {
        if let Some(id) = self.child.id() {
            let _ = Command::new("kill").args([&format!("-{name}"), &id.to_string()]).stdin(Stdio::null()).status().await;
        }
    }
}

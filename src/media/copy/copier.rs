//! The worker's process from the gateway's side: one process a file, given its bytes, read from within bounds, ended in time.
//!
//! It is this program itself (`tipline make-copy`), started without environment or files. Nothing that it does is the gateway's end:
//! a crash, a silence and nonsense are each an answer ("no copy can be made"). Only when it cannot be started at all is there no answer.

use super::answer::{self, MOST_COPY_BYTES};
use super::{Made, Refused};
use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;

/// How many processes may work at once: pictures must not take the machine from calls and texts.
const AT_ONCE: usize = 2;

/// Starts workers.
#[derive(Debug, Clone)]
pub struct Copier {
    program: PathBuf,
    time: Duration,
    turns: Arc<Semaphore>,
}

impl Copier {
    /// Workers of this program, each with so much time.
    pub fn new(program: PathBuf, time: Duration) -> Self {
        Self { program, time, turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Makes the copy. An error means that no worker could be started: it is worth trying again later.
    pub async fn copy(&self, bytes: &[u8]) -> io::Result<Result<Made, Refused>> {
        let _turn = self.turns.acquire().await.map_err(io::Error::other)?;
        let mut child = self.start()?;
        let answer = tokio::time::timeout(self.time, talk(&mut child, bytes)).await;
        // Dead before the turn is given on; one that has ended already is fine.
        let _ = child.kill().await;
        Ok(match answer {
            Err(_) => Err(Refused::TooSlow),
            Ok(said) => said.ok().and_then(answer::read).unwrap_or(Err(Refused::Broke)),
        })
    }

    fn start(&self) -> io::Result<Child> {
        Command::new(&self.program)
            .arg("make-copy")
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
    }
}

/// Gives the bytes and reads the answer, at once: a worker that answers before it has read everything must not be waited for.
async fn talk(child: &mut Child, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let (input, output) = (child.stdin.take(), child.stdout.take());
    let (Some(mut input), Some(output)) = (input, output) else { return Err(io::ErrorKind::BrokenPipe.into()) };
    let give = async move {
        // A worker that refuses by the first bytes closes its end; its answer counts.
        let _ = input.write_all(bytes).await;
        drop(input);
    };
    let mut said = Vec::new();
    let mut bounded = output.take(MOST_COPY_BYTES as u64 + 1024);
    {
        let read = bounded.read_to_end(&mut said);
        tokio::pin!(give, read);
        // The end of the answer is the end, whether or not everything was read.
        tokio::select! { end = &mut read => end?, () = &mut give => read.await? };
    }
    Ok(said)
}

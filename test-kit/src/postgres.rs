//! PostgreSQL's programs: where Debian keeps them, as whom they run, and a folder for a cluster.
//!
//! The server refuses to run as root, so there its programs run as Debian's user `postgres`. Each folder has a guard: a small shell that
//! waits for the end of this process on a pipe, then ends what still runs in the folder and removes it. So a test that is killed, or a
//! static that is never dropped, leaves neither a server nor a disk full of clusters behind.

use anyhow::{Context, bail};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// The Debian package that brings the server.
pub const PACKAGE: &str = "postgresql";

/// Where Debian keeps the programs of each version.
const VERSIONS: &str = "/usr/lib/postgresql";

/// Whom the server runs as when this process is root.
const SERVER_USER: &str = "postgres";

/// How often the guard looks whether the server has ended, 50 ms apart.
const GUARD_LOOKS: u32 = 200;

static FOLDERS: AtomicU32 = AtomicU32::new(0);

/// Whether PostgreSQL's server is on this machine.
pub fn is_there() -> bool {
    programs().is_ok()
}

/// The folder of the programs of the newest version.
pub(crate) fn programs() -> anyhow::Result<PathBuf> {
    let versions = std::fs::read_dir(VERSIONS).into_iter().flatten().flatten();
    let number = |path: &Path| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
    let newest = versions.map(|entry| entry.path()).filter(|path| path.join("bin/postgres").is_file()).max_by_key(|path| number(path));
    let Some(newest) = newest else {
        bail!("PostgreSQL's server is not on this machine: install Debian's package {PACKAGE} (apt-get install {PACKAGE})");
    };
    Ok(newest.join("bin"))
}

/// One of PostgreSQL's programs, run as somebody whom it does not refuse.
pub(crate) fn program(name: &str) -> anyhow::Result<Command> {
    let path = programs()?.join(name);
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command.args([&format!("--reuid={SERVER_USER}"), &format!("--regid={SERVER_USER}"), "--init-groups", "--"]).arg(path);
        command
    } else {
        Command::new(path)
    };
    // The server's user may not be able to read the folder of the project.
    command.current_dir("/").stdin(Stdio::null());
    Ok(command)
}

/// Runs a program to its end and returns what it printed; fails with what it complained of.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<String> {
    let name = command.get_args().chain([command.get_program()]).find_map(|part| {
        let name = Path::new(part).file_name()?.to_str()?;
        Path::new(part).is_absolute().then(|| name.to_owned())
    });
    let name = name.unwrap_or_else(|| command.get_program().display().to_string());
    let output = command.output().with_context(|| format!("start {name}"))?;
    if !output.status.success() {
        bail!("{name} ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The processes whose parent is this one.
pub(crate) fn children_of(parent: u32) -> Vec<u32> {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    ids.filter(|id| {
        // "1234 (postgres) S 1200 ...": the name may hold anything, the last bracket ends it.
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        let after = stat.rsplit(')').next().unwrap_or("");
        after.split_whitespace().nth(1).and_then(|field| field.parse().ok()) == Some(parent)
    })
    .collect()
}

/// A signal to a process, which may have ended by itself.
pub(crate) fn end(process: u32, signal: rustix::process::Signal) {
    let id = i32::try_from(process).ok().and_then(rustix::process::Pid::from_raw);
    if let Some(id) = id {
        let _ = rustix::process::kill_process(id, signal);
    }
}

/// A folder that belongs to the server's user and goes away with this process.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    guard: Child,
}

/// The shell of the guard. `$1` is the folder, `$2` how often it looks. A process is ended only if its command names the folder: the server,
/// or a program that is still making it. A server that was killed leaves a scrap of shared memory behind, whose name is in its file.
const GUARD: &str = r#"
read -r _
memory=$(sed -n 7p "$1/data/postmaster.pid" 2>/dev/null | awk '{print $2}')
# The last letter in brackets, so that the search does not find itself.
pattern="${1%?}[${1#"${1%?}"}]/"
looks=0
signal=QUIT
while processes=$(grep -la -- "$pattern" /proc/[0-9]*/cmdline 2>/dev/null | cut -d / -f 3) && [ -n "$processes" ]; do
    [ "$looks" -eq 100 ] && signal=KILL
    [ "$looks" -ge "$2" ] && break
    kill -"$signal" $processes 2>/dev/null
    looks=$((looks + 1))
    sleep 0.05
done
[ -n "$memory" ] && ipcrm -m "$memory" 2>/dev/null
rm -rf "$1"
"#;

impl Folder {
    /// Makes one with nothing in it.
    pub(crate) fn new() -> anyhow::Result<Self> {
        // Short: a socket's path has 107 bytes at most.
        let name = format!("tl-pg-{}-{}", std::process::id(), FOLDERS.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).with_context(|| format!("make {}", path.display()))?;
        let guard = Command::new("sh")
            .args(["-c", GUARD, "guard"])
            .arg(&path)
            .arg(GUARD_LOOKS.to_string())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C on the terminal ends this process; the guard must live on to clean up.
            .process_group(0)
            .spawn()
            .context("start the guard of a cluster's folder")?;
        let folder = Self { path, guard };
        if is_root() {
            let user = |flag: &str| -> anyhow::Result<u32> {
                let text = run(Command::new("id").args([flag, SERVER_USER])).context("find the server's user")?;
                text.trim().parse().with_context(|| format!("read the id of {SERVER_USER}"))
            };
            std::os::unix::fs::chown(&folder.path, Some(user("-u")?), Some(user("-g")?))
                .with_context(|| format!("give away {}", folder.path.display()))?;
        }
        std::fs::set_permissions(&folder.path, std::fs::Permissions::from_mode(0o755))
            .with_context(|| format!("open {}", folder.path.display()))?;
        Ok(folder)
    }

    /// The folder itself; the server's socket lies here.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The cluster's data in it.
    pub(crate) fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    /// The server's log.
    pub(crate) fn log(&self) -> PathBuf {
        self.path.join("log")
    }

    /// Writes a file of the cluster, or appends to it, keeping its owner.
    pub(crate) fn append(&self, name: &str, text: &str) -> anyhow::Result<()> {
        use std::io::Write;
        let path = self.data().join(name);
        let mut file = std::fs::OpenOptions::new().append(true).create(true).open(&path).with_context(|| format!("open {name}"))?;
        file.write_all(text.as_bytes()).with_context(|| format!("write {name}"))?;
        self.give_away(name)
    }

    /// Gives a file of the cluster to the server's user.
    pub(crate) fn give_away(&self, name: &str) -> anyhow::Result<()> {
        let owner = self.path.metadata().with_context(|| format!("look at {}", self.path.display()))?;
        std::os::unix::fs::chown(self.data().join(name), Some(owner.uid()), Some(owner.gid())).with_context(|| format!("give away {name}"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}

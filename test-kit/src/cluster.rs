//! A private PostgreSQL: started, killed, started again, followed by a replica that can take over.
//!
//! It keeps what real ones keep: fsync and synchronous commits are on, and the database sorts words by a language's rules as most do, so a
//! query that relies on the order of bytes is found out. Only memory and log segments are small. Its port lies below those that the kernel
//! hands out, so that it can be had again after a kill. Whoever connects from this machine is let in.

use crate::disk::Disks;
use crate::postgres::{self, Folder, children_of, end};
use crate::small;
use anyhow::{Context, bail};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

/// How long a server may take to accept connections, to end, or to follow; a busy machine recovers slowly.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// How often is looked meanwhile.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The role that owns everything.
const ROLE: &str = "postgres";

/// The name by which a replica is known to its primary.
const REPLICA: &str = "tipline_replica";

/// Ports are tried from here on, below the kernel's own range (from 32768).
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// How many ports are tried.
const PORT_TRIES: u16 = 200;

/// How many lines of a log are shown.
const TAIL_LINES: usize = 25;

/// What the server is told beside its defaults.
pub(crate) const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
max_connections = 200
shared_buffers = 32MB
fsync = on
synchronous_commit = on
full_page_writes = on
wal_level = replica
max_wal_senders = 4
max_wal_size = 256MB
min_wal_size = 32MB
wal_keep_size = 64MB
hot_standby = on
logging_collector = off
log_min_messages = warning
log_line_prefix = '%m [%p] '
";

/// A PostgreSQL server with its own folder. Dropped, it ends at once and leaves nothing behind.
#[derive(Debug)]
pub struct Cluster {
    server: Option<Child>,
    port: u16,
    /// Those that it lies on, if they are its own.
    pub(crate) disks: Option<Disks>,
    // Last: its guard ends whatever still runs in it.
    pub(crate) folder: Folder,
}

impl Cluster {
    /// Makes a cluster and starts it. Takes a second or two the first time in a process, less after.
    ///
    /// # Errors
    /// When PostgreSQL is not installed (the message names the package), or does not start.
    pub async fn start() -> anyhow::Result<Self> {
        blocking(|| {
            let template = template()?;
            let folder = Folder::new()?;
            copy(template, &folder)?;
            folder.append("postgresql.conf", &format!("{SETTINGS}unix_socket_directories = '{}'\n", folder.path().display()))?;
            Self::serve(folder, None)
        })
        .await
    }

    pub(crate) fn serve(folder: Folder, disks: Option<Disks>) -> anyhow::Result<Self> {
        let port = free_port()?;
        let server = serve(small::command(disks.as_ref())?, (&folder.data(), &folder.log()), port)?;
        Ok(Self { server: Some(server), port, disks, folder })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// The URL of a database of this name.
    pub fn url(&self, database: &str) -> String {
        Self::url_at(self.address(), database)
    }

    /// The same, reached at another address: a [`crate::Line`]'s.
    pub fn url_at(address: SocketAddr, database: &str) -> String {
        format!("postgres://{ROLE}@{address}/{database}")
    }

    /// The same by the server's socket file.
    pub fn local_url(&self, database: &str) -> String {
        format!("postgres://{ROLE}@localhost:{}/{database}?host={}", self.port, self.folder.path().display())
    }

    /// Makes an empty database and returns its URL.
    ///
    /// # Errors
    /// When there is one of that name, or the server is away.
    pub async fn create_database(&self, name: &str) -> anyhow::Result<String> {
        self.ask("postgres", &format!("CREATE DATABASE \"{name}\" TEMPLATE template0")).await?;
        Ok(self.url(name))
    }

    /// Drops a database with everybody in it.
    ///
    /// # Errors
    /// When the server is away.
    pub async fn drop_database(&self, name: &str) -> anyhow::Result<()> {
        self.ask("postgres", &format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)")).await.map(drop)
    }

    /// Runs SQL in a database and returns what `psql` prints: a line a row, columns separated by `|`.
    ///
    /// # Errors
    /// With what the server complained of.
    pub async fn ask(&self, database: &str, sql: &str) -> anyhow::Result<String> {
        let mut command = psql(self.port, database, sql)?;
        blocking(move || Ok(postgres::run(&mut command)?.trim_end().to_owned())).await
    }

    /// Writes all that is in a database to a file, as SQL.
    ///
    /// # Errors
    /// When the server is away, or the file cannot be written.
    pub async fn dump(&self, database: &str, to: &Path) -> anyhow::Result<()> {
        let mut command = Command::new(postgres::programs()?.join("pg_dump"));
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", ROLE, "-d", database, "-f"]).arg(to);
        blocking(move || postgres::run(&mut command).map(drop)).await
    }

    /// Whether the server's main process runs.
    pub fn is_running(&mut self) -> bool {
        self.server.as_mut().is_some_and(|server| matches!(server.try_wait(), Ok(None)))
    }

    /// SIGKILL to the server and to all its backends at once, as when the power goes.
    pub fn kill(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        let children = children_of(server.id());
        let _ = server.kill();
        for child in children {
            end(child, rustix::process::Signal::KILL);
        }
        let _ = server.wait();
    }

    /// Ends it in good order: those who are connected are cut off.
    ///
    /// # Errors
    /// When it does not end in time.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        let Some(mut server) = self.server.take() else { return Ok(()) };
        blocking(move || {
            end(server.id(), rustix::process::Signal::INT);
            wait("the server to end", || Ok(server.try_wait().context("look after the server")?.map(drop)))
        })
        .await
    }

    /// Starts it again on the same port, recovering from a crash if there was one; returns when it accepts connections.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start_again(&mut self) -> anyhow::Result<()> {
        if self.is_running() {
            return Ok(());
        }
        let command = small::command(self.disks.as_ref())?;
        let (data, log, port) = (self.folder.data(), self.folder.log(), self.port);
        self.server = Some(blocking(move || serve(command, (&data, &log), port)).await?);
        Ok(())
    }

    /// SIGKILL to one process that serves a client, chosen by `choice` among those that there are. The server takes that for a crash: it ends
    /// all others and recovers. Returns whether there was one.
    ///
    /// # Errors
    /// When the server is away.
    pub async fn kill_backend(&self, choice: usize) -> anyhow::Result<bool> {
        let backends = self.backends().await?;
        let Some(backend) = (!backends.is_empty()).then(|| backends[choice % backends.len()]) else { return Ok(false) };
        end(backend, rustix::process::Signal::KILL);
        Ok(true)
    }

    /// Ends one client's connection, chosen by `choice`, as an administrator does; the others go on. Returns whether there was one.
    ///
    /// # Errors
    /// When the server is away.
    pub async fn end_backend(&self, choice: usize) -> anyhow::Result<bool> {
        let backends = self.backends().await?;
        let Some(backend) = (!backends.is_empty()).then(|| backends[choice % backends.len()]) else { return Ok(false) };
        self.ask("postgres", &format!("SELECT pg_terminate_backend({backend})")).await?;
        Ok(true)
    }

    /// The process ids of those who serve clients.
    ///
    /// # Errors
    /// When the server is away.
    pub async fn backends(&self) -> anyhow::Result<Vec<u32>> {
        let sql = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY pid";
        let text = self.ask("postgres", sql).await?;
        Ok(text.lines().filter_map(|line| line.trim().parse().ok()).collect())
    }

    /// A second server that follows this one. Until [`Self::synchronous`] it may lag behind.
    ///
    /// # Errors
    /// When the copy cannot be made or does not start.
    pub async fn replica(&self) -> anyhow::Result<Self> {
        let from = self.port;
        blocking(move || {
            let folder = Folder::new()?;
            let mut copy = postgres::program("pg_basebackup")?;
            copy.args(["-h", "127.0.0.1", "-p", &from.to_string(), "-U", ROLE, "-c", "fast", "-X", "stream", "--no-sync", "-D"]);
            postgres::run(copy.arg(folder.data())).context("copy the primary")?;
            let own = format!(
                "primary_conninfo = 'host=127.0.0.1 port={from} user={ROLE} application_name={REPLICA}'\nsynchronous_standby_names = ''\n"
            );
            // Last wins, also over what the primary was told later.
            folder.append("postgresql.auto.conf", &own)?;
            folder.append("postgresql.conf", &format!("unix_socket_directories = '{}'\n", folder.path().display()))?;
            folder.append("standby.signal", "")?;
            Self::serve(folder, None)
        })
        .await
    }

    /// Whether a commit here waits until the replica has it on its disk, so that a promoted replica has all that was committed. Returns when
    /// the replica has caught up.
    ///
    /// # Errors
    /// When no replica follows.
    pub async fn synchronous(&self, on: bool) -> anyhow::Result<()> {
        let names = if on { REPLICA } else { "" };
        self.ask("postgres", &format!("ALTER SYSTEM SET synchronous_standby_names = '{names}'")).await?;
        self.ask("postgres", "SELECT pg_reload_conf()").await?;
        let wanted = if on { "sync" } else { "async" };
        let sql = format!("SELECT count(*) FROM pg_stat_replication WHERE sync_state = '{wanted}' AND state = 'streaming'");
        let began = Instant::now();
        while self.ask("postgres", &sql).await? != "1" {
            if began.elapsed() > PATIENCE {
                bail!("no replica follows as {wanted}");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Makes a replica take over; returns when it takes writes.
    ///
    /// # Errors
    /// When it is no replica, or does not take over in time.
    pub async fn promote(&self) -> anyhow::Result<()> {
        let promoted = self.ask("postgres", &format!("SELECT pg_promote(true, {})", PATIENCE.as_secs())).await?;
        if promoted == "t" { Ok(()) } else { bail!("the replica did not take over in time") }
    }

    /// The end of the server's log.
    pub fn log(&self) -> String {
        tail(&self.folder.log())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        // At once, but with the shared memory given back.
        end(server.id(), rustix::process::Signal::QUIT);
        let ended = wait("the server to end", || Ok(server.try_wait().context("look after the server")?.map(drop)));
        if ended.is_err() {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

/// Starts a server on this data, and waits until it accepts connections.
fn serve(mut command: Command, (data, log): (&Path, &Path), port: u16) -> anyhow::Result<Child> {
    let output = std::fs::File::create(log).context("make the server's log")?;
    let errors = output.try_clone().context("write the server's log")?;
    command.arg("-D").arg(data).args(["-p", &port.to_string()]);
    // A group of its own: Ctrl-C reaches this process, whose end then ends the server.
    let mut server = command.stdout(output).stderr(errors).process_group(0).spawn().context("start PostgreSQL's server")?;
    let accepts = wait("PostgreSQL to accept connections", || {
        if let Some(status) = server.try_wait().context("look after the server")? {
            bail!("PostgreSQL's server ended ({status}). The end of its log:\n{}", tail(log));
        }
        Ok(psql(port, "postgres", "SELECT 1")?.output().context("start psql")?.status.success().then_some(()))
    });
    if accepts.is_err() {
        let _ = server.kill();
        let _ = server.wait();
    }
    accepts.map(|()| server)
}

fn psql(port: u16, database: &str, sql: &str) -> anyhow::Result<Command> {
    let mut command = Command::new(postgres::programs()?.join("psql"));
    command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", &port.to_string()]);
    command.args(["-U", ROLE, "-d", database, "-c", sql]).current_dir("/").stdin(Stdio::null());
    Ok(command)
}

fn tail(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}

/// A cluster that was made once in this process and never started; others are copies of it.
pub(crate) fn template() -> anyhow::Result<&'static Folder> {
    static TEMPLATE: OnceLock<Result<Folder, String>> = OnceLock::new();
    let made = TEMPLATE.get_or_init(|| {
        let make = || {
            let folder = Folder::new()?;
            let mut command = postgres::program("initdb")?;
            command.arg("-D").arg(folder.data()).args(["-U", ROLE, "--auth=trust", "--encoding=UTF8", "--no-sync", "--wal-segsize=4"]);
            command.args(["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"]);
            postgres::run(&mut command)?;
            Ok(folder)
        };
        make().map_err(|error: anyhow::Error| format!("{error:#}"))
    });
    made.as_ref().map_err(|error| anyhow::anyhow!("make a cluster: {error}"))
}

pub(crate) fn copy(template: &Folder, to: &Folder) -> anyhow::Result<()> {
    postgres::run(Command::new("cp").arg("-a").arg(template.data()).arg(to.data())).map(drop).context("copy a cluster")
}

/// A port that nobody listens on and that the kernel gives to nobody by itself. Different processes begin at different places.
fn free_port() -> anyhow::Result<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let span = u32::from(PORTS.end - PORTS.start);
    let begin = std::process::id().wrapping_mul(7919) % span;
    for _ in 0..PORT_TRIES {
        let step = u32::from(NEXT.fetch_add(1, Ordering::Relaxed));
        // Below 12,000, so it fits.
        let port = PORTS.start + u16::try_from((begin + step) % span).unwrap_or(0);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no free port from {} to {}", PORTS.start, PORTS.end)
}

/// Looks until something is there.
fn wait<T>(what: &str, mut look: impl FnMut() -> anyhow::Result<Option<T>>) -> anyhow::Result<T> {
    let began = Instant::now();
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if began.elapsed() > PATIENCE {
            bail!("waited {} s for {what} in vain", PATIENCE.as_secs());
        }
        #[expect(clippy::disallowed_methods, reason = "a look every few milliseconds at a process that tells nobody when it is ready")]
        std::thread::sleep(LOOK_EVERY);
    }
}

pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> anyhow::Result<T> + Send + 'static) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(work).await.context("wait for PostgreSQL's programs")?
}

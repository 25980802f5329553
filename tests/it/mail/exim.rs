//! A real Exim of one test's own: in a folder of its own, on a free port, delivering into Maildirs.
//!
//! `tips@example.org`, with or without a token, goes to a mailbox that a Dovecot serves; everybody at `mail.example.org` to one
//! folder, except `nobody`, who does not exist: mail to them comes back as a real bounce. Exim runs as its own user, so the
//! test must run as root or be allowed `sudo -u Debian-exim`.

use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Exim's own user in Debian.
const USER: &str = "Debian-exim";
/// How long it may take to answer.
const START: Duration = Duration::from_secs(20);

/// A server that runs. Dropping it ends it and removes its folder.
pub struct Exim {
    folder: PathBuf,
    port: u16,
    child: Child,
}

impl Exim {
    /// Starts one that delivers the tip line's mail into this Maildir, which anybody may write to.
    pub fn start(tips: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("a port").port();
        let folder = std::env::temp_dir().join(format!("exim-{}-{port}", std::process::id()));
        for part in ["spool", "mail/tmp", "mail/new", "mail/cur"] {
            std::fs::create_dir_all(folder.join(part)).expect("a folder");
        }
        for part in ["", "spool", "mail", "mail/tmp", "mail/new", "mail/cur"] {
            open_to_all(&folder.join(part));
        }
        for part in ["", "tmp", "new", "cur"] {
            open_to_all(&tips.join(part));
        }
        let configuration = folder.join("exim.conf");
        std::fs::write(&configuration, text(&folder, tips, port)).expect("a configuration");
        let child =
            as_exim().arg("-C").arg(&configuration).arg("-bdf").spawn().expect("Exim starts; Debian's exim4-daemon-light brings it");
        let server = Self { folder, port, child };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < START, "Exim does not answer:\n{}", server.log());
            std::thread::yield_now();
        }
        server
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The mails of everybody at `mail.example.org`.
    pub fn mails(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.join("mail/new")).into_iter().flatten().flatten();
        entries.map(|entry| std::fs::read_to_string(entry.path()).unwrap_or_default()).collect()
    }

    /// What it wrote about what it did.
    pub fn log(&self) -> String {
        ["log-main", "log-panic"].map(|name| std::fs::read_to_string(self.folder.join(name)).unwrap_or_default()).concat()
    }
}

impl Drop for Exim {
    fn drop(&mut self) {
        // Its own user may end it; so may root.
        let _ = Command::new("kill").arg(self.child.id().to_string()).stderr(Stdio::null()).status();
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn open_to_all(folder: &Path) {
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777)).expect("a folder that all may write to");
}

/// Exim as its own user: another one may neither listen nor own its spool.
fn as_exim() -> Command {
    let id = |what: &str| -> Option<u32> {
        let output = Command::new("id").args([what, USER]).output().ok()?;
        String::from_utf8_lossy(&output.stdout).trim().parse().ok()
    };
    let (user, group) = (id("-u"), id("-g"));
    let (Some(user), Some(group)) = (user, group) else { panic!("there is no user {USER}: install Debian's exim4-daemon-light") };
    let program = "/usr/sbin/exim4";
    let mut command = if crate::mail::dovecot::is_root() { Command::new(program) } else { Command::new("sudo") };
    if crate::mail::dovecot::is_root() {
        command.uid(user).gid(group);
    } else {
        command.args(["-n", "-u", USER, program]);
    }
    command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn text(folder: &Path, tips: &Path, port: u16) -> String {
    let (folder, tips) = (folder.display(), tips.display());
    format!(
        "exim_path = /usr/sbin/exim4
spool_directory = {folder}/spool
log_file_path = {folder}/log-%slog
primary_hostname = mx.example.org
daemon_smtp_ports = {port}
local_interfaces = 127.0.0.1
tls_advertise_hosts =
host_lookup =
rfc1413_hosts =
keep_environment =
deliver_drop_privilege = true
never_users =
acl_smtp_rcpt = all
begin acl
all:
  accept
begin routers
tips:
  driver = accept
  domains = example.org
  local_parts = tips
  local_part_suffix = +*
  local_part_suffix_optional
  transport = tips_box
reporters:
  driver = accept
  domains = mail.example.org
  local_parts = ! nobody
  transport = reporters_box
begin transports
tips_box:
  driver = appendfile
  maildir_format
  directory = {tips}
  mode = 0666
  envelope_to_add
  return_path_add
reporters_box:
  driver = appendfile
  maildir_format
  directory = {folder}/mail
  mode = 0666
  envelope_to_add
  return_path_add
"
    )
    .replace("log-%slog", "log-%s")
}

//! A real Dovecot of one test's own: in a folder of its own, on a free port, as nobody when the test runs as root.
//!
//! It can be killed and started again, its folders be numbered anew, and its log read. Mails are laid into its Maildir the
//! way a delivery agent does it. Needs Debian's dovecot-imapd, which the test command installs; a test that finds none says so
//! and fails.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

use std::fmt::Write;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// The user of the one mailbox, and its password.
pub const USER: &str = "tips";
/// The password of every user.
pub const PASSWORD: &str = "a-fictional-password";

/// How long a server may take to answer.
const START: Duration = Duration::from_secs(20);
/// Debian's user without rights, and its group.
const NOBODY: u32 = 65534;

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A server that runs. Dropping it ends it and removes its folder.
pub struct Dovecot {
    folder: PathBuf,
    port: u16,
    options: String,
    child: Option<Child>,
    delivered: AtomicU32,
}

impl Dovecot {
    /// Starts one.
    pub fn start() -> Self {
        Self::with("")
    }

    /// Starts one with more lines of configuration.
    pub fn with(options: &str) -> Self {
        let count = COUNT.fetch_add(1, Ordering::SeqCst);
        let folder = std::env::temp_dir().join(format!("dovecot-{}-{count}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server = Self { folder, port, options: options.to_owned(), child: None, delivered: AtomicU32::new(0) };
        server.own(&server.folder.clone());
        for folder in ["", ".Junk"] {
            for part in ["tmp", "new", "cur"] {
                server.make(&server.maildir(folder).join(part));
            }
        }
        server.run();
        server
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The Maildir of the inbox, for a server that delivers into it.
    #[allow(dead_code, reason = "only the whole gateway's tests have such a server")]
    pub fn inbox(&self) -> PathBuf {
        self.maildir("")
    }

    /// Starts it again after [`Self::kill`].
    pub fn run(&mut self) {
        let configuration = self.folder.join("dovecot.conf");
        std::fs::write(&configuration, self.configuration()).unwrap();
        let mut command = Command::new(program());
        command.args(["-F", "-c"]).arg(&configuration).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        self.child = Some(command.spawn().expect("Dovecot starts; Debian's package dovecot-imapd brings it"));
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(begun.elapsed() < START, "Dovecot does not answer:\n{}", self.log());
            std::thread::yield_now();
        }
    }

    /// Ends it and all its processes in the middle of whatever they do.
    pub fn kill(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let processes = family(child.id());
        for process in processes {
            let _ = Command::new("kill").args(["-9", &process.to_string()]).stderr(Stdio::null()).status();
        }
        let _ = child.wait();
        let _ = std::fs::remove_dir_all(self.folder.join("run"));
        // The next server would wait two minutes for a lock of the dead one, as it should: longer than these tests do.
        remove_locks(&self.maildir(""));
    }

    /// Lays a mail into a folder: `""` is the inbox.
    pub fn deliver(&self, folder: &str, mail: &[u8]) {
        let folder = if folder.is_empty() { String::new() } else { format!(".{folder}") };
        let name = format!("{:010}.M{}.test", 1_767_600_000 + self.delivered.fetch_add(1, Ordering::SeqCst), std::process::id());
        let (before, after) = (self.maildir(&folder).join("tmp").join(&name), self.maildir(&folder).join("new").join(&name));
        std::fs::write(&before, mail).unwrap();
        self.own(&before);
        std::fs::rename(before, after).unwrap();
    }

    /// How many mails a folder holds.
    pub fn count(&self, folder: &str) -> usize {
        let folder = if folder.is_empty() { String::new() } else { format!(".{folder}") };
        let files = ["new", "cur"].map(|part| std::fs::read_dir(self.maildir(&folder).join(part)).map_or(0, Iterator::count));
        files.iter().sum()
    }

    /// Gives every mail of the inbox another number, as a restored backup does. Only while it does not run.
    pub fn number_anew(&self, validity: u32) {
        assert!(self.child.is_none(), "it must not run");
        let maildir = self.maildir("");
        for entry in std::fs::read_dir(&maildir).unwrap().flatten() {
            if entry.file_name().to_string_lossy().starts_with("dovecot") {
                std::fs::remove_file(entry.path()).unwrap();
            }
        }
        let list = maildir.join("dovecot-uidlist");
        std::fs::write(&list, format!("3 V{validity} N1\n")).unwrap();
        self.own(&list);
    }

    /// What it wrote about itself.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    fn maildir(&self, folder: &str) -> PathBuf {
        self.folder.join("mail").join(USER).join(folder)
    }

    fn make(&self, folder: &Path) {
        std::fs::create_dir_all(folder).unwrap();
        let mut at = folder.to_path_buf();
        while at != self.folder {
            self.own(&at);
            at.pop();
        }
    }

    fn own(&self, path: &Path) {
        if is_root() {
            std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }

    fn configuration(&self) -> String {
        let (folder, port) = (self.folder.display(), self.port);
        let (user, group) = if is_root() { ("nobody".to_owned(), "nogroup".to_owned()) } else { (me("-un"), me("-gn")) };
        let mut text = format!(
            "base_dir = {folder}/run\nstate_dir = {folder}/state\ninstance_name = {}\nlog_path = {folder}/log\n",
            folder.to_string().replace('/', "-")
        );
        let _ = write!(
            text,
            "protocols = imap\nlisten = 127.0.0.1\ndisable_plaintext_auth = no\nauth_mechanisms = plain login\n\
             mail_location = maildir:{folder}/mail/%u\nfirst_valid_uid = 1\nmaildir_stat_dirs = yes\n\
             mailbox_idle_check_interval = 1 secs\n\
             default_internal_user = {user}\ndefault_internal_group = {group}\ndefault_login_user = {user}\n\
             service imap-login {{\n  chroot =\n  inet_listener imap {{\n    port = {port}\n  }}\n  inet_listener imaps {{\n    port = 0\n  }}\n}}\n\
             service anvil {{\n  chroot =\n}}\nservice stats {{\n  chroot =\n}}\n\
             passdb {{\n  driver = static\n  args = password={PASSWORD}\n}}\n\
             userdb {{\n  driver = static\n  args = uid={user} gid={group} home={folder}/home/%u\n}}\n"
        );
        let ssl = if self.options.contains("ssl =") { "" } else { "ssl = no\n" };
        format!("{text}{ssl}{}\n", self.options)
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        self.kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn program() -> PathBuf {
    let usual = PathBuf::from("/usr/sbin/dovecot");
    if usual.exists() { usual } else { PathBuf::from("dovecot") }
}

/// Whether the test runs as root, under whom a mail server refuses to deliver.
pub fn is_root() -> bool {
    me("-u") == "0"
}

fn me(what: &str) -> String {
    let output = Command::new("id").arg(what).output().unwrap();
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A process and everything it started, the parents first.
fn family(root: u32) -> Vec<u32> {
    let mut processes = vec![root];
    let mut at = 0;
    while at < processes.len() {
        let tasks = format!("/proc/{0}/task/{0}/children", processes[at]);
        let children = std::fs::read_to_string(tasks).unwrap_or_default();
        processes.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
        at += 1;
    }
    processes
}

/// Removes the lock files of a mailbox and of the folders in it.
fn remove_locks(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder && entry.file_name().to_string_lossy().starts_with('.') {
            remove_locks(&path);
        } else if path.extension().is_some_and(|end| end == "lock") {
            let _ = std::fs::remove_file(path);
        }
    }
}

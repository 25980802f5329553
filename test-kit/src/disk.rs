//! Small disks of a test's own: file systems that fill up, lie over a program's folders and are seen by nobody else.
//!
//! They are mounted in a user and mount namespace, which needs no privileges on a usual Linux, and live as long as [`Disks`]. A program
//! started with [`Disks::command`] writes to them and gets the kernel's own ENOSPC or EROFS. From outside they are reached through
//! [`Disks::inside`]. The kernel refuses to make a disk read-only while somebody has a file of it open for writing.

use anyhow::{Context, bail, ensure};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The file that takes the room away.
const BALLAST: &str = ".ballast";
/// What a file system gives out at once; smaller pieces take no more.
const PAGE_BYTES: usize = 4096;
/// Mounts the disks, says so, and holds the namespace until its input ends.
const HOLD: &str = "while [ $# -gt 1 ]; do mkdir -p \"$1\" && mount -t tmpfs -o size=$2,mode=700 tmpfs \"$1\" || exit 1; shift 2; done; echo mounted; exec cat";

/// A disk to be: where it lies, and how large it is in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disk {
    /// The folder that it lies over; what is there is copied to it.
    pub over: PathBuf,
    /// Its size.
    pub bytes: u64,
}

/// Disks that are mounted; dropped, they are gone with all that is on them.
#[derive(Debug)]
pub struct Disks {
    holder: Child,
}

impl Disks {
    /// Mounts them, in this order, so that one may lie within another. An error says what this machine does not allow.
    pub fn mount(disks: &[Disk]) -> anyhow::Result<Self> {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c", HOLD, "sh"]);
        for disk in disks {
            fs::create_dir_all(&disk.over).with_context(|| format!("make {}", disk.over.display()))?;
            command.arg(&disk.over).arg(disk.bytes.to_string());
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut holder = command.spawn().context("start unshare (of util-linux)")?;
        let mut line = String::new();
        let out = holder.stdout.take().context("read what unshare says")?;
        BufReader::new(out).read_line(&mut line).context("read what unshare says")?;
        let mounted = Self { holder };
        ensure!(line == "mounted\n", "this machine lets no user mount a disk in a namespace of its own (unshare -Urm; see above)");
        for disk in disks {
            copy(&disk.over, &mounted.inside(&disk.over))?;
        }
        Ok(mounted)
    }

    /// A program that sees the disks. Its process id is its own: nothing stands between.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.holder.id().to_string(), "--user", "--mount", "--preserve-credentials", "--"]).arg(program);
        command
    }

    /// A path as seen by those programs, for everybody else of this user.
    pub fn inside(&self, path: &Path) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.holder.id()));
        root.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// Takes all room of the disk over this folder but so many bytes.
    pub fn fill(&self, over: &Path, but: u64) -> anyhow::Result<()> {
        let path = self.inside(over).join(BALLAST);
        let mut file = OpenOptions::new().append(true).create(true).open(&path).context("open the ballast")?;
        for piece in [64 * PAGE_BYTES, PAGE_BYTES] {
            let bytes = vec![0_u8; piece];
            loop {
                match file.write_all(&bytes) {
                    Ok(()) => {}
                    Err(error) if error.kind() == io::ErrorKind::StorageFull => break,
                    Err(error) => return Err(error).context("fill the disk"),
                }
            }
        }
        let length = file.metadata().context("measure the ballast")?.len();
        file.set_len(length.saturating_sub(but)).context("leave some room")
    }

    /// Gives the room back.
    pub fn free(&self, over: &Path) -> anyhow::Result<()> {
        match fs::remove_file(self.inside(over).join(BALLAST)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error).context("remove the ballast"),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Makes the disk over this folder read-only, or writable again. Refused while a file of it is open for writing.
    pub fn set_read_only(&self, over: &Path, read_only: bool) -> anyhow::Result<()> {
        let how = if read_only { "remount,ro" } else { "remount,rw" };
        let done = self.command("mount").args(["-o", how]).arg(over).status().context("start mount")?;
        if done.success() { Ok(()) } else { bail!("{} could not be remounted: somebody writes there", over.display()) }
    }

    /// Copies what is on the disk to the folder under it, where everybody sees it. For after the end of the programs.
    pub fn copy_out(&self, over: &Path) -> anyhow::Result<()> {
        // Not the folder itself: with it, the kernel would take the disk away that lies over it.
        for entry in fs::read_dir(over).with_context(|| format!("empty {}", over.display()))? {
            let path = entry?.path();
            if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) }
                .with_context(|| format!("remove {}", path.display()))?;
        }
        copy(&self.inside(over), over)
    }
}

impl Drop for Disks {
    fn drop(&mut self) {
        // Its input ends, so it would end by itself; a test waits for that.
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

/// Copies what is in one folder to another.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(from).with_context(|| format!("read {}", from.display()))? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_dir() {
            fs::create_dir_all(&target)?;
            copy(&source, &target)?;
        } else if kind.is_file() {
            fs::copy(&source, &target).with_context(|| format!("copy {}", source.display()))?;
            File::open(&target)?.set_permissions(entry.metadata()?.permissions())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_fills_up_and_empties_and_is_read_only_for_its_programs() {
        let over = std::env::temp_dir().join(format!("test-kit-disk-{}", std::process::id()));
        fs::create_dir_all(&over).unwrap();
        fs::write(over.join("before"), "was there").unwrap();
        let disks = Disks::mount(&[Disk { over: over.clone(), bytes: 256 * 1024 }]).unwrap();
        let touch = |name: &str| {
            let script = format!("printf '%0.s-' $(seq 9000) > {}", over.join(name).display());
            disks.command("sh").args(["-c", &script]).stderr(Stdio::null()).status().unwrap().success()
        };
        assert!(touch("first") && !over.join("first").exists(), "only its programs see it");
        assert_eq!(fs::read_to_string(disks.inside(&over.join("before"))).unwrap(), "was there");
        disks.fill(&over, 0).unwrap();
        assert!(!touch("second"));
        disks.free(&over).unwrap();
        assert!(touch("third"));
        disks.set_read_only(&over, true).unwrap();
        assert!(!touch("fourth"));
        disks.set_read_only(&over, false).unwrap();
        assert!(touch("fifth"));
        disks.copy_out(&over).unwrap();
        assert_eq!(fs::metadata(over.join("fifth")).unwrap().len(), 9000);
        drop(disks);
        fs::remove_dir_all(over).unwrap();
    }
}

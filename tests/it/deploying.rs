//! The files that the line is deployed by: the unit for systemd, the container file, the page about operations. Each is held against the program.

use crate::gateway::root;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;
use tipline::lifecycle::{Ending, SHUTDOWN_DEADLINE};

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The settings of the unit, the last of each name.
fn unit() -> BTreeMap<String, String> {
    let unit = text("config/systemd/tipline.service");
    let lines = unit.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once('=')).map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

#[test]
fn the_unit_gives_the_end_the_time_it_needs() {
    let unit = unit();
    let stop: u64 = unit["TimeoutStopSec"].parse().expect("seconds");
    // Tasks, then the store; half a minute is for a balancer.
    assert!(stop >= 2 * SHUTDOWN_DEADLINE.as_secs() + 30, "{stop}");
    assert_eq!(unit["ExecStart"], "/usr/local/bin/tipline serve");
    assert_eq!((unit["Restart"].as_str(), unit["RestartPreventExitStatus"].as_str()), ("on-failure", "2"));
    for (key, value) in
        [("NoNewPrivileges", "yes"), ("ProtectSystem", "strict"), ("ProtectHome", "yes"), ("LimitCORE", "0"), ("UMask", "0077")]
    {
        assert_eq!(unit.get(key).map(String::as_str), Some(value), "{key}");
    }
    let files: usize = unit["LimitNOFILE"].parse().expect("a number");
    let chats = text("config/default.toml").lines().find_map(|line| line.strip_prefix("connections_most = ")?.parse::<usize>().ok());
    assert!(files > chats.expect("chat.connections_most") * 2, "a chat is a connection");
}

/// `ProcSubset=pid` leaves of /proc what belongs to processes, so a file there of the whole machine is always missing under the unit.
#[test]
fn the_program_reads_nothing_that_the_unit_hides() {
    assert_eq!(unit()["ProcSubset"], "pid");
    let mut folders = ["src", "adapters/src", "domain/src"].map(|folder| root().join(folder)).to_vec();
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                let source = fs::read_to_string(&path).expect("a source");
                let program = source.split("#[cfg(test)]").next().expect("the part before its tests");
                let read = program.split("\"/proc/").skip(1).find(|rest| !rest.starts_with("self/"));
                assert!(read.is_none(), "{} reads a file that the unit hides", path.display());
            }
        }
    }
}

/// What an operator needs for a folder elsewhere stands in the unit, and is explained on the page; as it is shipped, nothing else is
/// written.
#[test]
fn the_unit_says_how_another_folder_is_written() {
    let (shipped, page) = (unit(), text("docs/operations.md"));
    let page = page.split("## Several nodes").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("the section");
    for key in ["ReadWritePaths", "RequiresMountsFor"] {
        assert!(!shipped.contains_key(key), "{key} names a folder that not everybody has");
        assert!(text("config/systemd/tipline.service").lines().any(|line| line.starts_with(&format!("#{key}=/"))), "{key} is prepared");
        assert!(page.contains(&format!("`{key}=")), "{key} is on the page");
    }
}

/// systemd's own reader finds nothing in it to complain of.
#[test]
fn systemd_takes_the_unit() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("unit-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("tipline.service");
    // The program is not installed here.
    fs::write(&file, text("config/systemd/tipline.service").replace("/usr/local/bin/tipline", env!("CARGO_BIN_EXE_tipline")))
        .expect("a unit");
    let output = Command::new("systemd-analyze").arg("verify").arg(&file).output().expect("systemd-analyze, of Debian's package systemd");
    let says = String::from_utf8_lossy(&output.stderr).into_owned();
    let about: Vec<&str> = says.lines().filter(|line| line.contains("tipline.service")).collect();
    assert!(output.status.success() && about.is_empty(), "{says}");
    fs::remove_dir_all(folder).expect("the folder goes");
}

/// The words of the container file's instructions, by stage.
fn stages() -> Vec<Vec<Vec<String>>> {
    let file = text("Containerfile").replace("\\\n", " ");
    let mut stages: Vec<Vec<Vec<String>>> = Vec::new();
    for line in file.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        if words[0] == "FROM" {
            stages.push(Vec::new());
        }
        stages.last_mut().expect("FROM is first").push(words);
    }
    stages
}

#[test]
fn the_container_file_copies_what_there_is_and_all_that_is_needed() {
    let stages = stages();
    let [build, run] = stages.as_slice() else { panic!("two stages") };
    let copied: BTreeSet<&str> =
        build.iter().filter(|words| words[0] == "COPY").flat_map(|words| &words[1..words.len() - 1]).map(String::as_str).collect();
    for source in &copied {
        assert!(root().join(source).exists(), "COPY {source}: there is none");
    }
    let manifest = text("Cargo.toml");
    let members = manifest.split("members = [").nth(1).and_then(|rest| rest.split(']').next()).expect("members");
    for member in members.split(',').map(|member| member.trim().trim_matches('"')) {
        assert!(copied.contains(member), "cargo needs the member {member}");
    }
    // What the sources take in while they are compiled, as folders of the repository.
    for needed in ["src", "templates", "assets", "migrations", "config", "Cargo.lock", ".cargo"] {
        assert!(copied.contains(needed), "the build needs {needed}");
    }
    let command = build.iter().filter(|words| words[0] == "RUN").map(|words| words[1..].join(" ")).find(|words| words.starts_with("cargo"));
    assert_eq!(command.as_deref(), Some("cargo build --release --locked --package tipline"));
    assert!(text("README.md").contains("cargo build --release --package tipline"));
    assert!(run.iter().all(|words| words[0] != "RUN"), "there is no shell to run anything");
    let user = run.iter().find(|words| words[0] == "USER").expect("a user");
    assert!(user[1].parse::<u32>().is_err() && !user[1].starts_with('0'), "not root");
    let version = text("Cargo.toml").lines().find_map(|line| line.strip_prefix("rust-version = ").map(|v| v.trim_matches('"').to_owned()));
    assert!(build[0][1].contains(&format!("rust:{}", version.expect("a version"))));
}

/// What is sent to the builder, or copied into a layer, holds neither built programs nor a demo's keys.
#[test]
fn the_builder_is_sent_the_sources_only() {
    let ignored = text(".dockerignore");
    let ignored: BTreeSet<&str> = ignored.lines().collect();
    for line in text(".gitignore").lines() {
        assert!(ignored.contains(line.trim_start_matches('/')), ".gitignore leaves out {line}, .dockerignore does not");
    }
    assert!(ignored.contains(".git"));
}

/// Certificates are checked by rustls and hashes computed by aws-lc, both compiled in: the image has glibc, the C++ library's kin and nothing else.
#[test]
fn the_program_needs_only_the_libraries_that_the_image_has() {
    let output = Command::new("ldd").arg(env!("CARGO_BIN_EXE_tipline")).output().expect("ldd is glibc's");
    let says = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && says.contains("libc.so"), "{says}");
    let names = says.lines().filter_map(|line| line.split_whitespace().next()?.rsplit('/').next());
    for name in names {
        let known = ["linux-vdso.so", "libc.so", "libm.so", "libgcc_s.so", "libdl.so", "libpthread.so", "librt.so", "ld-linux"];
        assert!(known.iter().any(|known| name.starts_with(known)), "{name} is not in the image that Containerfile ends with:\n{says}");
    }
}

/// The variables that the image sets are ones that the program reads, and its arguments are a command.
#[test]
fn the_program_understands_what_the_image_says() {
    let stages = stages();
    let environment = stages[1].iter().filter(|words| words[0] == "ENV").flat_map(|words| &words[1..]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_tipline"));
    // The file says something else about each of them.
    command.env_clear().env("TIPLINE_MASTER_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    command.arg("--config").arg(root().join("config/demo.toml")).arg("check-config");
    let mut set = 0;
    for (key, value) in environment.filter_map(|word| word.split_once('=')).filter(|(key, _)| *key != "TIPLINE_CONFIG") {
        command.env(key, value);
        set += 1;
    }
    let output = command.output().expect("the program runs");
    assert!(set >= 4 && output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let says = String::from_utf8_lossy(&output.stdout).into_owned();
    for said in ["0.0.0.0:8080", "0.0.0.0:8081", "0.0.0.0:9464", "/var/lib/tipline/tipline.db"] {
        assert!(says.contains(said), "the image's variables go over the file: {said} is not in {says}");
    }
    assert!(stages[1].iter().any(|words| words.join(" ") == "CMD [\"serve\"]"));
}

#[test]
fn every_exit_code_is_explained() {
    let page = text("docs/operations.md");
    let table = page.split("## Exit codes").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("the section");
    let explained: BTreeSet<u8> = table.lines().filter_map(|line| line.strip_prefix("| ")?.split(' ').next()?.parse().ok()).collect();
    let of_serve = [Ending::Clean, Ending::Panicked, Ending::CutOff].map(Ending::exit_code);
    assert_eq!(explained, of_serve.into_iter().chain([1, 2]).collect());
}

/// Every link between the pages leads somewhere.
#[test]
fn links_between_the_pages_lead_somewhere() {
    let docs = root().join("docs");
    for page in ["operations.md", "runbooks.md", "metrics.md"] {
        let read = text(&format!("docs/{page}"));
        for link in read.split("](").skip(1).filter_map(|rest| rest.split(')').next()).filter(|link| !link.contains("://")) {
            let file = link.split('#').next().expect("a file");
            assert!(file.is_empty() || docs.join(file).exists(), "{page} leads to {link}");
        }
    }
}

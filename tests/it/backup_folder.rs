//! What all backups of a folder share: the keys are replaced only from a database that has every tip, the letters of spools go when they
//! are drained, and time is the database's. Killed at any moment, `backup` leaves backups that are whole.

use crate::away::Away;
use crate::gateway::{TestGateway, until};
use sqlx::{Connection, SqliteConnection};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tipline::clock::Clock;
use tipline::config::{Config, Environment};
use tipline::lifecycle::Tasks;
use tipline::live::Live;
use tipline::{backup, deployment};

const STUDENT: &str = "+15555550142";
const OTHER: &str = "+15555550143";

/// Runs a command of the gateway: its exit code, and all that it said.
fn said(gateway: &TestGateway, arguments: &[&str]) -> (Option<i32>, String) {
    let output = gateway.run(arguments);
    (output.status.code(), format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)))
}

fn take(gateway: &TestGateway, folder: &Path) -> PathBuf {
    let output = gateway.run(&["backup", &folder.display().to_string()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())
}

/// What cron runs is refused in these words, and changes nothing.
fn refused(gateway: &TestGateway, folder: &Path, words: &str) {
    let before = (std::fs::read(folder.join("keys")).expect("keys"), everything_in(folder));
    let (code, text) = said(gateway, &["backup", "--quiet", "--keep", "1", &folder.display().to_string()]);
    assert!(code == Some(2) && text.contains(words), "{code:?}: {text}");
    assert!(before == (std::fs::read(folder.join("keys")).expect("keys"), everything_in(folder)), "something was changed after: {text}");
}

fn everything_in(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(everything_in(&path));
        }
        found.push(path);
    }
    found.sort();
    found
}

/// How many tips of a backup can be read, and how many cannot.
fn readable(gateway: &TestGateway, backup: &Path, tips: u32, destroyed: u32) {
    let (code, text) = said(gateway, &["backup", "--verify", &backup.display().to_string()]);
    assert!(code == Some(0) && text.contains(&format!("{tips} tips can be read, {destroyed} were destroyed")), "{text}");
}

async fn write(gateway: &TestGateway, statement: &'static str) {
    let url = format!("sqlite://{}", gateway.folder.join("data/tipline.db").display());
    let mut connection = SqliteConnection::connect(&url).await.expect("the database");
    sqlx::query(statement).execute(&mut connection).await.expect("written");
    connection.close().await.expect("closed");
}

async fn tips(gateway: &TestGateway, count: usize) {
    until("the tips", || async { (gateway.tips().await.len() == count).then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_not_replaced_from_a_database_that_lacks_tips() {
    let mut gateway = TestGateway::start().await;
    let (data, kept, folder) = (gateway.folder.join("data"), gateway.folder.join("kept"), gateway.folder.join("backups"));
    assert_eq!(gateway.text(STUDENT, "there is a gun on the bus").await, 200);
    tips(&gateway, 1).await;
    let older = take(&gateway, &folder);
    assert_eq!(gateway.text(OTHER, "they shoved me in the hall").await, 200);
    tips(&gateway, 2).await;
    let newer = take(&gateway, &folder);
    assert_eq!(gateway.terminate().await, 0);

    // The disk of the data is not mounted: everything begins anew beside the same master key.
    std::fs::rename(&data, &kept).expect("moved aside");
    let (code, text) = said(&gateway, &["migrate"]);
    assert_eq!(code, Some(0), "{text}");
    refused(&gateway, &folder, "is its disk mounted?");
    readable(&gateway, &newer, 2, 0);

    // A restore was cut off, or the deployment was moved away: all rows may be there, and it is not the one.
    std::fs::remove_dir_all(&data).expect("removed");
    let (code, text) = said(&gateway, &["restore", &newer.display().to_string()]);
    assert_eq!(code, Some(0), "{text}");
    write(&gateway, "INSERT INTO meta (name, value) VALUES ('copy_unfinished', '{}')").await;
    refused(&gateway, &folder, "is not finished");
    write(&gateway, "DELETE FROM meta WHERE name = 'copy_unfinished'").await;
    write(&gateway, r#"INSERT INTO meta (name, value) VALUES ('moved_to', '{"id":"1","to":"postgres://db/tips","done":true}')"#).await;
    refused(&gateway, &folder, "was moved to");

    // An older backup is restored on purpose: it goes on in a folder of its own.
    std::fs::remove_dir_all(&data).expect("removed");
    let (code, text) = said(&gateway, &["restore", &older.display().to_string()]);
    assert_eq!(code, Some(0), "{text}");
    refused(&gateway, &folder, "a new folder");
    readable(&gateway, &take(&gateway, &gateway.folder.join("new")), 1, 0);
    readable(&gateway, &newer, 2, 0);

    // Another master key.
    std::fs::remove_dir_all(&data).expect("removed");
    let key = gateway.folder.join("master.key");
    std::fs::rename(&key, gateway.folder.join("the.key")).expect("moved aside");
    for arguments in [&["keygen", "--out", &key.display().to_string()][..], &["migrate"]] {
        let (code, text) = said(&gateway, arguments);
        assert_eq!(code, Some(0), "{text}");
    }
    refused(&gateway, &folder, "another master key");

    // What ends by itself is destroyed in the backups, too.
    std::fs::remove_dir_all(&data).expect("removed");
    std::fs::rename(gateway.folder.join("the.key"), &key).expect("back");
    std::fs::rename(&kept, &data).expect("back");
    write(&gateway, "UPDATE conversation SET wrapped_key = x'' WHERE id = (SELECT min(id) FROM conversation)").await;
    readable(&gateway, &take(&gateway, &folder), 1, 1);
    readable(&gateway, &newer, 1, 1);

    // Without the keys nobody knows what would be replaced.
    std::fs::rename(folder.join("keys"), gateway.folder.join("lost")).expect("lost");
    let (code, text) = said(&gateway, &["backup", &folder.display().to_string()]);
    assert!(code == Some(2) && text.contains("keys is missing"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_killed_leaves_others_whole() {
    const KILLS: u32 = 12;
    let mut gateway = TestGateway::start().await;
    let folder = gateway.folder.join("backups");
    assert_eq!(gateway.text(STUDENT, "one").await, 200);
    tips(&gateway, 1).await;
    let first = take(&gateway, &folder);
    let backups = || {
        let entries = std::fs::read_dir(&folder).expect("the folder").map(|entry| entry.expect("an entry").path());
        let mut found: Vec<_> = entries.filter(|path| path.extension().is_none() && path.join("manifest.json").exists()).collect();
        found.sort();
        found
    };
    let mut random = fastrand::Rng::with_seed(7);
    for n in 0..KILLS {
        assert_eq!(gateway.text(&format!("+15555550{:03}", 150 + n), "another one").await, 200);
        tips(&gateway, n as usize + 2).await;
        let mut command = gateway.command(&["backup", &folder.display().to_string()]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
        // Not a wait for a condition: the moment of the kill is what varies.
        let _ = tokio::time::timeout(Duration::from_millis(random.u64(5..400)), std::future::pending::<()>()).await;
        let _ = child.kill();
        child.wait().expect("gone");
        readable(&gateway, &first, 1, 0);
        let newest = backups().pop().expect("a backup");
        let (code, text) = said(&gateway, &["backup", "--verify", &newest.display().to_string()]);
        assert!(code == Some(0) && text.contains(" 0 were destroyed"), "{text}");
    }
    // Killed after its keys were in place and before it had its name: the next one gives it.
    let cut = take(&gateway, &folder);
    std::fs::rename(&cut, cut.with_extension("half")).expect("as it was");
    let last = take(&gateway, &folder);
    assert_ne!(last, cut, "it is not swept");
    for backup in [cut, last] {
        readable(&gateway, &backup, KILLS + 1, 0);
    }
    assert_eq!(gateway.terminate().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_go_when_they_are_drained_whoever_brought_them() {
    let mut gateway = TestGateway::start().await;
    assert_eq!(gateway.text(STUDENT, "before").await, 200);
    tips(&gateway, 1).await;
    let away = Away::take(&gateway).await;
    assert_eq!(gateway.text(OTHER, "while the database is away").await, 200);
    until("a letter waits", || async { (gateway.metric("tipline_spool_letters").await >= 1.0).then_some(()) }).await;
    let folder = gateway.folder.join("backups");
    let letters = || std::fs::read_dir(folder.join("spool")).map_or(0, Iterator::count);
    take(&gateway, &folder);
    take(&gateway, &folder);
    assert_eq!(letters(), 1, "one copy of this spool, the newest");
    // Nodes that are gone, one of them from the time when a copy had the name of a run.
    let own = std::fs::read_dir(folder.join("spool")).expect("letters").next().expect("a copy").expect("a copy").path();
    for gone in ["00ff.2026-11-20T12-00-00Z", "00ff00ff"] {
        let gone = folder.join("spool").join(gone);
        std::fs::create_dir_all(&gone).expect("made");
        for entry in std::fs::read_dir(&own).expect("letters").flatten().filter(|entry| entry.path().is_file()) {
            std::fs::copy(entry.path(), gone.join(entry.file_name())).expect("copied");
        }
    }
    take(&gateway, &folder);
    assert_eq!(letters(), 3, "nobody has taken the letter: none goes");
    away.back().await;
    tips(&gateway, 2).await;
    until("the spool is drained", || async { (gateway.metric("tipline_spool_letters").await == 0.0).then_some(()) }).await;
    until("its file is gone", || async {
        let mut files = std::fs::read_dir(gateway.folder.join("data/spool")).ok()?.flatten();
        (!files.any(|file| file.path().extension().is_some_and(|ending| ending == "letters"))).then_some(())
    })
    .await;
    take(&gateway, &folder);
    assert_eq!(letters(), 0, "drained letters go");
    assert_eq!(gateway.terminate().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_says_when_a_backup_was_taken() {
    let gateway = TestGateway::prepare(&[]).await;
    let url = test_kit::database().await.expect("a database");
    gateway.configure(|text| format!("{text}\n[database]\nurl = \"{url}\"\n"));
    let config = Config::load(Some(&gateway.folder.join("tipline.toml")), &Environment::default()).expect("its configuration");
    let (store, _) = deployment::open(&config, &Tasks::default(), &Live::default(), true).await.expect("its database");
    let folder = gateway.folder.join("backups");
    // Two nodes, of which one has a clock that is years ahead and the other one that is years behind.
    for second in [1_999_999_999, 999_999_999] {
        let clock = Clock::fixed(jiff::Timestamp::from_second(second).expect("a time"));
        let before = store.time().await.expect("asked").expect("a server's time");
        let taken = backup::take(&config, &clock, &folder, None, &mut |_| {}).await.expect("a backup");
        let after = store.time().await.expect("asked").expect("a server's time");
        assert!((before..=after).contains(&taken.manifest.taken_at), "{}", taken.manifest.taken_at);
        backup::verify(&config, &taken.path, &mut |_| {}).await.expect("its keys are not older than it is");
    }
    store.close().await;
}

//! A cluster keeps what was committed through every way of dying, and leaves nothing behind; a replica that takes over has it all.

#![expect(clippy::expect_used, reason = "a test says what it expected")]

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use test_kit::Cluster;

async fn with_a_table() -> Cluster {
    let cluster = Cluster::start().await.expect("a cluster");
    cluster.create_database("one").await.expect("a database");
    cluster.ask("one", "CREATE TABLE t (n integer); INSERT INTO t VALUES (1)").await.expect("a table");
    cluster
}

async fn rows(cluster: &Cluster) -> String {
    cluster.ask("one", "SELECT count(*) FROM t").await.expect("an answer")
}

#[tokio::test]
async fn what_was_committed_outlives_a_kill() {
    let mut cluster = with_a_table().await;
    let address = cluster.address();
    cluster.kill();
    assert!(!cluster.is_running());
    assert!(cluster.ask("one", "SELECT 1").await.is_err(), "nobody is there");
    cluster.start_again().await.expect("it recovers");
    assert_eq!((cluster.address(), rows(&cluster).await.as_str()), (address, "1"));
    cluster.stop().await.expect("it ends");
    cluster.start_again().await.expect("it starts");
    assert_eq!(rows(&cluster).await, "1");
    assert_eq!(cluster.ask("one", "SHOW fsync").await.expect("an answer"), "on");
}

#[tokio::test]
async fn a_backend_that_is_killed_ends_all_and_one_that_is_ended_only_itself() {
    let cluster = with_a_table().await;
    assert!(!cluster.end_backend(0).await.expect("nobody"), "nobody is connected");
    let waiting = || {
        let mut command = Command::new("psql");
        command
            .args(["-X", "-d", &cluster.url("one"), "-c", "SELECT pg_sleep_for('10 minutes')"])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.spawn().expect("psql runs")
    };
    let mut two = [waiting(), waiting()];
    wait("both are connected", async || cluster.backends().await.is_ok_and(|backends| backends.len() == 2)).await;
    assert!(cluster.end_backend(1).await.expect("one of them"));
    wait("one is left", async || cluster.backends().await.is_ok_and(|backends| backends.len() == 1)).await;
    assert!(cluster.kill_backend(7).await.expect("the other"));
    wait("none is left, and it goes on", async || cluster.backends().await.is_ok_and(|backends| backends.is_empty())).await;
    assert_eq!(rows(&cluster).await, "1");
    for one in &mut two {
        assert!(!one.wait().expect("it ended").success());
    }
}

#[tokio::test]
async fn a_promoted_replica_has_all_that_was_committed() {
    let mut primary = with_a_table().await;
    let replica = primary.replica().await.expect("a replica");
    primary.synchronous(true).await.expect("it follows");
    primary.ask("one", "INSERT INTO t SELECT generate_series(2, 1000)").await.expect("rows");
    primary.kill();
    assert!(replica.ask("one", "INSERT INTO t VALUES (0)").await.is_err(), "a replica takes no writes");
    replica.promote().await.expect("it takes over");
    assert_eq!(rows(&replica).await, "1000");
    replica.ask("one", "INSERT INTO t VALUES (1001)").await.expect("it takes writes, and waits for no replica of its own");
}

#[tokio::test]
async fn words_are_sorted_by_a_languages_rules() {
    let (one, two) = (test_kit::database().await.expect("a database"), test_kit::database().await.expect("a database"));
    assert_ne!(one, two);
    let cluster = test_kit::shared().await.expect("the cluster");
    let sorted = cluster.ask("t0", "SELECT string_agg(w, ' ' ORDER BY w) FROM (VALUES ('b'), ('B'), ('a'), ('C')) v (w)").await;
    assert_eq!(sorted.expect("an answer"), "a b B C", "not the order of bytes");
}

/// This test runs itself in another process, which says where its cluster is and is killed.
#[tokio::test]
async fn nothing_is_left_of_a_process_that_was_killed() {
    const CHILD: &str = "TEST_KIT_CHILD";
    if std::env::var_os(CHILD).is_some() {
        let _cluster = Cluster::start().await.expect("a cluster");
        println!("started");
        return std::future::pending().await;
    }
    let own = std::env::current_exe().expect("this program");
    let arguments = ["--exact", "nothing_is_left_of_a_process_that_was_killed", "--nocapture"];
    let mut child = Command::new(own).args(arguments).env(CHILD, "1").stdout(Stdio::null()).spawn().expect("it starts");
    let begin = format!("tl-pg-{}-", child.id());
    let folders = || -> Vec<PathBuf> {
        let entries = std::fs::read_dir(std::env::temp_dir()).expect("a folder").flatten();
        entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(&begin)).map(|entry| entry.path()).collect()
    };
    wait("its server runs", async || folders().iter().any(|folder| folder.join("data/postmaster.pid").exists())).await;
    child.kill().expect("it is killed");
    child.wait().expect("it ended");
    wait("its folders are gone", async || folders().is_empty()).await;
    let servers = Command::new("pgrep").args(["-f", &begin]).output().expect("pgrep");
    assert_eq!(String::from_utf8_lossy(&servers.stdout), "", "its server is gone");
}

async fn wait(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let mut looks = tokio::time::interval(Duration::from_millis(20));
    let began = Instant::now();
    while !condition().await {
        assert!(began.elapsed() < Duration::from_secs(60), "waited in vain: {what}");
        looks.tick().await;
    }
}

//! Three nodes over one PostgreSQL behind a balancer, while nodes, the database and the lines to it die.
//!
//! Everything is real but the carriers: three processes of the binary, a private server, a line to it for each node. After each case: every
//! text that was answered with 200 is there once, every promise is kept or failed with a task for a person, nobody is confirmed who keyed
//! nothing, no lane went over its pace, no attempt called twice, and `tipline verify` finds the data sound.

mod checks;
mod deployment;
mod load;

use crate::chat_client::{Client, say};
use crate::site_client::Site;
use deployment::Several;
use load::Load;
use std::process::Output;
use std::time::{Duration, Instant};
use test_kit::{Cluster, Part};

/// Lets so much load go by. A wait for a time is meant: it is the breaking that is random, not the waiting for an outcome.
async fn a_while(milliseconds: u64) {
    let _ = tokio::time::timeout(Duration::from_millis(milliseconds), std::future::pending::<()>()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_are_killed_lose_nothing() {
    const KILLS: u32 = 6;
    let mut several = Several::start().await;
    let mut random = fastrand::Rng::with_seed(2026);
    let mut load = Load::start(&several).await;
    for kill in 0..KILLS {
        if kill % 6 == 0 {
            load.dispatch(&several).await;
        }
        a_while(random.u64(50..600)).await;
        let node = random.usize(0..several.nodes.len());
        several.nodes[node].kill();
        several.nodes[node].serve().await;
    }
    let seen = load.end(several).await;
    println!("{KILLS} kills of one of three nodes: {seen}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_killed_and_then_replaced_loses_nothing() {
    let mut several = Several::start().await;
    let replica = several.cluster.replica().await.expect("a replica");
    several.cluster.synchronous(true).await.expect("it follows");
    let mut load = Load::start(&several).await;
    load.dispatch(&several).await;
    for _ in 0..2 {
        a_while(400).await;
        several.cluster.kill();
        // Meanwhile carriers get their 200: what comes is spooled.
        load.more(20).await;
        several.cluster.start_again().await.expect("it recovers");
        several.nodes_are_ready().await;
    }
    several.cluster.synchronous(true).await.expect("the replica follows again");
    load.dispatch(&several).await;
    a_while(400).await;
    several.cluster.kill();
    load.more(20).await;
    replica.promote().await.expect("it takes over");
    for node in &several.nodes {
        node.line.lead_to(replica.address());
    }
    several.nodes_are_ready().await;
    several.cluster = replica;
    let seen = load.end(several).await;
    println!("database killed 3 times, once replaced by its replica: {seen}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_that_are_cut_late_or_silent_lose_nothing() {
    let several = Several::start().await;
    let mut random = fastrand::Rng::with_seed(7);
    let mut load = Load::start(&several).await;
    several.nodes[0].line.delay(Duration::from_millis(5));
    load.dispatch(&several).await;
    for n in 0..6 {
        a_while(random.u64(50..400)).await;
        let line = &several.nodes[random.usize(0..3)].line;
        if n % 3 == 2 {
            line.half_open();
            load.more(20).await;
        } else {
            line.cut();
            load.more(5).await;
        }
        line.mend();
        if n == 3 {
            load.dispatch(&several).await;
        }
    }
    several.nodes_are_ready().await;
    several.nodes[0].line.delay(Duration::ZERO);
    let seen = load.end(several).await;
    println!("lines cut 4 times, silent 2 times, one 5 ms late: {seen}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_nodes_lanes_are_another_ones_within_fifteen_seconds() {
    const TAKEOVER: Duration = Duration::from_secs(15);
    let mut several = Several::start().await;
    let mut load = Load::start(&several).await;
    let node = several.node_with("main-call").await;
    load.dispatch(&several).await;
    several.nodes[node].kill();
    let began = Instant::now();
    let name = several.nodes[node].name();
    let held = several.lanes_of(&name).await;
    assert!(!held.is_empty(), "it had lanes");
    several.until_lanes_are_taken(&held, &name).await;
    let took = began.elapsed();
    // What it had claimed and not sent, too: of a dispatch the PSAP comes first, so that was with the dead node.
    load.the_psap_is_called(&several).await;
    let called = began.elapsed();
    assert!(took < TAKEOVER && called < TAKEOVER, "lanes after {took:?}, the PSAP called after {called:?}");
    several.nodes[node].serve().await;
    let seen = load.end(several).await;
    let (took, called) = (took.as_secs_f64(), called.as_secs_f64());
    println!("{} lanes of a dead node taken over after {took:.1} s, the PSAP called after {called:.1} s: {seen}", held.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_are_renewed_one_after_the_other_lose_nothing_and_hand_their_lanes_over() {
    // Less than a lane's lease: the lanes were given back, not waited for.
    const HAND_OVER: Duration = Duration::from_secs(6);
    let mut several = Several::start().await;
    let public = several.origin();
    let mut load = Load::start(&several).await;
    let mut chat = Client::begun(&public, "Somebody was shoved at the bus.").await;
    load.dispatch(&several).await;
    let (mut seq, mut longest, mut handed_over) = (1, Duration::ZERO, 0);
    for number in 0..several.nodes.len() {
        let mut leaving = several.nodes.remove(number);
        let (name, began) = (leaving.name(), Instant::now());
        let held = several.lanes_of(&name).await;
        let (code, took) = tokio::join!(leaving.terminate(), async {
            several.until_lanes_are_taken(&held, &name).await;
            began.elapsed()
        });
        assert_eq!(code, 0, "it ended in good order");
        assert!(took < HAND_OVER, "{took:?}");
        (longest, handed_over) = (longest.max(took), handed_over + held.len());
        leaving.serve().await;
        several.nodes.insert(number, leaving);
        // The chat goes on wherever the balancer leads it, from the number that it has.
        chat.again(&public, seq).await;
        let words = format!("It was the tall one, {number}.");
        chat.send(say(&format!("again-{number}"), &words)).await;
        // Spooled it has no number yet, and comes again after the one before.
        seq = chat.next_of("ack").await["seq"].as_i64().unwrap_or(seq);
        load.also_accepted(words).await;
    }
    assert!(handed_over > 0, "they had lanes");
    drop(chat);
    let seen = load.end(several).await;
    println!("3 nodes renewed, {handed_over} lanes handed over, each within {:.1} s: {seen}", longest.as_secs_f64());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_start_before_their_database_keep_what_comes() {
    let mut several = Several::start().await;
    let mut load = Load::start(&several).await;
    load.dispatch(&several).await;
    several.cluster.kill();
    for node in &mut several.nodes {
        node.kill();
    }
    // One that has never served knows neither the deployment nor its key.
    never_without_its_database(&several.gateway.run(&["serve"]));
    let key = several.gateway.folder.join("master.key");
    let right = std::fs::read(&key).expect("the key");
    std::fs::write(&key, "A".repeat(43) + "=").expect("another key");
    never_without_its_database(&several.nodes[0].command("serve").output().expect("it runs"));
    std::fs::write(&key, right).expect("the right key");

    for node in &mut several.nodes {
        node.serve().await;
        assert!(node.ready_says().await.contains("spooling"));
    }
    load.more(20).await;
    let by_chat = "Somebody was shoved at the bus.";
    drop(Client::begun(&several.origin(), by_chat).await);
    load.also_accepted(by_chat.to_owned()).await;
    several.gateway.public = several.origin();
    let by_form = "Lunch was cold again.";
    let code = Site::write(&several.gateway, &[("what", by_form), ("now", "no")]).await.code();
    // In the waiting room, too, a node ends in good order or not at all.
    assert_eq!(several.nodes[0].terminate().await, 0);
    several.nodes[0].serve().await;
    several.nodes[1].kill();
    several.nodes[1].serve().await;
    load.more(20).await;
    several.something_is_spooled().await;
    several.cluster.start_again().await.expect("it recovers");
    load.dispatch(&several).await;
    several.spools_are_empty().await;
    assert!(Site::come_back(&several.gateway, &code).await.page().contains(by_form), "the code that was shown opens it");
    let seen = load.end(several).await;
    println!("3 nodes started before their database: {seen}");
}

fn never_without_its_database(output: &Output) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "nothing has to be mended here: {said}");
    assert!(said.contains("cannot be reached"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_whose_disks_are_full_loses_nothing() {
    const MIB: u64 = 1 << 20;
    const SEGMENTS: usize = 12;
    let cluster = Cluster::start_on_disks(192 * MIB, 96 * MIB).await.expect("a private PostgreSQL on disks of its own");
    let mut several = Several::over(cluster).await;
    let mut load = Load::start(&several).await;
    load.dispatch(&several).await;
    for part in [Part::Tables, Part::WriteAheadLog] {
        several.cluster.fill(part).expect("the disk fills up");
        if part == Part::WriteAheadLog {
            // Answered or not: what is left of the log's old segments is used up, and the server ends itself.
            for _ in 0..SEGMENTS {
                let _ = several.cluster.ask("postgres", "SELECT pg_switch_wal()").await;
            }
        }
        several.something_is_spooled().await;
        load.more(20).await;
        let said = several.cluster.log();
        assert!(["No space left on device", "Check free disk space"].iter().any(|words| said.contains(words)), "{part:?}: {said}");
        let runs = several.cluster.is_running();
        println!("without room for its {part:?} the server {}", if runs { "runs" } else { "has ended itself" });
        several.cluster.free(part).expect("there is room again");
        several.cluster.start_again().await.expect("it recovers");
        several.spools_are_empty().await;
        load.dispatch(&several).await;
    }
    let seen = load.end(several).await;
    println!("a server's disks full, of tables and of its log: {seen}");
}

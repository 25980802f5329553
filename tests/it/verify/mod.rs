//! `tipline verify` on a deployment in which everything has happened: sound while it runs and after it has ended, and then altered in every
//! way that one check or another is for: it is found by that check, and by no other.

mod planted;

use crate::gateway::{LINE, TestGateway, until};
use base64::Engine;
use mock_carriers::{SaidMedia, Say};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use tipline::config::{Config, Environment};
use tipline::store::Store;
use tipline::store::sqlite::Sqlite;
use tipline::verify::{Check, Options, Report, run};

const STUDENT: &str = "+15555550142";
const GPS_JPEG: &[u8] = include_bytes!("../../fuzz/corpus/pictures/gps.jpg");
/// Windows short enough to see the end.
const SHORT: &[(&str, &str)] = &[
    ("TIPLINE__DISPATCH__CRITICAL_WINDOW", "12"),
    ("TIPLINE__DISPATCH__GRACE", "2"),
    ("TIPLINE__DISPATCH__DISTRICT_AFTER", "4"),
    ("TIPLINE__DISPATCH__BUSY_FIRST", "0.5"),
    ("TIPLINE__DISPATCH__NO_ANSWER_FIRST", "0.5"),
    ("TIPLINE__DISPATCH__LONGEST_DELAY", "2"),
    ("TIPLINE__DISPATCH__ASK_AFTER", "2"),
    ("TIPLINE__DISPATCH__SILENT_ATTEMPT_LIMIT", "6"),
    ("TIPLINE__DISPATCH__DRILL_SPACING", "0.05"),
    ("TIPLINE__MEDIA__COPY_SECONDS", "60"),
];

/// A deployment in which everything has happened, ended; and the words of its check while it ran.
async fn lived() -> (TestGateway, String) {
    let mut gateway = TestGateway::prepare(SHORT).await;
    let printed = gateway.run(&["token", "add", "supervisor", "--label", "drills"]);
    let printed = String::from_utf8_lossy(&printed.stdout).into_owned();
    gateway.token = printed.split_whitespace().find(|word| word.starts_with("tl_")).expect("a token").to_owned();
    let answers = [
        json!({"answer": "human", "key": "heard_code"}),
        json!({"answer": "human", "key": "heard_code"}),
        json!({"answer": "machine"}),
        json!({"answer": "busy"}),
        json!({"answer": "human", "key": "wrong"}),
    ];
    for suffix in 1..=40_usize {
        let behaviour = serde_json::from_value(answers[suffix % answers.len()].clone()).expect("a behaviour");
        gateway.control().behave(&format!("+155555501{suffix:02}"), vec![behaviour]).await.expect("a behaviour");
    }
    gateway.serve().await;
    gateway.send(Method::POST, "/drills", json!({"school": "delta-elementary"})).await;
    let told = critical(&gateway, STUDENT, "he has a knife, look", true).await;
    gateway.send(Method::POST, &format!("/tips/{told}/replies"), json!({"text": "which room?"})).await;
    let closed = standard(&gateway).await;
    for n in 0..3 {
        assert_eq!(gateway.text(&format!("+1444556{n:04}"), "somebody smokes behind the gym of Alpha Middle every day").await, 200);
    }
    until("alike tips are one row", || async {
        let rows = gateway.get("/tips?filter=first").await["tips"].as_array()?.clone();
        rows.iter().any(|row| row["alike"] == 2).then_some(())
    })
    .await;
    for tip in [&told, &closed] {
        all_promises(&gateway, tip, &["satisfied", "released", "failed"]).await;
    }
    critical(&gateway, "+15555550143", "a bomb in the locker room of Bravo Middle", false).await;
    let checked = gateway.run(&["verify", "--quiet"]);
    let words = String::from_utf8_lossy(&checked.stdout).into_owned() + &String::from_utf8_lossy(&checked.stderr);
    assert_eq!(checked.status.code(), Some(0), "{words}");
    assert_eq!(gateway.terminate().await, 0);
    (gateway, words)
}

/// A Critical tip, dispatched; with its picture's fetching at an end, when it has one.
async fn critical(gateway: &TestGateway, from: &str, words: &str, picture: bool) -> String {
    let media =
        SaidMedia { content_type: "image/jpeg".to_owned(), data_base64: base64::engine::general_purpose::STANDARD.encode(GPS_JPEG) };
    let say = Say {
        from: from.to_owned(),
        to: LINE.to_owned(),
        body: words.to_owned(),
        media: picture.then_some(media).into_iter().collect(),
        ..Say::default()
    };
    assert_eq!(gateway.control().say(say).await.expect("the mock says it").webhook.status, Some(200));
    let id = tip(gateway, words).await;
    if picture {
        until("the picture is copied", || async {
            let files = gateway.get(&format!("/tips/{id}")).await["messages"][0]["attachments"].as_array()?.clone();
            files.iter().all(|file| !file["copy"].is_null()).then_some(())
        })
        .await;
    }
    dispatch(gateway, &id, "possession-of-a-weapon", "bravo-middle").await;
    id
}

/// A Standard tip, told by mail and closed.
async fn standard(gateway: &TestGateway) -> String {
    let words = "they call me names in the hall";
    assert_eq!(gateway.text("+15555550144", words).await, 200);
    let id = tip(gateway, words).await;
    dispatch(gateway, &id, "bullying", "charlie-high").await;
    all_promises(gateway, &id, &["satisfied"]).await;
    gateway.get(&format!("/tips/{id}")).await;
    gateway.send(Method::POST, &format!("/tips/{id}/close"), json!({"reason": "referred to the school"})).await;
    id
}

async fn tip(gateway: &TestGateway, words: &str) -> String {
    until("the tip", || async {
        let tips = gateway.tips().await;
        let tip = tips.iter().find(|tip| tip["first_words"].as_str().is_some_and(|first| first.contains(words)))?;
        tip["id"].as_str().map(str::to_owned)
    })
    .await
}

async fn dispatch(gateway: &TestGateway, id: &str, kind: &str, school: &str) {
    let version = gateway.get(&format!("/tips/{id}")).await["version"].clone();
    gateway.send(Method::PUT, &format!("/tips/{id}/triage"), json!({"version": version, "types": [kind], "school": school})).await;
    let version = gateway.get(&format!("/tips/{id}")).await["version"].clone();
    gateway.send(Method::POST, &format!("/tips/{id}/dispatches"), json!({"version": version})).await;
}

async fn all_promises(gateway: &TestGateway, id: &str, ends: &[&str]) {
    until("every promise ends", || async {
        let read: Value = gateway.get(&format!("/tips/{id}")).await;
        let dispatches = read["dispatches"].as_array()?.clone();
        let mut obligations = dispatches.iter().flat_map(|one| one["obligations"].as_array().cloned().unwrap_or_default());
        obligations.all(|one| ends.contains(&one["state"].as_str().unwrap_or(""))).then_some(())
    })
    .await;
}

fn config(gateway: &TestGateway) -> Config {
    let variables = SHORT.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    Config::load(Some(&gateway.folder.join("tipline.toml")), &variables.collect::<Environment>()).expect("its configuration")
}

/// Looks at a database file as it lies there.
async fn look(gateway: &TestGateway, file: &Path) -> Report {
    let store: Arc<dyn Store> = Sqlite::open_to_read(file).await.expect("the database");
    let config = config(gateway);
    let lanes = ["main-text", "main-call", "backup-text", "backup-call", "mail-mail", "media-fetch", "watch-clocks"];
    let lanes = lanes.iter().map(|lane| lane.parse().expect("a lane")).collect();
    let options = Options::new(&config, Some(lanes), tipline::clock::Clock::System.now());
    let report = run(&*store, &options).await.expect("it can be looked at");
    store.close().await;
    report
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_altered_is_found_by_its_check_and_by_no_other() {
    let (gateway, words) = lived().await;
    println!("{words}");
    assert!(words.contains("Sound: "), "{words}");
    let after = gateway.run(&["verify", "--files", "--json", "--quiet"]);
    let report: Value = serde_json::from_slice(&after.stdout).expect("a report");
    assert_eq!(after.status.code(), Some(0), "{report:#}");
    let looked_at = |check: Check| {
        let checks = report["checks"].as_array().into_iter().flatten();
        let found = checks.filter(|one| one["check"] == check.as_str()).find_map(|one| one["looked_at"].as_u64());
        found.unwrap_or(0)
    };
    for check in Check::ALL {
        assert!(looked_at(check) > 0, "nothing of {} has happened: {report:#}", check.as_str());
    }
    let o = &report["obligations"];
    let sum: u64 = ["satisfied", "released", "failed", "open"].iter().filter_map(|kind| o[*kind].as_u64()).sum();
    assert_eq!(o["all"].as_u64(), Some(sum));
    planted::every_fault(&gateway).await;
    planted::files(&gateway).await;
}

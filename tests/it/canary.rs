//! The canary: an unmistakable reporter goes through everything, and is found nowhere but where an analyst may read it.
//!
//! Everything that the gateway writes or sends is searched afterwards, in every encoding that an accident could produce:
//! its log at `RUST_LOG=trace`, metrics, database files, what the carriers were asked, mails, spoken words, pages, API.

use crate::away::Away;
use crate::gateway::{ACCOUNT_SID, LINE, TOKEN, TestGateway, until};
use crate::ops::{Listener, metrics_are_documented, tells_of};
use crate::signed::{Signed, sign};
use base64::Engine;
use serde_json::json;
use std::fs;
use std::path::Path;
use tipline::lifecycle::{Ending, Tasks};

/// Their number.
pub const NUMBER: &str = "+15555550173";
/// Their name.
pub const NAME: &str = "Zebulon Quillfeather";
const ZIP: &str = "60699";
const CITY: &str = "CANARYVILLE";
const ADDRESS: &str = "203.0.113.77";
const POSITION: &str = "41.81234,-87.64321";
/// What they say.
pub const PHRASE: &str = "the purple walrus hides the trombone";

/// What must not be found, with every way it could be written.
fn spellings(secret: &str) -> Vec<Vec<u8>> {
    let base64 = base64::engine::general_purpose::STANDARD;
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut found = vec![
        secret.to_owned(),
        secret.to_lowercase(),
        secret.to_uppercase(),
        secret.replace('+', "%2B"),
        secret.replace(' ', "+"),
        secret.replace(' ', "%20"),
        secret.chars().rev().collect(),
        hex.to_uppercase(),
        hex,
    ];
    // Base64 of the text at each of the three offsets it can have in a longer one, without the ends that depend on the neighbours.
    for offset in 0..3 {
        let encoded = base64.encode([&b"xxx"[..offset], secret.as_bytes()].concat());
        let inner: String = encoded.trim_end_matches('=').chars().skip(if offset == 0 { 0 } else { 4 }).collect();
        let inner: String = inner.chars().take(inner.len().saturating_sub(4)).collect();
        if inner.len() >= 8 {
            found.push(inner);
        }
    }
    found.into_iter().map(String::into_bytes).collect()
}

fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

/// Secrets found in these bytes.
pub fn found(haystack: &[u8], secrets: &[&str]) -> Vec<String> {
    secrets
        .iter()
        .filter(|secret| spellings(secret).iter().any(|spelling| holds(haystack, spelling)))
        .map(|secret| (*secret).to_owned())
        .collect()
}

const IDENTITY: [&str; 6] = [NUMBER, "15555550173", "5555550173", CITY, ADDRESS, POSITION];
/// Everything of theirs.
pub const EVERYTHING: [&str; 8] = [NUMBER, "15555550173", "5555550173", CITY, ADDRESS, POSITION, NAME, PHRASE];

#[test]
fn the_search_finds_what_is_there() {
    for text in ["tel +15555550173", "%2B15555550173", "2b3135353535353530313733", "KzE1NTU1NTUwMTcz", "x-KzE1NTU1NTUwMTcz"] {
        assert!(!found(text.as_bytes(), &IDENTITY).is_empty(), "{text}");
    }
    assert!(found(b"a quiet line", &EVERYTHING).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_canary_is_found_nowhere() {
    let collector = Listener::start().await;
    let mut gateway = TestGateway::start_with(&[
        ("RUST_LOG", "trace"),
        ("TIPLINE__DISPATCH__ASK_AFTER", "1"),
        ("TIPLINE__TRACES__ENDPOINT", &collector.url),
    ])
    .await;
    let signed = canary(&gateway, "SM0000000000000000000000000000cafe");
    let post = |signature: &str, path: &str| {
        gateway
            .client
            .post(format!("{}{path}", gateway.public))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("X-Forwarded-For", ADDRESS)
            .header("X-Twilio-Signature", signature)
            .body(signed.body.clone())
            .send()
    };
    // Refused: a bad signature, a path that is not there, the number in a query.
    assert_eq!(post("bad", "/webhooks/main/messages").await.expect("an answer").status(), 403);
    assert_eq!(
        post(&signed.signature, &format!("/webhooks/main/messages?From={}", NUMBER.replace('+', "%2B"))).await.expect("an answer").status(),
        403
    );
    assert_eq!(post(&signed.signature, "/webhooks/elsewhere/5555550173").await.expect("an answer").status(), 404);
    assert!(
        gateway
            .client
            .get(format!("{}/nowhere/{}", gateway.public, "5555550173"))
            .send()
            .await
            .expect("an answer")
            .status()
            .is_client_error()
    );
    // Taken, while the carrier errs in every way it can on the way back.
    for (fault, times) in [("500", 1), ("accept_then_timeout", 1), ("401", 1)] {
        let fault = json!({"match": {"kind": "rest", "method": "POST"}, "fault": fault, "times": times});
        gateway.control().set_fault(serde_json::from_value(fault).expect("a fault")).await.expect("set");
    }
    assert_eq!(post(&signed.signature, "/webhooks/main/messages").await.expect("an answer").status(), 200);
    let id = until("the tip", || async { gateway.tips().await.first()?["id"].as_str().map(str::to_owned) }).await;
    for suffix in 1..=20_u32 {
        let answer = if suffix % 2 == 0 { json!({"answer": "machine"}) } else { json!({"answer": "human", "key": "heard_code"}) };
        let behaviour = serde_json::from_value(answer).expect("a behaviour");
        gateway.control().behave(&format!("+155555501{suffix:02}"), vec![behaviour]).await.expect("set");
    }
    gateway.send(reqwest::Method::POST, &format!("/tips/{id}/replies"), json!({"text": "thank you, stay where you are"})).await;
    let version = gateway.get(&format!("/tips/{id}")).await["version"].clone();
    gateway
        .send(
            reqwest::Method::PUT,
            &format!("/tips/{id}/triage"),
            json!({"version": version, "types": ["suicidal-ideation"], "school": "delta-high"}),
        )
        .await;
    let version = gateway.get(&format!("/tips/{id}")).await["version"].clone();
    gateway.send(reqwest::Method::POST, &format!("/tips/{id}/dispatches"), json!({"version": version})).await;
    let read = until("somebody confirmed and every mail went out", || async {
        let read = gateway.get(&format!("/tips/{id}")).await;
        let all = read["dispatches"][0]["obligations"].as_array()?.clone();
        let mails = all
            .iter()
            .filter(|one| one["means"] == "mail")
            .all(|one| ["satisfied", "released"].contains(&one["state"].as_str().unwrap_or("")));
        (mails && all.iter().any(|one| !one["confirmed_at"].is_null())).then_some(read)
    })
    .await;
    // The authorized view has the words as they were written, and nothing that the reporter did not write.
    let shown = read.to_string();
    assert!(shown.contains(PHRASE) && shown.contains(NAME), "an analyst reads the words");
    let timeline = gateway.get(&format!("/tips/{id}/timeline")).await.to_string();
    for (what, text) in [("the API's tip", &shown), ("the inbox", &gateway.get("/tips?filter=open").await.to_string())] {
        assert_eq!(found(text.as_bytes(), &[NUMBER, "5555550173", CITY, ADDRESS]), Vec::<String>::new(), "{what}");
    }
    assert_eq!(found(timeline.as_bytes(), &EVERYTHING), Vec::<String>::new(), "the timeline");
    let metrics = gateway.client.get(format!("{}/metrics", gateway.ops)).send().await.expect("metrics").text().await.expect("metrics");
    assert_eq!(found(metrics.as_bytes(), &EVERYTHING), Vec::<String>::new(), "metrics");
    metrics_are_documented(&gateway).await;
    what_left_for_offices(&gateway).await;
    assert_eq!(gateway.terminate().await, 0);
    tells_of(&collector, &id);
    assert!(gateway.log().len() > 200, "there is a log to search");
    assert_eq!(found(gateway.log().as_bytes(), &EVERYTHING), Vec::<String>::new(), "the log");
    files(&gateway.folder);
}

/// The canary's text, signed.
fn canary(gateway: &TestGateway, sid: &str) -> Signed {
    let words = format!("My name is {NAME} and {PHRASE}, I am at {POSITION}");
    let fields = [
        ("AccountSid", ACCOUNT_SID),
        ("ApiVersion", "2010-04-01"),
        ("Body", &words),
        ("CallerName", NAME),
        ("From", NUMBER),
        ("FromCity", CITY),
        ("FromState", "IL"),
        ("FromZip", ZIP),
        ("MediaContentType0", "image/jpeg"),
        ("MediaUrl0", "https://media.example.org/5555550173/0"),
        ("MessageSid", sid),
        ("NumMedia", "1"),
        ("RemoteIp", ADDRESS),
        ("To", LINE),
    ];
    sign(&format!("{}/webhooks/main/messages", gateway.public), &fields, TOKEN)
}

/// With the database away, the canary waits in the spool, and is not found there either; nor in what is left of a panic.
#[tokio::test(flavor = "multi_thread")]
async fn the_canary_is_not_found_in_the_spool() {
    let mut gateway = TestGateway::start_with(&[("RUST_LOG", "trace")]).await;
    let away = Away::take(&gateway).await;
    let signed = canary(&gateway, "SM0000000000000000000000000000beef");
    let taken = gateway
        .client
        .post(format!("{}/webhooks/main/messages", gateway.public))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .header("X-Twilio-Signature", &signed.signature)
        .body(signed.body.clone())
        .send();
    assert_eq!(taken.await.expect("an answer").status(), 200);
    let spool = gateway.folder.join("data/spool");
    let waits = || {
        fs::read_dir(&spool)
            .expect("the spool")
            .any(|entry| entry.expect("an entry").path().extension().is_some_and(|kind| kind == "letters"))
    };
    assert!(waits(), "it is on the disk");
    // Not the database's own files yet: reading them in this process would give its lock back (POSIX locks go with any close).
    files(&spool);
    let metrics = gateway.client.get(format!("{}/metrics", gateway.ops)).send().await.expect("metrics").text().await.expect("metrics");
    let letters = metrics.lines().find(|line| line.starts_with("tipline_spool_letters"));
    assert_eq!(letters, Some("tipline_spool_letters 1"), "it is counted");
    assert_eq!(found(metrics.as_bytes(), &EVERYTHING), Vec::<String>::new(), "metrics");
    away.back().await;
    let tip = until("the tip", || async { gateway.tips().await.first().cloned() }).await;
    assert!(tip["first_words"].as_str().is_some_and(|words| words.contains(PHRASE)), "an analyst reads the words");
    until("nothing of it is left in the spool", || std::future::ready((!waits()).then_some(()))).await;
    assert_eq!(gateway.terminate().await, 0);
    assert!(gateway.log().contains("goes to the spool"));
    assert_eq!(found(gateway.log().as_bytes(), &EVERYTHING), Vec::<String>::new(), "the log");
    files(&gateway.folder);
}

/// Set for the process that panics with the canary in its hands.
const PANICS: &str = "TIPLINE_TEST_CANARY_PANICS";

/// A panic's message can hold anything, so it is not logged. This test starts itself once more as a process that logs as the gateway does
/// and panics in one of its tasks.
#[test]
fn a_panic_tells_nothing_about_the_canary() {
    if std::env::var_os(PANICS).is_some() {
        return panic_as_the_gateway_would();
    }
    let itself = std::env::current_exe().expect("this test's binary");
    let name = "canary::a_panic_tells_nothing_about_the_canary";
    let ended = std::process::Command::new(itself).args([name, "--exact", "--nocapture"]).env(PANICS, "1").output().expect("it runs");
    assert_eq!(ended.status.code(), Some(i32::from(Ending::Panicked.exit_code())));
    let log = [ended.stdout, ended.stderr].concat();
    assert!(String::from_utf8_lossy(&log).contains("its message is not logged"), "the panic was noticed");
    assert_eq!(found(&log, &EVERYTHING), Vec::<String>::new(), "what a panic leaves");
}

fn panic_as_the_gateway_would() {
    tipline::telemetry::start_logging(Some("trace"), tipline::telemetry::LogFormat::Auto, None);
    tipline::telemetry::keep_panics_quiet();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let tasks = Tasks::default();
    let ending = runtime.block_on(async {
        tasks.spawn("a task with the canary in its hands", async { panic!("{NAME} at {POSITION}: {PHRASE}, from {NUMBER}") });
        tasks.ended(std::time::Duration::from_secs(10)).await
    });
    std::process::exit(i32::from(ending.exit_code()));
}

/// Mails and spoken words hold nothing of the tip; what the carrier was asked holds the number only as the address of an answer.
async fn what_left_for_offices(gateway: &TestGateway) {
    for mail in gateway.control().mails(None).await {
        let text = serde_json::to_string(&mail).expect("a mail is JSON");
        assert_eq!(found(text.as_bytes(), &EVERYTHING), Vec::<String>::new(), "a mail");
    }
    for call in gateway.control().calls(None).await {
        let text = serde_json::to_string(&call).expect("a call is JSON");
        assert_eq!(found(text.as_bytes(), &EVERYTHING), Vec::<String>::new(), "a call");
    }
    for request in gateway.control().requests().await {
        let mut seen = serde_json::to_value(&request).expect("a request is JSON");
        for list in ["form", "query"] {
            if let Some(pairs) = seen[list].as_array_mut() {
                pairs.retain(|pair| pair[0] != "To");
            }
        }
        assert_eq!(found(seen.to_string().as_bytes(), &EVERYTHING), Vec::<String>::new(), "a request to the carrier");
    }
}

/// Every file that the gateway wrote.
fn files(folder: &Path) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path);
        } else if path.extension().is_none_or(|kind| kind != "toml") {
            let bytes = fs::read(&path).expect("a file");
            assert_eq!(found(&bytes, &EVERYTHING), Vec::<String>::new(), "{}", path.display());
        }
    }
}

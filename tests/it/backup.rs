//! A backup amid a dispatch, restored elsewhere: nothing of before goes out again, what is new goes its way, and what was destroyed
//! since cannot be read.

use crate::gateway::{LINE, TestGateway, until};
use base64::Engine;
use mock_carriers::{SaidMedia, Say};
use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

const STUDENT: &str = "+15555550142";
const OTHER: &str = "+15555550143";
const THIRD: &str = "+15555550144";
const NEW: &str = "+15555550145";
/// Looked for often, and supervisors paged at once, so that whatever would go out does so in this test's time.
const QUICK: &[(&str, &str)] = &[("TIPLINE__RECONCILE__POLL_SECONDS", "1"), ("TIPLINE__OUTBOX__LEASE_SECONDS", "5")];

async fn tip(gateway: &TestGateway, from: &str, words: &str) -> String {
    let before: Vec<Value> = gateway.tips().await.iter().map(|tip| tip["id"].clone()).collect();
    assert_eq!(gateway.text(from, words).await, 200);
    until("the tip", || async {
        gateway.tips().await.iter().map(|tip| tip["id"].clone()).find(|id| !before.contains(id))?.as_str().map(str::to_owned)
    })
    .await
}

async fn dispatch(gateway: &TestGateway, tip: &str, school: &str) {
    let version = gateway.get(&format!("/tips/{tip}")).await["version"].clone();
    let triage = json!({"version": version, "types": ["possession-of-a-weapon"], "school": school});
    gateway.send(reqwest::Method::PUT, &format!("/tips/{tip}/triage"), triage).await;
    let version = gateway.get(&format!("/tips/{tip}")).await["version"].clone();
    gateway.send(reqwest::Method::POST, &format!("/tips/{tip}/dispatches"), json!({"version": version})).await;
}

/// Requests by which a carrier is asked to send something.
fn sending(requests: &[Value]) -> Vec<&Value> {
    requests.iter().filter(|request| request["method"] == "POST").collect()
}

/// What the carriers were asked.
async fn requests(gateway: &TestGateway) -> Vec<Value> {
    let seen = gateway.control().requests().await;
    seen.into_iter().filter_map(|request| serde_json::to_value(request).ok()).collect()
}

fn path(request: &Value) -> &str {
    request["path"].as_str().unwrap_or("")
}

fn backup(gateway: &TestGateway, folder: &Path) -> PathBuf {
    let output = gateway.run(&["backup", &folder.display().to_string()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())
}

/// Runs a command of the gateway; what it said.
fn said(gateway: &TestGateway, arguments: &[&str]) -> (bool, String) {
    let output = gateway.run(arguments);
    (output.status.success(), format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)))
}

/// Destroys the key of a tip, as the end of its time will.
async fn destroy(gateway: &TestGateway, tip: &str) {
    let url = format!("sqlite://{}", gateway.folder.join("data/tipline.db").display());
    let mut connection = SqliteConnection::connect(&url).await.expect("the database");
    let done = sqlx::query("UPDATE conversation SET wrapped_key = x'' WHERE id = $1").bind(tip).execute(&mut connection).await;
    assert_eq!(done.expect("the key is destroyed").rows_affected(), 1);
    connection.close().await.expect("closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_deployment_sends_nothing_again() {
    let mut gateway = TestGateway::prepare(QUICK).await;
    gateway.configure(|text| text.replace("[dispatch]\n", "[dispatch]\npage_after = [2, 4, 6, 8]\n"));
    gateway.serve().await;
    let told = tip(&gateway, STUDENT, "there is a gun on the bus").await;
    let shredded = tip(&gateway, OTHER, "they shoved me in the hall").await;
    until("the first words", || async { (gateway.control().messages(OTHER).await.len() == 2).then_some(()) }).await;
    let picture = upload_is_kept(&gateway).await;
    let fault = json!({"match": {"kind": "rest", "path_contains": "essages", "method": "POST"}, "fault": "500", "times": 1000});
    gateway.control().set_fault(serde_json::from_value(fault).expect("a fault")).await.expect("set");
    let unsorted = tip(&gateway, THIRD, "somebody said he will do it on monday").await;
    gateway.send(reqwest::Method::POST, &format!("/tips/{told}/replies"), json!({"text": "which bus?"})).await;
    dispatch(&gateway, &told, "bravo-middle").await;
    until("calls are made", || async { (gateway.control().calls(None).await.len() >= 2).then_some(()) }).await;

    let folder = gateway.folder.join("backups");
    let first = backup(&gateway, &folder);
    let open = gateway.get(&format!("/tips/{told}")).await;
    // It goes on; later the machine is lost, and one tip was destroyed before that.
    let calls = gateway.control().calls(None).await.len();
    until("the dispatch goes on", || async { (gateway.control().calls(None).await.len() > calls).then_some(()) }).await;
    gateway.kill();
    destroy(&gateway, &shredded).await;
    // A backup is named by its second.
    let named = tipline::clock::Clock::System.now().as_second();
    until("a later second", || async { (tipline::clock::Clock::System.now().as_second() > named).then_some(()) }).await;
    assert_ne!(backup(&gateway, &folder), first);
    std::fs::rename(gateway.folder.join("data"), gateway.folder.join("lost")).expect("the machine is lost");
    no_key_is_in(&first).await;

    let shown = first.display().to_string();
    let (well, text) = said(&gateway, &["backup", "--verify", &shown]);
    assert!(well && text.contains("is whole") && text.contains("1 were destroyed"), "{text}");
    let (well, text) = said(&gateway, &["restore", &shown]);
    assert!(well, "{text}");
    assert!(text.contains("1 were destroyed"), "{text}");
    let (well, text) = said(&gateway, &["restore", &shown]);
    assert!(!well && text.contains("holds a deployment already"), "{text}");

    gateway.control().clear_faults().await;
    let messages = gateway.control().messages(STUDENT).await.len();
    gateway.control().clear_requests().await;
    gateway.control().clear_mails().await;
    gateway.serve().await;
    let lists = |requests: &[Value]| requests.iter().filter(|one| one["method"] == "GET" && path(one).contains("essages")).count();
    until("carriers are asked for what came since", || async { (lists(&requests(&gateway).await) >= 8).then_some(()) }).await;
    let seen = requests(&gateway).await;
    assert!(sending(&seen).is_empty(), "something of before went out: {:?}", sending(&seen));
    assert_eq!((gateway.control().mails(None).await.len(), gateway.control().messages(STUDENT).await.len()), (0, messages));

    is_settled(&gateway, &told, &open).await;
    let read = gateway.get(&format!("/tips/{unsorted}")).await;
    assert_eq!(read["messages"][1]["delivery"]["state"], "unknown", "{read}");
    assert!(read["tasks"][0]["what"].as_str().is_some_and(|what| what.contains("its clock has stopped")), "{read}");
    let read = gateway.get(&format!("/tips/{shredded}")).await;
    assert_eq!((read["messages"][0]["text"].as_str(), read["state"].as_str()), (Some("[destroyed]"), Some("closed")), "{read}");
    let note =
        gateway.ask(reqwest::Method::POST, &format!("/tips/{shredded}/notes"), Some(json!({"kind": "note", "text": "a note"}))).await;
    assert_eq!(note.status(), 410, "nothing can be added");
    assert_eq!(gateway.metric("tipline_obligations_without_timer").await, 0.0);
    assert!(gateway.folder.join("data/media").join(picture).exists(), "its file came back");

    what_is_new_works(&gateway, &told).await;
    assert_eq!(gateway.terminate().await, 0);
    let (well, text) = said(&gateway, &["verify"]);
    assert!(well, "{text}");
}

/// A picture that a reporter sends, once its file lies in the folder of media; where below it.
async fn upload_is_kept(gateway: &TestGateway) -> PathBuf {
    let bytes = std::fs::read(crate::gateway::root().join("docs/pictures/inbox-light.png")).expect("a picture");
    let media =
        vec![SaidMedia { content_type: "image/png".to_owned(), data_base64: base64::engine::general_purpose::STANDARD.encode(bytes) }];
    let say = Say { from: STUDENT.to_owned(), to: LINE.to_owned(), body: "look".to_owned(), media, ..Say::default() };
    gateway.control().say(say).await.expect("the mock says it");
    let media = gateway.folder.join("data/media");
    let url = format!("sqlite://{}?mode=ro", gateway.folder.join("data/tipline.db").display());
    until("it is known as kept", || async {
        let mut connection = SqliteConnection::connect(&url).await.ok()?;
        let kept = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM attachment WHERE NOT unfinished");
        let kept = kept.fetch_one(&mut connection).await;
        connection.close().await.ok()?;
        (kept.ok()? == 1).then_some(())
    })
    .await;
    until("its file", || async {
        let folders = std::fs::read_dir(&media).ok()?.flatten();
        let files = folders.filter_map(|folder| std::fs::read_dir(folder.path()).ok()).flat_map(Iterator::flatten);
        let file = files.map(|file| file.path()).find(|file| file.extension().is_some_and(|ending| ending == "original"))?;
        file.strip_prefix(&media).ok().map(Path::to_owned)
    })
    .await
}

async fn no_key_is_in(backup: &Path) {
    let url = format!("sqlite://{}?immutable=1", backup.join("database.sqlite").display());
    let mut connection = SqliteConnection::connect(&url).await.expect("the backup");
    let keys: i64 = sqlx::query_scalar("SELECT count(*) FROM conversation WHERE length(wrapped_key) > 0")
        .fetch_one(&mut connection)
        .await
        .expect("the backup is read");
    assert_eq!(keys, 0);
}

/// The tip that was being dispatched: promises ended, a task, a record that says so, no answer sent again.
async fn is_settled(gateway: &TestGateway, tip: &str, before: &Value) {
    let read = gateway.get(&format!("/tips/{tip}")).await;
    let states = |read: &Value| -> Vec<String> {
        let all = read["dispatches"].as_array().into_iter().flatten().flat_map(|dispatch| dispatch["obligations"].as_array());
        all.flatten().filter_map(|one| one["state"].as_str().map(str::to_owned)).collect()
    };
    assert!(states(before).iter().any(|state| state == "in_flight" || state == "waiting"), "{before}");
    for state in states(&read) {
        assert!(["satisfied", "released", "failed"].contains(&state.as_str()), "{state}: {read}");
    }
    assert!(read.to_string().contains("\"restored\""), "the reason is told: {read}");
    let tasks: Vec<&str> = read["tasks"].as_array().into_iter().flatten().filter_map(|task| task["what"].as_str()).collect();
    assert_eq!(tasks.iter().filter(|task| task.starts_with("Restored from the backup of")).count(), 1, "{tasks:?}");
    let reply = read["messages"].as_array().into_iter().flatten().find(|message| message["text"] == "which bus?").cloned();
    assert_eq!(reply.expect("the answer")["delivery"]["state"], "unknown");
    let timeline = gateway.get(&format!("/tips/{tip}/timeline")).await.to_string();
    assert!(timeline.contains("Restored from a backup"), "{timeline}");
}

/// A new text, a new tip and a new dispatch go their usual way.
async fn what_is_new_works(gateway: &TestGateway, told: &str) {
    assert_eq!(gateway.text(STUDENT, "it is bus 12").await, 200);
    until("the text joins its tip", || async {
        gateway.get(&format!("/tips/{told}")).await.to_string().contains("it is bus 12").then_some(())
    })
    .await;
    let new = tip(gateway, NEW, "there is another one").await;
    until("its first words", || async { (gateway.control().messages(NEW).await.len() == 2).then_some(()) }).await;
    dispatch(gateway, &new, "alpha-middle").await;
    until("calls are made again", || async {
        let seen = requests(gateway).await;
        sending(&seen).iter().any(|request| path(request).contains("Calls")).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_is_killed_is_run_again_and_ends_everything_once() {
    const KILLS: u32 = 12;
    let mut gateway = TestGateway::start().await;
    let mut told = Vec::new();
    for n in 10..40 {
        let id = tip(&gateway, &format!("+155555501{n}"), &format!("text number {n}")).await;
        if n % 3 == 0 {
            dispatch(&gateway, &id, "bravo-middle").await;
            told.push(id);
        }
    }
    gateway.kill();
    let taken = backup(&gateway, &gateway.folder.join("backups"));
    std::fs::rename(gateway.folder.join("data"), gateway.folder.join("lost")).expect("the machine is lost");

    let restore = ["restore", taken.to_str().expect("a path")];
    let mut random = fastrand::Rng::with_seed(9);
    let mut killed = 0;
    for _ in 0..KILLS {
        let mut command = gateway.command(&restore);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
        // Not a wait for a condition: the moment of the kill is what varies.
        let _ = tokio::time::timeout(Duration::from_millis(random.u64(20..600)), std::future::pending::<()>()).await;
        if child.try_wait().expect("its status").is_some() {
            break;
        }
        child.kill().expect("killed");
        child.wait().expect("gone");
        killed += 1;
    }
    let (well, text) = said(&gateway, &restore);
    assert!(well || text.contains("holds a deployment already"), "after {killed} kills: {text}");
    println!("{killed} kills of a restore");

    gateway.control().clear_requests().await;
    gateway.serve().await;
    for id in &told {
        let read = gateway.get(&format!("/tips/{id}")).await;
        let tasks: Vec<&str> = read["tasks"].as_array().into_iter().flatten().filter_map(|task| task["what"].as_str()).collect();
        assert_eq!(tasks.iter().filter(|task| task.starts_with("Restored from the backup of")).count(), 1, "{tasks:?}");
    }
    assert_eq!((gateway.tips().await.len(), gateway.metric("tipline_obligations_open").await), (30, 0.0));
    assert!(sending(&requests(&gateway).await).is_empty(), "nothing of before goes out");
    assert_eq!(gateway.terminate().await, 0);
    let (well, text) = said(&gateway, &["verify"]);
    assert!(well, "{text}");
}

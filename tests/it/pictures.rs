//! Pictures through the whole gateway: fetched, sealed, copied without their place, deleted at the carrier; the original only with a record.
//!
//! And what carriers and decoders do wrong: the words are there whatever becomes of the picture.

use crate::calls_in::{Caller, NUMBERS};
use crate::gateway::{ACCOUNT_SID, LINE, TOKEN, TestGateway, until};
use base64::Engine;
use mock_carriers::{SaidMedia, Say};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tipline::media::copy::copier::Copier;
use tipline::media::copy::{Made, Refused};

const STUDENT: &str = "+15555550142";
const GPS_JPEG: &[u8] = include_bytes!("../fuzz/corpus/pictures/gps.jpg");
/// Stands behind the picture, so that it is found wherever the original's bytes are in clear.
const CANARY: &[u8] = b"CANARY-BEHIND-THE-PICTURE";
/// A loaded machine is slow; a hanging worker is tested apart.
const PATIENT: (&str, &str) = ("TIPLINE__MEDIA__COPY_SECONDS", "60");

fn photo() -> Vec<u8> {
    [GPS_JPEG, CANARY].concat()
}

async fn send(gateway: &TestGateway, words: &str, pictures: &[(&str, Vec<u8>)]) -> String {
    let medium = |(kind, bytes): &(&str, Vec<u8>)| SaidMedia {
        content_type: (*kind).to_owned(),
        data_base64: base64::engine::general_purpose::STANDARD.encode(bytes),
    };
    let say = Say {
        from: STUDENT.to_owned(),
        to: LINE.to_owned(),
        body: words.to_owned(),
        media: pictures.iter().map(medium).collect(),
        ..Say::default()
    };
    let said = gateway.control().say(say).await.expect("the mock says it");
    assert_eq!(said.webhook.status, Some(200));
    said.sid
}

/// The tip, and the message with these words.
async fn message(gateway: &TestGateway, words: &str) -> Option<(String, Value)> {
    let id = gateway.tips().await.first()?["id"].as_str()?.to_owned();
    let tip = gateway.get(&format!("/tips/{id}")).await;
    let message = tip["messages"].as_array()?.iter().find(|message| message["text"] == words)?.clone();
    Some((id, message))
}

/// Waits until every file of the message is at an end: copied, not to be copied, or lost.
async fn settled(gateway: &TestGateway, words: &str) -> (String, Vec<Value>) {
    until("its files are at their end", || async {
        let (id, message) = message(gateway, words).await?;
        let files = message["attachments"].as_array()?.clone();
        let ended = |file: &Value| !file["copy"].is_null() || !file["why"].is_null();
        (!files.is_empty() && files.iter().all(ended)).then_some((id, files))
    })
    .await
}

async fn fault(gateway: &TestGateway, fault: &str, times: u32) {
    let fault = json!({"match": {"kind": "media"}, "fault": fault, "times": times});
    gateway.control().set_fault(serde_json::from_value(fault).expect("a fault")).await.expect("the fault is set");
}

async fn copy_of(gateway: &TestGateway, file: &Value) -> Response {
    let url = file["copy"]["url"].as_str().expect("a copy");
    gateway.client.get(format!("{}{url}", gateway.staff)).bearer_auth(&gateway.token).send().await.expect("the copy")
}

async fn timeline(gateway: &TestGateway, tip: &str) -> String {
    gateway.get(&format!("/tips/{tip}/timeline")).await.to_string()
}

fn holds(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|at| at == word)
}

/// Every file that the gateway wrote.
fn on_disk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        if entry.path().is_dir() { on_disk(&entry.path(), found) } else { found.push(entry.path()) }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_is_shown_without_its_place_and_its_original_opened_only_on_the_record() {
    let mut gateway = TestGateway::start_with(&[PATIENT]).await;
    let sid = send(&gateway, "he has a knife, look", &[("image/jpeg", photo())]).await;
    let (tip, files) = settled(&gateway, "he has a knife, look").await;
    let file = &files[0];
    assert_eq!((file["state"].as_str(), file["kind"].as_str()), (Some("kept"), Some("image/jpeg")), "{file}");
    let copy = copy_of(&gateway, file).await;
    for (name, value) in [("content-type", "image/png"), ("x-content-type-options", "nosniff"), ("cache-control", "no-store")] {
        assert_eq!(copy.headers()[name], value);
    }
    assert!(copy.headers()["content-security-policy"].to_str().expect("a policy").contains("sandbox"));
    let copy = copy.bytes().await.expect("bytes");
    assert!(!holds(&copy, CANARY) && !holds(&copy, b"Exif") && !holds(&copy, b"Example Camera"));
    assert_eq!((file["copy"]["width"].as_u64(), file["copy"]["height"].as_u64()), (Some(16), Some(24)), "turned as it was held");
    // At the carrier it is gone.
    until("it is deleted at the carrier", || async {
        let seen = gateway.control().requests().await;
        seen.iter().any(|one| one.method == "DELETE" && one.path.contains(&sid) && one.status == 204).then_some(())
    })
    .await;
    assert!(timeline(&gateway, &tip).await.contains("was fetched and is kept sealed"));
    assert!(!timeline(&gateway, &tip).await.contains("The original of a file was opened"));
    // The original is another thing.
    let original = format!("/tips/{tip}/files/{}/original", file["id"].as_str().expect("an id"));
    let opened = gateway.ask(Method::POST, &original, None).await;
    assert_eq!(opened.headers()["content-type"], "application/octet-stream");
    assert!(opened.headers()["content-disposition"].to_str().expect("a name").starts_with("attachment; filename=\"original-"));
    assert_eq!(opened.bytes().await.expect("bytes"), photo());
    assert!(timeline(&gateway, &tip).await.contains("The original of a file was opened"));
    assert_eq!(gateway.ask(Method::GET, &original, None).await.status(), 405, "never by a link");
    let elsewhere = original.replace(&tip, "0198f000000070008000000000000000");
    assert_eq!(gateway.ask(Method::POST, &elsewhere, None).await.status(), 404, "never by another tip");
    assert_eq!(gateway.metric("tipline_obligations_without_timer").await, 0.0);
    assert_eq!(gateway.terminate().await, 0);
    let mut written = Vec::new();
    on_disk(&gateway.folder, &mut written);
    assert!(written.iter().any(|path| path.extension().is_some_and(|ending| ending == "original")), "{written:?}");
    for path in written {
        assert!(!holds(&fs::read(&path).expect("a file"), CANARY), "{}", path.display());
    }
    assert!(!gateway.log().contains("0142"));
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_becomes_of_a_file_the_words_are_there() {
    let gateway = TestGateway::start_with(&[PATIENT, ("TIPLINE__MEDIA__MOST_BYTES", "1000000")]).await;
    let video = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom".to_vec();
    let bomb = include_bytes!("../fuzz/corpus/pictures/bomb.gif").to_vec();
    let kinds = [("image/jpeg", photo()), ("image/jpeg", video), ("image/png", b"%PDF-1.7\n".to_vec()), ("image/gif", bomb)];
    send(&gateway, "ten pictures", &kinds).await;
    let (_, files) = settled(&gateway, "ten pictures").await;
    let why = |at: usize| files[at]["why"].as_str().unwrap_or_default().to_owned();
    assert!(files[0]["why"].is_null());
    assert!(why(1).starts_with("A video: it cannot be shown safely."), "{files:?}");
    assert!(why(2).starts_with("A PDF"));
    assert!(why(3).contains("more pixels than can be decoded"));
    for (effect, words, state, expected) in [
        ("500", "once broken", "kept", ""),
        ("wrong_type", "a page instead", "kept", "A web page"),
        ("endless", "without an end", "lost", "larger than 1 MB"),
        ("redirect_private", "led inside", "lost", "a redirect"),
        ("redirect_metadata", "led to secrets", "lost", "a redirect"),
        ("redirect_localhost", "led home", "lost", "a redirect"),
    ] {
        fault(&gateway, effect, 1).await;
        send(&gateway, words, &[("image/jpeg", photo())]).await;
        let (_, files) = settled(&gateway, words).await;
        assert_eq!(files[0]["state"], state, "{effect}: {files:?}");
        assert!(files[0]["why"].as_str().unwrap_or_default().contains(expected), "{effect}: {files:?}");
        gateway.control().clear_faults().await;
    }
    assert!(gateway.control().debugger().await.iter().all(|told| told.code < 99_000), "no password was forwarded, no trap entered");
    assert!(gateway.metric("tipline_media_total").await >= 10.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_is_gone_at_the_carrier_is_lost_and_said_so() {
    let gateway = TestGateway::start_with(&[PATIENT]).await;
    fault(&gateway, "500", 1).await;
    let sid = send(&gateway, "gone", &[("image/jpeg", photo())]).await;
    until("the first try failed", || async { (gateway.metric("tipline_media_total").await >= 1.0).then_some(()) }).await;
    let base = format!("{}/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{sid}/Media", gateway.mock.base_url());
    let auth = |request: reqwest::RequestBuilder| request.basic_auth(ACCOUNT_SID, Some(TOKEN)).send();
    let list: Value = auth(gateway.client.get(format!("{base}.json"))).await.expect("a list").json().await.expect("JSON");
    let medium = list["media_list"][0]["sid"].as_str().expect("a medium");
    assert_eq!(auth(gateway.client.delete(format!("{base}/{medium}.json"))).await.expect("deleted").status(), 204);
    let (_, files) = settled(&gateway, "gone").await;
    assert_eq!(files[0]["state"], "lost");
    assert_eq!(files[0]["why"], "the carrier has it no more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_of_fetching_loses_no_picture() {
    let mut gateway = TestGateway::start_with(&[PATIENT]).await;
    fault(&gateway, "stall", 1).await;
    send(&gateway, "in the middle", &[("image/jpeg", photo()), ("image/jpeg", photo()), ("image/jpeg", photo())]).await;
    until("fetching began", || async {
        gateway.control().requests().await.iter().any(|seen| seen.method == "GET" && seen.path.starts_with("/media/")).then_some(())
    })
    .await;
    gateway.kill();
    gateway.serve().await;
    let (_, files) = settled(&gateway, "in the middle").await;
    assert_eq!(files.len(), 3);
    assert!(files.iter().all(|file| file["copy"]["kind"] == "image/png"), "{files:?}");
    assert_eq!(gateway.metric("tipline_obligations_without_timer").await, 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callers_recording_is_kept_copied_and_deleted_at_the_carrier() {
    let gateway = TestGateway::start_with(&[&NUMBERS[..], &[PATIENT]].concat()).await;
    let caller = Caller::dials(&gateway).await;
    caller.keys("1").await;
    caller.keys("1").await;
    caller.leaves("he has a gun in his backpack").await;
    caller.hangs_up().await;
    let file = until("the recording has a copy", || async {
        let id = gateway.tips().await.first()?["id"].as_str()?.to_owned();
        let tip = gateway.get(&format!("/tips/{id}")).await;
        let mut files = tip["messages"].as_array()?.iter().filter_map(|message| message["attachments"].as_array()).flatten();
        files.find(|file| !file["copy"].is_null()).cloned()
    })
    .await;
    assert_eq!((file["role"].as_str(), file["copy"]["kind"].as_str()), (Some("recording"), Some("audio/wav")));
    assert!(copy_of(&gateway, &file).await.bytes().await.expect("sound").starts_with(b"RIFF"));
    until("it is deleted at the carrier", || async { gateway.control().recordings().await.is_empty().then_some(()) }).await;
}

/// A program that does as this line of shell says.
fn program(name: &str, line: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("worker-{}-{name}", std::process::id()));
    fs::write(&path, format!("#!/bin/sh\n{line}\n")).expect("a program");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it can be run");
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_hangs_breaks_or_lies_is_an_answer() {
    let big = vec![7; 3_000_000];
    for (name, line, refused) in [
        ("hangs", "exec tail -f /dev/null", Refused::TooSlow),
        ("reads-nothing", "exec 0<&-; exit 0", Refused::Broke),
        ("crashes", "kill -SEGV $$", Refused::Broke),
        (
            "lies",
            "cat >/dev/null; echo '{\"made\":{\"kind\":\"text/html\",\"width\":1,\"height\":1,\"bytes\":2}}'; printf hi",
            Refused::Broke,
        ),
        ("floods", "exec cat /dev/zero", Refused::Broke),
    ] {
        let path = program(name, line);
        let time = if refused == Refused::TooSlow { Duration::from_millis(300) } else { Duration::from_secs(60) };
        assert_eq!(Copier::new(path.clone(), time).copy(&big).await.expect("started"), Err(refused), "{name}");
        fs::remove_file(path).expect("removed");
    }
    assert!(Copier::new("/nowhere/at/all".into(), Duration::from_secs(1)).copy(&big).await.is_err(), "cannot be started: tried again");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_are_each_answered_by_the_real_worker() {
    let copier = Copier::new(env!("CARGO_BIN_EXE_tipline").into(), Duration::from_secs(60));
    let (photo, wav) = (photo(), include_bytes!("../fuzz/corpus/pictures/telephone.wav"));
    let bomb = include_bytes!("../fuzz/corpus/pictures/bomb.gif");
    let answers = (0..12).map(|n| {
        let copier = copier.clone();
        let bytes: &[u8] = [photo.as_slice(), wav, bomb][n % 3];
        async move { copier.copy(bytes).await.expect("started") }
    });
    let answers: Vec<Result<Made, Refused>> = futures_util::future::join_all(answers).await;
    for (n, answer) in answers.iter().enumerate() {
        match n % 3 {
            0 => assert_eq!(answer.as_ref().map(|made| (made.kind, made.width, made.height)), Ok(("image/png", 16, 24))),
            1 => assert_eq!(answer.as_ref().map(|made| made.kind), Ok("audio/wav")),
            _ => assert_eq!(answer, &Err(Refused::TooManyPixels)),
        }
    }
}

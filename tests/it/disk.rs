//! Disks that are full or read-only, for real: small file systems of the test's own lie over the gateway's folders, and a limit of the
//! kernel on what the process may write.
//!
//! What was answered with 200 is there once; what cannot be kept gets 503 and comes again; readiness says why; when there is room again
//! everything goes on by itself; nothing half-written is taken for whole; and the log does not grow with every request.

use crate::gateway::{LINE, TestGateway, until};
use crate::record::Record;
use crate::senders::{Senders, each_once};
use base64::Engine;
use mock_carriers::{SaidMedia, Say};
use std::path::{Path, PathBuf};
use std::process::Command;
use test_kit::disk::{Disk, Disks};

const STUDENT: &str = "+15555550142";
const PHOTO: &[u8] = include_bytes!("../fuzz/corpus/pictures/gps.jpg");
const MIB: u64 = 1 << 20;
/// Lines that an outage may add to the log, however many requests come: some of each kind.
const LOG_LINES_MOST: usize = 400;

/// A gateway whose folders of these names lie on disks of these sizes.
async fn on_disks(sizes: &[(&str, u64)]) -> TestGateway {
    let mut gateway = TestGateway::prepare(&[]).await;
    let disks: Vec<Disk> = sizes.iter().map(|(name, bytes)| Disk { over: gateway.folder.join(name), bytes: *bytes }).collect();
    gateway.disks = Some(Disks::mount(&disks).expect("disks for the test"));
    gateway.serve().await;
    gateway
}

fn disks(gateway: &TestGateway) -> (&Disks, PathBuf) {
    (gateway.disks.as_ref().expect("disks"), gateway.folder.clone())
}

fn fill(gateway: &TestGateway, name: &str, but: u64) {
    let (disks, folder) = disks(gateway);
    disks.fill(&folder.join(name), but).expect("the disk fills up");
}

fn free(gateway: &TestGateway, name: &str) {
    let (disks, folder) = disks(gateway);
    disks.free(&folder.join(name)).expect("there is room again");
}

/// Status and text of the readiness page.
async fn ready(gateway: &TestGateway) -> (u16, String) {
    let answer = gateway.client.get(format!("{}/readyz", gateway.ops)).send().await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("a text"))
}

/// Waits until the readiness page has this status and says this.
async fn until_ready_says(gateway: &TestGateway, status: u16, words: &str) {
    until(&format!("readiness is {status} and says {words:?}"), || async {
        let (is, says) = ready(gateway).await;
        (is == status && says.contains(words)).then_some(())
    })
    .await;
}

/// Ends the gateway in good order and looks that everything accepted is there once.
async fn all_there(mut gateway: TestGateway, senders: Senders) {
    let accepted = senders.end().await;
    until("the spool is empty", || async { (gateway.metric("tipline_spool_letters").await == 0.0).then_some(()) }).await;
    assert_eq!(gateway.metric("tipline_spool_set_aside").await, 0.0, "no letter was blamed for the disk");
    assert_eq!(gateway.terminate().await, 0, "it ends in good order");
    if let Some(disks) = gateway.disks.take() {
        disks.copy_out(&gateway.folder.join("data")).expect("its data");
    }
    each_once(&Record::open(&gateway).await, &accepted);
}

fn log_lines(gateway: &TestGateway) -> usize {
    gateway.log().lines().count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_under_the_database_costs_nothing_while_the_spool_has_room() {
    let mut gateway = on_disks(&[("data", 48 * MIB), ("data/spool", 16 * MIB)]).await;
    let senders = Senders::start(&gateway);
    until("texts come", || std::future::ready((senders.accepted() > 20).then_some(()))).await;
    let lines = log_lines(&gateway);
    fill(&gateway, "data", 0);
    until("letters wait", || async { (gateway.metric("tipline_spool_letters").await >= 100.0).then_some(()) }).await;
    until_ready_says(&gateway, 200, "spooling").await;
    assert_eq!(senders.refused(), 0, "nobody was refused");
    println!("the slowest 200 took {:?}; {} lines in the log", senders.slowest(), log_lines(&gateway) - lines);
    assert!(log_lines(&gateway) - lines < LOG_LINES_MOST);
    // A node that is started meanwhile takes what comes all the same.
    gateway.kill();
    gateway.serve().await;
    let before = senders.accepted();
    until("texts are taken", || std::future::ready((senders.accepted() > before + 20).then_some(()))).await;
    free(&gateway, "data");
    until("the spool drains by itself", || async { (gateway.metric("tipline_spool_letters").await == 0.0).then_some(()) }).await;
    until_ready_says(&gateway, 200, "ready").await;
    all_there(gateway, senders).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_room_anywhere_the_carrier_is_asked_to_come_again() {
    let mut gateway = on_disks(&[("data", 48 * MIB)]).await;
    let senders = Senders::start(&gateway);
    until("texts come", || std::future::ready((senders.accepted() > 20).then_some(()))).await;
    let lines = log_lines(&gateway);
    // The spool gets a few letters and then half of one.
    fill(&gateway, "data", 20_000);
    until("texts are refused", || std::future::ready((senders.refused() > 300).then_some(()))).await;
    until_ready_says(&gateway, 503, "full").await;
    println!("{} refused; {} lines in the log", senders.refused(), log_lines(&gateway) - lines);
    assert!(log_lines(&gateway) - lines < LOG_LINES_MOST);
    // With a torn letter and a torn transaction on its disk.
    gateway.kill();
    free(&gateway, "data");
    gateway.serve().await;
    fill(&gateway, "data", 5_000);
    let refused = senders.refused();
    until("texts are refused", || std::future::ready((senders.refused() > refused + 50).then_some(()))).await;
    free(&gateway, "data");
    let before = senders.accepted();
    until("texts are taken by themselves", || std::future::ready((senders.accepted() > before + 20).then_some(()))).await;
    until_ready_says(&gateway, 200, "ready").await;
    all_there(gateway, senders).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_may_write_nothing_at_all_goes_on_when_it_may() {
    let mut gateway = TestGateway::start().await;
    let senders = Senders::start(&gateway);
    until("texts come", || std::future::ready((senders.accepted() > 20).then_some(()))).await;
    // Every write at or behind this place of any file fails with EFBIG: database, its log, spool, even standard error.
    let may_write = |gateway: &TestGateway, bytes: &str| {
        let process = gateway.process().to_string();
        let set = Command::new("prlimit").args(["--pid", &process, &format!("--fsize={bytes}:")]).status();
        assert!(set.expect("prlimit of util-linux").success());
    };
    may_write(&gateway, "0");
    until("texts are refused", || std::future::ready((senders.refused() > 100).then_some(()))).await;
    until_ready_says(&gateway, 503, "").await;
    may_write(&gateway, "unlimited");
    let before = senders.accepted();
    until("texts are taken by themselves", || std::future::ready((senders.accepted() > before + 20).then_some(()))).await;
    until_ready_says(&gateway, 200, "ready").await;
    gateway.kill();
    gateway.serve().await;
    all_there(gateway, senders).await;
}

/// A student sends a photo; the webhook's status.
async fn send_photo(gateway: &TestGateway, words: &str) -> u16 {
    let media =
        vec![SaidMedia { content_type: "image/jpeg".to_owned(), data_base64: base64::engine::general_purpose::STANDARD.encode(PHOTO) }];
    let say = Say { from: STUDENT.to_owned(), to: LINE.to_owned(), body: words.to_owned(), media, ..Say::default() };
    gateway.control().say(say).await.expect("the mock says it").webhook.status.unwrap_or(0)
}

/// Whether the photo of the message with these words is kept and copied.
async fn photo_is_kept(gateway: &TestGateway, words: &str) -> bool {
    for tip in gateway.tips().await {
        let tip = gateway.get(&format!("/tips/{}", tip["id"].as_str().unwrap_or(""))).await;
        let message = tip["messages"].as_array().into_iter().flatten().find(|message| message["text"] == words).cloned();
        if let Some(message) = message {
            return !message["attachments"][0]["copy"].is_null();
        }
    }
    panic!("the words {words:?} are not there: a file that cannot be kept must not cost them");
}

/// Files whose writing was cut off.
fn halves(folder: &Path) -> usize {
    let folders = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let files = folders.flat_map(|folder| std::fs::read_dir(folder.path()).into_iter().flatten().flatten());
    files.filter(|file| file.path().extension().is_some_and(|ending| ending == "half")).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_photo_waits_for_room_and_its_words_do_not() {
    let gateway = on_disks(&[("data", 64 * MIB), ("data/media", 4 * MIB)]).await;
    fill(&gateway, "data/media", 1_000);
    assert_eq!(send_photo(&gateway, "look at this").await, 200);
    until("it was tried", || async { gateway.log().contains("a medium was not worked off").then_some(()) }).await;
    assert!(!photo_is_kept(&gateway, "look at this").await);
    let (disks, folder) = disks(&gateway);
    let media = folder.join("data/media");
    assert_eq!(halves(&disks.inside(&media)), 0, "nothing half-written is left to take more room");
    free(&gateway, "data/media");
    until("the photo is kept by itself", || async { photo_is_kept(&gateway, "look at this").await.then_some(()) }).await;
    // The same with a disk that went read-only, as a kernel does with a file system that it does not trust any more.
    disks.set_read_only(&media, true).expect("nobody has a file of it open");
    assert_eq!(send_photo(&gateway, "and this").await, 200);
    let tries = |gateway: &TestGateway| gateway.log().matches("a medium was not worked off").count();
    let before = tries(&gateway);
    until("it was tried", || async { (tries(&gateway) > before).then_some(()) }).await;
    disks.set_read_only(&media, false).expect("it is writable again");
    until("the photo is kept by itself", || async { photo_is_kept(&gateway, "and this").await.then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_on_a_read_only_disk_is_refused_in_a_sentence_and_the_next_one_goes_on() {
    let mut gateway = on_disks(&[("data", 48 * MIB)]).await;
    let senders = Senders::start(&gateway);
    until("texts come", || std::future::ready((senders.accepted() > 20).then_some(()))).await;
    gateway.kill();
    let (mounted, folder) = disks(&gateway);
    mounted.set_read_only(&folder.join("data"), true).expect("the gateway has ended");
    gateway.start_serving();
    assert_eq!(gateway.ended().await, 2, "something that the operator has to mend");
    let last = gateway.log().lines().last().unwrap_or_default().to_owned();
    assert!(last.contains("data") && last.contains("let this user write there"), "it says what and the fix: {last}");
    let (mounted, folder) = disks(&gateway);
    mounted.set_read_only(&folder.join("data"), false).expect("it is writable again");
    gateway.serve().await;
    let before = senders.accepted();
    until("texts are taken", || std::future::ready((senders.accepted() > before + 20).then_some(()))).await;
    all_there(gateway, senders).await;
}

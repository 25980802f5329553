//! The database goes away while tips come, and the gateway is killed meanwhile: everything that was answered with 200 is there exactly
//! once, in its sender's order, with the time at which it came (R43).

use crate::away::Away;
use crate::gateway::{ACCOUNT_SID, LINE, TOKEN, TestGateway, until};
use crate::signed::sign;
use jiff::Timestamp;
use mock_carriers::Control;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tipline::config::{Config, Environment};
use tipline::lifecycle::Tasks;
use tipline::live::Live;
use tipline::store::rows::{Author, InboxFilter};
use tipline::{clock::Clock, deployment};
use tokio::sync::Mutex;

/// People who text at the same time; each waits for an answer before the next text.
const SENDERS: usize = 6;
/// The promise is 2 seconds for a carrier; a build without optimisation on a busy machine gets more.
const SLOWEST: Duration = Duration::from_secs(6);
/// How long the outage lasts at least: more than the store waits for its lock.
const OUTAGE: Duration = Duration::from_secs(7);

/// A text that was answered with 200.
#[derive(Debug, Clone)]
struct Taken {
    body: String,
    sent_at: Timestamp,
    answered_at: Timestamp,
}

fn number(sender: usize) -> String {
    format!("+1555555{:04}", 110 + sender)
}

/// Texts one after the other until told to stop; what got no 2xx is brought again with the same id until it gets one.
async fn texts(control: Control, sender: usize, stop: Arc<AtomicBool>, taken: Arc<Mutex<Vec<Taken>>>, slowest: Arc<Mutex<Duration>>) {
    for n in 0.. {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        let (body, sent_at, began) = (format!("{sender} says {n}."), Clock::System.now(), Instant::now());
        let Ok(said) = control.text(&number(sender), LINE, &body).await else { continue };
        let mut status = said.webhook.status.unwrap_or(0);
        if status == 200 {
            let mut slowest = slowest.lock().await;
            *slowest = began.elapsed().max(*slowest);
        }
        let mut pause = tokio::time::interval(Duration::from_millis(20));
        while !(200..300).contains(&status) {
            pause.tick().await;
            status = control.replay(&said.sid, true).await.map_or(0, |answer| answer.status.unwrap_or(0));
        }
        taken.lock().await.push(Taken { body, sent_at, answered_at: Clock::System.now() });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_while_the_database_is_away_is_there_once_in_order_with_its_time() {
    let mut gateway = TestGateway::start().await;
    // One of them has a tip already; its answer gives us something to get a receipt of.
    assert_eq!(gateway.text(&number(0), "before.").await, 200);
    let callback = status_callback(&gateway).await;
    let away = Away::take(&gateway).await;
    let (stop, taken, slowest) = (Arc::new(AtomicBool::new(false)), Arc::default(), Arc::default());
    #[expect(clippy::disallowed_methods, reason = "the load is the test's own and is awaited at its end")]
    let load: Vec<_> = (0..SENDERS)
        .map(|sender| tokio::spawn(texts(gateway.control(), sender, stop.clone(), Arc::clone(&taken), Arc::clone(&slowest))))
        .collect();
    until("letters wait", || async { (gateway.metric("tipline_spool_letters").await >= 30.0).then_some(()) }).await;
    let began = Instant::now();
    assert_eq!(receipt(&gateway, &callback, "SMreceipt").await, 204, "news waits too");
    assert!(began.elapsed() < SLOWEST);
    let ready = gateway.client.get(format!("{}/readyz", gateway.ops)).send().await.expect("an answer");
    assert_eq!(ready.status(), 200, "a node that can keep what comes is ready");
    assert!(ready.text().await.expect("a body").contains("spooling"));
    // Longer than the store waits for its lock: commits fail, not only wait.
    until("the outage was long", || std::future::ready((began.elapsed() > OUTAGE).then_some(()))).await;
    assert!(*slowest.lock().await < SLOWEST, "the slowest 200 took {:?}", slowest.lock().await);
    println!("away: the slowest answer took {:?}; {} letters wait", slowest.lock().await, gateway.metric("tipline_spool_letters").await);
    let before_kill = taken.lock().await.len();
    gateway.kill();
    away.back().await;
    let back_at = Clock::System.now();
    gateway.serve().await;
    until("a few come after it", || async { (taken.lock().await.len() > before_kill + 20).then_some(()) }).await;
    stop.store(true, Ordering::SeqCst);
    for task in load {
        task.await.expect("the load ends");
    }
    until("the spool is empty", || async { (gateway.metric("tipline_spool_letters").await == 0.0).then_some(()) }).await;
    assert_eq!(gateway.metric("tipline_spool_set_aside").await, 0.0);
    assert_eq!(gateway.terminate().await, 0, "it ends in good order");
    let all = taken.lock().await.clone();
    println!("{} texts answered with 200, {before_kill} of them before the kill", all.len());
    every_text_once(&gateway, &all, back_at).await;
}

/// Each accepted text once, each sender's in order in one tip, each with the time at which it came.
async fn every_text_once(gateway: &TestGateway, taken: &[Taken], back_at: Timestamp) {
    let config = Config::load(Some(&gateway.folder.join("tipline.toml")), &Environment::default()).expect("its configuration");
    let (store, vault) = deployment::open(&config, &Tasks::default(), &Live::default(), false).await.expect("its database");
    let mut found: BTreeMap<String, (Timestamp, Timestamp)> = BTreeMap::new();
    let tips = store.inbox(InboxFilter::Open, 1000).await.expect("the inbox");
    assert_eq!(tips.len(), SENDERS, "one tip a sender");
    let mut receipts = 0;
    for tip in tips {
        let id = tip.row.conversation.id;
        let key = vault.unwrap_key(id, &tip.row.key).expect("its key");
        let mut last: Option<usize> = None;
        for message in store.messages(id, 0, 100_000).await.expect("messages") {
            let words = vault.open_words(&key, message.id.uuid().as_bytes(), &message.body).expect("its words");
            if message.author != Author::Reporter || words.reveal() == "before." {
                continue;
            }
            let n: usize = words.reveal().trim_end_matches('.').rsplit(' ').next().and_then(|n| n.parse().ok()).expect("a number");
            assert_eq!(n, last.map_or(0, |last| last + 1), "{}: in order, none missing, none twice", words.reveal());
            last = Some(n);
            found.insert(words.reveal().to_owned(), (message.at, tip.row.conversation.received_at));
        }
        receipts += store.receipts(id).await.expect("receipts").iter().filter(|row| format!("{:?}", row.kind).contains("30003")).count();
        assert_eq!(store.record_break(id).await.expect("the record"), None);
    }
    for text in taken {
        let (at, received_at) = found.get(&text.body).unwrap_or_else(|| panic!("lost: {}", text.body));
        assert!((text.sent_at..=text.answered_at).contains(at), "{}: {at} is not when it came", text.body);
        if text.body.ends_with(" says 0.") {
            assert!(*received_at < back_at, "the clock of a tip runs from when it came, not from when the database was back");
        }
    }
    assert_eq!(receipts, 1, "the news that came while the database was away");
    store.close().await;
}

/// Where the carrier is to tell what became of our first words.
async fn status_callback(gateway: &TestGateway) -> String {
    until("the first words were sent", || async {
        let requests = gateway.control().requests().await;
        let fields = requests.iter().flat_map(|request| request.form.iter());
        fields.filter(|(key, _)| key == "StatusCallback").map(|(_, url)| url.clone()).next()
    })
    .await
}

async fn receipt(gateway: &TestGateway, url: &str, sid: &str) -> u16 {
    let fields =
        [("AccountSid", ACCOUNT_SID), ("MessageSid", sid), ("MessageStatus", "undelivered"), ("ErrorCode", "30003"), ("From", LINE)];
    let signed = sign(url, &fields, TOKEN);
    let sent = gateway.client.post(url).header("Content-Type", "application/x-www-form-urlencoded");
    sent.header("X-Twilio-Signature", signed.signature).body(signed.body).send().await.expect("an answer").status().as_u16()
}

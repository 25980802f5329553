//! The spool under everything that happens to disks and stores: torn, bent, full, away and back, with letters that nobody can take.

use super::drain::{Drain, Takes, Untaken};
use super::*;
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::lifecycle::Tasks;
use crate::vault::keys::MasterKey;
use adapters::contract::BoxFuture;
use domain::channel::Channel;
use domain::conversation::knows::Knows;
use domain::exchange::{InboundMessage, ProviderId};
use domain::id::ConversationId;
use domain::sealed::{Address, Words};
use std::collections::HashSet;
use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const SENDER: &str = "+15555550142";
const WORDS: &str = "the purple walrus";

pub(super) fn vault() -> Arc<Vault> {
    Arc::new(Vault::new(&MasterKey::from_bytes([3; 32]), Entropy))
}

pub(super) fn new_tip(vault: &Vault) -> NewTip {
    let id = ConversationId::new(Entropy.uuid());
    let (key, wrapped) = vault.new_key(id);
    NewTip { id, key, wrapped, at: "2026-11-20T21:04:12Z".parse().unwrap() }
}

pub(super) fn message(from: &str, id: &str, words: &str) -> InboundMessage {
    InboundMessage {
        from: Some(Address::new(from)),
        ..InboundMessage::plain("main".parse().unwrap(), ProviderId(id.into()), Channel::Text, Knows::PHONE, Words::new(words))
    }
}

fn letter(from: &str, id: impl ToString) -> Letter {
    Letter::Message(Box::new(message(from, &id.to_string(), WORDS)), Box::new(new_tip(&vault())))
}

/// A folder of a test's own.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("tipline-spool-{}", Entropy.uuid().simple())))
    }
    fn spool(&self, most_bytes: u64) -> Spool {
        let tasks = Tasks::default();
        let spawn = move |name: &'static str, task| tasks.spawn(name, task);
        Spool::open(&Options { folder: self.0.clone(), most_bytes }, vault(), &spawn).unwrap()
    }
    /// The files of letters, in order.
    fn segments(&self) -> Vec<PathBuf> {
        let mut found: Vec<PathBuf> = fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().path()).collect();
        found.retain(|path| path.extension().is_some_and(|ending| ending == SEGMENT_ENDING));
        found.sort();
        found
    }
    fn aside(&self, ending: &str) -> usize {
        let names = fs::read_dir(set_aside::folder(&self.0)).unwrap().map(|entry| entry.unwrap().path());
        names.filter(|path| path.extension().is_some_and(|found| found == ending)).count()
    }
    /// What a killed process leaves: the files as they are now.
    fn copy(&self) -> Self {
        let copy = Self::new();
        fs::create_dir_all(&copy.0).unwrap();
        for path in self.segments().into_iter().chain([self.0.join("cursor")]).filter(|path| path.exists()) {
            fs::copy(&path, copy.0.join(path.file_name().unwrap())).unwrap();
        }
        copy
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A store that can be away and that cannot take some letters.
#[derive(Default)]
struct Store {
    away: AtomicBool,
    taken: Mutex<Vec<(String, String)>>,
    known: Mutex<HashSet<String>>,
    refused: Mutex<HashSet<String>>,
    panics: Mutex<HashSet<String>>,
}

impl Store {
    async fn store(&self, letter: &Letter) -> Result<(), Untaken> {
        tokio::task::yield_now().await;
        if self.away.load(Ordering::SeqCst) {
            return Err(Untaken::Away("away".into()));
        }
        let Letter::Message(message, _) = letter else { panic!("a receipt") };
        let id = &message.provider_id.0;
        assert!(!self.panics.lock().unwrap().contains(id), "on purpose");
        if self.refused.lock().unwrap().contains(id) {
            return Err(Untaken::Refused("a row is damaged".into()));
        }
        let mut taken = self.taken.lock().unwrap();
        if self.known.lock().unwrap().insert(id.clone()) {
            taken.push((message.from.as_ref().unwrap().reveal().to_owned(), id.clone()));
        }
        Ok(())
    }
    fn ids(&self) -> Vec<String> {
        self.taken.lock().unwrap().iter().map(|(_, id)| id.clone()).collect()
    }
}

impl Takes for Store {
    fn take_letter<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Result<(), Untaken>> {
        Box::pin(self.store(letter))
    }
    fn writes(&self) -> BoxFuture<'_, bool> {
        Box::pin(async { !self.away.load(Ordering::SeqCst) })
    }
}

/// Drains in the background until dropped.
struct Draining(Tasks);

impl Draining {
    fn start(spool: &Spool, store: &Arc<Store>) -> Self {
        let tasks = Tasks::default();
        let drain = Drain::new(spool, store.clone(), Clock::System, Entropy).unwrap();
        tasks.spawn("drain", drain.run(tasks.stopping()));
        Self(tasks)
    }
    async fn stop(self) {
        self.0.stop();
        assert_eq!(self.0.ended(Duration::from_secs(10)).await.exit_code(), 0);
    }
}

async fn until(what: &str, look: impl Fn() -> bool) {
    let looking = async {
        let mut pause = tokio::time::interval(Duration::from_millis(2));
        while !look() {
            pause.tick().await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(30), looking).await.is_ok(), "not in time: {what}");
}

async fn drained(spool: &Spool, store: &Arc<Store>) {
    let draining = Draining::start(spool, store);
    until("the spool is empty", || spool.is_empty()).await;
    draining.stop().await;
}

const ROOM: u64 = 1 << 30;

#[tokio::test]
async fn what_is_put_is_sealed_kept_over_a_restart_and_drained_in_order() {
    let folder = Folder::new();
    let (spool, store) = (folder.spool(ROOM), Arc::new(Store::default()));
    assert!(spool.is_empty());
    for n in 0..100 {
        spool.put(&letter(SENDER, n)).await.unwrap();
    }
    assert_eq!(spool.holds().letters, 100);
    assert_eq!(spool.holds().oldest_at.unwrap().to_string(), "2026-11-20T21:04:12Z");
    for path in folder.segments() {
        let bytes = fs::read(path).unwrap();
        assert!(bytes.len() > 10_000);
        for secret in [SENDER, WORDS, "\"provider_id\""] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
        }
    }
    assert!(matches!(
        Spool::open(&Options { folder: folder.0.clone(), most_bytes: ROOM }, vault(), &|_, _| {}),
        Err(OpenError::Locked { .. })
    ));
    spool.close().await;
    assert!(spool.put(&letter(SENDER, "late")).await.is_err(), "nobody writes any more");
    assert_eq!(spool.holds().letters, 100, "what was not kept does not count");
    let spool = folder.spool(ROOM);
    assert_eq!(spool.holds().letters, 100);
    assert_eq!(spool.holds().oldest_at.unwrap().to_string(), "2026-11-20T21:04:12Z", "known before anybody drains it");
    spool.put(&letter(SENDER, 100)).await.unwrap();
    drained(&spool, &store).await;
    assert_eq!(store.ids(), (0..=100).map(|n| n.to_string()).collect::<Vec<_>>());
    until("its files are gone", || folder.segments().is_empty()).await;
    assert_eq!(spool.holds(), Holds::default());
}

#[tokio::test]
async fn a_disk_that_takes_no_note_of_the_drain_holds_no_letter_up() {
    let folder = Folder::new();
    // No file can take the place of a folder that is not empty.
    fs::create_dir_all(folder.0.join("cursor/full")).unwrap();
    let (spool, store) = (folder.spool(ROOM), Arc::new(Store::default()));
    for n in 0..200 {
        spool.put(&letter(SENDER, n)).await.unwrap();
    }
    drained(&spool, &store).await;
    assert_eq!(store.ids(), (0..200).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_write_cut_at_any_byte_loses_nothing_that_was_acknowledged() {
    let folder = Folder::new();
    let spool = folder.spool(ROOM);
    let mut ends = vec![0];
    for n in 0..3 {
        spool.put(&letter(SENDER, n)).await.unwrap();
        ends.push(fs::metadata(&folder.segments()[0]).unwrap().len());
    }
    let whole = fs::read(&folder.segments()[0]).unwrap();
    let cuts = (0..=whole.len()).filter(|cut| cut % 7 == 0 || ends.iter().any(|end| end.abs_diff(*cut as u64) < 20));
    for cut in cuts {
        let killed = folder.copy();
        fs::write(&killed.segments()[0], &whole[..cut]).unwrap();
        let (spool, store) = (killed.spool(ROOM), Arc::new(Store::default()));
        let kept = ends[1..].iter().filter(|end| **end <= cut as u64).count();
        assert_eq!(spool.holds().letters, kept as u64, "cut at {cut}");
        spool.put(&letter(SENDER, "next")).await.unwrap();
        drained(&spool, &store).await;
        let expected: Vec<String> = (0..kept).map(|n| n.to_string()).chain(["next".to_owned()]).collect();
        assert_eq!(store.ids(), expected, "cut at {cut}");
        assert_eq!(spool.holds().set_aside, 0, "cut at {cut}");
        spool.close().await;
    }
}

#[tokio::test]
async fn damage_costs_one_letter_which_is_set_aside_and_named() {
    let folder = Folder::new();
    let spool = folder.spool(ROOM);
    for n in 0..5 {
        spool.put(&letter(SENDER, n)).await.unwrap();
    }
    let begins = record::skim(&fs::read(&folder.segments()[0]).unwrap()).unwrap();
    for (hit, bent) in [(0, 0), (2, begins[2] + 5), (2, begins[2] + 100), (4, begins[4] + 40)] {
        let killed = folder.copy();
        let path = &killed.segments()[0];
        let mut bytes = fs::read(path).unwrap();
        bytes[bent] ^= 0x41;
        fs::write(path, bytes).unwrap();
        let (spool, store) = (killed.spool(ROOM), Arc::new(Store::default()));
        drained(&spool, &store).await;
        let expected: Vec<String> = (0..5).filter(|n| *n != hit).map(|n| n.to_string()).collect();
        assert_eq!(store.ids(), expected, "bent at {bent}");
        assert_eq!((killed.aside("damaged"), spool.holds().set_aside), (1, 1), "bent at {bent}");
        spool.close().await;
        assert_eq!(killed.spool(ROOM).holds().set_aside, 1, "it is still counted after a restart");
    }
}

#[tokio::test]
async fn a_full_spool_says_so_and_takes_again_when_it_was_drained() {
    let folder = Folder::new();
    let (spool, store) = (folder.spool(8 * 1024), Arc::new(Store::default()));
    let mut kept = 0;
    let full = loop {
        match spool.put(&letter(SENDER, kept)).await {
            Ok(()) => kept += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(full, SpoolError::Full) && kept > 3);
    assert!(spool.holds().refuses && spool.holds().bytes <= 8 * 1024);
    assert_eq!(spool.holds().letters, kept);
    drained(&spool, &store).await;
    until("its room is free", || spool.holds().bytes == 0).await;
    spool.put(&letter(SENDER, "again")).await.unwrap();
    assert!(!spool.holds().refuses);
    drained(&spool, &store).await;
    assert_eq!(store.ids().len() as u64, kept + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_that_nobody_can_take_blocks_nobody_and_is_tried_at_the_next_start() {
    let folder = Folder::new();
    let (spool, store) = (folder.spool(ROOM), Arc::new(Store::default()));
    store.refused.lock().unwrap().insert("3".into());
    store.panics.lock().unwrap().insert("6".into());
    for n in 0..10 {
        spool.put(&letter(if n % 2 == 0 { "+15555550144" } else { SENDER }, n)).await.unwrap();
    }
    drained(&spool, &store).await;
    let mut ids = store.ids();
    ids.sort();
    assert_eq!(ids, ["0", "1", "2", "4", "5", "7", "8", "9"]);
    assert_eq!((spool.holds().set_aside, folder.aside("letter")), (2, 2));
    spool.close().await;
    store.refused.lock().unwrap().clear();
    let spool = folder.spool(ROOM);
    assert_eq!(spool.holds().set_aside, 2);
    let draining = Draining::start(&spool, &store);
    until("it was taken in the end", || spool.holds().set_aside == 1).await;
    draining.stop().await;
    assert!(store.ids().contains(&"3".to_owned()));
    assert_eq!(folder.aside("letter"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn letters_that_come_together_share_a_sync_and_are_all_there() {
    let folder = Folder::new();
    let (spool, store) = (folder.spool(ROOM), Arc::new(Store::default()));
    let many: Vec<Letter> = (0..2000).map(|n| letter(&format!("sender {}", n % 50), n)).collect();
    let put = futures_util::future::join_all(many.iter().map(|letter| spool.put(letter))).await;
    assert!(put.iter().all(Result::is_ok));
    assert_eq!(spool.holds().letters, 2000);
    let killed = folder.copy();
    drained(&spool, &store).await;
    assert_eq!(store.ids().len(), 2000);
    // What a kill would have left at that moment, drained by the next run.
    let (spool, store) = (killed.spool(ROOM), Arc::new(Store::default()));
    drained(&spool, &store).await;
    assert_eq!(store.ids().len(), 2000);
}

/// Every sender's letters were taken in the order of their numbers, none missing, none twice.
fn in_order_and_once(store: &Store, senders: usize, each: usize) {
    let taken = store.taken.lock().unwrap();
    assert_eq!(taken.len(), senders * each);
    for sender in 0..senders {
        let ids: Vec<usize> =
            taken.iter().filter(|(from, _)| *from == format!("sender {sender}")).map(|(_, id)| id.parse().unwrap()).collect();
        assert!(ids.is_sorted_by(|a, b| a < b) && ids.len() == each, "sender {sender}: {ids:?}");
    }
}

/// The way in, as the intake has it: to the store while nothing waits, else behind what waits.
async fn bring(spool: &Spool, store: &Store, letter: Letter) {
    if spool.is_empty() && store.store(&letter).await.is_ok() {
        return;
    }
    spool.put(&letter).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_message_goes_past_an_older_one_while_the_store_comes_and_goes() {
    let folder = Folder::new();
    let (spool, store) = (folder.spool(ROOM), Arc::new(Store::default()));
    let draining = Draining::start(&spool, &store);
    let tasks = Tasks::default();
    const SENDERS: usize = 12;
    const EACH: usize = 150;
    for sender in 0..SENDERS {
        let (spool, store) = (spool.clone(), store.clone());
        tasks.spawn("a sender", async move {
            for n in 0..EACH {
                // The next one is sent when this one was acknowledged.
                bring(&spool, &store, letter(&format!("sender {sender}"), sender * EACH + n)).await;
            }
        });
    }
    let flips = tasks.stopping();
    let flipped = store.clone();
    tasks.spawn("outages", async move {
        let mut pause = tokio::time::interval(Duration::from_millis(7));
        for n in 0..40 {
            pause.tick().await;
            flipped.away.store(n % 2 == 0, Ordering::SeqCst);
        }
        flipped.away.store(false, Ordering::SeqCst);
        drop(flips);
    });
    assert_eq!(tasks.ended(Duration::from_secs(60)).await.exit_code(), 0);
    until("the spool is empty", || spool.is_empty()).await;
    draining.stop().await;
    in_order_and_once(&store, SENDERS, EACH);
}

#[test]
fn letters_of_one_sender_or_one_conversation_wait_for_each_other() {
    use domain::exchange::Joins;
    let id = ConversationId::new(Entropy.uuid());
    let joins = |from: Option<&str>, joins: Joins| {
        let message = InboundMessage { from: from.map(Address::new), joins, ..message(SENDER, "1", "x") };
        Letter::Message(Box::new(message), Box::new(new_tip(&vault())))
    };
    let letters = [
        joins(Some("a"), Joins::ByAddress),
        joins(None, Joins::New(id)),
        joins(Some("b"), Joins::ByAddress),
        joins(Some("a"), Joins::Threads(vec!["t".into()])),
        joins(Some("b"), Joins::Conversation(id)),
        joins(None, Joins::Conversation(id)),
        joins(None, Joins::ByAddress),
    ];
    let mut chains = window::chains(letters.iter());
    chains.sort();
    assert_eq!(chains, [vec![0, 3], vec![1, 2, 4, 5], vec![6]]);
}

//! The worker step by step, with a carrier that does as it is told and a clock that stands still; and the sweep.

use super::copy::copier::Copier;
use super::files::File;
use super::piece;
use super::sweep::{Sweep, Swept};
use super::worker::Worker;
use crate::audit::Action;
use crate::entropy::Entropy;
use crate::intake::tests::fixture::Fixture;
use crate::outbox::wake::Wake;
use crate::store::rows::{AttachmentRow, AttachmentState, SafeCopy};
use crate::vault::ConversationKey;
use adapters::contract::{BoxFuture, FetchError, Fetched, Media};
use domain::channel::Channel;
use domain::exchange::{InboundMessage, MediaBody, MediaRef, MediaRole};
use domain::id::{AttachmentId, ConversationId};
use domain::sealed::Words;
use jiff::SignedDuration;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

const URL: &str = "https://api.example.org/Messages/MM1/Media/ME1";
const PDF: &[u8] = b"%PDF-1.7 of the reporter";

/// Answers in this order, and then with what comes last.
#[derive(Default)]
struct Carrier {
    fetches: Mutex<VecDeque<Result<Vec<u8>, FetchError>>>,
    deletes: Mutex<VecDeque<Result<(), FetchError>>>,
    deleted: Mutex<u32>,
}

impl Media for Carrier {
    fn fetch<'a>(&'a self, url: &'a Words, most_bytes: usize) -> BoxFuture<'a, Result<Fetched, FetchError>> {
        assert_eq!((url.reveal(), most_bytes), (URL, 1_000_000));
        let answer = self.fetches.lock().unwrap().pop_front().unwrap_or(Err(FetchError::Later("not now".to_owned())));
        Box::pin(async move { answer.map(|bytes| Fetched { bytes, content_type: "image/jpeg".to_owned() }) })
    }
    fn delete<'a>(&'a self, url: &'a Words) -> BoxFuture<'a, Result<(), FetchError>> {
        assert_eq!(url.reveal(), URL);
        let answer = self.deletes.lock().unwrap().pop_front().unwrap_or(Err(FetchError::Later("not now".to_owned())));
        *self.deleted.lock().unwrap() += 1;
        Box::pin(async move { answer })
    }
}

struct Stage {
    f: Fixture,
    worker: Worker,
    carrier: Arc<Carrier>,
    tip: ConversationId,
    id: AttachmentId,
}

impl Stage {
    /// A text with one picture that waits at the carrier.
    async fn new(fetches: Vec<Result<Vec<u8>, FetchError>>, deletes: Vec<Result<(), FetchError>>) -> Self {
        let f = Fixture::start().await;
        let carrier =
            Arc::new(Carrier { fetches: Mutex::new(fetches.into()), deletes: Mutex::new(deletes.into()), deleted: Mutex::default() });
        let media =
            vec![MediaRef { body: MediaBody::Waiting(Words::new(URL)), content_type: "image/jpeg".to_owned(), role: MediaRole::Shown }];
        let message = f.message(Channel::Text, Some("+15555550142"), "look");
        let tip = f.take(InboundMessage { media, ..message }).await;
        let id = f.store.attachments(tip).await.unwrap()[0].id;
        let account: Arc<dyn Media> = carrier.clone();
        let worker = Worker {
            store: f.store.clone(),
            vault: f.vault.clone(),
            files: f.files(),
            clock: f.clock.clone(),
            entropy: Entropy,
            wake: Wake::new([super::lane()]),
            carriers: Arc::new(HashMap::from([("main".parse().unwrap(), account)])),
            copier: Copier::new("/nowhere/at/all".into(), Duration::from_secs(1)),
            most_bytes: 1_000_000,
            node: "here".to_owned(),
        };
        Self { f, worker, carrier, tip, id }
    }

    async fn row(&self) -> AttachmentRow {
        self.f.store.attachment(self.id).await.unwrap().unwrap()
    }

    async fn key(&self) -> ConversationKey {
        self.f.vault.unwrap_key(self.tip, &self.f.tip(self.tip).await.key).unwrap()
    }

    /// Works the piece off, and checks that it has a timer exactly as long as it is unfinished.
    async fn run(&self) -> AttachmentRow {
        piece::run(&self.worker, self.id).await.unwrap();
        let row = self.row().await;
        let timer = self.f.store.next_due(super::lane()).await.unwrap();
        assert_eq!(timer.is_some(), row.is_unfinished());
        assert_eq!(self.f.store.health(self.f.clock.now()).await.unwrap().without_timer, 0);
        row
    }

    async fn recorded(&self, wanted: impl Fn(&Action) -> bool) -> usize {
        self.f.store.record(self.tip, 0, 100).await.unwrap().iter().filter(|row| wanted(&row.action)).count()
    }
}

fn later() -> FetchError {
    FetchError::Later("a fault".to_owned())
}

#[test]
fn the_lane_has_a_name() {
    assert_eq!(super::lane().as_str(), "media-fetch");
}

#[tokio::test]
async fn it_is_fetched_kept_sealed_and_deleted_at_the_carrier_in_this_order() {
    let stage = Stage::new(vec![Err(later()), Ok(PDF.to_vec())], vec![Err(later()), Ok(())]).await;
    assert_eq!(stage.run().await.state, AttachmentState::Waiting { tried: 1 });
    let row = stage.run().await;
    let AttachmentState::Kept { kind, bytes, copy: SafeCopy::Impossible { why } } = &row.state else { panic!("{row:?}") };
    assert_eq!((kind.as_str(), *bytes), ("application/pdf", PDF.len() as u64));
    assert!(why.starts_with("A PDF"));
    assert!(row.url.is_some(), "the carrier did not delete it yet");
    assert_eq!(stage.worker.files.get(stage.id, File::Original, &stage.key().await).await.unwrap().unwrap(), PDF);
    let row = stage.run().await;
    assert!(row.url.is_none() && !row.is_unfinished());
    assert_eq!(stage.recorded(|action| matches!(action, Action::AttachmentKept { .. })).await, 1);
    piece::run(&stage.worker, stage.id).await.unwrap();
    assert_eq!(*stage.carrier.deleted.lock().unwrap(), 2, "what is finished is left alone");
}

#[tokio::test]
async fn what_does_not_come_for_a_day_is_lost_and_what_never_will_at_once() {
    let stage = Stage::new(vec![], vec![]).await;
    for tried in 1..=3 {
        assert_eq!(stage.run().await.state, AttachmentState::Waiting { tried });
    }
    stage.f.clock.step(SignedDuration::from_hours(25));
    let AttachmentState::Lost { why } = stage.run().await.state else { panic!("lost") };
    assert!(why.contains("for a day"), "{why}");
    assert_eq!(stage.recorded(|action| matches!(action, Action::AttachmentLost { .. })).await, 1);
    for (error, words) in [(FetchError::Never("it is gone"), "it is gone"), (FetchError::TooLarge(1_000_000), "larger than 1 MB")] {
        let stage = Stage::new(vec![Err(error)], vec![]).await;
        let AttachmentState::Lost { why } = stage.run().await.state else { panic!("lost") };
        assert!(why.contains(words), "{why}");
        assert_eq!(*stage.carrier.deleted.lock().unwrap(), 0, "what is not here is not deleted there");
    }
}

#[tokio::test]
async fn a_carrier_that_never_deletes_is_given_up_after_a_day() {
    let stage = Stage::new(vec![Ok(PDF.to_vec())], vec![]).await;
    assert!(stage.run().await.url.is_some());
    stage.f.clock.step(SignedDuration::from_hours(25));
    let row = stage.run().await;
    assert!(row.url.is_none() && matches!(row.state, AttachmentState::Kept { .. }), "it stays here");
}

#[tokio::test]
async fn a_worker_that_cannot_be_started_costs_no_picture() {
    let stage = Stage::new(vec![Ok(b"\x89PNG\r\n\x1a\n...".to_vec())], vec![]).await;
    let row = stage.run().await;
    assert!(matches!(row.state, AttachmentState::Kept { copy: SafeCopy::Pending, .. }), "{row:?}");
    assert_eq!(*stage.carrier.deleted.lock().unwrap(), 0);
    // Its file vanishes: while the carrier has it, it is fetched again; afterwards it is lost.
    stage.worker.files.remove(stage.id, File::Original).await.unwrap();
    assert_eq!(stage.run().await.state, AttachmentState::Waiting { tried: 1 });
}

#[tokio::test]
async fn files_without_a_row_go_and_rows_without_a_file_are_counted() {
    let stage = Stage::new(vec![Ok(PDF.to_vec())], vec![Ok(())]).await;
    stage.run().await;
    let (files, key) = (stage.f.files(), stage.key().await);
    let sweep = Sweep { store: stage.f.store.clone(), files: files.clone(), clock: stage.f.clock.clone(), node: "node".to_owned() };
    let stray = AttachmentId::new(Entropy.uuid());
    files.put(stray, File::Original, &key, b"of a commit that never came").await.unwrap();
    let old = SystemTime::from(stage.f.clock.now()) - Duration::from_secs(3600);
    let touch = async |at: SystemTime| {
        for folder in files.folders().await.unwrap() {
            for entry in std::fs::read_dir(folder).unwrap().flatten() {
                std::fs::File::options().write(true).open(entry.path()).unwrap().set_modified(at).unwrap();
            }
        }
    };
    touch(old).await;
    assert_eq!(sweep.once().await.unwrap(), Swept::default(), "an hour old: its commit may still come");
    touch(old - Duration::from_secs(24 * 3600)).await;
    assert_eq!(sweep.once().await.unwrap(), Swept { removed: 1, missing: 0 });
    assert!(files.is_there(stage.id, File::Original).await.unwrap() && !files.is_there(stray, File::Original).await.unwrap());
    files.remove(stage.id, File::Original).await.unwrap();
    assert_eq!(sweep.once().await.unwrap(), Swept { removed: 0, missing: 1 });
}

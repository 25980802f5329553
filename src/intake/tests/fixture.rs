//! An intake over a store of its own, with a clock that stands still.

use crate::clock::Clock;
use crate::config::Config;
use crate::desk::directory::DirectoryReader;
use crate::entropy::Entropy;
use crate::intake::{Intake, Taken};
use crate::lifecycle::Tasks;
use crate::media::files::Files;
use crate::outbox::compose::Line;
use crate::outbox::wake::Wake;
use crate::progress::Progress;
use crate::progress::people::People;
use crate::progress::routes::{Lane, Routes};
use crate::spool::Spool;
use crate::store::Options;
use crate::store::Store;
use crate::store::rows::{Author, ConversationRow, MessageRow};
use crate::store::sqlite::Sqlite;
use crate::vault::Vault;
use crate::vault::keys::MasterKey;
use domain::channel::{Channel, Means};
use domain::conversation::knows::Knows;
use domain::dispatch::words::Voice;
use domain::exchange::{InboundMessage, Joins, ProviderId};
use domain::id::ConversationId;
use domain::language::Language;
use domain::sealed::{Address, Words};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Our number.
pub(crate) const OURS: &str = "+15555550100";

pub(crate) struct Fixture {
    pub(crate) intake: Intake,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) vault: Arc<Vault>,
    pub(crate) clock: Clock,
    folder: PathBuf,
    sent: AtomicU32,
}

impl Fixture {
    pub(crate) async fn start() -> Self {
        let folder = std::env::temp_dir().join(format!("tipline-intake-{}", Entropy.uuid().simple()));
        std::fs::create_dir(&folder).unwrap();
        let tasks = Tasks::default();
        let spawn = move |name: &'static str, task| tasks.spawn(name, task);
        let options = Options { migrate: true, ..Options::default() };
        let store = Sqlite::open(&folder.join("tipline.db"), options, &spawn).await.unwrap();
        let vault = Arc::new(Vault::new(&MasterKey::from_bytes([7; 32]), Entropy));
        let clock = Clock::fixed("2026-11-20T21:04:12Z".parse::<Timestamp>().unwrap());
        let routes = Arc::new(Routes::new(vec![lane("main", Means::Text), lane("mail", Means::Mail)]).unwrap());
        let wake = Wake::new(routes.lanes().map(|lane| lane.key.clone()));
        let config = Config::load(None, &BTreeMap::new()).unwrap();
        let policy = Arc::new(config.policy().clone());
        let people = People::new(store.clone(), clock.clone(), &config);
        let progress = Progress { store: store.clone(), clock: clock.clone(), entropy: Entropy, policy, routes, wake, people };
        let voice = Voice { line_name: "Example Tip Line".into(), call_back: "5 5 5".into() };
        let desk = Some(Address::new("+15555550110"));
        let hotline = Some((Address::new("+15555550120"), "Chicago Public Schools".to_owned()));
        let line = Line {
            voice,
            call_back: "(555) 555-0100".into(),
            endusers_alone: None,
            origin: "https://example.org".into(),
            language: Language::En,
            desk,
            hotline,
            mailboxes: vec![("mail".parse().unwrap(), Address::new("tips@example.org"))],
        };
        let directory = DirectoryReader::new(store.clone(), clock.clone());
        let files = Files::new(folder.join("media"), vault.clone());
        let intake = Intake::new(vault.clone(), progress, directory, Arc::new(line), files, Spool::default());
        Self { intake, store, vault, clock, folder, sent: AtomicU32::new(0) }
    }

    /// The folder of reporters' files.
    pub(crate) fn files(&self) -> Files {
        Files::new(self.folder.join("media"), self.vault.clone())
    }

    /// A message by a way in, from an address if it has one.
    pub(crate) fn message(&self, channel: Channel, from: Option<&str>, words: &str) -> InboundMessage {
        let (account, knows) = match channel {
            Channel::Text | Channel::Voice => ("main", Knows::PHONE),
            Channel::Whatsapp | Channel::Messenger => ("main", Knows::APP),
            Channel::Mail => ("mail", Knows::MAIL),
            Channel::Chat | Channel::Web => ("web", Knows::VISIT),
        };
        let id = ProviderId(format!("SM{}", self.sent.fetch_add(1, Ordering::SeqCst)));
        InboundMessage {
            from: from.map(Address::new),
            to: Address::new(if from.is_some() { OURS } else { "" }),
            joins: if from.is_some() { Joins::ByAddress } else { Joins::New(ConversationId::new(Entropy.uuid())) },
            ..InboundMessage::plain(account.parse().unwrap(), id, channel, knows, Words::new(words))
        }
    }

    /// Takes a message that must become durable; gives its tip.
    pub(crate) async fn take(&self, message: InboundMessage) -> ConversationId {
        match self.intake.message(message).await.unwrap() {
            Taken::Stored(id) => id,
            other => panic!("stored is expected, not {other:?}"),
        }
    }

    pub(crate) async fn text(&self, from: &str, words: &str) -> ConversationId {
        self.take(self.message(Channel::Text, Some(from), words)).await
    }

    pub(crate) async fn tip(&self, id: ConversationId) -> ConversationRow {
        self.store.conversation(id).await.unwrap().unwrap()
    }

    /// Everything said in a tip: `reporter: words`, `system: words`, in order.
    pub(crate) async fn said(&self, id: ConversationId) -> Vec<String> {
        let key = self.vault.unwrap_key(id, &self.tip(id).await.key).unwrap();
        let words = |row: &MessageRow| self.vault.open_words(&key, row.id.uuid().as_bytes(), &row.body).unwrap().reveal().to_owned();
        let rows = self.store.messages(id, 0, 1000).await.unwrap();
        rows.iter().map(|row| format!("{}: {}", if row.author == Author::Reporter { "reporter" } else { "system" }, words(row))).collect()
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn lane(account: &str, means: Means) -> Lane {
    let key = format!("{account}-{}", means.as_str()).parse().unwrap();
    Lane { key, account: account.parse().unwrap(), means, from: Address::new(OURS), per_second: None }
}

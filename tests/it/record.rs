//! What a deployment holds, read from its own files after it has ended: opened with its key, counted, its chains checked.

use crate::gateway::TestGateway;
use std::collections::BTreeMap;
use tipline::config::{Config, Environment};
use tipline::lifecycle::Tasks;
use tipline::live::Live;
use tipline::store::rows::{Author, InboxFilter, Owner};
use tipline::vault::Vault;
use tipline::{deployment, store::Store};

/// More rows than any test writes.
const ALL: u32 = 1_000_000;

/// What was found.
#[derive(Default)]
pub struct Record {
    /// How often each reporter's text is there.
    pub reporter_texts: BTreeMap<String, u32>,
    /// Attempts that a person confirmed.
    pub confirmed_attempts: Vec<String>,
    /// How many tips there are; the record of each was found whole.
    pub tips: usize,
}

impl Record {
    /// Opens the files of a gateway that has ended.
    pub async fn open(gateway: &TestGateway) -> Self {
        let config = Config::load(Some(&gateway.folder.join("tipline.toml")), &Environment::default()).expect("its configuration");
        let tasks = Tasks::default();
        let (store, vault) = deployment::open(&config, &tasks, &Live::default(), false).await.expect("its database");
        let mut record = Record::default();
        for filter in [InboxFilter::Open, InboxFilter::Closed] {
            for row in store.inbox(filter, ALL).await.expect("the inbox") {
                record.read_tip(&*store, &vault, &row.row).await;
            }
        }
        store.close().await;
        record
    }

    async fn read_tip(&mut self, store: &dyn Store, vault: &Vault, row: &tipline::store::rows::ConversationRow) {
        let id = row.conversation.id;
        let key = vault.unwrap_key(id, &row.key).expect("its key");
        for message in store.messages(id, 0, ALL).await.expect("messages") {
            let words = vault.open_words(&key, message.id.uuid().as_bytes(), &message.body).expect("its words");
            if message.author == Author::Reporter {
                *self.reporter_texts.entry(words.reveal().to_owned()).or_default() += 1;
            }
        }
        for attempt in store.attempts(id).await.expect("attempts") {
            if attempt.evidence.is_confirmed() && matches!(attempt.owner, Owner::Obligation(_)) {
                self.confirmed_attempts.push(attempt.id.to_string());
            }
        }
        assert_eq!(store.record_break(id).await.expect("the record"), None, "the chain of a tip's record is whole");
        self.tips += 1;
    }
}

//! The store over either engine: a queue to the writers, and readers beside them.
//!
//! Here are the handle and its verbs; each engine opens itself (`sqlite`, `postgres`). What can be done in the caller's task (writing a
//! commit as JSON) is done there.

use super::endusers::*;
use super::glance::Glance;
use super::news::OnNews;
use super::prepared::Prepared;
use super::pulse::Pulse;
use super::reads::{self, Readers};
use super::rows::*;
use super::writer::{Answer, Order, Request, Waiting};
use super::{Commit, Outcome, Read, Store, StoreError};
use crate::vault::sealed::{BlindIndex, Sealed};
use adapters::contract::BoxFuture;
use domain::channel::Means;
use domain::id::*;
use jiff::Timestamp;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

/// How to open.
#[derive(Clone)]
pub struct Options {
    /// Bring the schema up to date instead of refusing an old one.
    pub migrate: bool,
    /// Told after each commit what changed; must not block.
    pub on_news: OnNews,
}

impl Default for Options {
    fn default() -> Self {
        Self { migrate: false, on_news: Arc::new(|_| {}) }
    }
}

/// Starts a task that is tracked to its end.
pub type Spawn<'a> = &'a (dyn Fn(&'static str, BoxFuture<'static, ()>) + Send + Sync);

/// An open database.
pub(super) struct Database {
    pub(super) orders: mpsc::Sender<Order>,
    /// Ends with the last writer.
    pub(super) writers: watch::Receiver<()>,
    pub(super) readers: Readers,
    /// Told to whatever else runs for it.
    pub(super) closing: CancellationToken,
}

impl Database {
    /// For reading only: every change is refused as unavailable.
    pub(super) fn to_read(readers: Readers) -> Arc<dyn Store> {
        let (orders, _) = mpsc::channel(1);
        let (_, writers) = watch::channel(());
        Arc::new(Self { orders, writers, readers, closing: CancellationToken::new() })
    }

    async fn order(&self, request: Request) -> Result<Answer, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.orders.try_send(Order::Write(Box::new(Waiting { request, answer }))).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::Busy,
            mpsc::error::TrySendError::Closed(_) => StoreError::Unavailable,
        })?;
        answered.await.unwrap_or(Err(StoreError::Unavailable))
    }
}

impl Store for Database {
    fn commit(&self, commit: Commit) -> Read<'_, Outcome> {
        let prepared = Prepared::new(commit);
        Box::pin(async move {
            match self.order(Request::Commit(Box::new(prepared?))).await? {
                Answer::Committed(outcome) => Ok(outcome),
                Answer::Claimed(_) | Answer::Leased(_) | Answer::Released | Answer::Moved(_) => Err(StoreError::Unavailable),
            }
        })
    }
    fn claim_due(
        &self,
        lane: LaneKey,
        owner: String,
        now: Timestamp,
        lease_until: Timestamp,
        which: Claim,
        n: u32,
    ) -> Read<'_, Vec<WorkRow>> {
        let request = Request::Claim { lane, owner, now: now.as_microsecond(), until: lease_until.as_microsecond(), which, most: n };
        Box::pin(async move {
            match self.order(request).await? {
                Answer::Claimed(work) => Ok(work),
                Answer::Committed(_) | Answer::Leased(_) | Answer::Released | Answer::Moved(_) => Err(StoreError::Unavailable),
            }
        })
    }
    fn lease_lanes(&self, lanes: Vec<LaneKey>, owner: String, now: Timestamp, until: Timestamp) -> Read<'_, Vec<LaneKey>> {
        Box::pin(async move {
            let lanes = listed(&lanes, "lease lanes")?;
            match self.order(Request::Lease { lanes, owner, now: now.as_microsecond(), until: until.as_microsecond() }).await? {
                Answer::Leased(lanes) => Ok(lanes),
                Answer::Committed(_) | Answer::Claimed(_) | Answer::Released | Answer::Moved(_) => Err(StoreError::Unavailable),
            }
        })
    }
    fn release_lanes(&self, owner: String) -> Read<'_, ()> {
        Box::pin(async move { self.order(Request::Release { owner }).await.map(|_| ()) })
    }
    fn give_back(&self, lanes: Vec<LaneKey>, owner: String) -> Read<'_, ()> {
        Box::pin(async move { self.order(Request::GiveBack { lanes: listed(&lanes, "release lanes")?, owner }).await.map(|_| ()) })
    }
    fn forget_leases(&self, lanes: Vec<LaneKey>, before: Timestamp) -> Read<'_, ()> {
        Box::pin(async move {
            let lanes = listed(&lanes, "forget leases")?;
            self.order(Request::Forget { lanes, before: before.as_microsecond() }).await.map(|_| ())
        })
    }
    fn reclaim(&self, lanes: Vec<LaneKey>, now: Timestamp, latest: Timestamp) -> Read<'_, u64> {
        Box::pin(async move {
            let lanes = listed(&lanes, "reclaim work")?;
            match self.order(Request::Reclaim { lanes, now: now.as_microsecond(), latest: latest.as_microsecond() }).await? {
                Answer::Moved(count) => Ok(count),
                Answer::Committed(_) | Answer::Claimed(_) | Answer::Leased(_) | Answer::Released => Err(StoreError::Unavailable),
            }
        })
    }
    fn leases(&self) -> Read<'_, Vec<LeaseRow>> {
        Box::pin(reads::leases::leases(&self.readers))
    }
    fn unanswered(&self, lane: LaneKey, since: Timestamp, before: Timestamp, limit: u32) -> Read<'_, Vec<AttemptRow>> {
        Box::pin(reads::leases::unanswered(&self.readers, lane, (since, before), limit))
    }
    fn move_work(&self, lanes: Vec<LaneKey>, means: Means, to: LaneKey, now: Timestamp) -> Read<'_, ()> {
        Box::pin(async move {
            let (lanes, ending) = (listed(&lanes, "move work")?, format!("%-{}", means.as_str()));
            self.order(Request::Move { lanes, ending, to: to.to_string(), now: now.as_microsecond() }).await.map(|_| ())
        })
    }
    fn evade(&self, from: LaneKey, to: LaneKey, most: u32) -> Read<'_, u64> {
        Box::pin(async move {
            match self.order(Request::Evade { from, to, most }).await? {
                Answer::Moved(count) => Ok(count),
                Answer::Committed(_) | Answer::Claimed(_) | Answer::Leased(_) | Answer::Released => Err(StoreError::Unavailable),
            }
        })
    }

    fn conversation(&self, id: ConversationId) -> Read<'_, Option<ConversationRow>> {
        Box::pin(reads::tips::conversation(&self.readers, id))
    }
    fn conversation_by_contact(&self, index: BlindIndex) -> Read<'_, Option<(ConversationRow, ContactRow)>> {
        Box::pin(reads::tips::conversation_by_contact(&self.readers, index))
    }
    fn conversation_by_reference(&self, reference: &str) -> Read<'_, Option<ConversationRow>> {
        Box::pin(reads::tips::conversation_by_reference(&self.readers, reference.to_owned()))
    }
    fn conversations_by_reference_keys(&self, keys: String, limit: u32) -> Read<'_, Vec<ConversationRow>> {
        Box::pin(reads::tips::conversations_by_reference_keys(&self.readers, keys, limit))
    }
    fn contact_of(&self, conversation: ConversationId) -> Read<'_, Option<ContactRow>> {
        Box::pin(reads::tips::contact_of(&self.readers, conversation))
    }
    fn contacts(&self, conversation: ConversationId) -> Read<'_, Vec<ContactRow>> {
        Box::pin(reads::tips::contacts(&self.readers, conversation))
    }
    fn conversation_by_code(&self, index: BlindIndex) -> Read<'_, Option<ConversationRow>> {
        Box::pin(reads::tips::conversation_by_code(&self.readers, index))
    }
    fn known_onces(&self, account: AccountKey, keys: Vec<String>) -> Read<'_, Vec<String>> {
        Box::pin(reads::ways::known_onces(&self.readers, account, keys))
    }
    fn inbox(&self, filter: InboxFilter, limit: u32) -> Read<'_, Vec<InboxRow>> {
        Box::pin(reads::inbox::inbox(&self.readers, filter, limit))
    }
    fn tips_of(&self, ids: Vec<ConversationId>) -> Read<'_, Vec<InboxRow>> {
        Box::pin(reads::inbox::tips_of(&self.readers, ids))
    }
    fn tips_since(&self, since: Timestamp, most: u32) -> Read<'_, Vec<ConversationId>> {
        Box::pin(reads::incidents::tips_since(&self.readers, since, most))
    }
    fn inbox_counts(&self, me: StaffId) -> Read<'_, InboxCounts> {
        Box::pin(reads::inbox::counts(&self.readers, me))
    }
    fn messages(&self, conversation: ConversationId, after: i64, limit: u32) -> Read<'_, Vec<MessageRow>> {
        Box::pin(reads::messages::messages(&self.readers, conversation, after, limit))
    }
    fn message(&self, id: MessageId) -> Read<'_, Option<MessageRow>> {
        Box::pin(reads::messages::message(&self.readers, id))
    }
    fn attachments(&self, conversation: ConversationId) -> Read<'_, Vec<AttachmentRow>> {
        Box::pin(reads::messages::attachments(&self.readers, conversation))
    }
    fn attachments_after(&self, after: Option<AttachmentId>, limit: u32) -> Read<'_, Vec<AttachmentRow>> {
        Box::pin(reads::messages::attachments_after(&self.readers, after, limit))
    }
    fn attachment(&self, id: AttachmentId) -> Read<'_, Option<AttachmentRow>> {
        Box::pin(reads::messages::attachment(&self.readers, id))
    }
    fn message_by_provider(&self, conversation: ConversationId, provider_id: String) -> Read<'_, Option<MessageRow>> {
        Box::pin(reads::messages::message_by_provider(&self.readers, conversation, provider_id))
    }
    fn last_sources(&self, conversation: ConversationId, limit: u32) -> Read<'_, Vec<(MessageId, Sealed)>> {
        Box::pin(reads::messages::last_sources(&self.readers, conversation, limit))
    }
    fn caller(&self, id: CallId) -> Read<'_, Option<CallerRow>> {
        Box::pin(reads::ways::caller(&self.readers, id))
    }
    fn mailbox(&self, account: AccountKey, folder: String) -> Read<'_, Option<MailboxRow>> {
        Box::pin(reads::ways::mailbox(&self.readers, account, folder))
    }
    fn notes(&self, conversation: ConversationId) -> Read<'_, Vec<NoteRow>> {
        Box::pin(reads::messages::notes(&self.readers, conversation))
    }
    fn record(&self, conversation: ConversationId, after: i64, limit: u32) -> Read<'_, Vec<RecordRow>> {
        Box::pin(reads::record::record(&self.readers, conversation, after, limit))
    }
    fn record_break(&self, conversation: ConversationId) -> Read<'_, Option<i64>> {
        Box::pin(reads::record::first_break(&self.readers, conversation))
    }

    fn dispatches(&self, conversation: ConversationId) -> Read<'_, Vec<DispatchRow>> {
        Box::pin(reads::telling::dispatches(&self.readers, conversation))
    }
    fn dispatch(&self, id: DispatchId) -> Read<'_, Option<DispatchRow>> {
        Box::pin(reads::telling::dispatch(&self.readers, id))
    }
    fn obligations(&self, dispatch: DispatchId) -> Read<'_, Vec<ObligationRow>> {
        Box::pin(reads::telling::obligations(&self.readers, dispatch))
    }
    fn obligation(&self, id: ObligationId) -> Read<'_, Option<ObligationRow>> {
        Box::pin(reads::telling::obligation(&self.readers, id))
    }
    fn attempts(&self, conversation: ConversationId) -> Read<'_, Vec<AttemptRow>> {
        Box::pin(reads::telling::attempts(&self.readers, conversation))
    }
    fn attempt(&self, id: AttemptId) -> Read<'_, Option<AttemptRow>> {
        Box::pin(reads::telling::attempt(&self.readers, id))
    }
    fn known_provider_ids(&self, account: AccountKey, ids: Vec<String>) -> Read<'_, Vec<(String, AttemptId)>> {
        Box::pin(reads::telling::known_provider_ids(&self.readers, account, ids))
    }
    fn receipts(&self, conversation: ConversationId) -> Read<'_, Vec<ReceiptRow>> {
        Box::pin(reads::telling::receipts(&self.readers, conversation))
    }
    fn open_task(&self, id: TaskId) -> Read<'_, Option<TaskRow>> {
        Box::pin(reads::telling::open_task(&self.readers, id))
    }
    fn open_tasks(&self, conversation: Option<ConversationId>, limit: u32) -> Read<'_, Vec<TaskRow>> {
        Box::pin(reads::telling::open_tasks(&self.readers, conversation, limit))
    }
    fn next_due(&self, lane: LaneKey) -> Read<'_, Option<Timestamp>> {
        Box::pin(reads::health::next_due(&self.readers, lane))
    }

    fn staff_by_login(&self, login: String) -> Read<'_, Option<StaffRow>> {
        Box::pin(reads::people::staff_by_login(&self.readers, login))
    }
    fn staff(&self) -> Read<'_, Vec<StaffRow>> {
        Box::pin(reads::people::staff(&self.readers))
    }
    fn session(&self, token_hash: [u8; 32], now: Timestamp) -> Read<'_, Option<(SessionRow, StaffRow)>> {
        Box::pin(reads::people::session(&self.readers, token_hash, now))
    }
    fn api_token(&self, token_hash: [u8; 32]) -> Read<'_, Option<(ApiTokenRow, StaffRow)>> {
        Box::pin(reads::people::api_token(&self.readers, token_hash))
    }
    fn throttle(&self, name: String) -> Read<'_, Option<ThrottleRow>> {
        Box::pin(reads::people::throttle(&self.readers, name))
    }

    fn directory(&self) -> Read<'_, DirectoryRows> {
        Box::pin(reads::directory::directory(&self.readers))
    }
    fn addresses(&self, person: PersonKey, means: Means) -> Read<'_, Vec<AddressRow>> {
        Box::pin(reads::directory::addresses(&self.readers, person, means))
    }
    fn persons_at(&self, index: BlindIndex) -> Read<'_, Vec<(PersonKey, Means)>> {
        Box::pin(reads::directory::persons_at(&self.readers, index))
    }
    fn texts_to(&self, persons: Vec<PersonKey>, since: Timestamp, limit: u32) -> Read<'_, Vec<AttemptRow>> {
        Box::pin(reads::texts::texts_to(&self.readers, persons, since, limit))
    }
    fn texts_forbidden(&self, index: BlindIndex) -> Read<'_, Option<Timestamp>> {
        Box::pin(reads::texts::forbidden(&self.readers, index))
    }
    fn watch(&self, conversation: ConversationId) -> Read<'_, Option<WatchRow>> {
        Box::pin(reads::telling::watch(&self.readers, conversation))
    }
    fn pin(&self, person: PersonKey) -> Read<'_, Option<PinRow>> {
        Box::pin(reads::endusers::pin(&self.readers, person))
    }
    fn pins(&self) -> Read<'_, Vec<PinRow>> {
        Box::pin(reads::endusers::pins(&self.readers))
    }
    fn login_code(&self, id: LoginCodeId) -> Read<'_, Option<LoginCodeRow>> {
        Box::pin(reads::endusers::login_code(&self.readers, id))
    }
    fn login_codes_of(&self, index: BlindIndex, since: Timestamp) -> Read<'_, Vec<Timestamp>> {
        Box::pin(reads::endusers::login_codes_of(&self.readers, index, since))
    }
    fn login_codes_since(&self, since: Timestamp) -> Read<'_, i64> {
        Box::pin(reads::endusers::login_codes_since(&self.readers, since))
    }
    fn enduser_session(&self, token_hash: [u8; 32], now: Timestamp) -> Read<'_, Option<EnduserSessionRow>> {
        Box::pin(reads::endusers::session(&self.readers, token_hash, now))
    }
    fn enduser_notes(&self, conversation: ConversationId) -> Read<'_, Vec<EnduserNoteRow>> {
        Box::pin(reads::endusers::notes(&self.readers, conversation))
    }
    fn opened_by(&self, conversation: ConversationId) -> Read<'_, Vec<OpenedRow>> {
        Box::pin(reads::endusers::opened(&self.readers, conversation))
    }
    fn feedback(&self, conversation: ConversationId) -> Read<'_, Vec<FeedbackRow>> {
        Box::pin(reads::endusers::feedback(&self.readers, conversation))
    }
    fn told_to(&self, organizations: Vec<OrganizationKey>, limit: u32, offset: u32) -> Read<'_, Vec<(ConversationId, Timestamp)>> {
        Box::pin(reads::endusers::told_to(&self.readers, organizations, (limit, offset)))
    }
    fn drills(&self, limit: u32, offset: u32) -> Read<'_, Vec<DrillRow>> {
        Box::pin(reads::drills::ledger(&self.readers, limit, offset))
    }
    fn drill(&self, conversation: ConversationId) -> Read<'_, Option<DrillRow>> {
        Box::pin(reads::drills::one(&self.readers, conversation))
    }
    fn last_drills(&self) -> Read<'_, Vec<(OrganizationKey, Timestamp)>> {
        Box::pin(reads::drills::last(&self.readers))
    }
    fn unwatched(&self, limit: u32) -> Read<'_, Vec<ConversationId>> {
        Box::pin(reads::telling::unwatched(&self.readers, limit))
    }
    fn waiting(&self, lane: LaneKey, below: i32, now: Timestamp, most: u32) -> Read<'_, i64> {
        Box::pin(reads::telling::waiting(&self.readers, lane, below, now, most))
    }
    fn routes(&self) -> Read<'_, Vec<RouteRow>> {
        Box::pin(reads::ways::routes(&self.readers))
    }
    fn meta(&self, key: &'static str) -> Read<'_, Option<String>> {
        Box::pin(reads::health::meta(&self.readers, key))
    }
    fn glance(&self) -> Read<'_, Glance> {
        Box::pin(async move { Ok(Glance::new(self.readers.moment().await?)) })
    }
    fn pulse(&self, now: Timestamp) -> Read<'_, Pulse> {
        Box::pin(reads::pulse::pulse(&self.readers, now))
    }
    fn health(&self, now: Timestamp) -> Read<'_, Health> {
        Box::pin(reads::health::health(&self.readers, now))
    }

    fn time(&self) -> Read<'_, Option<Timestamp>> {
        Box::pin(async move {
            match &self.readers {
                Readers::Sqlite(_) => Ok(None),
                Readers::Postgres(_) => reads::health::time(&self.readers).await.map(Some),
            }
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.closing.cancel();
            // Readers first, so that on a file the writer's connection is the last and leaves no log behind.
            self.readers.close().await;
            let _ = self.orders.send(Order::Close).await;
            // Nothing is ever sent: it changes when the last writer has ended.
            let _ = self.writers.clone().changed().await;
        })
    }
}

/// Lanes as a JSON array of their keys.
fn listed(lanes: &[LaneKey], operation: &'static str) -> Result<String, StoreError> {
    serde_json::to_string(lanes).map_err(|source| StoreError::Failed { operation, source: source.into() })
}

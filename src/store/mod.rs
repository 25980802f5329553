//! The store: one verb for change, small reads beside it.
//!
//! A change is a [`Commit`]: a value that is applied whole or not at all. A writer task owns every write transaction, folds
//! the commits that wait into one batch, applies it set-based and answers each with its own [`Outcome`]; no handler's
//! future ever holds a transaction. SQL lives only below this folder; the store knows no carrier.

mod batch;
pub mod chain;
pub mod commit;
pub mod copy;
mod database;
#[cfg(test)]
mod dialects;
pub mod endusers;
pub mod glance;
mod news;
pub mod postgres;
mod prepared;
pub mod pulse;
mod reads;
pub mod rows;
mod sql;
pub mod sqlite;
pub(crate) mod tables;
mod writer;

pub use commit::{Commit, Committed, Outcome, Write};
pub use database::{Options, Spawn};
pub use news::{Changed, News, OnNews};
pub use reads::directory::IMPORT as DIRECTORY_IMPORT;
pub use writer::{BATCH_MOST, QUEUE_MOST};

use crate::vault::sealed::{BlindIndex, Sealed};
pub use adapters::contract::BoxFuture;
use domain::channel::Means;
use domain::id::*;
use endusers::*;
use jiff::Timestamp;
use pulse::Pulse;
use rows::*;

/// Why the store could not answer. The chain is for the log; `Display` names the operation only.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The writer's queue is full: the caller answers 503 and the carrier comes again.
    #[error("the store has more commits waiting than it takes")]
    Busy,
    /// The database is away or the process is stopping.
    #[error("the store is not available")]
    Unavailable,
    /// The database refused an operation.
    #[error("the store could not {operation}")]
    Failed {
        /// What was tried: "commit", "read the inbox".
        operation: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A row that cannot be understood: written by another version, or damaged.
    #[error("a row of {table} cannot be understood: {what}")]
    Damaged {
        /// The table.
        table: &'static str,
        /// Which column, without its content.
        what: &'static str,
    },
}

/// What a read gives.
pub type Read<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// The store of tips. Everything is by value; times are from the caller's clock.
pub trait Store: Send + Sync {
    /// Applies a change whole, durably, or not at all. Returns after the disk has it. Dropped before, it is applied whole or not at all:
    /// what has not begun then does not begin.
    fn commit(&self, commit: Commit) -> Read<'_, Outcome>;

    /// A tip.
    fn conversation(&self, id: ConversationId) -> Read<'_, Option<ConversationRow>>;
    /// The tip that this address belongs to now.
    fn conversation_by_contact(&self, index: BlindIndex) -> Read<'_, Option<(ConversationRow, ContactRow)>>;
    /// The tip of this reference.
    fn conversation_by_reference(&self, reference: &str) -> Read<'_, Option<ConversationRow>>;
    /// The tips whose reference is keyed like this on a phone ([`Reference::keypad`](domain::conversation::reference::Reference::keypad)),
    /// newest first. At most `limit`.
    fn conversations_by_reference_keys(&self, keys: String, limit: u32) -> Read<'_, Vec<ConversationRow>>;
    /// The address to answer to: the one that wrote last.
    fn contact_of(&self, conversation: ConversationId) -> Read<'_, Option<ContactRow>>;
    /// Every address of a tip, oldest first.
    fn contacts(&self, conversation: ConversationId) -> Read<'_, Vec<ContactRow>>;
    /// The tip with this return code.
    fn conversation_by_code(&self, index: BlindIndex) -> Read<'_, Option<ConversationRow>>;
    /// Which of these pieces of news of an account were taken already: for the poller, which asks before it submits.
    fn known_onces(&self, account: AccountKey, keys: Vec<String>) -> Read<'_, Vec<String>>;
    /// Tips by urgency: breached and undispatched first by deadline, then level, then age. At most `limit`.
    fn inbox(&self, filter: InboxFilter, limit: u32) -> Read<'_, Vec<InboxRow>>;
    /// The tips of these ids as rows of the inbox, as they came.
    fn tips_of(&self, ids: Vec<ConversationId>) -> Read<'_, Vec<InboxRow>>;
    /// The tips received since then, as they came; of more than `most` the last ones.
    fn tips_since(&self, since: Timestamp, most: u32) -> Read<'_, Vec<ConversationId>>;
    /// How many tips each filter has.
    fn inbox_counts(&self, me: StaffId) -> Read<'_, InboxCounts>;
    /// Messages with a sequence number above `after`, in order. At most `limit`.
    fn messages(&self, conversation: ConversationId, after: i64, limit: u32) -> Read<'_, Vec<MessageRow>>;
    /// One message.
    fn message(&self, id: MessageId) -> Read<'_, Option<MessageRow>>;
    /// The attachments of a tip, in message order.
    fn attachments(&self, conversation: ConversationId) -> Read<'_, Vec<AttachmentRow>>;
    /// The attachments of all tips in the order of their ids, after this one: page by page. At most `limit`.
    fn attachments_after(&self, after: Option<AttachmentId>, limit: u32) -> Read<'_, Vec<AttachmentRow>>;
    /// One attachment.
    fn attachment(&self, id: AttachmentId) -> Read<'_, Option<AttachmentRow>>;
    /// The message of a tip that the carrier calls by this id.
    fn message_by_provider(&self, conversation: ConversationId, provider_id: String) -> Read<'_, Option<MessageRow>>;
    /// The ids and sealed sources of the reporter's last messages that have one, the last first: what a mail to them answers. At most `limit`.
    fn last_sources(&self, conversation: ConversationId, limit: u32) -> Read<'_, Vec<(MessageId, Sealed)>>;
    /// A call that came in.
    fn caller(&self, id: CallId) -> Read<'_, Option<CallerRow>>;
    /// Where a mailbox folder was read to.
    fn mailbox(&self, account: AccountKey, folder: String) -> Read<'_, Option<MailboxRow>>;
    /// Staff notes and assessments of a tip, oldest first.
    fn notes(&self, conversation: ConversationId) -> Read<'_, Vec<NoteRow>>;
    /// The record of a tip, in order, above `after`. At most `limit`.
    fn record(&self, conversation: ConversationId, after: i64, limit: u32) -> Read<'_, Vec<RecordRow>>;
    /// The first number at which the record of a tip is not what was written; `None` when it is whole (see [`chain`]).
    fn record_break(&self, conversation: ConversationId) -> Read<'_, Option<i64>>;

    /// The dispatches of a tip, oldest first.
    fn dispatches(&self, conversation: ConversationId) -> Read<'_, Vec<DispatchRow>>;
    /// One dispatch.
    fn dispatch(&self, id: DispatchId) -> Read<'_, Option<DispatchRow>>;
    /// The obligations of a dispatch, in plan order.
    fn obligations(&self, dispatch: DispatchId) -> Read<'_, Vec<ObligationRow>>;
    /// One obligation.
    fn obligation(&self, id: ObligationId) -> Read<'_, Option<ObligationRow>>;
    /// All attempts of a tip (at obligations and messages), oldest first.
    fn attempts(&self, conversation: ConversationId) -> Read<'_, Vec<AttemptRow>>;
    /// One attempt.
    fn attempt(&self, id: AttemptId) -> Read<'_, Option<AttemptRow>>;
    /// Which of these provider ids belong to attempts already (to tell a sighting of ours from another's).
    fn known_provider_ids(&self, account: AccountKey, ids: Vec<String>) -> Read<'_, Vec<(String, AttemptId)>>;
    /// The receipts of a tip, in the order they came.
    fn receipts(&self, conversation: ConversationId) -> Read<'_, Vec<ReceiptRow>>;
    /// One open task; `None` when there is none of this id, or it is done.
    fn open_task(&self, id: TaskId) -> Read<'_, Option<TaskRow>>;
    /// Open tasks; of one tip or of all. At most `limit`.
    fn open_tasks(&self, conversation: Option<ConversationId>, limit: u32) -> Read<'_, Vec<TaskRow>>;

    /// Takes up to `n` due pieces of such work of a lane for `owner`: most urgent rank first, then by due time. Their `run_at` becomes
    /// `lease_until`, so that work whose worker died comes back by itself.
    fn claim_due(
        &self,
        lane: LaneKey,
        owner: String,
        now: Timestamp,
        lease_until: Timestamp,
        which: Claim,
        n: u32,
    ) -> Read<'_, Vec<WorkRow>>;
    /// When the next work of a lane is due, if any.
    fn next_due(&self, lane: LaneKey) -> Read<'_, Option<Timestamp>>;
    /// Leases the lanes that are free, expired or already `owner`'s until `until`; returns those that are `owner`'s now.
    fn lease_lanes(&self, lanes: Vec<LaneKey>, owner: String, now: Timestamp, until: Timestamp) -> Read<'_, Vec<LaneKey>>;
    /// Gives back everything that `owner` holds: its lanes are free, its claimed work is due. At shutdown, and at the start for what a
    /// former run of the same node left behind.
    fn release_lanes(&self, owner: String) -> Read<'_, ()>;
    /// Gives some of `owner`'s lanes back. What it still works on there stays its own.
    fn give_back(&self, lanes: Vec<LaneKey>, owner: String) -> Read<'_, ()>;
    /// Drops the leases of these lanes that ended by `before`: those of runs that nobody remembers.
    fn forget_leases(&self, lanes: Vec<LaneKey>, before: Timestamp) -> Read<'_, ()>;
    /// Makes work of these lanes due again that was claimed by owners whose presence is over: they are dead. It is over at `now` or when it
    /// ends after `latest` (`rows::latest_end`). Returns how much.
    fn reclaim(&self, lanes: Vec<LaneKey>, now: Timestamp, latest: Timestamp) -> Read<'_, u64>;
    /// Every lease, also those that are over and not taken by anybody since.
    fn leases(&self) -> Read<'_, Vec<LeaseRow>>;
    /// Attempts at obligations by a lane between two times whose answer was never heard, oldest first. At most `limit`.
    fn unanswered(&self, lane: LaneKey, since: Timestamp, before: Timestamp, limit: u32) -> Read<'_, Vec<AttemptRow>>;
    /// Gives work of lanes of these means that are not among `lanes` (an account was renamed or removed) and that no node holds at `now` to
    /// lane `to`, so that no promise waits for a lane that nobody runs.
    fn move_work(&self, lanes: Vec<LaneKey>, means: Means, to: LaneKey, now: Timestamp) -> Read<'_, ()>;
    /// Gives up to `most` pieces of endusers' work of lane `from`, which cannot be used, to lane `to`: the most urgent first, each with its
    /// time. What is for reporters stays. Returns how many.
    fn evade(&self, from: LaneKey, to: LaneKey, most: u32) -> Read<'_, u64>;
    /// Whether each lane was trusted when that was last written.
    fn routes(&self) -> Read<'_, Vec<RouteRow>>;

    /// A member of staff by login name (lower case).
    fn staff_by_login(&self, login: String) -> Read<'_, Option<StaffRow>>;
    /// All staff.
    fn staff(&self) -> Read<'_, Vec<StaffRow>>;
    /// The session of this token hash, if it has not expired at `now`.
    fn session(&self, token_hash: [u8; 32], now: Timestamp) -> Read<'_, Option<(SessionRow, StaffRow)>>;
    /// The API token of this hash.
    fn api_token(&self, token_hash: [u8; 32]) -> Read<'_, Option<(ApiTokenRow, StaffRow)>>;
    /// Failed logins of a name.
    fn throttle(&self, name: String) -> Read<'_, Option<ThrottleRow>>;

    /// The directory as imported last.
    fn directory(&self) -> Read<'_, DirectoryRows>;
    /// A person's sealed address for a means.
    fn addresses(&self, person: PersonKey, means: Means) -> Read<'_, Vec<AddressRow>>;
    /// Whose address this is; several persons may share one.
    fn persons_at(&self, index: BlindIndex) -> Read<'_, Vec<(PersonKey, Means)>>;
    /// Attempts to text these persons since then, the latest first; at most `limit`.
    fn texts_to(&self, persons: Vec<PersonKey>, since: Timestamp, limit: u32) -> Read<'_, Vec<AttemptRow>>;
    /// Since when an enduser's address takes no texts any more (STOP).
    fn texts_forbidden(&self, index: BlindIndex) -> Read<'_, Option<Timestamp>>;
    /// The clocks of a tip.
    fn watch(&self, conversation: ConversationId) -> Read<'_, Option<WatchRow>>;

    /// A person's PIN, the one set last.
    fn pin(&self, person: PersonKey) -> Read<'_, Option<PinRow>>;
    /// Everybody's PINs, of each the one set last.
    fn pins(&self) -> Read<'_, Vec<PinRow>>;
    /// A one-time code of the portal.
    fn login_code(&self, id: LoginCodeId) -> Read<'_, Option<LoginCodeRow>>;
    /// When codes were drawn for this address since then, oldest first; a sweep keeps a day of them.
    fn login_codes_of(&self, index: BlindIndex, since: Timestamp) -> Read<'_, Vec<Timestamp>>;
    /// How many codes were drawn since then.
    fn login_codes_since(&self, since: Timestamp) -> Read<'_, i64>;
    /// The portal's session of this token hash, if it has not expired at `now`.
    fn enduser_session(&self, token_hash: [u8; 32], now: Timestamp) -> Read<'_, Option<EnduserSessionRow>>;
    /// What endusers and analysts wrote to each other about a tip, oldest first.
    fn enduser_notes(&self, conversation: ConversationId) -> Read<'_, Vec<EnduserNoteRow>>;
    /// Which endusers opened a tip, and when last.
    fn opened_by(&self, conversation: ConversationId) -> Read<'_, Vec<OpenedRow>>;
    /// What endusers say they did about a tip, oldest first.
    fn feedback(&self, conversation: ConversationId) -> Read<'_, Vec<FeedbackRow>>;
    /// The tips and drills that these organizations are owed or were told of, with the start of their last dispatch, newest first.
    fn told_to(&self, organizations: Vec<OrganizationKey>, limit: u32, offset: u32) -> Read<'_, Vec<(ConversationId, Timestamp)>>;
    /// The drills, the latest first.
    fn drills(&self, limit: u32, offset: u32) -> Read<'_, Vec<DrillRow>>;
    /// One of them.
    fn drill(&self, conversation: ConversationId) -> Read<'_, Option<DrillRow>>;
    /// When each school that was ever drilled had its last.
    fn last_drills(&self) -> Read<'_, Vec<(OrganizationKey, Timestamp)>>;
    /// Open tips that have no clocks yet, drills aside: those of before there were any. At most `limit`.
    fn unwatched(&self, limit: u32) -> Read<'_, Vec<ConversationId>>;
    /// How many pieces of work of a lane, more urgent than rank `below`, wait for their turn now; no more than `most` are counted.
    fn waiting(&self, lane: LaneKey, below: i32, now: Timestamp, most: u32) -> Read<'_, i64>;

    /// The database's own time; `None` where the database is a file of this machine, whose clock is the machine's.
    fn time(&self) -> Read<'_, Option<Timestamp>>;
    /// A value of the deployment, such as the check value of the master key.
    fn meta(&self, key: &'static str) -> Read<'_, Option<String>>;
    /// A look at everything that is kept, at one moment: for whoever checks that it is sound.
    fn glance(&self) -> Read<'_, glance::Glance>;
    /// What is open, told cheaply at any size of the database: for readiness, the heartbeat, metrics and the health page.
    fn pulse(&self, now: Timestamp) -> Read<'_, Pulse>;
    /// Numbers about the whole, which take the longer the more there is: for metrics now and then, and for tests.
    fn health(&self, now: Timestamp) -> Read<'_, Health>;
    /// Closes: what waits is committed, then the files are closed.
    fn close(&self) -> BoxFuture<'_, ()>;
}

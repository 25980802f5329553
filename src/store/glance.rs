//! A look at everything that is kept, for whoever checks that it is sound: page by page, each page as it is at one moment.
//!
//! A [`Glance`] is a read transaction, held for a page and no longer. Rows come as they are written, with the columns beside what they are
//! written from, and with the work that belongs to them; nothing that is sealed is read. What the rows must be is `verify`'s to say.

use super::StoreError;
use super::chain::Written;
use super::reads::moment::Moment;
use super::reads::verify;
use super::rows::{AttachmentState, AttemptRow, DispatchRow, ObligationRow, ReceiptRow};
use domain::dispatch::delivery::Delivery;
use domain::dispatch::watch::Watch;
use domain::id::*;
use domain::level::Level;
use jiff::Timestamp;

/// A consistent look. Dropped, it leaves nothing open.
pub struct Glance {
    moment: Moment,
}

/// Which tips' rows: after the first, up to and with the second. Open at both ends, so that rows of tips that are not there show, too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Range {
    /// After this one.
    pub after: Option<ConversationId>,
    /// Up to this one.
    pub to: Option<ConversationId>,
}

impl Range {
    /// One tip.
    pub fn only(id: ConversationId) -> Self {
        let before = uuid::Uuid::from_u128(id.uuid().as_u128().wrapping_sub(1));
        Self { after: (!id.uuid().is_nil()).then(|| ConversationId::new(before)), to: Some(id) }
    }
}

/// The work that belongs to a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worked {
    /// What it says that it is about.
    pub about: String,
    /// The lane.
    pub lane: LaneKey,
    /// When it may start.
    pub run_at: Timestamp,
    /// Whether somebody has claimed it.
    pub owned: bool,
}

/// A tip's own row.
#[derive(Debug, Clone)]
pub struct TipFigures {
    /// Its id.
    pub id: ConversationId,
    /// Its reference.
    pub reference: String,
    /// The same as keyed on a phone; none in rows of before there was one.
    pub reference_keys: Option<String>,
    /// When it was received.
    pub received_at: Timestamp,
    /// Whether it is open.
    pub open: bool,
    /// Its level.
    pub level: Option<Level>,
    /// The school, or the county that stands for one.
    pub school: Option<OrganizationKey>,
    /// Whether it is a request of the press.
    pub press: bool,
    /// Whether it is a drill.
    pub drill: bool,
    /// Whether it was dispatched.
    pub dispatched: bool,
    /// Number of its last message.
    pub last_seq: i64,
    /// Messages that nobody has opened.
    pub unread: i64,
    /// The address to answer to.
    pub answer_to: Option<ContactHandle>,
    /// Number of its last receipt.
    pub receipt_seq: i64,
    /// Number of the last entry of its record.
    pub record_seq: i64,
    /// The hash of that entry.
    pub record_hash: [u8; 32],
    /// What was counted.
    pub tally: Tally,
    /// Its place in the inbox: first key.
    pub urgency: i64,
    /// Second key, in microseconds.
    pub deadline: i64,
    /// Under which tip it is counted.
    pub folded: Option<Folded>,
    /// Its clocks.
    pub watch: Option<Watch>,
    /// The work of its clocks.
    pub work: Option<Worked>,
}

/// What the inbox counts of a tip.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Obligations that are open.
    pub open_obligations: i64,
    /// That a person confirmed.
    pub confirmed: i64,
    /// Tasks that are open.
    pub open_tasks: i64,
    /// Obligations whose due time passed without them.
    pub breached: i64,
    /// The earliest due time of an open, unconfirmed obligation, in microseconds.
    pub next_due: Option<i64>,
}

/// That a tip is counted under another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Folded {
    /// Whether the other is open and counted by itself; false, too, when it is not there.
    pub first_stands: bool,
    /// Whether it is still proposed to be about the same thing.
    pub proposed: bool,
}

/// A message without its words.
#[derive(Debug, Clone)]
pub struct MessageFigures {
    /// The tip.
    pub tip: ConversationId,
    /// Its number.
    pub seq: i64,
    /// `reporter`, `staff` or `system`.
    pub author: String,
    /// Where its delivery stands.
    pub delivery: Option<Delivery>,
    /// Whether its row says that the delivery wants to be woken.
    pub delivery_open: bool,
    /// Whether a carrier brought it.
    pub brought: bool,
    /// Whether what the carrier brought is noted as taken once.
    pub taken_once: bool,
    /// Its work.
    pub work: Option<Worked>,
}

/// A file's row.
#[derive(Debug, Clone)]
pub struct FileFigures {
    /// Its id.
    pub id: AttachmentId,
    /// The tip.
    pub tip: ConversationId,
    /// Where it stands.
    pub state: AttachmentState,
    /// Whether it waits at a carrier.
    pub at_carrier: bool,
    /// Whether its row says that there is something to do with it.
    pub unfinished: bool,
    /// Whether its message is there.
    pub has_message: bool,
    /// Its work.
    pub work: Option<Worked>,
}

/// An obligation with the columns beside it.
#[derive(Debug, Clone)]
pub struct ObligationFigures {
    /// The id of its row.
    pub id: ObligationId,
    /// The tip of its row.
    pub tip: ConversationId,
    /// The dispatch of its row.
    pub dispatch: DispatchId,
    /// The obligation.
    pub row: ObligationRow,
    /// Due time, timer, time of confirmation, time of breach.
    pub times: (Timestamp, Option<Timestamp>, Option<Timestamp>, Option<Timestamp>),
    /// Closed, satisfied.
    pub flags: (bool, bool),
    /// Person and organization; none in rows of before there were such columns.
    pub keys: (Option<String>, Option<String>),
    /// Its work.
    pub work: Option<Worked>,
}

/// A task.
#[derive(Debug, Clone, Copy)]
pub struct TaskFigures {
    /// The tip.
    pub tip: ConversationId,
    /// The obligation that it is about.
    pub obligation: Option<ObligationId>,
    /// Whether somebody is noted as having done it, and whether a time is.
    pub done: (bool, bool),
}

/// An address, without the address.
#[derive(Debug, Clone, Copy)]
pub struct ContactFigures {
    /// The tip.
    pub tip: ConversationId,
    /// Its handle.
    pub handle: ContactHandle,
    /// Whether a next message from it joins the tip.
    pub current: bool,
}

/// A piece of work, and whose it is.
#[derive(Debug, Clone)]
pub struct WorkFigures {
    /// Its id: that of what it is about.
    pub id: String,
    /// What it says that it is about.
    pub about: String,
    /// The lane.
    pub lane: LaneKey,
    /// Of what it is about: whether it is there, and still wants to be woken.
    pub wanted: Option<bool>,
}

/// A lane: who has it, and what is due on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneFigures {
    /// The lane.
    pub lane: LaneKey,
    /// Until when somebody has it.
    pub held_until: Option<Timestamp>,
    /// The first time of its work.
    pub first_run_at: Option<Timestamp>,
}

/// What a carrier brought.
#[derive(Clone, PartialEq, Eq)]
pub struct Brought {
    /// The message.
    pub message: MessageId,
    /// Its tip.
    pub tip: ConversationId,
    /// The account.
    pub account: String,
    /// The carrier's id.
    pub provider_id: String,
}

impl Glance {
    pub(super) fn new(moment: Moment) -> Self {
        Self { moment }
    }
    /// The ids of the next tips after this one.
    pub async fn ids(&mut self, after: Option<ConversationId>, most: u32) -> Result<Vec<ConversationId>, StoreError> {
        verify::ids(&mut self.moment, after, most).await
    }
    /// Tips; at most `most`.
    pub async fn tips(&mut self, range: Range, most: u32) -> Result<Vec<TipFigures>, StoreError> {
        verify::tips(&mut self.moment, range, most).await
    }
    /// Messages after this number of this tip, in order.
    pub async fn messages(&mut self, from: (Range, i64), most: u32) -> Result<Vec<MessageFigures>, StoreError> {
        verify::messages(&mut self.moment, from, most).await
    }
    /// Entries of records after this number of this tip, in order, as they are written.
    pub async fn record(&mut self, from: (Range, i64), most: u32) -> Result<Vec<(ConversationId, Written)>, StoreError> {
        verify::record(&mut self.moment, from, most).await
    }
    /// Files.
    pub async fn files(&mut self, range: Range) -> Result<Vec<FileFigures>, StoreError> {
        verify::files(&mut self.moment, range).await
    }
    /// Dispatches.
    pub async fn dispatches(&mut self, range: Range) -> Result<Vec<DispatchRow>, StoreError> {
        verify::dispatches(&mut self.moment, range).await
    }
    /// Obligations.
    pub async fn obligations(&mut self, range: Range) -> Result<Vec<ObligationFigures>, StoreError> {
        verify::obligations(&mut self.moment, range).await
    }
    /// Attempts.
    pub async fn attempts(&mut self, range: Range) -> Result<Vec<AttemptRow>, StoreError> {
        verify::attempts(&mut self.moment, range).await
    }
    /// Receipts with their numbers, in order.
    pub async fn receipts(&mut self, range: Range) -> Result<Vec<(i64, ReceiptRow)>, StoreError> {
        verify::receipts(&mut self.moment, range).await
    }
    /// Tasks, done ones too.
    pub async fn tasks(&mut self, range: Range) -> Result<Vec<TaskFigures>, StoreError> {
        verify::tasks(&mut self.moment, range).await
    }
    /// Addresses.
    pub async fn contacts(&mut self, range: Range) -> Result<Vec<ContactFigures>, StoreError> {
        verify::contacts(&mut self.moment, range).await
    }
    /// The next pieces of work after this id.
    pub async fn work(&mut self, after: &str, most: u32) -> Result<Vec<WorkFigures>, StoreError> {
        verify::work(&mut self.moment, after, most).await
    }
    /// Every lane that is held or has work.
    pub async fn lanes(&mut self) -> Result<Vec<LaneFigures>, StoreError> {
        verify::lanes(&mut self.moment).await
    }
    /// The next messages after this id that a carrier brought.
    pub async fn brought(&mut self, after: Option<MessageId>, most: u32) -> Result<Vec<Brought>, StoreError> {
        verify::brought(&mut self.moment, after, most).await
    }
    /// References that several tips have: one of the tips of each. At most `most`.
    pub async fn doubled_references(&mut self, most: u32) -> Result<Vec<ConversationId>, StoreError> {
        verify::doubled_references(&mut self.moment, most).await
    }
    /// Addresses that are current for several tips: one of the tips of each. At most `most`.
    pub async fn doubled_contacts(&mut self, most: u32) -> Result<Vec<ConversationId>, StoreError> {
        verify::doubled_contacts(&mut self.moment, most).await
    }
}

//! The record of everything that was done with a tip (R29): what is written, and how a person reads it.
//!
//! Entries are appended in the same transaction as what they record and chained by hash per conversation (the store does
//! that). An entry names actors, organizations and outcomes, never a word of the tip, a number or an address.

use domain::channel::{Channel, Means};
use domain::conversation::WayBack;
use domain::conversation::triage::Marks;
use domain::dispatch::evidence::ReceiptKind;
use domain::dispatch::obligation::{BreachReason, FailedBecause, Satisfaction};
use domain::dispatch::purpose::PageReason;
use domain::id::{
    AttachmentId, AttemptId, ConversationId, DispatchId, MessageId, ObligationId, OrganizationKey, PersonKey, StaffId, TipTypeKey,
};
use domain::level::Level;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "by", content = "id")]
pub enum Actor {
    /// The program.
    System,
    /// The reporter.
    Reporter,
    /// A member of staff.
    Staff(StaffId),
    /// An enduser.
    Enduser,
}

/// One entry to append.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The tip.
    pub conversation: ConversationId,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// What.
    pub action: Action,
}

/// What was warned of while a dispatch was under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Warning {
    /// Half of its window was over, and not everybody was told.
    Half,
    /// Three quarters were.
    ThreeQuarters,
    /// More calls were left than the pace allows in the time that was left.
    CannotMeet,
}

/// Whom an attempt was made to, in the directory's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The obligation.
    pub obligation: ObligationId,
    /// The role, such as "Principal".
    pub role: String,
    /// The organization's name.
    pub organization: String,
    /// Call, mail or text.
    pub means: Means,
}

/// Somebody logged in to the portal, in the directory's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortalUser {
    /// The directory's key.
    pub person: PersonKey,
    /// The role.
    pub role: String,
    /// The organization's name.
    pub organization: String,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "action")]
pub enum Action {
    /// The first message came.
    TipReceived {
        /** The channel. */
        channel: Channel,
    },
    /// A further message came.
    MessageReceived {
        /** The channel. */
        channel: Channel,
    },
    /// The reporter came back on another way and showed the code.
    CameBack {
        /** The channel. */
        channel: Channel,
    },
    /// A machine wrote down what it understood of a recording.
    Transcribed,
    /// A picture, recording or file was fetched and is kept here, sealed.
    AttachmentKept {
        /** Which. */
        attachment: AttachmentId,
    },
    /// A picture, recording or file never came; why is in its row.
    AttachmentLost {
        /** Which. */
        attachment: AttachmentId,
    },
    /// A copy without metadata was made, for people to see.
    CopyMade {
        /** Which. */
        attachment: AttachmentId,
    },
    /// A member of staff took the original, as it came.
    OriginalOpened {
        /** Which. */
        attachment: AttachmentId,
    },
    /// The first words were queued, or the code was read out on a call.
    FirstWords,
    /// An analyst answered.
    ReplyWritten {
        /** The message. */
        message: MessageId,
    },
    /// A message to the reporter changed its state.
    Delivery {
        /** The message. */
        message: MessageId,
        /** The new state: a word of `Delivery`. */
        state: String,
    },
    /// The way back changed.
    WayBack {
        /** To. */
        to: WayBack,
    },
    /// The program found it like an earlier tip.
    FoundAlike {
        /** The earlier one's id. */
        first: ConversationId,
        /** How much of their words they share, in percent. */
        likeness: u8,
        /** Whether it says or shows something more, and stays a row of its own. */
        own_row: bool,
    },
    /// A member of staff said that it is about something else.
    TakenOut {
        /** The tip that it was like. */
        first: ConversationId,
    },
    /// A member of staff opened the tip.
    Opened,
    /// A member of staff took the tip.
    Claimed,
    /// The triage was set.
    Triaged {
        /** The level. */
        level: Option<Level>,
        /** The types. */
        types: BTreeSet<TipTypeKey>,
        /** The school. */
        school: Option<OrganizationKey>,
        /** The marks. */
        marks: Marks,
        /** Whether a reason was given; it is sealed apart, as a note. */
        reason_given: bool,
    },
    /// The assessment was written (its words are sealed apart from the record).
    Assessed,
    /// A note for staff was written.
    Noted,
    /// The endusers are being told.
    Dispatched {
        /** The dispatch. */
        dispatch: DispatchId,
        /** The level. */
        level: Level,
        /** How many obligations. */
        obligations: usize,
    },
    /// A drill was started: everybody on the school's list is called, mailed and texted, with words that say that it is a test.
    DrillStarted {
        /** The dispatch. */
        dispatch: DispatchId,
        /** How many obligations. */
        obligations: usize,
    },
    /// Persons were left out of it by a supervisor (R42); why is sealed apart, as a note.
    Excluded {
        /** Whom. */
        persons: Vec<PersonKey>,
    },
    /// Persons who had been left out were put back by a supervisor; why is sealed apart, as a note.
    PutBack {
        /** Whom. */
        persons: Vec<PersonKey>,
    },
    /// Supervisors of the line were paged.
    SupervisorPaged {
        /** Why. */
        reason: PageReason,
        /** Which rung of the ladder; 0 is the first. */
        rung: u8,
        /** How many persons. */
        people: usize,
        /** Whether the page for another tip a moment ago stands for this one. */
        with_another: bool,
    },
    /// What supervisors were paged for was done: those not reached yet are not called any more.
    PagesOver,
    /// Time ran while not everybody was told.
    Warned {
        /** The dispatch. */
        dispatch: DispatchId,
        /** Of what. */
        what: Warning,
    },
    /// The time for a Critical tip was over before anybody had sorted or dispatched it (R44).
    ClockBreached,
    /// A task was not done by its time.
    TaskOverdue {
        /** What is to be done, in the directory's words. */
        what: String,
    },
    /// Those who were told of the tip are told that there is news (R28).
    EndusersUpdated {
        /** How many persons. */
        people: usize,
    },
    /// Those who were told are asked how it went (R21).
    FeedbackAsked {
        /** How many persons. */
        people: usize,
    },
    /// It was decided whether somebody is referred to mental-health services (R56); to whom is sealed apart, as a note.
    ReferralDecided {
        /** Whether. */
        referred: bool,
    },
    /// A member of staff told the police themself (R35); whom they spoke with is sealed apart, as a note.
    PoliceToldByHand,
    /// The intent of an attempt was committed.
    AttemptStarted {
        /** To whom. */
        told: Told,
        /** The attempt. */
        attempt: AttemptId,
        /** 1 is the first. */
        number: u32,
    },
    /// The carrier did not take it, or its answer was lost.
    AttemptNotTaken {
        /** To whom. */
        told: Told,
        /** The attempt. */
        attempt: AttemptId,
        /** Why; without identities. */
        reason: String,
    },
    /// The carrier was asked about an attempt without news.
    CarrierAsked {
        /** To whom. */
        told: Told,
        /** The attempt. */
        attempt: AttemptId,
        /** `found`, `not_found` or `no_answer`. */
        result: String,
    },
    /// News of an attempt.
    Receipt {
        /** To whom. */
        told: Told,
        /** The attempt. */
        attempt: AttemptId,
        /** What. */
        kind: ReceiptKind,
    },
    /// The report's summary was read out on a call, after a confirmation and a PIN.
    ReportReadOut {
        /** To whom. */
        told: Told,
    },
    /// Another attempt will be made.
    NextAttempt {
        /** To whom. */
        told: Told,
        /** When. */
        at: Timestamp,
    },
    /// An enduser forbade texts (STOP), or allowed them again (START).
    TextsForbidden {
        /** Who. */
        told: Told,
        /** Forbidden now. */
        forbidden: bool,
    },
    /// An obligation was kept.
    Satisfied {
        /** To whom. */
        told: Told,
        /** By what. */
        by: Satisfaction,
    },
    /// An obligation was not needed.
    Released {
        /** To whom. */
        told: Told,
    },
    /// A channel to this person came to nothing: another one is taken.
    NextChannel {
        /** By which they are told now. */
        told: Told,
    },
    /// A standby obligation starts.
    StandbyStarted {
        /** To whom. */
        told: Told,
    },
    /// An obligation failed, and a person was asked to take over.
    Failed {
        /** To whom. */
        told: Told,
        /** Why. */
        because: FailedBecause,
    },
    /// A due time passed.
    Breach {
        /** To whom. */
        told: Told,
        /** Why; records of before do not say. */
        #[serde(default)]
        why: Option<BreachReason>,
    },
    /// A task was done by a person.
    TaskDone {
        /** What was done, in the directory's words. */
        what: String,
    },
    /// An enduser opened the tip in the portal (R57).
    OpenedByEnduser {
        /** Who, and for whom. */
        who: PortalUser,
    },
    /// Somebody logged in to the portal asked for the tip who may not see it: it is another organization's, or they are left out (R42, R57).
    RefusedToEnduser {
        /** Who, and for whom. */
        who: PortalUser,
    },
    /// An enduser said in the portal that they have received it.
    ConfirmedInPortal {
        /** Who, and for whom. */
        who: PortalUser,
    },
    /// An enduser wrote to the others and to the analysts (the words are sealed apart).
    EnduserNote {
        /** Who, and for whom. */
        who: PortalUser,
    },
    /// An analyst wrote to the endusers (the words are sealed apart).
    NoteToEndusers,
    /// An enduser told what they did (R21).
    Feedback {
        /** Who, and for whom. */
        who: PortalUser,
        /** The choice: a word of `store::endusers::Did`. */
        did: String,
    },
    /// The tip comes from a backup: what was under way then was ended, for nobody knows what happened after it.
    Restored {
        /** When the backup was taken. */
        taken_at: Timestamp,
        /** Promises that were open. */
        obligations: usize,
        /** Answers to the reporter that had not arrived. */
        unheard: usize,
    },
    /// The tip was closed; why is sealed apart, as a note.
    Closed,
}

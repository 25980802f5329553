//! What an enduser is shown: opened rows, ready for a page. Holds words in clear, so it lives only for one answer.
//!
//! No address, number, channel detail, alias or assessment has a field here (R47, R53); times are absolute.

use crate::store::endusers::Did;
use domain::conversation::triage::Marks;
use domain::dispatch::evidence::ConfirmedBy;
use domain::id::AttachmentId;
use domain::level::Level;
use domain::sealed::Words;
use jiff::Timestamp;

/// A page of the list.
#[derive(Debug)]
pub struct List {
    /// Tips, newest first.
    pub tips: Vec<Line>,
    /// Tests, newest first.
    pub drills: Vec<Line>,
    /// Whether there are older ones.
    pub more: bool,
}

/// One line of the list.
#[derive(Debug)]
pub struct Line {
    /// The tip's reference.
    pub reference: String,
    /// The organizations of this person that were told.
    pub organizations: Vec<String>,
    /// The level.
    pub level: Level,
    /// When they were last told.
    pub told_at: Timestamp,
    /// Who of these organizations confirmed first, by role, and when.
    pub confirmed: Option<(String, Timestamp)>,
    /// Whether this person is asked to confirm and has not.
    pub asked: bool,
    /// Whether there is something that this person has not seen.
    pub new: bool,
    /// Whether the tip is closed.
    pub closed: bool,
}

/// A tip.
#[derive(Debug)]
pub struct Tip {
    /// Its reference.
    pub reference: String,
    /// Whether it is a test.
    pub drill: bool,
    /// Whether it is closed.
    pub closed: bool,
    /// The level at which they were told last.
    pub level: Level,
    /// The types, in the catalogue's words.
    pub types: Vec<String>,
    /// The school, or the county for one that is not enrolled.
    pub school: Option<String>,
    /// What the analysts marked.
    pub marks: Marks,
    /// Whether the reader's organization is told that the school is not in session (R20).
    pub out_of_session: bool,
    /// When it was received.
    pub received_at: Timestamp,
    /// When this person's organizations were first told.
    pub told_at: Timestamp,
    /// The analyst's summary, if one was written for the endusers.
    pub summary: Option<Words>,
    /// The reporter's words, unchanged, oldest first.
    pub said: Vec<Said>,
    /// Who was told, in the order of telling.
    pub told: Vec<Told>,
    /// Where this person stands.
    pub mine: Mine,
    /// What endusers and analysts wrote to each other, oldest first.
    pub notes: Vec<Note>,
    /// What this person said they did.
    pub feedback: Option<(Did, Words, Timestamp)>,
    /// Whether they were asked what they did (R21).
    pub feedback_asked: bool,
}

/// Something that the reporter wrote or sent.
#[derive(Debug)]
pub struct Said {
    /// When.
    pub at: Timestamp,
    /// The words.
    pub words: Words,
    /// Whether a piece of it has not come.
    pub missing: bool,
    /// What came with it.
    pub files: Vec<File>,
}

/// A picture, recording or file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum File {
    /// A safe copy of a picture, of this size in pixels.
    Picture(AttachmentId, u32, u32),
    /// A recording. A principal may know a student by the voice, so it is not played to endusers (R47): the tip line says what is in it.
    Sound,
    /// It is being fetched or copied.
    Coming,
    /// It cannot be shown, or was lost.
    NotShown,
}

/// Somebody who was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Their role.
    pub role: String,
    /// Their organization.
    pub organization: String,
    /// When and how they confirmed.
    pub confirmed: Option<(Timestamp, Option<ConfirmedBy>)>,
}

/// Where the reader stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mine {
    /// Nobody asked them; colleagues were asked.
    NotAsked,
    /// They are asked to confirm.
    Asked,
    /// They confirmed.
    Confirmed(Timestamp),
}

/// A note.
#[derive(Debug)]
pub struct Note {
    /// Role and organization of an enduser; `None` is an analyst.
    pub who: Option<(String, String)>,
    /// Whether the reader wrote it.
    pub mine: bool,
    /// When.
    pub at: Timestamp,
    /// The words.
    pub words: Words,
}

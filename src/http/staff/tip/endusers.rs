//! What came from the endusers' portal, for the tip's page.

use crate::desk::view::Tip;
use crate::http::staff::moment::{Moment, PageClock};
use crate::http::staff::phrases;

/// A note of an enduser or to them, as shown.
pub(super) struct EnduserNoteView {
    pub(super) who: String,
    pub(super) by_staff: bool,
    pub(super) at: Moment,
    pub(super) words: String,
}

/// What an enduser says they did, as shown.
pub(super) struct FeedbackView {
    pub(super) who: String,
    pub(super) did: &'static str,
    pub(super) at: Moment,
    pub(super) words: String,
}

impl EnduserNoteView {
    /// All of a tip, oldest first.
    pub(super) fn all(tip: &Tip, clock: &PageClock) -> Vec<Self> {
        let view = |note: &crate::desk::view::EnduserNote| Self {
            who: note.who.clone(),
            by_staff: note.by_staff,
            at: clock.moment(note.at),
            words: note.words.reveal().to_owned(),
        };
        tip.enduser_notes.iter().map(view).collect()
    }
}

impl FeedbackView {
    /// All of a tip, oldest first.
    pub(super) fn all(tip: &Tip, clock: &PageClock) -> Vec<Self> {
        let view = |one: &crate::desk::view::Feedback| Self {
            who: one.who.clone(),
            did: phrases::did(one.did),
            at: clock.moment(one.at),
            words: one.words.reveal().to_owned(),
        };
        tip.feedback.iter().map(view).collect()
    }
}

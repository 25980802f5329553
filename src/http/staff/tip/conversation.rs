//! The conversation as the page shows it: messages and staff notes in the order of time, each clearly one or the other.
//!
//! The reporter's words are shown unchanged and never mixed with what staff made of them (R53).

use super::files::FileView;
use crate::desk::view::{Author, Message, Note, Tip};
use crate::http::staff::moment::{Moment, PageClock};
use crate::http::staff::phrases;
use crate::store::rows::NoteKind;

/// One entry.
pub(in crate::http::staff) struct Entry {
    /// `reporter`, `staff`, `system` or `note`: how it looks.
    pub(in crate::http::staff) look: &'static str,
    pub(in crate::http::staff) who: String,
    /// Channel, or "only staff see this".
    pub(in crate::http::staff) by: &'static str,
    pub(in crate::http::staff) at: Moment,
    pub(in crate::http::staff) words: String,
    pub(in crate::http::staff) attachments: Vec<FileView>,
    /// What it is, when it is not a person's words, or not all of them.
    pub(in crate::http::staff) hint: &'static str,
    /// "3 more pictures …"; empty when nothing was dropped.
    pub(in crate::http::staff) dropped: String,
    /// Where an answer stands; empty for what came in.
    pub(in crate::http::staff) delivery: String,
    pub(in crate::http::staff) failed: bool,
}

/// The assessment that counts, and how many there were before it.
pub(in crate::http::staff) struct Assessment {
    pub(in crate::http::staff) who: String,
    pub(in crate::http::staff) at: Moment,
    pub(in crate::http::staff) words: String,
}

/// All messages and notes, oldest first.
pub(in crate::http::staff) fn entries(tip: &Tip, clock: &PageClock) -> Vec<Entry> {
    let messages = tip.messages.iter().map(|message| (message.at, of_message(message, &tip.alias, clock)));
    let notes = tip.notes.iter().filter(|note| note.kind == NoteKind::Note).map(|note| (note.at, of_note(note, clock)));
    let mut all: Vec<_> = messages.chain(notes).collect();
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, entry)| entry).collect()
}

/// The assessments, newest first.
pub(in crate::http::staff) fn assessments(tip: &Tip, clock: &PageClock) -> Vec<Assessment> {
    let all = tip.notes.iter().rev().filter(|note| note.kind == NoteKind::Assessment);
    all.map(|note| Assessment { who: note.author.clone(), at: clock.moment(note.at), words: note.words.reveal().to_owned() }).collect()
}

fn of_message(message: &Message, alias: &str, clock: &PageClock) -> Entry {
    let (look, who) = match &message.author {
        Author::Reporter => ("reporter", alias.to_owned()),
        Author::Staff(name) => ("staff", name.clone()),
        Author::System => ("system", "Automatic answer".to_owned()),
    };
    let (delivery, failed) = message.delivery.as_ref().map(|delivery| phrases::delivery(delivery, clock)).unwrap_or_default();
    Entry {
        look,
        who,
        by: phrases::channel(message.channel),
        at: clock.moment(message.at),
        words: message.words.reveal().to_owned(),
        hint: if message.missing { "A part of this text has not come yet" } else { phrases::nature(message.nature) },
        attachments: message.attachments.iter().map(FileView::new).collect(),
        dropped: dropped(message.media_dropped),
        delivery,
        failed,
    }
}

fn dropped(count: u32) -> String {
    match count {
        0 => String::new(),
        1 => "1 more file was sent than can be taken.".to_owned(),
        more => format!("{more} more files were sent than can be taken."),
    }
}

fn of_note(note: &Note, clock: &PageClock) -> Entry {
    Entry {
        look: "note",
        who: note.author.clone(),
        by: "only staff see this",
        at: clock.moment(note.at),
        words: note.words.reveal().to_owned(),
        hint: "",
        attachments: Vec::new(),
        dropped: String::new(),
        delivery: String::new(),
        failed: false,
    }
}

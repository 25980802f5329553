//! What endusers hear and read: free of content about the tip (R6, R18), with a reference and where to turn to.
//!
//! Offices have student workers and answering machines have loudspeakers: nothing but "there is a report", the
//! organization's own name, the reference, and how to confirm. These functions take no tip, so they cannot leak one; the one exception is
//! the analyst's summary in a mail to an organization that has accepted it in writing. What a call says is `voice::phrases`'.

mod mail;
mod preview;
mod text;

pub use mail::{MAIL_LINE, MailFacts, mail};
pub use preview::{Preview, preview};
pub use text::{TextFacts, text};

use super::purpose::PageReason;
use crate::language::Language;
use crate::level::Level;

/// What is said in the name of the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voice {
    /// The line's spoken name, "Safe2Help Illinois".
    pub line_name: String,
    /// The number to call back, as spoken: digits in groups.
    pub call_back: String,
}

/// One sentence in English, Spanish and Arabic.
type Phrase = [&'static str; 3];

/// The words in this language.
const fn of(phrase: Phrase, language: Language) -> &'static str {
    let [english, spanish, arabic] = phrase;
    match language {
        Language::En => english,
        Language::Es => spanish,
        Language::Ar => arabic,
    }
}

/// Why the line's own supervisor is paged, as it stands after "the line's name and a colon". Nothing about the tip.
pub const fn page_reason(reason: PageReason, language: Language) -> &'static str {
    let phrase: Phrase = match reason {
        PageReason::Unsorted => {
            ["a report waits that nobody has sorted", "hay un aviso que nadie ha clasificado", "بلاغ ينتظر ولم يصنفه أحد"]
        }
        PageReason::NotDispatched => [
            "an urgent report waits that nobody was told of",
            "hay un aviso urgente que no se ha comunicado a nadie",
            "بلاغ عاجل لم يبلغ به أحد",
        ],
        PageReason::InDanger => [
            "an urgent report may not reach everybody in time",
            "un aviso urgente puede no llegar a todos a tiempo",
            "بلاغ عاجل قد لا يصل إلى الجميع في الوقت",
        ],
        PageReason::FollowUp => [
            "the follow-up call to police was not noted",
            "no consta la llamada de seguimiento a la policia",
            "لم تسجل مكالمة المتابعة مع الشرطة",
        ],
    };
    of(phrase, language)
}

/// Whether a level is spoken of as urgent.
pub(crate) const fn is_urgent(level: Level) -> bool {
    match level {
        Level::Critical => true,
        Level::Standard | Level::Other => false,
    }
}

/// The text with its places filled, in one pass, so that a name which looks like a place stays a name.
pub(crate) fn filled(template: &str, places: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(template.len() + 128);
    let mut rest = template;
    while let Some((before, from)) = rest.find('{').map(|at| rest.split_at(at)) {
        out.push_str(before);
        match places.iter().find_map(|(place, value)| from.strip_prefix(place).map(|after| (value, after))) {
            Some((value, after)) => {
                out.push_str(value);
                rest = after;
            }
            None => {
                out.push('{');
                rest = &from[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

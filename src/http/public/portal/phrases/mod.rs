//! The words of the portal's pages, in the enduser's language.
//!
//! What the directory and the catalogue call things (roles, organizations, types) is shown as it is written there.

mod ar;
mod en;
mod es;

use crate::store::endusers::Did;
use domain::dispatch::evidence::ConfirmedBy;
use domain::language::Language;
use domain::level::Level;

/// One sentence with a place in it.
pub(super) type With = fn(&str) -> String;

/// All words of one language.
pub(in crate::http) struct Phrases {
    pub(super) skip: &'static str,
    pub(super) reports: &'static str,
    pub(super) pin: &'static str,
    pub(super) logout: &'static str,
    pub(super) logout_everywhere: &'static str,
    pub(super) languages: &'static str,
    pub(super) login: Login,
    pub(super) list: List,
    pub(super) tip: Tip,
    pub(super) pins: Pins,
    pub(super) trouble: Trouble,
    pub(super) level: fn(Level) -> &'static str,
    pub(super) did: fn(Did) -> &'static str,
    pub(super) by: fn(ConfirmedBy) -> &'static str,
}

/// Logging in.
pub(super) struct Login {
    pub(super) title: &'static str,
    pub(super) lead: With,
    pub(super) address: &'static str,
    pub(super) address_hint: &'static str,
    pub(super) send: &'static str,
    pub(super) unlisted: With,
    pub(super) code_title: &'static str,
    pub(super) code_lead: With,
    pub(super) code: &'static str,
    pub(super) enter: &'static str,
    pub(super) nothing_came: &'static str,
    pub(super) again: &'static str,
    pub(super) wrong: &'static str,
    pub(super) busy: &'static str,
    pub(super) ended: &'static str,
    pub(super) out: &'static str,
}

/// The list.
pub(super) struct List {
    pub(super) title: &'static str,
    pub(super) empty: &'static str,
    pub(super) new: &'static str,
    pub(super) asked: &'static str,
    pub(super) closed: &'static str,
    pub(super) told: With,
    pub(super) nobody: &'static str,
    pub(super) confirmed: fn(&str, &str) -> String,
    pub(super) drills: &'static str,
    pub(super) drills_lead: &'static str,
    pub(super) older: &'static str,
    pub(super) newer: &'static str,
    pub(super) find: &'static str,
    pub(super) find_button: &'static str,
}

/// One report.
pub(super) struct Tip {
    pub(super) title: With,
    pub(super) drill: &'static str,
    pub(super) closed: &'static str,
    pub(super) back: &'static str,
    pub(super) level: &'static str,
    pub(super) types: &'static str,
    pub(super) school: &'static str,
    pub(super) received: &'static str,
    pub(super) told_at: &'static str,
    pub(super) asked: &'static str,
    pub(super) confirm: &'static str,
    pub(super) confirm_means: &'static str,
    pub(super) confirmed: With,
    pub(super) not_asked: &'static str,
    pub(super) act_critical: &'static str,
    pub(super) act_standard: &'static str,
    pub(super) act_other: &'static str,
    pub(super) in_progress: &'static str,
    pub(super) out_of_session: &'static str,
    pub(super) safety_issue: &'static str,
    pub(super) possible_crime: &'static str,
    pub(super) act_drill: &'static str,
    pub(super) what_to_do: &'static str,
    pub(super) summary: &'static str,
    pub(super) words: &'static str,
    pub(super) words_lead: &'static str,
    pub(super) no_words: &'static str,
    pub(super) piece_missing: &'static str,
    pub(super) picture: &'static str,
    pub(super) recording: &'static str,
    pub(super) file_coming: &'static str,
    pub(super) file_not_shown: &'static str,
    pub(super) told: &'static str,
    pub(super) person: &'static str,
    pub(super) receipt: &'static str,
    pub(super) not_yet: &'static str,
    pub(super) notes: &'static str,
    pub(super) notes_lead: &'static str,
    pub(super) no_notes: &'static str,
    pub(super) you: &'static str,
    pub(super) analyst: &'static str,
    pub(super) note: &'static str,
    pub(super) note_send: &'static str,
    pub(super) feedback: &'static str,
    pub(super) feedback_lead: &'static str,
    pub(super) feedback_asked: &'static str,
    pub(super) feedback_what: &'static str,
    pub(super) feedback_words: &'static str,
    pub(super) feedback_send: &'static str,
    pub(super) feedback_kept: With,
    pub(super) empty: &'static str,
    pub(super) no_choice: &'static str,
    pub(super) too_long: fn(usize, usize) -> String,
    pub(super) too_many: &'static str,
    pub(super) nothing_to_confirm: &'static str,
}

/// The PIN's page.
pub(super) struct Pins {
    pub(super) title: &'static str,
    pub(super) lead: &'static str,
    pub(super) none: &'static str,
    pub(super) since: With,
    pub(super) draw: &'static str,
    pub(super) yours: &'static str,
    pub(super) once: &'static str,
}

/// What goes wrong.
pub(super) struct Trouble {
    pub(super) not_here: &'static str,
    pub(super) not_here_help: &'static str,
    pub(super) foreign: &'static str,
    pub(super) foreign_help: &'static str,
    pub(super) unavailable: &'static str,
    pub(super) unavailable_help: &'static str,
    pub(super) too_large: &'static str,
    pub(super) too_large_help: &'static str,
    pub(super) kept: &'static str,
}

/// A language's name in itself.
pub(super) const fn own_name(language: Language) -> &'static str {
    match language {
        Language::En => "English",
        Language::Es => "Español",
        Language::Ar => "العربية",
    }
}

/// The words of a language.
pub(super) const fn of(language: Language) -> &'static Phrases {
    match language {
        Language::En => &en::PHRASES,
        Language::Es => &es::PHRASES,
        Language::Ar => &ar::PHRASES,
    }
}

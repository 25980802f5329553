//! Every word of the reporter's pages, in each language: a table with a field for each, so that a missing translation does not compile.
//!
//! Short, plain, kind; no exclamation marks; a reading age of twelve. Nothing here promises that nobody could find out who wrote:
//! what is known of a visit comes from the domain, in the words of [`privacy_words`](domain::conversation::first_words::privacy_words).

mod ar;
mod en;
mod es;

use domain::channel::Channel;
use domain::language::Language;

/// The words in one language.
pub(crate) struct Phrases {
    pub(crate) frame: FrameWords,
    pub(crate) home: HomeWords,
    pub(crate) write: WriteWords,
    pub(crate) pictures: PictureWords,
    pub(crate) done: DoneWords,
    pub(crate) visit: VisitWords,
    pub(crate) help: HelpWords,
    pub(crate) trouble: TroubleWords,
}

/// What stands on every page.
pub(crate) struct FrameWords {
    pub(crate) skip: &'static str,
    pub(crate) leave: &'static str,
    pub(crate) leave_hint: &'static str,
    pub(crate) languages: &'static str,
    pub(crate) pages: &'static str,
    pub(crate) home: &'static str,
    pub(crate) write: &'static str,
    pub(crate) chat: &'static str,
    pub(crate) come_back: &'static str,
    pub(crate) help: &'static str,
    pub(crate) danger: &'static str,
    pub(crate) call_911: &'static str,
    pub(crate) talk: &'static str,
    pub(crate) call_988: &'static str,
    pub(crate) text_988: &'static str,
}

/// The home page.
pub(crate) struct HomeWords {
    pub(crate) title: &'static str,
    pub(crate) lead: &'static str,
    pub(crate) write_hint: &'static str,
    pub(crate) chat_hint: &'static str,
    pub(crate) text: fn(&str) -> String,
    pub(crate) text_hint: &'static str,
    pub(crate) call: fn(&str) -> String,
    pub(crate) call_hint: &'static str,
    pub(crate) other_ways: &'static str,
    pub(crate) come_back_hint: &'static str,
    pub(crate) help_hint: &'static str,
    pub(crate) now: &'static str,
    pub(crate) hint_911: &'static str,
    pub(crate) hint_988: &'static str,
}

/// The form.
pub(crate) struct WriteWords {
    pub(crate) title: &'static str,
    pub(crate) lead: &'static str,
    pub(crate) what: &'static str,
    pub(crate) what_hint: &'static str,
    pub(crate) optional: &'static str,
    pub(crate) rest: &'static str,
    pub(crate) place: &'static str,
    pub(crate) place_hint: &'static str,
    pub(crate) find: &'static str,
    pub(crate) found: &'static str,
    pub(crate) found_many: &'static str,
    pub(crate) found_none: &'static str,
    pub(crate) not_listed: &'static str,
    pub(crate) county: &'static str,
    pub(crate) county_hint: &'static str,
    pub(crate) county_none: &'static str,
    pub(crate) who: &'static str,
    pub(crate) who_hint: &'static str,
    pub(crate) when: &'static str,
    pub(crate) when_hint: &'static str,
    pub(crate) now: &'static str,
    pub(crate) yes: &'static str,
    pub(crate) no: &'static str,
    pub(crate) unsure: &'static str,
    pub(crate) now_hint: &'static str,
    pub(crate) send: &'static str,
    pub(crate) sending: &'static str,
    pub(crate) empty: &'static str,
    pub(crate) cut: &'static str,
    /// Labels of the lines under the reporter's text, in the record.
    pub(crate) line_place: &'static str,
    pub(crate) line_county: &'static str,
    pub(crate) line_who: &'static str,
    pub(crate) line_when: &'static str,
    pub(crate) line_now: &'static str,
}

/// Pictures, and why one was left out; each is told with its name.
pub(crate) struct PictureWords {
    pub(crate) label: &'static str,
    pub(crate) hint: &'static str,
    pub(crate) again: &'static str,
    pub(crate) nameless: &'static str,
    pub(crate) too_large: fn(&str) -> String,
    pub(crate) too_many: fn(&str) -> String,
    pub(crate) no_picture: fn(&str) -> String,
    pub(crate) no_room: fn(&str) -> String,
    pub(crate) broken_off: fn(&str) -> String,
    pub(crate) words_kept: &'static str,
}

/// After sending.
pub(crate) struct DoneWords {
    pub(crate) title: &'static str,
    pub(crate) lead: &'static str,
    pub(crate) code: &'static str,
    pub(crate) code_hint: &'static str,
    pub(crate) copy: &'static str,
    pub(crate) copied: &'static str,
    pub(crate) print: &'static str,
    pub(crate) next: &'static str,
    pub(crate) next_read: &'static str,
    pub(crate) next_tell: &'static str,
    pub(crate) next_answer: &'static str,
    pub(crate) look: &'static str,
    pub(crate) promise: &'static str,
    pub(crate) promise_staff: &'static str,
    pub(crate) device: &'static str,
    pub(crate) spooled: &'static str,
}

/// Coming back.
pub(crate) struct VisitWords {
    pub(crate) title: &'static str,
    pub(crate) lead: &'static str,
    pub(crate) code: &'static str,
    pub(crate) code_hint: &'static str,
    pub(crate) open: &'static str,
    pub(crate) lost: &'static str,
    pub(crate) wrong: &'static str,
    pub(crate) wrong_help: &'static str,
    pub(crate) many: &'static str,
    pub(crate) many_help: &'static str,
    pub(crate) expired: &'static str,
    pub(crate) kept_words: &'static str,
    pub(crate) talk_title: &'static str,
    pub(crate) you: &'static str,
    pub(crate) us: &'static str,
    pub(crate) program: &'static str,
    pub(crate) read: &'static str,
    pub(crate) unread: &'static str,
    pub(crate) code_place: &'static str,
    pub(crate) no_words: &'static str,
    pub(crate) picture_one: &'static str,
    pub(crate) picture_many: fn(usize) -> String,
    pub(crate) picture_lost: &'static str,
    pub(crate) earlier: &'static str,
    pub(crate) no_answer: &'static str,
    pub(crate) waiting: &'static str,
    pub(crate) sent: &'static str,
    pub(crate) answer: &'static str,
    pub(crate) send: &'static str,
    pub(crate) renew: &'static str,
    pub(crate) close: &'static str,
    pub(crate) live: &'static str,
    pub(crate) channel: fn(Channel) -> &'static str,
}

/// The numbers.
pub(crate) struct HelpWords {
    pub(crate) title: &'static str,
    pub(crate) lead: &'static str,
    pub(crate) search: &'static str,
    pub(crate) search_hint: &'static str,
    pub(crate) find: &'static str,
    pub(crate) all: &'static str,
    pub(crate) in_county: fn(&str) -> String,
    pub(crate) nothing: fn(&str) -> String,
    pub(crate) line: &'static str,
    pub(crate) page: &'static str,
    pub(crate) everywhere: &'static str,
}

/// When something does not work.
pub(crate) struct TroubleWords {
    pub(crate) not_kept: &'static str,
    pub(crate) not_kept_help: &'static str,
    pub(crate) not_opened: &'static str,
    pub(crate) not_opened_help: &'static str,
    pub(crate) no_page: &'static str,
    pub(crate) no_page_help: &'static str,
}

/// The words in a language.
pub(crate) const fn of(language: Language) -> &'static Phrases {
    match language {
        Language::En => &en::WORDS,
        Language::Es => &es::WORDS,
        Language::Ar => &ar::WORDS,
    }
}

/// A language's own name, for choosing it.
pub(crate) const fn own_name(language: Language) -> &'static str {
    match language {
        Language::En => "English",
        Language::Es => "Español",
        Language::Ar => "العربية",
    }
}

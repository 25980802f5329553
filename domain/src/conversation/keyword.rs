//! STOP, HELP, START and WEB as whole messages (R69, R71), in English, Spanish and Arabic.
//!
//! Only a message that is nothing but the keyword counts: "stop bullying me" is a tip. Every message is stored all the same,
//! keyword or not, and HELP opens a conversation like any other. YES (sí, نعم) may answer an analyst's question, so it
//! means START only where the way back is closed.

use super::letters::{even, is_mark};

/// What a message that is nothing but a keyword asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Keyword {
    /// No more answers: the way back is closed.
    Stop,
    /// Who is this, and what can I do here?
    Help,
    /// Answers again.
    Start,
    /// How to go on on the web.
    Web,
}

/// No keyword is longer than this, in characters, marks around it not counted.
const LONGEST: usize = 24;

/// What is written around it at most; a longer text is no keyword however it is trimmed.
const LONGEST_MESSAGE: usize = 160;

/// Written as [`plain`] leaves them: lower case, no accents, hamza and the Arabic feminine ending made even.
/// The English ones are those that carriers act on themselves (carriers.md 1.6).
const STOP: [&str; 27] = [
    "stop",
    "stopall",
    "stop all",
    "unsubscribe",
    "end",
    "quit",
    "revoke",
    "optout",
    "opt out",
    "cancel",
    "alto",
    "parar",
    "pare",
    "detener",
    "baja",
    "darme de baja",
    "cancelar",
    "fin",
    "terminar",
    "توقف",
    "ايقاف",
    "اوقف",
    "قف",
    "الغاء",
    "الغ",
    "الغاء الاشتراك",
    "انهاء",
];
const HELP: [&str; 9] = ["help", "info", "ayuda", "informacion", "مساعده", "المساعده", "معلومات", "استفسار", "تعليمات"];
const START: [&str; 11] = ["start", "unstop", "resume", "empezar", "iniciar", "comenzar", "reanudar", "ابدا", "بدء", "استئناف", "اشتراك"];
const YES: [&str; 3] = ["yes", "si", "نعم"];
const WEB: [&str; 8] = ["web", "website", "sitio web", "pagina web", "ويب", "الويب", "رابط", "الرابط"];

impl Keyword {
    /// The keyword that this message is, if it is nothing else. `opted_out` is whether the reporter's way back is closed.
    ///
    /// Forgives case, accents, spaces, and punctuation, quotes and emoji around it.
    pub fn of(words: &str, opted_out: bool) -> Option<Self> {
        let said = plain(words)?;
        let is = |list: &[&str]| list.contains(&said.as_str());
        if is(&STOP) {
            Some(Keyword::Stop)
        } else if is(&HELP) {
            Some(Keyword::Help)
        } else if is(&START) || opted_out && is(&YES) {
            Some(Keyword::Start)
        } else if is(&WEB) {
            Some(Keyword::Web)
        } else {
            None
        }
    }
}

/// The message without what stands around it, in the form of the lists; `None` when it is too long to be a keyword, or empty.
fn plain(words: &str) -> Option<String> {
    if words.chars().nth(LONGEST_MESSAGE).is_some() {
        return None;
    }
    let mut plain = String::with_capacity(LONGEST * 2);
    let mut gap = false;
    for c in words.trim_matches(|c: char| !c.is_alphanumeric()).chars().flat_map(char::to_lowercase).filter(|c| !is_mark(*c)) {
        if c.is_whitespace() || matches!(c, '-' | '_' | '\u{2010}'..='\u{2015}') {
            gap = true;
            continue;
        }
        if gap && !plain.is_empty() {
            plain.push(' ');
        }
        gap = false;
        plain.push(even(c));
    }
    (!plain.is_empty() && plain.chars().count() <= LONGEST).then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Keyword::{Help, Start, Stop, Web};

    #[test]
    fn whole_messages_only() {
        let table = [
            // What carriers themselves take for an opt-out.
            ("STOP", Some(Stop)),
            ("stop", Some(Stop)),
            ("Stop.", Some(Stop)),
            ("  STOP  \r\n", Some(Stop)),
            ("\"stop\"", Some(Stop)),
            ("“Stop!!!”", Some(Stop)),
            ("STOP 🛑", Some(Stop)),
            ("\u{200F}STOP\u{FE0F}", Some(Stop)),
            ("UNSUBSCRIBE", Some(Stop)),
            ("End", Some(Stop)),
            ("quit", Some(Stop)),
            ("STOPALL", Some(Stop)),
            ("stop all", Some(Stop)),
            ("Stop\u{A0}-  all", Some(Stop)),
            ("REVOKE", Some(Stop)),
            ("OptOut", Some(Stop)),
            ("opt-out", Some(Stop)),
            ("cancel", Some(Stop)),
            ("ALTO", Some(Stop)),
            ("¡Parar!", Some(Stop)),
            ("baja", Some(Stop)),
            ("Cancelar", Some(Stop)),
            ("fin", Some(Stop)),
            ("توقف", Some(Stop)),
            ("إيقاف", Some(Stop)),
            ("ايقاف", Some(Stop)),
            ("إلغاء", Some(Stop)),
            ("الغاء", Some(Stop)),
            ("إلغاء الاشتراك.", Some(Stop)),
            ("تَوَقَّف", Some(Stop)),
            ("توقـــف", Some(Stop)),
            ("HELP", Some(Help)),
            ("help?", Some(Help)),
            ("Info", Some(Help)),
            ("¡AYUDA!", Some(Help)),
            ("Información", Some(Help)),
            ("informacio\u{301}n", Some(Help)),
            ("مساعدة", Some(Help)),
            ("مساعده؟", Some(Help)),
            ("START", Some(Start)),
            ("unstop", Some(Start)),
            ("empezar", Some(Start)),
            ("Iniciar", Some(Start)),
            ("ابدأ", Some(Start)),
            ("إبدأ", Some(Start)),
            ("web", Some(Web)),
            ("WEB.", Some(Web)),
            ("Sitio web", Some(Web)),
            ("ويب", Some(Web)),
            // Tips that only begin with one, or hold one.
            ("stop bullying me", None),
            ("Stop it", None),
            ("please stop", None),
            ("make it stop", None),
            ("enough", None),
            ("كفى", None),
            ("ya basta", None),
            ("STOP STOP STOP", None),
            ("don't stop", None),
            ("he won't stop.", None),
            ("help me please", None),
            ("help me", None),
            ("I need help", None),
            ("start of the lunch break", None),
            ("the end", None),
            ("end of the hall", None),
            ("quitting", None),
            ("stopp", None),
            ("cancel my tip, it was a joke", None),
            ("alto y delgado", None),
            ("ayúdenme por favor", None),
            ("ayuda por favor", None),
            ("fin de semana", None),
            ("ساعدوني من فضلك", None),
            ("توقف عن مضايقتي", None),
            ("web cam in the locker room", None),
            ("s t o p", None),
            ("1", None),
            ("", None),
            ("   ", None),
            ("🛑", None),
            ("?", None),
        ];
        for (words, expected) in table {
            assert_eq!(Keyword::of(words, false), expected, "{words:?}");
            assert_eq!(Keyword::of(words, true), expected, "{words:?}, opted out");
        }
    }

    #[test]
    fn yes_is_an_answer_until_the_way_back_is_closed() {
        for yes in ["YES", "yes!", "Sí", "si", "نعم"] {
            assert_eq!(Keyword::of(yes, false), None, "{yes}");
            assert_eq!(Keyword::of(yes, true), Some(Start), "{yes}");
        }
        for more in ["yes he is", "yes please", "no", "y"] {
            assert_eq!(Keyword::of(more, true), None, "{more}");
        }
    }

    #[test]
    fn the_lists_are_written_as_they_are_looked_up_and_share_nothing() {
        let all: Vec<&str> = [&STOP[..], &HELP, &START, &YES, &WEB].concat();
        for word in &all {
            assert_eq!(plain(word).as_deref(), Some(*word));
            assert_eq!(all.iter().filter(|other| *other == word).count(), 1, "{word}");
        }
    }

    #[test]
    fn nothing_written_breaks_it() {
        let mut rng = fastrand::Rng::with_seed(71);
        for _ in 0..20_000 {
            let text: String = (0..rng.usize(..40)).map(|_| char::from_u32(rng.u32(..0x11_0000)).unwrap_or(' ')).collect();
            Keyword::of(&text, rng.bool());
        }
        assert_eq!(Keyword::of(&"stop ".repeat(1_000_000), false), None);
        assert_eq!(Keyword::of(&format!("stop{}", " ".repeat(1_000_000)), false), None);
    }
}

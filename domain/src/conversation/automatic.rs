//! What the program says by itself besides the first words: the answers to HELP, STOP, START and WEB (R69, R71).
//!
//! Each fits two SMS segments with a line's name of 24 and a site of 32 characters ([`LONGEST_NAME`], [`LONGEST_SITE`]); longer ones
//! cost a segment more, nothing worse. The answer to WEB keeps [`CODE_PLACE`] instead of the
//! code, as the first words do, so that no page shows it.

use super::first_words::CODE_PLACE;
use super::knows::{Knows, What};
use super::privacy::{Room, told};
use crate::language::Language;
use crate::sealed::Words;

/// The longest name of a line for which every text fits two segments, in characters.
pub const LONGEST_NAME: usize = 24;
/// The longest origin of the reporter's site for which every text fits two segments, in characters.
pub const LONGEST_SITE: usize = 32;

/// Which of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Automatic {
    /// The answer to HELP: who we are, 911, 988, what is known of the reporter, STOP.
    Help,
    /// The one confirmation after STOP.
    Stopped,
    /// The confirmation after START.
    Started,
    /// The answer to WEB: where to go on, and the code.
    Web,
}

impl Automatic {
    /// Every one.
    pub const ALL: [Automatic; 4] = [Automatic::Help, Automatic::Stopped, Automatic::Started, Automatic::Web];
}

/// The text. `site` is the public origin without a slash at its end, such as `https://tips.example.org`; `knows` is what the adapter
/// declares of the way that the text goes out by.
pub fn automatic(kind: Automatic, knows: Knows, language: Language, line_name: &str, site: &str) -> Words {
    Words::new(match language {
        Language::En => english(kind, knows, line_name, site),
        Language::Es => spanish(kind, knows, line_name, site),
        Language::Ar => arabic(kind, knows, line_name, site),
    })
}

fn english(kind: Automatic, knows: Knows, line_name: &str, site: &str) -> String {
    let here = match knows.what {
        What::Number => "this number",
        What::Account => "this account",
        What::Address => "this address",
        What::Visit => "this page",
    };
    match kind {
        Automatic::Help => {
            let privacy = told(knows, Language::En, Room::Text);
            format!(
                "{line_name}: a person reads what you write. In danger now? Call 911. To talk, call or text 988. {privacy} STOP ends our answers."
            )
        }
        Automatic::Stopped => format!(
            "{line_name} will not write to {here} any more. You can still write to us, and read our answers at {site}/return with your code. \
             START: we answer here again. In danger now? Call 911. To talk: 988."
        ),
        Automatic::Started => format!(
            "{line_name} can answer you here again. In danger now? Call 911. To talk with someone, call or text 988. STOP ends our answers."
        ),
        Automatic::Web => format!(
            "To go on on the web, also with pictures, open {site}/return and enter your code {CODE_PLACE}. \
             The network you are in may see the visit. In danger now? Call 911."
        ),
    }
}

fn spanish(kind: Automatic, knows: Knows, line_name: &str, site: &str) -> String {
    // Without á, í, ó and ú, which are not in GSM-7: "teléfono" and not "número".
    let here = match knows.what {
        What::Number => "este teléfono",
        What::Account => "esta cuenta",
        What::Address => "esta dirección",
        What::Visit => "esta página",
    };
    match kind {
        Automatic::Help => {
            let privacy = told(knows, Language::Es, Room::Text);
            format!(
                "{line_name}: una persona lee lo que escribes. ¿Hay peligro? Llama al 911. Para hablar: 988. {privacy} STOP: no te escribimos."
            )
        }
        Automatic::Stopped => format!(
            "{line_name} ya no escribe a {here}. Puedes seguir escribiendo y leer las respuestas en {site}/return con tu clave. \
             START: te respondemos de nuevo. ¿Hay peligro? Llama al 911. Para hablar: 988."
        ),
        Automatic::Started => format!(
            "{line_name} puede responderte de nuevo. ¿Hay peligro? Llama al 911. Para hablar con alguien, llama o escribe al 988. \
             STOP: no te escribimos."
        ),
        Automatic::Web => format!(
            "Para seguir en la web, con fotos si quieres, abre {site}/return y escribe tu clave {CODE_PLACE}. La red en la que entres puede ver \
             la visita. ¿Hay peligro? Llama al 911."
        ),
    }
}

fn arabic(kind: Automatic, knows: Knows, line_name: &str, site: &str) -> String {
    match kind {
        Automatic::Help => {
            let privacy = told(knows, Language::Ar, Room::Text);
            format!("{line_name}: خطر؟ 911. للحديث 988. {privacy} STOP لإيقاف الردود.")
        }
        Automatic::Stopped => {
            format!("{line_name}: لن نرد هنا. اكتب متى شئت والرد في {site}/return برمزك. START للعودة. خطر؟ 911، 988")
        }
        Automatic::Started => format!("يمكن أن ترد عليك {line_name} هنا من جديد. في خطر؟ 911. للحديث 988. STOP لإيقاف الردود."),
        Automatic::Web => format!("أكمل على الويب مع الصور: {site}/return ورمزك {CODE_PLACE} وقد ترى الشبكة زيارتك. خطر؟ 911"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::code::ReturnCode;
    use super::super::first_words::with_code;
    use super::super::fits::too_long;
    use super::*;

    const SITE: &str = "https://safety-tips.example.org:8";
    const NAME: &str = "Safe2Help Line of Delta.";

    fn filled(kind: Automatic, knows: Knows, language: Language) -> String {
        let code = ReturnCode::parse("4821 0937 5526 1840").expect("good");
        with_code(&automatic(kind, knows, language, NAME, &SITE[..LONGEST_SITE]), &code).reveal().to_owned()
    }

    #[test]
    fn each_fits_two_segments() {
        assert_eq!(NAME.len(), LONGEST_NAME);
        for kind in Automatic::ALL {
            for language in Language::ALL {
                for knows in [Knows::PHONE, Knows { kept_sealed: false, ..Knows::PHONE }] {
                    assert_eq!(too_long(&filled(kind, knows, language)), None, "{kind:?} {language:?}");
                }
            }
        }
    }

    #[test]
    fn each_says_what_it_must_and_promises_nothing() {
        for knows in [Knows::PHONE, Knows::APP, Knows::MAIL, Knows::VISIT] {
            for language in Language::ALL {
                for kind in Automatic::ALL {
                    let text = filled(kind, knows, language);
                    let shown = format!("{kind:?} {language:?}: {text}");
                    let court = ["court order", "juez", "القضاء"].iter().any(|word| text.contains(word));
                    let needed: &[&str] = match kind {
                        Automatic::Help => &[NAME, "911", "988", "STOP"],
                        Automatic::Stopped => &[NAME, "911", "988", "START", "/return"],
                        Automatic::Started => &[NAME, "911", "988", "STOP"],
                        Automatic::Web => &["911", "/return", "4821"],
                    };
                    assert!(needed.iter().all(|word| text.contains(word)), "{shown}");
                    assert_eq!(court, kind == Automatic::Help, "{shown}");
                    let lower = text.to_lowercase();
                    assert!(!["anonym", "anónim", "مجهول"].iter().any(|word| lower.contains(word)), "{shown}");
                    assert!(!text.contains('{') && !text.contains("  "), "{shown}");
                }
            }
        }
    }

    #[test]
    fn only_the_answer_to_web_holds_the_place_of_the_code() {
        for kind in Automatic::ALL {
            for language in Language::ALL {
                let stored = automatic(kind, Knows::PHONE, language, "the line", "https://tips.example.org");
                assert_eq!(stored.reveal().contains(CODE_PLACE), kind == Automatic::Web, "{kind:?} {language:?}");
            }
        }
    }
}

//! The first automatic answer (R67): true for its channel, names 911 and 988, never the word "anonymous", and fits two SMS
//! segments. And the notice that is spoken before anything is recorded (R70).
//!
//! Put together from what the adapter declared ([`Knows`]), so that no text claims what was not declared. The stored text
//! keeps [`CODE_PLACE`] instead of the return code, so that no page and no database shows the code; the outbox fills it in at
//! the moment of sending. What is spoken holds no code at all: the call reads it out, slowly.

use super::code::ReturnCode;
use super::knows::{Knows, What};
use super::privacy::{Room, told};
use crate::channel::Channel;
use crate::language::Language;
use crate::sealed::Words;

/// Stands for the return code in a stored text.
pub const CODE_PLACE: &str = "{code}";

/// The first words for a channel and language, with [`CODE_PLACE`] where the code goes (on [`Channel::Voice`] there is none).
///
/// The text for [`Channel::Text`] fits two segments with a code of 19 characters: 306 septets in English and Spanish (which
/// therefore avoids á, í, ó and ú: they are not in GSM-7), 134 UTF-16 units in Arabic (carriers.md 1.7).
pub fn first_words(knows: Knows, channel: Channel, language: Language) -> Words {
    let ways = match channel {
        Channel::Voice => return Words::new(spoken_first_words(knows, language)),
        Channel::Text => Room::Text,
        Channel::Whatsapp | Channel::Messenger | Channel::Mail | Channel::Chat | Channel::Web => Room::Ample,
    };
    let privacy = told(knows, language, ways);
    let (begin, code) = match (language, ways) {
        (Language::En, Room::Text | Room::Ample) => (
            "We have your message; a person will read it. In danger now? Call 911. To talk with someone, call or text 988.",
            code_en(knows),
        ),
        (Language::Es, Room::Text) => (
            "Recibimos tu mensaje; una persona lo va a leer. ¿Hay peligro? Llama al 911. Para hablar, llama o escribe al 988.",
            code_es(knows),
        ),
        (Language::Es, Room::Ample) => (
            "Recibimos tu mensaje; una persona lo va a leer. ¿Hay peligro ahora? Llama al 911. Para hablar con alguien, llama o escribe al 988.",
            code_es(knows),
        ),
        (Language::Ar, Room::Text) => ("وصلتنا رسالتك. في خطر؟ 911. للحديث 988.", "رمزك:"),
        (Language::Ar, Room::Ample) => {
            ("وصلتنا رسالتك وسيقرؤها شخص. هل أنت في خطر الآن؟ اتصل بالرقم 911. للحديث مع أحد اتصل بالرقم 988 أو راسله.", code_ar(knows))
        }
    };
    Words::new(format!("{begin} {privacy} {code} {CODE_PLACE}"))
}

/// What a way in gives away, by itself: what is kept, who else has it, and that a court could reach it (R67). For pages, which show
/// the code and the numbers to call in places of their own.
pub fn privacy_words(knows: Knows, language: Language) -> String {
    told(knows, language, Room::Ample)
}

/// Where nobody was asked for an address, nothing but the code leads back.
fn code_en(knows: Knows) -> &'static str {
    match knows.what {
        What::Number | What::Account | What::Address => "To come back another way, keep this code:",
        What::Visit => "This code is your way back, so keep it:",
    }
}

fn code_es(knows: Knows) -> &'static str {
    match knows.what {
        What::Number | What::Account | What::Address => "Para volver por otro medio, guarda esta clave:",
        What::Visit => "Esta clave es tu forma de volver, guárdala:",
    }
}

fn code_ar(knows: Knows) -> &'static str {
    match knows.what {
        What::Number | What::Account | What::Address => "للعودة بطريقة أخرى احتفظ بهذا الرمز:",
        What::Visit => "هذا الرمز طريقك للعودة فاحتفظ به:",
    }
}

/// What is said after a recording. Numbers are spelled, or a voice says "nine hundred eleven".
fn spoken_first_words(knows: Knows, language: Language) -> String {
    let privacy = told(knows, language, Room::Ample);
    match language {
        Language::En => format!(
            "We have your message; a person will listen to it. If you are in danger now, hang up and call 9 1 1. \
             To talk with someone, call or text 9 8 8. {privacy}"
        ),
        Language::Es => format!(
            "Recibimos tu mensaje; una persona lo va a escuchar. Si hay peligro ahora, cuelga y llama al 9 1 1. \
             Para hablar con alguien, llama o escribe al 9 8 8. {privacy}"
        ),
        Language::Ar => format!(
            "وصلتنا رسالتك وسيستمع إليها شخص. إن كنت في خطر الآن فأغلق الخط واتصل بالرقم 9 1 1. \
             للحديث مع أحد اتصل بالرقم 9 8 8 أو راسله. {privacy}"
        ),
    }
}

/// What is said before anything is recorded: that it is recorded and kept, who hears it, what is known of the caller and by whom.
pub fn spoken_notice(knows: Knows, language: Language) -> String {
    let privacy = told(knows, language, Room::Ample);
    match language {
        Language::En => format!(
            "If anybody is in danger now, hang up and call 9 1 1. To talk with someone, call or text 9 8 8. \
             A message that you leave is recorded and kept; our staff listen to it, and a court order could reach it. \
             You need not say your name. {privacy}"
        ),
        Language::Es => format!(
            "Si alguien está en peligro ahora, cuelga y llama al 9 1 1. Para hablar con alguien, llama o escribe al 9 8 8. \
             El mensaje que dejes se graba y se guarda; nuestro personal lo escucha y un juez puede pedirlo. \
             No hace falta que digas tu nombre. {privacy}"
        ),
        Language::Ar => format!(
            "إن كان أحد في خطر الآن فأغلق الخط واتصل بالرقم 9 1 1. للحديث مع أحد اتصل بالرقم 9 8 8 أو راسله. \
             الرسالة التي تتركها تُسجَّل وتُحفظ؛ ويستمع إليها موظفونا وقد يطلبها القضاء. لا حاجة إلى ذكر اسمك. {privacy}"
        ),
    }
}

/// The text as the reporter gets it. In an Arabic sentence the groups of the code are held together, or they would be shown
/// from right to left.
pub fn with_code(stored: &Words, code: &ReturnCode) -> Words {
    let is_arabic = stored.reveal().chars().any(|c| ('\u{600}'..='\u{6FF}').contains(&c));
    let code = if is_arabic { code.grouped_in_arabic() } else { code.grouped() };
    Words::new(stored.reveal().replace(CODE_PLACE, &code))
}

#[cfg(test)]
mod tests {
    use super::super::fits::too_long;
    use super::*;

    fn knows(channel: Channel) -> Knows {
        match channel {
            Channel::Text | Channel::Voice => Knows::PHONE,
            Channel::Whatsapp | Channel::Messenger => Knows::APP,
            Channel::Mail => Knows::MAIL,
            Channel::Chat | Channel::Web => Knows::VISIT,
        }
    }

    fn code() -> ReturnCode {
        ReturnCode::parse("4821 0937 5526 1840").expect("good")
    }

    fn filled(channel: Channel, language: Language) -> String {
        with_code(&first_words(knows(channel), channel, language), &code()).reveal().to_owned()
    }

    #[test]
    fn a_text_fits_two_segments() {
        for language in Language::ALL {
            assert_eq!(too_long(&filled(Channel::Text, language)), None, "{language:?}");
            let unkept = Knows { kept_sealed: false, ..Knows::PHONE };
            assert_eq!(too_long(with_code(&first_words(unkept, Channel::Text, language), &code()).reveal()), None, "{language:?}");
        }
    }

    #[test]
    fn every_text_names_help_and_who_could_learn_it_and_promises_nothing_more() {
        let court = |language| match language {
            Language::En => "court order",
            Language::Es => "juez",
            Language::Ar => "القضاء",
        };
        for channel in Channel::ALL {
            for language in Language::ALL {
                let text = filled(channel, language);
                let spoken = channel == Channel::Voice;
                let help = if spoken { ["9 1 1", "9 8 8"] } else { ["911", "988"] };
                let room = if channel == Channel::Text { Room::Text } else { Room::Ample };
                for needed in [help[0], help[1], court(language), &told(knows(channel), language, room)] {
                    assert!(text.contains(needed), "{channel:?} {language:?}: {needed}");
                }
                promises_nothing(&text);
                let digits: String = text.rsplit(':').next().unwrap_or("").to_owned();
                assert_eq!(ReturnCode::parse(&digits), (!spoken).then(code), "{channel:?} {language:?}");
                assert!(!text.contains(CODE_PLACE) && !text.contains("  "), "{text}");
            }
        }
    }

    fn promises_nothing(text: &str) {
        let lower = text.to_lowercase();
        for promise in ["anonym", "anónim", "anonim", "مجهول"] {
            assert!(!lower.contains(promise), "promises {promise}: {text}");
        }
    }

    #[test]
    fn the_notice_before_a_recording_says_so_first_and_holds_no_code() {
        let recorded = ["recorded and kept", "se graba y se guarda", "تُسجَّل وتُحفظ"];
        for (language, recorded) in Language::ALL.into_iter().zip(recorded) {
            for knows in [Knows::PHONE, Knows { kept_sealed: false, ..Knows::PHONE }] {
                let notice = spoken_notice(knows, language);
                for needed in ["9 1 1", "9 8 8", recorded, &told(knows, language, Room::Ample)] {
                    assert!(notice.contains(needed), "{language:?}: {needed}");
                }
                promises_nothing(&notice);
                assert!(!notice.contains(CODE_PLACE) && !notice.contains("911") && !notice.contains("  "), "{notice}");
            }
        }
    }

    #[test]
    fn an_arabic_text_keeps_the_code_from_being_turned_round() {
        assert!(filled(Channel::Text, Language::Ar).ends_with("4821\u{A0}0937\u{A0}5526\u{A0}1840"));
        assert!(filled(Channel::Text, Language::En).ends_with(": 4821 0937 5526 1840"));
    }
}

//! The first automatic answer (R67): true for its channel, names 911 and 988, never the word "anonymous" on SMS, voice
//! or mail, and fits two SMS segments.
//!
//! The stored text keeps [`CODE_PLACE`] instead of the return code, so that no page and no database shows the code; the
//! outbox fills it in at the moment of sending.

use super::code::ReturnCode;
use super::knows::{Knows, What};
use crate::channel::Channel;
use crate::language::Language;
use crate::sealed::Words;

/// Stands for the return code in a stored text.
pub const CODE_PLACE: &str = "{code}";

/// What is true about a way in: who else than we could learn whom it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Texts: the phone company keeps the number.
    Text,
    /// WhatsApp, Messenger: the app's company keeps the account.
    App,
    /// Calls: as texts, but heard.
    Voice,
    /// Mail: the mail provider keeps the address.
    Mail,
    /// Our own chat and form: nobody gave us an address at all.
    Own,
}

fn class(knows: Knows, channel: Channel) -> Class {
    match (knows.what, channel) {
        (What::Number, Channel::Voice) => Class::Voice,
        (What::Number, _) => Class::Text,
        (What::Account, _) => Class::App,
        (What::Address, _) => Class::Mail,
        (What::Visit, _) => Class::Own,
    }
}

/// The first words for a channel and language, with [`CODE_PLACE`] where the code goes.
///
/// The text for [`Channel::Text`] fits two segments with a 13-character code: 306 septets in English and Spanish (which
/// therefore avoids á, í, ó and ú: they are not in GSM-7), 134 UTF-16 units in Arabic (carriers.md 1.7).
pub fn first_words(knows: Knows, channel: Channel, language: Language) -> Words {
    Words::new(match language {
        Language::En => english(class(knows, channel)),
        Language::Es => spanish(class(knows, channel)),
        Language::Ar => arabic(class(knows, channel)),
    })
}

fn english(class: Class) -> &'static str {
    match class {
        Class::Text => {
            "We have your message; a person will read it. In danger now? Call 911. To talk with someone, call or text 988. \
             Our staff do not see your number; the phone company has it, and a court order could reach it. \
             To come back another way, keep this code: {code}"
        }
        Class::App => {
            "We have your message; a person will read it. In danger now? Call 911. To talk with someone, call or text 988. \
             Our staff do not see your account; the company of this app has it, and a court order could reach it. \
             To come back another way, keep this code: {code}"
        }
        Class::Voice => {
            "We have your message; a person will listen to it. If you are in danger now, hang up and call 911. To talk with someone, \
             call or text 988. Our staff do not see your number; the phone company has it, and a court order could reach it. \
             To come back, write down this code: {code}"
        }
        Class::Mail => {
            "We have your message; a person will read it. In danger now? Call 911. To talk with someone, call or text 988. \
             Our staff do not see your address; the companies that carry your mail have it, and a court order could reach it. \
             To come back another way, keep this code: {code}"
        }
        Class::Own => {
            "We have your message; a person will read it. In danger now? Call 911. To talk with someone, call or text 988. \
             We did not ask who you are, and our staff do not see where you write from; your network may see that you were here. \
             What you write is kept, and a court order could reach it. This code is your only way back, so keep it: {code}"
        }
    }
}

fn spanish(class: Class) -> &'static str {
    match class {
        Class::Text => {
            "Recibimos tu mensaje; una persona lo va a leer. ¿Hay peligro ahora? Llama al 911. Para hablar con alguien, llama o escribe \
             al 988. Nuestro personal no ve tu teléfono; tu operadora lo tiene y un juez puede pedirlo. \
             Para volver por otro medio, guarda esta clave: {code}"
        }
        Class::App => {
            "Recibimos tu mensaje; una persona lo va a leer. ¿Hay peligro ahora? Llama al 911. Para hablar con alguien, llama o escribe \
             al 988. Nuestro personal no ve tu cuenta; la empresa de esta aplicación la tiene y un juez puede pedirla. \
             Para volver por otro medio, guarda esta clave: {code}"
        }
        Class::Voice => {
            "Recibimos tu mensaje; una persona lo va a escuchar. Si hay peligro ahora, cuelga y llama al 911. Para hablar con alguien, \
             llama o escribe al 988. Nuestro personal no ve tu número; tu operadora lo tiene y un juez puede pedirlo. \
             Para volver, apunta esta clave: {code}"
        }
        Class::Mail => {
            "Recibimos tu mensaje; una persona lo va a leer. ¿Hay peligro ahora? Llama al 911. Para hablar con alguien, llama o escribe \
             al 988. Nuestro personal no ve tu dirección; las empresas que llevan tu correo la tienen y un juez puede pedirla. \
             Para volver por otro medio, guarda esta clave: {code}"
        }
        Class::Own => {
            "Recibimos tu mensaje; una persona lo va a leer. ¿Hay peligro ahora? Llama al 911. Para hablar con alguien, llama o escribe \
             al 988. No te preguntamos quién eres y nuestro personal no ve desde dónde escribes; tu red puede ver que estuviste aquí. \
             Lo que escribes se guarda y un juez puede pedirlo. Esta clave es tu única forma de volver, guárdala: {code}"
        }
    }
}

fn arabic(class: Class) -> &'static str {
    match class {
        Class::Text => {
            "وصلتنا رسالتك. في خطر؟ 911. للحديث 988. لا يرى موظفونا رقمك؛ هو لدى شركة الهاتف وقد يطلبه القضاء. رمز العودة: {code}"
        }
        Class::App => {
            "وصلتنا رسالتك وسيقرؤها شخص. هل أنت في خطر الآن؟ اتصل بالرقم 911. للحديث مع أحد اتصل بالرقم 988 أو راسله. \
             لا يرى موظفونا حسابك؛ هو لدى شركة هذا التطبيق وقد يطلبه القضاء. للعودة بطريقة أخرى احتفظ بهذا الرمز: {code}"
        }
        Class::Voice => {
            "وصلتنا رسالتك وسيستمع إليها شخص. إن كنت في خطر الآن فأغلق الخط واتصل بالرقم 911. للحديث مع أحد اتصل بالرقم 988 أو راسله. \
             لا يرى موظفونا رقمك؛ هو لدى شركة الهاتف وقد يطلبه القضاء. للعودة اكتب هذا الرمز: {code}"
        }
        Class::Mail => {
            "وصلتنا رسالتك وسيقرؤها شخص. هل أنت في خطر الآن؟ اتصل بالرقم 911. للحديث مع أحد اتصل بالرقم 988 أو راسله. \
             لا يرى موظفونا عنوانك؛ هو لدى الشركات التي تنقل بريدك وقد يطلبه القضاء. للعودة بطريقة أخرى احتفظ بهذا الرمز: {code}"
        }
        Class::Own => {
            "وصلتنا رسالتك وسيقرؤها شخص. هل أنت في خطر الآن؟ اتصل بالرقم 911. للحديث مع أحد اتصل بالرقم 988 أو راسله. \
             لم نسألك من أنت، ولا يرى موظفونا من أين تكتب؛ وقد ترى شبكتك أنك كنت هنا. ما تكتبه يُحفظ وقد يطلبه القضاء. \
             هذا الرمز طريقك الوحيد للعودة فاحتفظ به: {code}"
        }
    }
}

/// The text as the reporter gets it.
pub fn with_code(stored: &Words, code: &ReturnCode) -> Words {
    Words::new(stored.reveal().replace(CODE_PLACE, &code.grouped()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// GSM 03.38 basic characters that these texts could use; the extension table is left out on purpose.
    fn is_gsm7(c: char) -> bool {
        c.is_ascii_alphanumeric() || " \n!\"#$%&'()*+,-./:;<=>?@_".contains(c) || "£¥èéùìòÇØøÅåÆæßÉÄÖÑÜ§¿äöñüà¡".contains(c)
    }

    fn knows(channel: Channel) -> Knows {
        match channel {
            Channel::Text | Channel::Voice => Knows::PHONE,
            Channel::Whatsapp | Channel::Messenger => Knows::APP,
            Channel::Mail => Knows::MAIL,
            Channel::Chat | Channel::Web => Knows::VISIT,
        }
    }

    fn filled(channel: Channel, language: Language) -> String {
        with_code(&first_words(knows(channel), channel, language), &ReturnCode::from_bits([0xA5; 7])).reveal().to_owned()
    }

    #[test]
    fn a_text_fits_two_segments() {
        for language in [Language::En, Language::Es] {
            let text = filled(Channel::Text, language);
            let foreign: String = text.chars().filter(|c| !is_gsm7(*c)).collect();
            assert_eq!(foreign, "", "{language:?} would be sent as UCS-2");
            assert!(text.chars().count() <= 306, "{language:?}: {}", text.chars().count());
        }
        let text = filled(Channel::Text, Language::Ar);
        assert!(text.encode_utf16().count() <= 134, "{}", text.encode_utf16().count());
    }

    #[test]
    fn every_text_names_help_and_the_code_and_promises_no_anonymity() {
        for channel in Channel::ALL {
            for language in Language::ALL {
                let text = filled(channel, language);
                for needed in ["911", "988", &ReturnCode::from_bits([0xA5; 7]).grouped()] {
                    assert!(text.contains(needed), "{channel:?} {language:?} lacks {needed}");
                }
                let lower = text.to_lowercase();
                for promise in ["anonym", "anónim", "مجهول"] {
                    assert!(!lower.contains(promise), "{channel:?} {language:?} promises {promise}");
                }
                assert!(!text.contains(CODE_PLACE) && !text.contains("  "), "{text}");
            }
        }
    }

    #[test]
    fn every_text_says_who_could_learn_it() {
        let court = [(Language::En, "court order"), (Language::Es, "juez"), (Language::Ar, "القضاء")];
        for (language, word) in court {
            for channel in Channel::ALL {
                assert!(filled(channel, language).contains(word), "{channel:?} {language:?}");
            }
        }
    }
}

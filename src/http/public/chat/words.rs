//! What a person is told when something did not work in the chat, in three languages.

use adapters::chat::{Bad, Trouble};
use domain::language::Language;

/// What is told of a frame that was not understood.
pub(super) fn trouble_of(bad: Bad) -> Trouble {
    match bad {
        Bad::TooLarge | Bad::NotJson | Bad::Field(_) => Trouble::BadFrame,
        Bad::UnknownType => Trouble::UnknownType,
        Bad::Version => Trouble::Version,
        Bad::TooLong => Trouble::TooLong,
        Bad::Empty => Trouble::Empty,
    }
}

/// The sentence.
pub(super) const fn text_of(trouble: Trouble, language: Language) -> &'static str {
    let [en, es, ar] = sentences(trouble);
    match language {
        Language::En => en,
        Language::Es => es,
        Language::Ar => ar,
    }
}

const fn sentences(trouble: Trouble) -> [&'static str; 3] {
    match trouble {
        Trouble::BadFrame | Trouble::UnknownType | Trouble::HelloFirst => [
            "This program said something that we do not understand. Load the page again.",
            "Este programa dijo algo que no entendemos. Vuelve a cargar la página.",
            "قال هذا البرنامج شيئًا لا نفهمه. أعد تحميل الصفحة.",
        ],
        Trouble::Version => [
            "This program is too old or too new for us. Load the page again, or write on our website.",
            "Este programa es demasiado viejo o demasiado nuevo. Vuelve a cargar la página o escribe en nuestro sitio web.",
            "هذا البرنامج أقدم أو أحدث مما نعرفه. أعد تحميل الصفحة أو اكتب إلينا على موقعنا.",
        ],
        Trouble::UnknownToken => [
            "This chat was open too long ago. Come in with your code, or begin a new one.",
            "Este chat se abrió hace demasiado tiempo. Entra con tu clave o empieza otro.",
            "مضى وقت طويل على هذه المحادثة. ادخل برمزك أو ابدأ محادثة جديدة.",
        ],
        Trouble::UnknownCode => [
            "We have no conversation with this code. Look at it again. You can always write anew.",
            "No tenemos ninguna conversación con esta clave. Revísala. Siempre puedes escribir de nuevo.",
            "لا توجد محادثة بهذا الرمز. تحقق منه. يمكنك دائمًا أن تكتب من جديد.",
        ],
        Trouble::ManyCodes => [
            "Many codes are being tried just now. Try again in a minute. You can always write anew.",
            "Se están probando muchas claves en este momento. Inténtalo en un minuto. Siempre puedes escribir de nuevo.",
            "تُجرَّب رموز كثيرة الآن. حاول بعد دقيقة. يمكنك دائمًا أن تكتب من جديد.",
        ],
        Trouble::TooLong => [
            "This message is too long. Send it in parts of at most 4,000 letters.",
            "Este mensaje es demasiado largo. Envíalo en partes de 4.000 letras como máximo.",
            "هذه الرسالة طويلة جدًا. أرسلها في أجزاء لا يزيد كل منها على 4000 حرف.",
        ],
        Trouble::Empty => ["There was nothing in this message.", "Este mensaje no tenía nada.", "لم يكن في هذه الرسالة شيء."],
        Trouble::Unavailable => [
            "We could not do that just now. It is tried again.",
            "No pudimos hacerlo ahora. Se intenta otra vez.",
            "تعذّر ذلك الآن. تُعاد المحاولة.",
        ],
        Trouble::NoCode => {
            ["There is no code to show here yet.", "Aquí todavía no hay una clave que mostrar.", "لا يوجد هنا رمز لعرضه بعد."]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trouble_is_told_in_every_language() {
        for trouble in Trouble::ALL {
            let told: Vec<_> = Language::ALL.map(|language| text_of(trouble, language)).into();
            assert!(told.iter().all(|text| !text.is_empty()) && told[0] != told[1] && told[1] != told[2], "{trouble:?}");
            assert!(told[2].chars().any(|c| ('\u{600}'..='\u{6FF}').contains(&c)), "{trouble:?}");
        }
    }
}

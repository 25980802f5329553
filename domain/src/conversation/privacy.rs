//! What a way in gives away, as one or two sentences made from what its adapter declared (R67).
//!
//! No sentence here says more than a [`Knows`] does, and every combination has one: so the first words, the answer to HELP and
//! the notice before a recording all tell the same. None of them ever promises that nobody could find out.

use super::knows::{Holder, Knows, What};
use crate::language::Language;

/// How much room there is for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// A text message: Arabic, which is sent in 16 bits a character, has 134 for everything.
    Text,
    /// As much as it takes.
    Ample,
}

/// What is kept, who else has it, and that a court could reach it and what was written. Ends with a full stop.
pub(super) fn told(knows: Knows, language: Language, room: Room) -> String {
    match language {
        Language::En => english(knows),
        Language::Es => spanish(knows),
        Language::Ar => arabic(knows, room),
    }
}

fn english(knows: Knows) -> String {
    let (holder, has) = match knows.holder {
        Holder::PhoneCompany => ("the phone company", "has"),
        Holder::AppCompany => ("the company of this app", "has"),
        Holder::MailCompanies => ("the companies that carry your mail", "have"),
        Holder::Network => ("your network", "has"),
    };
    let thing = match knows.what {
        What::Number => "your number",
        What::Account => "your account",
        What::Address => "your address",
        What::Visit => {
            let kept = if knows.kept_sealed { "we keep sealed where you write from" } else { "we do not keep where you write from" };
            return format!(
                "We did not ask who you are, and {kept}; {holder} may see that you were here. \
                 What you write is kept, and a court order could reach it."
            );
        }
    };
    let kept = if knows.kept_sealed {
        format!("We keep {thing} sealed, and our staff do not see it")
    } else {
        format!("We do not keep {thing}, and our staff do not see it")
    };
    format!("{kept}; {holder} {has} it, and a court order could reach it and your words.")
}

fn spanish(knows: Knows) -> String {
    let (holder, has) = match knows.holder {
        Holder::PhoneCompany => ("tu operadora", "tiene"),
        Holder::AppCompany => ("la empresa de esta aplicación", "tiene"),
        Holder::MailCompanies => ("las empresas que llevan tu correo", "tienen"),
        Holder::Network => ("tu red", "tiene"),
    };
    // "Número" would not fit GSM-7, "teléfono" does.
    let (thing, it, sealed) = match knows.what {
        What::Number => ("tu teléfono", "lo", "sellado"),
        What::Account => ("tu cuenta", "la", "sellada"),
        What::Address => ("tu dirección", "la", "sellada"),
        What::Visit => {
            let kept = if knows.kept_sealed { "guardamos sellado desde dónde escribes" } else { "no guardamos desde dónde escribes" };
            let can = match knows.holder {
                Holder::MailCompanies => "pueden",
                Holder::PhoneCompany | Holder::AppCompany | Holder::Network => "puede",
            };
            return format!(
                "No te preguntamos quién eres y {kept}; {holder} {can} ver que estuviste aquí. \
                 Lo que escribes se guarda y un juez puede pedirlo."
            );
        }
    };
    let kept = if knows.kept_sealed {
        format!("Guardamos {thing} {sealed} y nuestro personal no {it} ve")
    } else {
        format!("No guardamos {thing} y nuestro personal no {it} ve")
    };
    format!("{kept}; {holder} {it} {has} y un juez puede pedir{it}, y tus palabras.")
}

fn arabic(knows: Knows, room: Room) -> String {
    let holder = match knows.holder {
        Holder::PhoneCompany => "شركة الهاتف",
        Holder::AppCompany => "شركة هذا التطبيق",
        Holder::MailCompanies => "الشركات التي تنقل بريدك",
        Holder::Network => "شبكتك",
    };
    let thing = match knows.what {
        What::Number => "رقمك",
        What::Account => "حسابك",
        What::Address => "عنوانك",
        What::Visit => {
            let kept =
                if knows.kept_sealed { "ونحفظ مشفرًا من أين تكتب" } else { "ولا نحفظ من أين تكتب" };
            return format!("لم نسألك من أنت {kept}؛ وقد ترى {holder} أنك كنت هنا. ما تكتبه يُحفظ وقد يطلبه القضاء.");
        }
    };
    let kept = match (knows.kept_sealed, room) {
        (true, Room::Text) => format!("{thing} مشفر لا نراه؛ ولدى"),
        (true, Room::Ample) => format!("نحفظ {thing} مشفرًا ولا يراه موظفونا؛ وهو لدى"),
        (false, Room::Text) => format!("لا نحفظ {thing}؛ وهو لدى"),
        (false, Room::Ample) => format!("لا نحفظ {thing} ولا يراه موظفونا؛ وهو لدى"),
    };
    format!("{kept} {holder} وقد يطلبه القضاء مع كلامك.")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOLDERS: [(Holder, [&str; 3]); 4] = [
        (Holder::PhoneCompany, ["phone company", "operadora", "شركة الهاتف"]),
        (Holder::AppCompany, ["company of this app", "empresa de esta aplicación", "شركة هذا التطبيق"]),
        (Holder::MailCompanies, ["companies that carry your mail", "empresas que llevan tu correo", "تنقل بريدك"]),
        (Holder::Network, ["your network", "tu red", "شبكتك"]),
    ];
    const WHATS: [(What, [&str; 3]); 4] = [
        (What::Number, ["your number", "tu teléfono", "رقمك"]),
        (What::Account, ["your account", "tu cuenta", "حسابك"]),
        (What::Address, ["your address", "tu dirección", "عنوانك"]),
        (What::Visit, ["were here", "estuviste aquí", "كنت هنا"]),
    ];

    /// Every declaration that an adapter could make.
    fn all() -> impl Iterator<Item = Knows> {
        let holders = || HOLDERS.map(|(holder, _)| holder);
        let pairs = WHATS.into_iter().flat_map(move |(what, _)| holders().map(|holder| (what, holder)));
        pairs.flat_map(|(what, holder)| [true, false].map(|kept_sealed| Knows { what, holder, kept_sealed }))
    }

    #[test]
    fn says_exactly_what_was_declared() {
        let court = ["court order", "juez", "القضاء"];
        let sealed = ["sealed", "sellad", "مشفر"];
        for knows in all() {
            for (index, language) in Language::ALL.into_iter().enumerate() {
                for room in [Room::Text, Room::Ample] {
                    let text = told(knows, language, room);
                    let shown = format!("{knows:?} {language:?} {text}");
                    assert!(text.contains(court[index]), "{shown}");
                    assert_eq!(text.contains(sealed[index]), knows.kept_sealed, "{shown}");
                    for (holder, words) in HOLDERS {
                        assert_eq!(text.contains(words[index]), holder == knows.holder, "{shown}");
                    }
                    for (what, words) in WHATS {
                        assert_eq!(text.contains(words[index]), what == knows.what, "{shown}");
                    }
                    assert!(text.ends_with('.') && !text.contains("  "), "{shown}");
                }
            }
        }
    }
}

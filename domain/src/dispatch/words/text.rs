//! The text to an enduser whose list designates one (R9): one segment where the names allow it, never more than two.
//!
//! English and Spanish are written with letters of the GSM alphabet only, so that 160 characters are one segment; Arabic has 70. A name
//! that would make a third segment is cut short: the reference and the code never are.

use super::{Phrase, filled, is_urgent, of, page_reason};
use crate::conversation::reference::Reference;
use crate::dispatch::purpose::Purpose;
use crate::language::Language;
use crate::level::Level;
use crate::sealed::Words;

/// What a text needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextFacts<'a> {
    /// The line's name.
    pub line_name: &'a str,
    /// The organization told.
    pub organization_name: &'a str,
    /// The tip's reference.
    pub reference: &'a Reference,
    /// The level: decides "urgent" or not, nothing else.
    pub level: Level,
    /// Why they are told.
    pub purpose: Purpose,
    /// The code that confirms when it comes back as `OK 4821`; not named where nothing is confirmed.
    pub code: &'a str,
    /// The number to call.
    pub call_back: &'a str,
    /// The reader's language.
    pub language: Language,
}

/// Two segments in the GSM alphabet: 2 x 153 septets, less a few for characters that take two.
const MOST_GSM: usize = 300;
/// Two segments in UCS-2: 2 x 67.
const MOST_UCS2: usize = 134;

/// The text: who, whether it is urgent, for whom, the reference, and what to answer.
pub fn text(facts: TextFacts<'_>) -> Words {
    let template = of(template(facts.purpose, facts.level), facts.language);
    let reason = match facts.purpose {
        Purpose::Page(reason) => page_reason(reason, facts.language),
        Purpose::Tip | Purpose::Update | Purpose::Drill | Purpose::Feedback => "",
    };
    let with = |line_name: &str, organization: &str| {
        let places = [
            ("{line}", line_name),
            ("{organization}", organization),
            ("{reference}", facts.reference.as_str()),
            ("{code}", facts.code),
            ("{call_back}", facts.call_back),
            ("{reason}", reason),
        ];
        filled(template, &places)
    };
    let words = with(facts.line_name, facts.organization_name);
    let most = if words.chars().all(is_gsm) { MOST_GSM } else { MOST_UCS2 };
    let over = words.chars().count().saturating_sub(most);
    if over == 0 {
        return Words::new(words);
    }
    // The organization's name gives way first, then the line's.
    let (organization, over) = shortened(facts.organization_name, over);
    let (line_name, _) = shortened(facts.line_name, over);
    Words::new(with(&line_name, &organization))
}

const fn template(purpose: Purpose, level: Level) -> Phrase {
    match (purpose, is_urgent(level)) {
        (Purpose::Tip, true) => URGENT,
        (Purpose::Tip, false) => PLAIN,
        (Purpose::Update, _) => NEWS,
        (Purpose::Page(_), _) => PAGE,
        (Purpose::Drill, _) => DRILL,
        (Purpose::Feedback, _) => FEEDBACK,
    }
}

const URGENT: Phrase = [
    "{line}: urgent report for {organization}, reference {reference}. Reply OK {code} to confirm, or call {call_back}.",
    "{line}: aviso urgente para {organization}, referencia {reference}. Responda OK {code} para confirmar o llame al {call_back}.",
    "{line}: بلاغ عاجل إلى {organization}، المرجع {reference}. أجب OK {code} للتأكيد أو اتصل {call_back}.",
];
const PLAIN: Phrase = [
    "{line}: report for {organization}, reference {reference}. Reply OK {code} to confirm, or call {call_back}.",
    "{line}: aviso para {organization}, referencia {reference}. Responda OK {code} para confirmar o llame al {call_back}.",
    "{line}: بلاغ إلى {organization}، المرجع {reference}. أجب OK {code} للتأكيد أو اتصل {call_back}.",
];
const NEWS: Phrase = [
    "{line}: news about a report for {organization}, reference {reference}. Log in, see your mail or call {call_back}.",
    "{line}: novedades de un aviso para {organization}, referencia {reference}. Vea su correo o llame al {call_back}.",
    "{line}: مستجدات بلاغ إلى {organization}، المرجع {reference}. انظر بريدك أو اتصل {call_back}.",
];
const PAGE: Phrase = [
    "{line}: {reason}, reference {reference}. Reply OK {code} if you take it, or call {call_back}.",
    "{line}: {reason}, referencia {reference}. Responda OK {code} si se ocupa, o llame al {call_back}.",
    "{line}: {reason}، المرجع {reference}. أجب OK {code} إن توليت الأمر أو اتصل {call_back}.",
];
const DRILL: Phrase = [
    "{line}: This is a test for {organization}, no report. Reference {reference}. Reply OK {code} to confirm.",
    "{line}: Esto es una prueba para {organization}, no hay aviso. Referencia {reference}. Responda OK {code} para confirmar.",
    "{line}: هذا اختبار إلى {organization}، لا يوجد بلاغ. المرجع {reference}. أجب OK {code} للتأكيد.",
];
const FEEDBACK: Phrase = [
    "{line}: the report {reference} for {organization} is closed. Please see your mail and tell us how it went.",
    "{line}: el aviso {reference} para {organization} se ha cerrado. Vea su correo y digamos el resultado.",
    "{line}: أُغلق البلاغ {reference} إلى {organization}. انظر بريدك وأخبرنا كيف سارت الأمور.",
];

/// Whether a character is surely of the GSM alphabet (GSM 03.38); some that are in it are not known here, which costs nothing but a cut.
fn is_gsm(c: char) -> bool {
    (c.is_ascii() && c != '`') || "éñüàèùìòäöåÉÑÜÄÖÅ¿¡".contains(c)
}

/// A name without its last `over` characters, but with its first eight, and how many are still too many.
fn shortened(name: &str, over: usize) -> (String, usize) {
    const KEPT: usize = 8;
    let length = name.chars().count();
    let keep = length.saturating_sub(over).max(KEPT.min(length));
    (name.chars().take(keep).collect::<String>().trim_end().to_owned(), over.saturating_sub(length - keep))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::purpose::PageReason;

    fn example(organization_name: &str, purpose: Purpose, language: Language) -> String {
        let reference = Reference::parse("T-7K3-QM2").expect("good");
        let facts = TextFacts {
            line_name: "Safe2Help Illinois",
            organization_name,
            reference: &reference,
            level: Level::Critical,
            purpose,
            code: "4821",
            call_back: "+15555550100",
            language,
        };
        text(facts).reveal().to_owned()
    }

    fn purposes() -> Vec<Purpose> {
        let pages = PageReason::ALL.map(Purpose::Page);
        [Purpose::Tip, Purpose::Update, Purpose::Drill, Purpose::Feedback].into_iter().chain(pages).collect()
    }

    #[test]
    fn a_text_is_one_segment_and_never_three() {
        for language in Language::ALL {
            for purpose in purposes() {
                let words = example("Delta High School", purpose, language);
                let most = if language == Language::Ar { MOST_UCS2 } else { 160 };
                assert!(words.chars().count() <= most, "{} {words}", words.chars().count());
                assert!(words.contains("T-7K3-QM2") && !words.contains('{'), "{words}");
                assert_eq!(words.chars().all(is_gsm), language != Language::Ar, "{words}");
                let long = example(&"Consolidated Community École ".repeat(12), purpose, language);
                let most = if long.chars().all(is_gsm) { MOST_GSM } else { MOST_UCS2 };
                assert!(long.chars().count() <= most && long.contains("T-7K3-QM2"), "{} {long}", long.chars().count());
            }
        }
    }

    #[test]
    fn the_code_is_named_where_something_is_confirmed() {
        for purpose in purposes() {
            let confirmed = match purpose {
                Purpose::Tip | Purpose::Page(_) | Purpose::Drill => true,
                Purpose::Update | Purpose::Feedback => false,
            };
            for language in Language::ALL {
                assert_eq!(example("Delta High School", purpose, language).contains("OK 4821"), confirmed, "{purpose:?} {language:?}");
            }
        }
        let tip = example("Delta High School", Purpose::Tip, Language::En);
        let expected =
            "Safe2Help Illinois: urgent report for Delta High School, reference T-7K3-QM2. Reply OK 4821 to confirm, or call +15555550100.";
        assert_eq!(tip, expected);
        assert!(example("Delta High School", Purpose::Drill, Language::Es).contains("Esto es una prueba"));
    }
}

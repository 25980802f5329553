//! The mail to an enduser, for every purpose and in every language.
//!
//! The subject and the text say nothing about the tip (R6, R18). Only the text of a mail to an organization that has accepted it in writing
//! holds the analyst's summary, where otherwise stands why the mail is silent.

use super::{Phrase, filled, is_urgent, of, page_reason};
use crate::conversation::reference::Reference;
use crate::dispatch::plan::Session;
use crate::dispatch::purpose::Purpose;
use crate::exchange::{Mail, MailKind};
use crate::language::Language;
use crate::level::Level;
use crate::sealed::Address;

/// What a mail needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailFacts<'a> {
    /// The line's name.
    pub line_name: &'a str,
    /// The organization told.
    pub organization_name: &'a str,
    /// The tip's reference.
    pub reference: &'a Reference,
    /// The level: decides "urgent" or not, nothing else.
    pub level: Level,
    /// The receipt page's address; for a question afterwards, the page that asks it.
    pub link: &'a str,
    /// The code printed in the mail, asked for on the page.
    pub code: &'a str,
    /// The number to call.
    pub call_back: &'a str,
    /// Left part of the Message-ID.
    pub message_id: String,
    /// Why they are told.
    pub purpose: Purpose,
    /// Whether the school is known not to be in session: said to its police and its PSAP (R20).
    pub session: Session,
    /// The analyst's summary, for an organization that has accepted it in writing.
    pub summary: Option<&'a str>,
    /// Where a bounce goes; names the attempt.
    pub bounces_to: Option<Address>,
    /// Over TLS or not at all.
    pub tls_required: bool,
    /// The reader's language.
    pub language: Language,
}

/// Lines of a mail are not longer than this, except one that is a link.
pub const MAIL_LINE: usize = 78;

/// The mail: subject without content, what it is, reference and code, link, whom to call.
pub fn mail(facts: MailFacts<'_>) -> Mail {
    let language = facts.language;
    let organization = one_line(facts.organization_name);
    let line_name = one_line(facts.line_name);
    let summary = facts.summary.map(lines_of);
    let about = match &summary {
        Some(_) => of(SUMMARY, language),
        None => of(SILENT, language),
    };
    let session = match facts.session {
        Session::Unsaid => "",
        Session::Out => of(OUT_OF_SESSION, language),
    };
    let about = filled(about, &[("{summary}", summary.as_deref().unwrap_or(""))]);
    let reason = match facts.purpose {
        Purpose::Page(reason) => page_reason(reason, language),
        Purpose::Tip | Purpose::Update | Purpose::Drill | Purpose::Feedback => "",
    };
    let places = [
        ("{line}", line_name.as_str()),
        ("{organization}", organization.as_str()),
        ("{reference}", facts.reference.as_str()),
        ("{code}", facts.code),
        ("{link}", facts.link),
        ("{call_back}", facts.call_back),
        ("{reason}", reason),
        ("{about}", about.as_str()),
        ("{session}", session),
    ];
    let (subject, opening, task) = templates(facts.purpose, facts.level);
    let template = [of(opening, language), of(REFERENCE, language), of(task, language), of(CALL, language)].concat();
    Mail {
        message_id: facts.message_id,
        subject: filled(of(subject, language), &places),
        text: wrapped(&filled(&template, &places)),
        language,
        answers: None,
        kind: MailKind::Notice { bounces_to: facts.bounces_to },
        tls_required: facts.tls_required,
    }
}

/// Subject, what it is, and what to do, by purpose.
const fn templates(purpose: Purpose, level: Level) -> (Phrase, Phrase, Phrase) {
    match (purpose, is_urgent(level)) {
        (Purpose::Tip, true) => (URGENT_SUBJECT, URGENT, CONFIRM),
        (Purpose::Tip, false) => (PLAIN_SUBJECT, PLAIN, CONFIRM),
        (Purpose::Update, _) => (NEWS_SUBJECT, NEWS, LOG_IN),
        (Purpose::Page(_), _) => (PAGE_SUBJECT, PAGE, CONFIRM),
        (Purpose::Drill, _) => (DRILL_SUBJECT, DRILL, CONFIRM),
        (Purpose::Feedback, _) => (FEEDBACK_SUBJECT, FEEDBACK, TELL),
    }
}

const URGENT_SUBJECT: Phrase = [
    "Urgent report for {organization}: please confirm ({reference})",
    "Aviso urgente para {organization}: confirme, por favor ({reference})",
    "بلاغ عاجل إلى {organization}: يرجى التأكيد ({reference})",
];
const PLAIN_SUBJECT: Phrase = [
    "Report for {organization}: please confirm ({reference})",
    "Aviso para {organization}: confirme, por favor ({reference})",
    "بلاغ إلى {organization}: يرجى التأكيد ({reference})",
];
const NEWS_SUBJECT: Phrase = [
    "News about a report for {organization} ({reference})",
    "Novedades de un aviso para {organization} ({reference})",
    "مستجدات بلاغ إلى {organization} ({reference})",
];
const PAGE_SUBJECT: Phrase = ["{line}: {reason} ({reference})", "{line}: {reason} ({reference})", "{line}: {reason} ({reference})"];
const DRILL_SUBJECT: Phrase = [
    "This is a test for {organization}: please confirm ({reference})",
    "Esto es una prueba para {organization}: confirme, por favor ({reference})",
    "هذا اختبار إلى {organization}: يرجى التأكيد ({reference})",
];
const FEEDBACK_SUBJECT: Phrase = [
    "How did it go? A question about a closed report ({reference})",
    "¿Cómo resultó? Una pregunta sobre un aviso cerrado ({reference})",
    "كيف سارت الأمور؟ سؤال عن بلاغ مغلق ({reference})",
];

const URGENT: Phrase = [
    "{line} has an urgent report for {organization}.{session}\n{about}\nPlease confirm now that you have received it.\n",
    "{line} tiene un aviso urgente para {organization}.{session}\n{about}\nConfirme ahora que lo ha recibido.\n",
    "لدى {line} بلاغ عاجل إلى {organization}.{session}\n{about}\nيرجى تأكيد الاستلام الآن.\n",
];
const PLAIN: Phrase = [
    "{line} has a report for {organization}.{session}\n{about}\nPlease confirm that you have received it.\n",
    "{line} tiene un aviso para {organization}.{session}\n{about}\nConfirme que lo ha recibido.\n",
    "لدى {line} بلاغ إلى {organization}.{session}\n{about}\nيرجى تأكيد الاستلام.\n",
];
const NEWS: Phrase = [
    "{line} has news about a report that {organization} was told of.\n{about}\n",
    "{line} tiene novedades de un aviso que se comunicó a {organization}.\n{about}\n",
    "لدى {line} مستجدات حول بلاغ أُبلغت به {organization}.\n{about}\n",
];
const PAGE: Phrase = [
    "{line}: {reason}.\nPlease look at the console, and confirm that you take it.\n",
    "{line}: {reason}.\nMire la consola y confirme que se ocupa.\n",
    "{line}: {reason}.\nيرجى النظر في لوحة العمل وتأكيد أنك تتولى الأمر.\n",
];
const DRILL: Phrase = [
    "This is a test. There is no report.\n{line} tests whether its list for {organization} is right.\nPlease confirm that this address works.\n",
    "Esto es una prueba. No hay ningún aviso.\n{line} comprueba su lista de {organization}.\nConfirme que esta dirección funciona.\n",
    "هذا اختبار. لا يوجد بلاغ.\nتتحقق {line} من قائمتها الخاصة بـ {organization}.\nيرجى تأكيد أن هذا العنوان يعمل.\n",
];
const FEEDBACK: Phrase = [
    "A report that {organization} was told of by {line} is closed.\nPlease tell us once, in a minute, how it went.\n",
    "Se ha cerrado un aviso que {line} comunicó a {organization}.\nCuéntenos una sola vez, en un minuto, cómo resultó.\n",
    "أُغلق بلاغ كانت {line} قد أبلغت به {organization}.\nيرجى أن تخبرنا مرة واحدة، في دقيقة، كيف سارت الأمور.\n",
];

/// R20: to police and PSAP.
const OUT_OF_SESSION: Phrase = [" The school is not in session now.", " La escuela no está en clases ahora.", " المدرسة ليست في دوام الآن."];
const SILENT: Phrase = [
    "This mail does not say what it is about: mail can be read by others.",
    "Este correo no dice de qué se trata: otros podrían leerlo.",
    "لا تذكر هذه الرسالة موضوعه، فقد يقرؤها آخرون.",
];
const SUMMARY: Phrase = [
    "\nThe analyst's summary, mailed because your organization has accepted that:\n\n{summary}\n",
    "\nResumen del analista, enviado porque su organización lo ha aceptado:\n\n{summary}\n",
    "\nملخص المحلل، ويُرسل لأن مؤسستك وافقت على ذلك:\n\n{summary}\n",
];
const REFERENCE: Phrase = [
    "\nReference: {reference}\nCode: {code}\n\n",
    "\nReferencia: {reference}\nClave: {code}\n\n",
    "\nالمرجع: {reference}\nالرمز: {code}\n\n",
];
const CONFIRM: Phrase = [
    "Open this page and type the code. Opening it alone confirms nothing.\n{link}\n\n",
    "Abra esta página y escriba la clave. Abrirla no confirma nada por sí solo.\n{link}\n\n",
    "افتح هذه الصفحة واكتب الرمز. فتح الصفحة وحده لا يؤكد شيئًا.\n{link}\n\n",
];
const LOG_IN: Phrase = ["Log in to read it:\n{link}\n\n", "Inicie sesión para leerlo:\n{link}\n\n", "سجّل الدخول لقراءته:\n{link}\n\n"];
const TELL: Phrase = ["Tell us here:\n{link}\n\n", "Cuéntenos aquí:\n{link}\n\n", "أخبرنا هنا:\n{link}\n\n"];
const CALL: Phrase = [
    "If the page does not open, call {call_back}.\n",
    "Si la página no se abre, llame al {call_back}.\n",
    "إن لم تفتح الصفحة فاتصل بالرقم {call_back}.\n",
];

/// A name without line breaks and other control characters: it goes into a header.
fn one_line(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A summary with its line breaks and no other control character.
fn lines_of(summary: &str) -> String {
    summary.trim().replace("\r\n", "\n").chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect()
}

/// Breaks lines at spaces so that none is longer than [`MAIL_LINE`] characters; a single longer word (the link) stays whole.
fn wrapped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for line in text.lines() {
        let mut width = 0;
        for word in line.split(' ') {
            let length = word.chars().count();
            if width > 0 && width + 1 + length > MAIL_LINE {
                out.push('\n');
                width = 0;
            } else if width > 0 {
                out.push(' ');
                width += 1;
            }
            out.push_str(word);
            width += length;
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::purpose::PageReason;

    fn reference() -> Reference {
        Reference::parse("T-7K3-QM2").expect("good")
    }

    fn facts<'a>(organization_name: &'a str, reference: &'a Reference, level: Level, language: Language) -> MailFacts<'a> {
        MailFacts {
            line_name: "Safe2Help Illinois",
            organization_name,
            reference,
            level,
            link: "https://tips.example.org/r/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            code: "4821",
            call_back: "+1 555 555 0100",
            message_id: "obligation-1".to_owned(),
            purpose: Purpose::Tip,
            session: Session::Unsaid,
            summary: None,
            bounces_to: None,
            tls_required: false,
            language,
        }
    }

    fn example(organization_name: &str, level: Level, language: Language) -> Mail {
        mail(facts(organization_name, &reference(), level, language))
    }

    const PURPOSES: [Purpose; 5] =
        [Purpose::Tip, Purpose::Update, Purpose::Page(PageReason::NotDispatched), Purpose::Drill, Purpose::Feedback];

    #[test]
    fn a_mail_has_what_is_needed_in_short_lines() {
        let long = "The Very Long Named Consolidated Community High School and Career Centre of Delta and Bravo Counties";
        for (language, purpose) in Language::ALL.into_iter().flat_map(|language| PURPOSES.map(|purpose| (language, purpose))) {
            for level in Level::ALL {
                let reference = reference();
                let mail = mail(MailFacts { purpose, session: Session::Out, ..facts(long, &reference, level, language) });
                for needed in ["T-7K3-QM2", "4821", "https://tips.example.org/r/A", "+1 555 555 0100", "Safe2Help Illinois"] {
                    assert!(mail.text.contains(needed), "{language:?} {level:?} {purpose:?} lacks {needed}");
                }
                let longest = mail.text.lines().filter(|line| !line.starts_with("https")).map(|line| line.chars().count()).max();
                assert!(longest <= Some(MAIL_LINE), "{language:?} {level:?}: {longest:?}");
                assert!(!mail.text.contains('{') && !mail.subject.contains('{') && !mail.subject.contains("4821"), "{}", mail.text);
            }
        }
    }

    #[test]
    fn only_a_critical_tip_is_called_urgent() {
        assert!(example("Delta High School", Level::Critical, Language::En).subject.starts_with("Urgent report for Delta High School"));
        for level in [Level::Standard, Level::Other] {
            assert!(!example("Delta High School", level, Language::En).text.contains("urgent"));
        }
    }

    #[test]
    fn a_drill_says_so_first_in_every_language() {
        let reference = reference();
        for (language, expected) in [(Language::En, "This is a test"), (Language::Es, "Esto es una prueba"), (Language::Ar, "هذا اختبار")]
        {
            let drill = mail(MailFacts { purpose: Purpose::Drill, ..facts("Delta High", &reference, Level::Critical, language) });
            assert!(drill.text.starts_with(expected) && drill.subject.starts_with(expected), "{language:?}: {}", drill.text);
        }
    }

    #[test]
    fn a_summary_is_there_only_when_it_is_given() {
        let reference = reference();
        for language in Language::ALL {
            let silent = example("Delta High", Level::Critical, language).text;
            assert!(silent.contains(of(SILENT, language)));
            let summary = Some("A student is said to have {code} a plan.\r\nSecond line.\u{7}");
            let told = mail(MailFacts { summary, ..facts("Delta High", &reference, Level::Critical, language) }).text;
            assert!(told.contains("\nA student is said to have {code} a plan.\nSecond line. \n"), "{told}");
            assert!(!told.contains(of(SILENT, language)));
        }
    }

    #[test]
    fn police_are_told_that_the_school_is_not_in_session() {
        let reference = reference();
        let flagged = mail(MailFacts { session: Session::Out, ..facts("Delta Police", &reference, Level::Critical, Language::En) });
        let text = flagged.text.replace('\n', " ");
        assert!(text.starts_with("Safe2Help Illinois has an urgent report for Delta Police. The school is not in session"));
        assert!(!example("Delta Police", Level::Critical, Language::En).text.contains("session"));
    }

    #[test]
    fn a_name_cannot_break_a_header_or_be_taken_for_a_place() {
        let mail = example("Delta {code}\r\nBcc: x@example.org", Level::Standard, Language::En);
        assert_eq!(mail.subject, "Report for Delta {code}  Bcc: x@example.org: please confirm (T-7K3-QM2)");
        assert!(mail.text.contains("Delta {code}"));
    }
}

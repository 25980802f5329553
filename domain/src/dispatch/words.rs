//! What endusers hear and read: free of content about the tip (R6, R18), with a reference and where to turn to.
//!
//! Offices have student workers and answering machines have loudspeakers: nothing but "there is a report", the
//! organization's own name, the reference, and how to confirm. These functions take no tip, so they cannot leak one.

use super::purpose::Purpose;
use crate::conversation::reference::Reference;
use crate::exchange::{Mail, MailKind};
use crate::language::Language;
use crate::level::Level;
use crate::sealed::{Address, Words};

/// What is said in the name of the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voice {
    /// The line's spoken name, "Safe2Help Illinois".
    pub line_name: String,
    /// The number to call back, as spoken: digits in groups.
    pub call_back: String,
}

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
    /// The receipt page's address.
    pub link: &'a str,
    /// The code printed in the mail, asked for on the page.
    pub code: &'a str,
    /// The number to call.
    pub call_back: &'a str,
    /// Left part of the Message-ID.
    pub message_id: String,
    /// Why they are told.
    pub purpose: Purpose,
    /// The analyst's summary, for an organization that has accepted it in writing.
    pub summary: Option<&'a str>,
    /// Where a bounce goes; names the attempt.
    pub bounces_to: Option<Address>,
    /// Over TLS or not at all.
    pub tls_required: bool,
    /// The reader's language.
    pub language: Language,
}

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
    /// The number to call.
    pub call_back: &'a str,
    /// The reader's language.
    pub language: Language,
}

/// Lines of a mail are not longer than this, except one that is a link.
pub const MAIL_LINE: usize = 78;

/// The mail: subject without content, three lines, reference, link, code.
pub fn mail(facts: MailFacts<'_>) -> Mail {
    let organization = one_line(facts.organization_name);
    let line_name = one_line(facts.line_name);
    let reference = facts.reference.as_str();
    let (subject, body) = match (facts.language, is_urgent(facts.level)) {
        (Language::En, true) => (format!("Urgent report for {organization}: please confirm ({reference})"), MAIL_EN_URGENT),
        (Language::En, false) => (format!("Report for {organization}: please confirm ({reference})"), MAIL_EN),
        (Language::Es, true) => (format!("Aviso urgente para {organization}: confirme, por favor ({reference})"), MAIL_ES_URGENT),
        (Language::Es, false) => (format!("Aviso para {organization}: confirme, por favor ({reference})"), MAIL_ES),
        (Language::Ar, true) => (format!("بلاغ عاجل إلى {organization}: يرجى التأكيد ({reference})"), MAIL_AR_URGENT),
        (Language::Ar, false) => (format!("بلاغ إلى {organization}: يرجى التأكيد ({reference})"), MAIL_AR),
    };
    let places = [
        ("{line}", line_name.as_str()),
        ("{organization}", organization.as_str()),
        ("{reference}", reference),
        ("{code}", facts.code),
        ("{link}", facts.link),
        ("{call_back}", facts.call_back),
    ];
    Mail {
        message_id: facts.message_id,
        subject,
        text: wrapped(&filled(body, &places)),
        language: facts.language,
        answers: None,
        kind: MailKind::Notice { bounces_to: facts.bounces_to },
        tls_required: facts.tls_required,
    }
}

const MAIL_EN_URGENT: &str = "{line} has an urgent report for {organization}.
This mail does not say what it is about: mail can be read by others.
Please confirm now that you have received it.

Reference: {reference}
Code: {code}

Open this page and type the code. Opening it alone confirms nothing.
{link}

If the page does not open, call {call_back}.
";
const MAIL_EN: &str = "{line} has a report for {organization}.
This mail does not say what it is about: mail can be read by others.
Please confirm that you have received it.

Reference: {reference}
Code: {code}

Open this page and type the code. Opening it alone confirms nothing.
{link}

If the page does not open, call {call_back}.
";
const MAIL_ES_URGENT: &str = "{line} tiene un aviso urgente para {organization}.
Este correo no dice de qué se trata: otros podrían leerlo.
Confirme ahora que lo ha recibido.

Referencia: {reference}
Clave: {code}

Abra esta página y escriba la clave. Abrirla no confirma nada por sí solo.
{link}

Si la página no se abre, llame al {call_back}.
";
const MAIL_ES: &str = "{line} tiene un aviso para {organization}.
Este correo no dice de qué se trata: otros podrían leerlo.
Confirme que lo ha recibido.

Referencia: {reference}
Clave: {code}

Abra esta página y escriba la clave. Abrirla no confirma nada por sí solo.
{link}

Si la página no se abre, llame al {call_back}.
";
const MAIL_AR_URGENT: &str = "لدى {line} بلاغ عاجل إلى {organization}.
لا تذكر هذه الرسالة موضوعه، فقد يقرؤها آخرون.
يرجى تأكيد الاستلام الآن.

المرجع: {reference}
الرمز: {code}

افتح هذه الصفحة واكتب الرمز. فتح الصفحة وحده لا يؤكد شيئًا.
{link}

إن لم تفتح الصفحة فاتصل بالرقم {call_back}.
";
const MAIL_AR: &str = "لدى {line} بلاغ إلى {organization}.
لا تذكر هذه الرسالة موضوعه، فقد يقرؤها آخرون.
يرجى تأكيد الاستلام.

المرجع: {reference}
الرمز: {code}

افتح هذه الصفحة واكتب الرمز. فتح الصفحة وحده لا يؤكد شيئًا.
{link}

إن لم تفتح الصفحة فاتصل بالرقم {call_back}.
";

/// The text, where an enduser's list designates one: shorter than the mail, and it asks for nothing but to look there.
pub fn text(facts: TextFacts<'_>) -> Words {
    let template = match (facts.language, is_urgent(facts.level)) {
        (Language::En, true) => "{line}: urgent report for {organization}, reference {reference}. See your mail or call {call_back}.",
        (Language::En, false) => "{line}: report for {organization}, reference {reference}. See your mail or call {call_back}.",
        (Language::Es, true) => "{line}: aviso urgente para {organization}, referencia {reference}. Vea su correo o llame al {call_back}.",
        (Language::Es, false) => "{line}: aviso para {organization}, referencia {reference}. Vea su correo o llame al {call_back}.",
        (Language::Ar, true) => "{line}: بلاغ عاجل إلى {organization}، المرجع {reference}. انظر بريدك أو اتصل بالرقم {call_back}.",
        (Language::Ar, false) => "{line}: بلاغ إلى {organization}، المرجع {reference}. انظر بريدك أو اتصل بالرقم {call_back}.",
    };
    let (line_name, organization) = (one_line(facts.line_name), one_line(facts.organization_name));
    let places = [
        ("{line}", line_name.as_str()),
        ("{organization}", organization.as_str()),
        ("{reference}", facts.reference.as_str()),
        ("{call_back}", facts.call_back),
    ];
    Words::new(filled(template, &places))
}

/// What the plan's preview shows for a call, with places for what is not known yet: `… press [code] …`.
pub fn call_preview(line_name: &str, organization_name: &str, level: Level) -> String {
    let report = report(level);
    format!(
        "This is {line_name} with {report} for {organization_name}. This is not a recording for everyone: to confirm that you have \
         received it, press [code]. After a machine's beep: This is {line_name} with {report} for {organization_name}. Please call \
         [number]. The reference is [reference]."
    )
}

/// What the plan's preview shows for a mail.
pub fn mail_preview(line_name: &str, organization_name: &str, level: Level) -> String {
    format!(
        "{line_name} has {} for {organization_name}. This mail does not say what it is about. Please confirm that you have received \
         it. Reference: [reference]. Code: [code]. Page: [link].",
        report(level)
    )
}

/// What the plan's preview shows for a text.
pub fn text_preview(line_name: &str, organization_name: &str, level: Level) -> String {
    let report = if is_urgent(level) { "urgent report" } else { "report" };
    format!("{line_name}: {report} for {organization_name}, reference [reference]. See your mail or call [number].")
}

/// "an urgent report" or "a report": all that is ever said about a tip.
pub(crate) fn report(level: Level) -> &'static str {
    if is_urgent(level) { "an urgent report" } else { "a report" }
}

/// Whether a level is spoken of as urgent.
pub(crate) fn is_urgent(level: Level) -> bool {
    match level {
        Level::Critical => true,
        Level::Standard | Level::Other => false,
    }
}

/// The text with its places filled, in one pass, so that a name which looks like a place stays a name.
pub(crate) fn filled(template: &str, places: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(template.len() + 128);
    let mut rest = template;
    while let Some((before, from)) = rest.find('{').map(|at| rest.split_at(at)) {
        out.push_str(before);
        match places.iter().find_map(|(place, value)| from.strip_prefix(place).map(|after| (value, after))) {
            Some((value, after)) => {
                out.push_str(value);
                rest = after;
            }
            None => {
                out.push('{');
                rest = &from[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// A name without line breaks and other control characters: it goes into a header.
fn one_line(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
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

    fn reference() -> Reference {
        Reference::parse("T-7K3-QM2").expect("good")
    }

    fn example(organization_name: &str, level: Level, language: Language) -> Mail {
        mail(MailFacts {
            line_name: "Safe2Help Illinois",
            organization_name,
            reference: &reference(),
            level,
            link: "https://tips.example.org/e/r/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            code: "4821",
            call_back: "+1 555 555 0100",
            message_id: "obligation-1".to_owned(),
            purpose: Purpose::Tip,
            summary: None,
            bounces_to: None,
            tls_required: false,
            language,
        })
    }

    #[test]
    fn a_mail_has_what_is_needed_in_short_lines() {
        let long = "The Very Long Named Consolidated Community High School and Career Centre of Delta and Bravo Counties";
        for language in Language::ALL {
            for level in Level::ALL {
                let mail = example(long, level, language);
                for needed in ["T-7K3-QM2", "4821", "https://tips.example.org/e/r/A", "+1 555 555 0100", "Safe2Help Illinois"] {
                    assert!(mail.text.contains(needed), "{language:?} {level:?} lacks {needed}");
                }
                let longest = mail.text.lines().filter(|line| !line.starts_with("https")).map(|line| line.chars().count()).max();
                assert!(longest <= Some(MAIL_LINE), "{language:?} {level:?}: {longest:?}");
                assert!(!mail.text.contains('{') && !mail.subject.contains("4821"));
            }
        }
    }

    #[test]
    fn only_critical_is_called_urgent() {
        assert!(example("Delta High School", Level::Critical, Language::En).subject.starts_with("Urgent report for Delta High School"));
        for level in [Level::Standard, Level::Other] {
            assert!(!example("Delta High School", level, Language::En).text.contains("urgent"));
        }
    }

    #[test]
    fn a_name_cannot_break_a_header_or_be_taken_for_a_place() {
        let mail = example("Delta {code}\r\nBcc: x@example.org", Level::Standard, Language::En);
        assert_eq!(mail.subject, "Report for Delta {code}  Bcc: x@example.org: please confirm (T-7K3-QM2)");
        assert!(mail.text.contains("Delta {code}"));
    }

    #[test]
    fn a_text_is_short() {
        for language in Language::ALL {
            let facts = TextFacts {
                line_name: "Safe2Help Illinois",
                organization_name: "Delta High School",
                reference: &reference(),
                level: Level::Critical,
                call_back: "+15555550100",
                language,
            };
            let words = text(facts);
            assert!(words.reveal().chars().count() <= 134, "{}", words.reveal());
            assert!(words.reveal().contains("T-7K3-QM2"));
        }
    }
}

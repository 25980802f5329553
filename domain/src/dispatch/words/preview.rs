//! What a plan shows before it runs: what will be heard and read, with places for what is not known yet, as in `press [code]`.
//!
//! English, for the analyst; the enduser hears and reads their own language. The call's own words are `voice::phrases`'.

use super::{is_urgent, page_reason};
use crate::channel::Means;
use crate::dispatch::plan::{Session, StepContent};
use crate::dispatch::purpose::Purpose;
use crate::language::Language;
use crate::level::Level;

/// What a preview is made from.
#[derive(Debug, Clone, Copy)]
pub struct Preview<'a> {
    /// The line's name.
    pub line_name: &'a str,
    /// The organization told.
    pub organization_name: &'a str,
    /// The level: decides "urgent" or not, nothing else.
    pub level: Level,
    /// Why they are told.
    pub purpose: Purpose,
    /// What of the tip this channel carries.
    pub content: StepContent,
    /// Whether it says that the school is not in session (R20).
    pub session: Session,
}

/// What will be heard or read on this channel.
pub fn preview(means: Means, facts: Preview<'_>) -> String {
    match means {
        Means::Call => call(facts),
        Means::Mail => mail(facts),
        Means::Text => text(facts),
    }
}

fn call(facts: Preview<'_>) -> String {
    let greeting = format!("This is {}", facts.line_name);
    let organization = facts.organization_name;
    let (says, ask) = match facts.purpose {
        Purpose::Tip => (
            format!("{greeting} with {} for {organization}.{}", report(facts.level), session(facts.session)),
            "This is not a recording for everyone: to confirm that you have received it, press [code].",
        ),
        Purpose::Update => (format!("{greeting} with news about a report for {organization}."), "To confirm, press [code]."),
        Purpose::Page(reason) => (format!("{greeting}: {}.", page_reason(reason, Language::En)), "To say that you take it, press [code]."),
        Purpose::Drill => (
            format!("This is a test. {greeting}, testing its list for {organization}. There is no report."),
            "To confirm that this number works, press [code].",
        ),
        Purpose::Feedback => (format!("{greeting}. A report for {organization} is closed."), "To confirm, press [code]."),
    };
    let summary = match facts.content {
        StepContent::Nothing => "",
        StepContent::Summary => " After the confirmation and the person's PIN: [the analyst's summary].",
    };
    format!("{says} {ask}{summary} After a machine's beep: {says} Please call [number]. The reference is [reference].")
}

fn mail(facts: Preview<'_>) -> String {
    let (line, organization) = (facts.line_name, facts.organization_name);
    let about = match facts.content {
        StepContent::Nothing => "This mail does not say what it is about.",
        StepContent::Summary => "The analyst's summary: [summary].",
    };
    match facts.purpose {
        Purpose::Tip => format!(
            "{line} has {} for {organization}.{} {about} Please confirm that you have received it. Reference: [reference]. Code: [code]. \
             Page: [link].",
            report(facts.level),
            session(facts.session)
        ),
        Purpose::Update => format!(
            "{line} has news about a report that {organization} was told of. {about} Reference: [reference]. Log in to read it: [link]."
        ),
        Purpose::Page(reason) => {
            format!("{line}: {}. Reference: [reference]. Code: [code]. Page: [link].", page_reason(reason, Language::En))
        }
        Purpose::Drill => format!(
            "This is a test. There is no report. {line} tests whether its list for {organization} is right. Reference: [reference]. \
             Code: [code]. Page: [link]."
        ),
        Purpose::Feedback => {
            format!("A report that {organization} was told of by {line} is closed. Please tell us how it went: [link].")
        }
    }
}

fn text(facts: Preview<'_>) -> String {
    let (line, organization) = (facts.line_name, facts.organization_name);
    let report = if is_urgent(facts.level) { "urgent report" } else { "report" };
    match facts.purpose {
        Purpose::Tip => {
            format!("{line}: {report} for {organization}, reference [reference]. Reply OK [code] to confirm, or call [number].")
        }
        Purpose::Update => {
            format!("{line}: news about a report for {organization}, reference [reference]. Log in, see your mail or call [number].")
        }
        Purpose::Page(reason) => format!(
            "{line}: {}, reference [reference]. Reply OK [code] if you take it, or call [number].",
            page_reason(reason, Language::En)
        ),
        Purpose::Drill => {
            format!("{line}: This is a test for {organization}, no report. Reference [reference]. Reply OK [code] to confirm.")
        }
        Purpose::Feedback => {
            format!("{line}: the report [reference] for {organization} is closed. Please see your mail and tell us how it went.")
        }
    }
}

const fn session(session: Session) -> &'static str {
    match session {
        Session::Unsaid => "",
        Session::Out => " The school is not in session now.",
    }
}

/// "an urgent report" or "a report": all that is ever said about a tip.
const fn report(level: Level) -> &'static str {
    if is_urgent(level) { "an urgent report" } else { "a report" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::purpose::PageReason;

    #[test]
    fn a_preview_says_what_is_said() {
        let facts = Preview {
            line_name: "the line",
            organization_name: "Delta High",
            level: Level::Critical,
            purpose: Purpose::Tip,
            content: StepContent::Nothing,
            session: Session::Unsaid,
        };
        let police = Preview { session: Session::Out, content: StepContent::Summary, ..facts };
        let table = [
            (Means::Call, facts, "This is the line with an urgent report for Delta High. This is not a recording"),
            (Means::Call, police, "for Delta High. The school is not in session now. This is not"),
            (Means::Call, police, "person's PIN: [the analyst's summary]. After a machine's beep: This is the line with"),
            (Means::Mail, facts, "does not say what it is about"),
            (Means::Mail, police, "The analyst's summary: [summary]"),
            (Means::Text, facts, "urgent report for Delta High, reference [reference]. Reply OK [code]"),
            (Means::Call, Preview { purpose: Purpose::Drill, ..facts }, "This is a test."),
            (Means::Mail, Preview { purpose: Purpose::Drill, ..facts }, "This is a test."),
            (Means::Text, Preview { purpose: Purpose::Drill, ..facts }, "This is a test"),
            (Means::Call, Preview { purpose: Purpose::Page(PageReason::Unsorted), ..facts }, "nobody has sorted. To say that you take it"),
            (Means::Mail, Preview { purpose: Purpose::Feedback, ..facts }, "how it went"),
        ];
        for (means, facts, expected) in table {
            let said = preview(means, facts);
            assert!(said.contains(expected), "{said}");
        }
    }
}

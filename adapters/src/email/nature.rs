//! Who or what wrote a mail: a person, a program, news of a mail of ours (RFC 3834, 3464, 8098; carriers.md 5).
//!
//! Whatever it is, it is kept and shown; this only decides that programs are not answered, so that two of them never answer
//! each other for ever. In doubt it is a person: an answer too many is a nuisance, a missing one is not.

use super::bounce;
use super::mime::{Body, Part};
use super::thread::Own;
use domain::exchange::{Fate, Nature};

/// Left parts of addresses that programs write from.
const DAEMONS: [&str; 3] = ["mailer-daemon", "postmaster", "mail-daemon"];
/// What programs that know no RFC 3464 put into the subject of a bounce.
const BOUNCE_SUBJECTS: [&str; 8] = [
    "undeliver",
    "delivery status notification (failure)",
    "mail delivery failed",
    "returned mail",
    "failure notice",
    "delivery failure",
    "no se pudo entregar",
    "no entregado",
];

/// Decides. `from` is the sender, lower case.
pub(super) fn nature(mail: &Part<'_>, from: Option<&str>, own: &Own) -> Nature {
    if let Some(nature) = by_report(mail) {
        return nature;
    }
    let headers = &mail.headers;
    let daemon = from.is_some_and(|from| DAEMONS.contains(&from.split('@').next().unwrap_or("")));
    let unanswerable = headers.raw("Return-Path").any(|path| path.replace(' ', "") == "<>");
    if (daemon || unanswerable) && (headers.has("X-Failed-Recipients") || has_bounce_subject(mail)) {
        return Nature::Bounce;
    }
    let word = |name: &str| headers.word(name).unwrap_or_default();
    let submitted = word("Auto-Submitted");
    let precedence = word("Precedence");
    let automatic = daemon
        || unanswerable
        || from.is_some_and(|from| own.is_ours(from))
        || !(submitted.is_empty() || submitted == "no" || submitted.starts_with("no;") || submitted.starts_with("no "))
        || ["bulk", "junk", "list", "auto_reply"].contains(&precedence.as_str())
        || [
            "List-Id",
            "List-Unsubscribe",
            "List-Post",
            "X-Auto-Response-Suppress",
            "X-Autoreply",
            "X-Autorespond",
            "X-Autoresponder",
            "X-Loop",
        ]
        .iter()
        .any(|name| headers.has(name));
    if automatic { Nature::Automatic } else { Nature::Person }
}

fn has_bounce_subject(mail: &Part<'_>) -> bool {
    let subject = mail.headers.parsed().and_then(|parsed| parsed.subject()).unwrap_or("").to_lowercase();
    BOUNCE_SUBJECTS.iter().any(|begin| subject.contains(begin))
}

/// A report says itself what it is; one of delay or success is no bounce.
fn by_report(mail: &Part<'_>) -> Option<Nature> {
    let report = mail.headers.parameter("report-type").unwrap_or("").to_ascii_lowercase();
    let holds = |kind: &str| match &mail.body {
        Body::Many(parts) => parts.iter().any(|part| part.kind == kind),
        Body::Mail(_) | Body::Leaf(_) => mail.kind == kind,
    };
    if report == "disposition-notification" || holds("message/disposition-notification") {
        return Some(Nature::ReadReceipt);
    }
    if report == "delivery-status" || holds("message/delivery-status") {
        return Some(match bounce::fate(mail) {
            Some(Fate::Failed { .. }) => Nature::Bounce,
            Some(Fate::Delayed | Fate::HandedOn | Fate::Delivered) => Nature::Automatic,
            // A report that says nothing to programs: the usual one is a failure.
            None => Nature::Bounce,
        });
    }
    (mail.kind == "multipart/report").then_some(Nature::Automatic)
}

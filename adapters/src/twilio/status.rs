//! The carrier's status words as receipts; the same table for callbacks and for what is found by asking.
//!
//! Callbacks are unordered and incomplete (carriers.md 0.6), so a status says only what it says itself; the domain's merge
//! makes the picture. A word that nobody here knows becomes `Unrecognised`: kept, shown, and changing nothing.

use domain::dispatch::evidence::{End, ReceiptKind};
use domain::exchange::AnsweredBy;

/// Longer status words are cut.
const MAX_WORD_CHARS: usize = 40;

/// What a message's status says.
pub(crate) fn of_message(word: &str, error_code: Option<i64>) -> ReceiptKind {
    match word {
        "queued" | "accepted" | "scheduled" | "sending" | "sent" => ReceiptKind::Submitted,
        "delivered" | "read" => ReceiptKind::Delivered,
        "failed" | "undelivered" => ReceiptKind::Ended(End::Undelivered(error_code)),
        "canceled" => ReceiptKind::Ended(End::Canceled),
        other => ReceiptKind::Unrecognised(harmless(other)),
    }
}

/// What a call's status says. `completed` is the end of the line, and no evidence of a person (R19).
pub(crate) fn of_call(word: &str, error_code: Option<i64>) -> ReceiptKind {
    match word {
        "queued" | "initiated" => ReceiptKind::Submitted,
        "ringing" => ReceiptKind::Rang,
        "in-progress" | "answered" => ReceiptKind::Answered,
        "completed" => ReceiptKind::Ended(End::Completed),
        "busy" => ReceiptKind::Ended(End::Busy),
        "no-answer" => ReceiptKind::Ended(End::NoAnswer),
        "canceled" => ReceiptKind::Ended(End::Canceled),
        "failed" => ReceiptKind::Ended(End::Failed(error_code)),
        other => ReceiptKind::Unrecognised(harmless(other)),
    }
}

/// Who the carrier thinks picked up. What it does not know, or we do not, is `Unknown`, which is treated as a person.
pub(crate) fn answered_by(word: Option<&str>) -> AnsweredBy {
    match word {
        Some("human") => AnsweredBy::Human,
        Some("machine_end_beep" | "machine_end_silence" | "machine_end_other") => AnsweredBy::MachineReady,
        // TeXML says `machine` for both; what a machine may still be saying is waited for.
        Some("machine_start" | "machine") => AnsweredBy::MachineSpeaking,
        Some("fax") => AnsweredBy::Fax,
        Some(_) | None => AnsweredBy::Unknown,
    }
}

/// The same as evidence; `None` when the carrier could not tell.
pub(crate) fn detected(by: AnsweredBy) -> Option<ReceiptKind> {
    match by {
        AnsweredBy::Human => Some(ReceiptKind::HumanAnswered),
        AnsweredBy::MachineReady | AnsweredBy::MachineSpeaking => Some(ReceiptKind::MachineAnswered),
        AnsweredBy::Fax => Some(ReceiptKind::FaxAnswered),
        AnsweredBy::Unknown => None,
    }
}

/// A word that may stand in a record: short, and of the characters that status words are made of.
pub(crate) fn harmless(word: &str) -> String {
    let kept = |c: char| if c.is_ascii_lowercase() || matches!(c, '-' | '_') { c } else { '?' };
    word.chars().take(MAX_WORD_CHARS).map(kept).collect()
}

//! The carrier's status words for texts as receipts; those of calls are the dialect's (`twilio::status`).
//!
//! A text that is `delivery_unconfirmed` left the carrier and nobody knows more: that is no evidence of arrival and none of failure, so it
//! says only that it was taken, and silence is dealt with by the rules. A word that nobody here knows is kept, shown, and changes nothing.

use crate::twilio::status::harmless;
use domain::dispatch::evidence::{End, ReceiptKind};

/// What a text's status says, in webhooks, in its record and in its detail record.
pub(super) fn of_message(word: &str, code: Option<i64>) -> ReceiptKind {
    match word {
        "queued" | "sending" | "sent" => ReceiptKind::Submitted,
        "delivery_unconfirmed" | "dlr_unconfirmed" | "dlr_timeout" | "gw_timeout" => ReceiptKind::Submitted,
        "delivered" | "webhook_delivered" => ReceiptKind::Delivered,
        "sending_failed" | "delivery_failed" | "expired" | "failed" | "gw_reject" => ReceiptKind::Ended(End::Undelivered(code)),
        other => ReceiptKind::Unrecognised(harmless(other)),
    }
}

/// The same as news in the order of the lattice: that there is a record at all means that it was taken.
pub(super) fn news(word: &str, code: Option<i64>) -> Vec<ReceiptKind> {
    let last = of_message(word, code);
    if last == ReceiptKind::Submitted { vec![last] } else { vec![ReceiptKind::Submitted, last] }
}

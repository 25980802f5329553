//! What is known about an attempt: an append-only set of receipts, merged monotonically.
//!
//! The merge is commutative, associative and idempotent: a repeat, a replay or another order of the same receipts gives
//! the same evidence, and no receipt ever lowers it. A call that is `completed` says nothing about a person (R19).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One piece of news about an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "detail")]
pub enum ReceiptKind {
    /// The carrier took it.
    Submitted,
    /// The phone rings.
    Rang,
    /// The handset or mailbox has it (texts).
    Delivered,
    /// The line was picked up, by whom is not known.
    Answered,
    /// A person picked up, as far as detection can tell; or keyed something.
    HumanAnswered,
    /// A machine picked up.
    MachineAnswered,
    /// A fax picked up.
    FaxAnswered,
    /// Our words were spoken to the end after a machine's beep.
    VoicemailLeft,
    /// Keys were pressed that are not the code.
    WrongKey,
    /// A person said that they are not the one who is listed (key 9): no receipt, and not "no answer".
    NotMe,
    /// A person confirmed.
    Confirmed(ConfirmedBy),
    /// The attempt is over.
    Ended(End),
    /// A status that nobody here knows: kept, shown, raised; changes nothing.
    Unrecognised(String),
}

/// How a person confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfirmedBy {
    /// Keyed the code spoken on that call.
    Keypad,
    /// Keyed their own PIN on that call.
    Pin,
    /// Called our number back and keyed reference and PIN.
    CallBack,
    /// Sent the form of the mail's receipt page with the code printed in the mail.
    MailPage,
    /// Answered the text with `OK` and its code.
    Text,
    /// Confirmed in the portal, logged in.
    Portal,
    /// An analyst noted that they spoke with the person.
    AnalystNote,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "end", content = "code")]
pub enum End {
    /// A call was hung up by either side after an answer. No evidence of anything else.
    Completed,
    /// Busy or declined.
    Busy,
    /// Rang out.
    NoAnswer,
    /// Cancelled by us or the carrier.
    Canceled,
    /// The carrier could not; with its error code when it gave one.
    Failed(Option<i64>),
    /// A text or mail did not arrive; with the carrier's error code when it gave one.
    Undelivered(Option<i64>),
}

/// All that is known about an attempt, each fact with the earliest time it is known from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The carrier took it.
    pub submitted: Option<Timestamp>,
    /// It rang.
    pub rang: Option<Timestamp>,
    /// It was delivered.
    pub delivered: Option<Timestamp>,
    /// The line was picked up.
    pub answered: Option<Timestamp>,
    /// By a person.
    pub human: Option<Timestamp>,
    /// By a machine.
    pub machine: Option<Timestamp>,
    /// By a fax.
    pub fax: Option<Timestamp>,
    /// A voicemail was left to its end.
    pub voicemail: Option<Timestamp>,
    /// A wrong key was pressed.
    pub wrong_key: Option<Timestamp>,
    /// Somebody said that they are not the person.
    #[serde(default)]
    pub not_me: Option<Timestamp>,
    /// A person confirmed.
    pub confirmed: Option<(Timestamp, ConfirmedBy)>,
    /// It is over.
    pub ended: Option<(Timestamp, End)>,
}

/// The ladder shown to people: each rung includes nothing about the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    /// Not yet taken by a carrier.
    None,
    /// Taken by the carrier.
    Submitted,
    /// Rang, or was delivered.
    Rang,
    /// A voicemail was left.
    Voicemail,
    /// A person answered.
    HumanAnswered,
    /// A person confirmed.
    Confirmed,
}

impl Evidence {
    /// How a text or mail was lost; a delivery outweighs every end.
    pub(super) fn lost(&self) -> Option<&End> {
        match &self.ended {
            Some((_, end @ (End::Undelivered(_) | End::Failed(_) | End::Canceled))) if self.delivered.is_none() => Some(end),
            Some((_, End::Completed | End::Busy | End::NoAnswer | End::Canceled | End::Failed(_) | End::Undelivered(_))) | None => None,
        }
    }

    /// Adds one receipt. True when something new is known, an earlier time of a known fact included.
    ///
    /// Each fact keeps its earliest time. Of two ends that contradict each other the later variant of [`End`] stays, whichever came
    /// first: bad news outweighs good, so that a contradiction is rather called again than believed.
    pub fn merge(&mut self, kind: &ReceiptKind, at: Timestamp) -> bool {
        match kind {
            ReceiptKind::Submitted => earliest(&mut self.submitted, at),
            ReceiptKind::Rang => earliest(&mut self.rang, at),
            ReceiptKind::Delivered => earliest(&mut self.delivered, at),
            ReceiptKind::Answered => earliest(&mut self.answered, at),
            ReceiptKind::HumanAnswered => earliest(&mut self.human, at),
            ReceiptKind::MachineAnswered => earliest(&mut self.machine, at),
            ReceiptKind::FaxAnswered => earliest(&mut self.fax, at),
            ReceiptKind::VoicemailLeft => earliest(&mut self.voicemail, at),
            ReceiptKind::WrongKey => earliest(&mut self.wrong_key, at),
            ReceiptKind::NotMe => earliest(&mut self.not_me, at),
            ReceiptKind::Confirmed(by) => earliest(&mut self.confirmed, (at, *by)),
            ReceiptKind::Ended(end) => self.merge_end(end, at),
            ReceiptKind::Unrecognised(_) => false,
        }
    }
    fn merge_end(&mut self, end: &End, at: Timestamp) -> bool {
        let stays = self.ended.as_ref().is_some_and(|(known_at, known)| match known.cmp(end) {
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Equal => *known_at <= at,
            std::cmp::Ordering::Less => false,
        });
        if !stays {
            self.ended = Some((at, end.clone()));
        }
        !stays
    }
    /// Whether it holds this piece of news already, whenever it came. What says nothing of its own is never held.
    pub fn holds(&self, kind: &ReceiptKind) -> bool {
        match kind {
            ReceiptKind::Submitted => self.submitted.is_some(),
            ReceiptKind::Rang => self.rang.is_some(),
            ReceiptKind::Delivered => self.delivered.is_some(),
            ReceiptKind::Answered => self.answered.is_some(),
            ReceiptKind::HumanAnswered => self.human.is_some(),
            ReceiptKind::MachineAnswered => self.machine.is_some(),
            ReceiptKind::FaxAnswered => self.fax.is_some(),
            ReceiptKind::VoicemailLeft => self.voicemail.is_some(),
            ReceiptKind::NotMe => self.not_me.is_some(),
            ReceiptKind::Confirmed(by) => self.confirmed.is_some_and(|(_, known)| known == *by),
            ReceiptKind::Ended(end) => self.ended.as_ref().is_some_and(|(_, known)| known == end),
            ReceiptKind::WrongKey | ReceiptKind::Unrecognised(_) => false,
        }
    }
    /// The highest rung reached.
    pub fn rung(&self) -> Rung {
        if self.confirmed.is_some() {
            Rung::Confirmed
        } else if self.human.is_some() {
            Rung::HumanAnswered
        } else if self.voicemail.is_some() {
            Rung::Voicemail
        } else if [self.rang, self.delivered, self.answered, self.machine, self.fax].iter().any(Option::is_some) {
            Rung::Rang
        } else if self.taken_at().is_some() {
            Rung::Submitted
        } else {
            Rung::None
        }
    }
    /// When a carrier is first known to have had it: whatever came of an attempt, the carrier must have taken it before.
    pub fn taken_at(&self) -> Option<Timestamp> {
        let facts = [
            self.submitted,
            self.rang,
            self.delivered,
            self.answered,
            self.human,
            self.machine,
            self.fax,
            self.voicemail,
            self.wrong_key,
            self.not_me,
        ];
        let ended = self.ended.as_ref().map(|(at, _)| *at);
        facts.into_iter().chain([ended]).flatten().min()
    }
    /// Whether a person confirmed.
    pub fn is_confirmed(&self) -> bool {
        self.confirmed.is_some()
    }
}

impl End {
    /// Whether the carrier will never reach this address, so that another attempt is idle (carriers.md 1.2). For calls: an invalid
    /// or unroutable number. For texts: opted out, unknown, a landline, blocked. For mails: 550 to 554, the mailbox does not exist or refuses.
    pub fn refuses_address(&self) -> bool {
        match self {
            End::Completed | End::Busy | End::NoAnswer | End::Canceled => false,
            End::Failed(code) | End::Undelivered(code) => code.is_some_and(|code| {
                opted_out(Some(code))
                    || matches!(code, 21211 | 21214 | 21217 | 13223 | 13224 | 21612 | 21614 | 30004..=30006 | 40001 | 40310 | 550..=554)
            }),
        }
    }
    /// Whether the person has forbidden texts.
    pub fn is_opt_out(&self) -> bool {
        match self {
            End::Completed | End::Busy | End::NoAnswer | End::Canceled => false,
            End::Failed(code) | End::Undelivered(code) => opted_out(*code),
        }
    }
}

/// Whether a carrier's code says that the person has forbidden texts (STOP): Twilio's and Telnyx's (carriers.md 1.2 and 4).
pub fn opted_out(code: Option<i64>) -> bool {
    matches!(code, Some(21610 | 40300))
}

/// Keeps the lesser of what is known and what is told; true when that changed something.
fn earliest<T: Ord + Copy>(known: &mut Option<T>, told: T) -> bool {
    let earlier = known.is_none_or(|known| told < known);
    if earlier {
        *known = Some(told);
    }
    earlier
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).expect("in range")
    }

    fn merged(receipts: &[(ReceiptKind, Timestamp)]) -> Evidence {
        let mut evidence = Evidence::default();
        for (kind, at) in receipts {
            evidence.merge(kind, *at);
        }
        evidence
    }

    fn any_receipt(rng: &mut fastrand::Rng) -> (ReceiptKind, Timestamp) {
        let code = [None, Some(21211), Some(30003)][rng.usize(..3)];
        let kinds = [
            ReceiptKind::Submitted,
            ReceiptKind::Rang,
            ReceiptKind::Delivered,
            ReceiptKind::Answered,
            ReceiptKind::HumanAnswered,
            ReceiptKind::MachineAnswered,
            ReceiptKind::FaxAnswered,
            ReceiptKind::VoicemailLeft,
            ReceiptKind::WrongKey,
            ReceiptKind::Confirmed(ConfirmedBy::Keypad),
            ReceiptKind::Confirmed(ConfirmedBy::MailPage),
            ReceiptKind::Ended(End::Completed),
            ReceiptKind::Ended(End::Busy),
            ReceiptKind::Ended(End::NoAnswer),
            ReceiptKind::Ended(End::Canceled),
            ReceiptKind::Ended(End::Failed(code)),
            ReceiptKind::Ended(End::Undelivered(code)),
            ReceiptKind::Unrecognised("teleported".to_owned()),
        ];
        (kinds[rng.usize(..kinds.len())].clone(), t(rng.i64(0..20)))
    }

    #[test]
    fn all_24_orders_of_four_callbacks_agree() {
        let four = [
            (ReceiptKind::Submitted, t(0)),
            (ReceiptKind::Rang, t(2)),
            (ReceiptKind::MachineAnswered, t(9)),
            (ReceiptKind::Ended(End::Completed), t(30)),
        ];
        let expected = merged(&four);
        for number in 0..24 {
            let (mut rest, mut order) = (four.to_vec(), Vec::new());
            for (count, divisor) in [(4, 6), (3, 2), (2, 1), (1, 1)] {
                order.push(rest.remove(number / divisor % count));
            }
            assert_eq!(merged(&order), expected, "order {number}");
        }
    }

    #[test]
    fn merging_is_commutative_associative_and_idempotent() {
        for seed in 0..5000 {
            let mut rng = fastrand::Rng::with_seed(seed);
            let receipts: Vec<_> = (0..rng.usize(1..12)).map(|_| any_receipt(&mut rng)).collect();
            let expected = merged(&receipts);
            let mut noisy = receipts.clone();
            noisy.extend_from_slice(&receipts[..rng.usize(..=receipts.len())]);
            rng.shuffle(&mut noisy);
            let mut evidence = merged(&noisy);
            assert_eq!(evidence, expected, "seed {seed}");
            for (kind, at) in &receipts {
                assert!(!evidence.merge(kind, *at), "seed {seed}: {kind:?} was new twice");
            }
        }
    }

    #[test]
    fn no_receipt_lowers_the_rung() {
        for seed in 0..2000 {
            let mut rng = fastrand::Rng::with_seed(seed);
            let mut evidence = Evidence::default();
            for _ in 0..12 {
                let (before, (kind, at)) = (evidence.rung(), any_receipt(&mut rng));
                evidence.merge(&kind, at);
                assert!(evidence.rung() >= before, "seed {seed}: {kind:?} lowered {before:?}");
            }
        }
    }

    #[test]
    fn rungs_claim_no_more_than_was_seen() {
        use ReceiptKind as R;
        let table: [(&[ReceiptKind], Rung); 9] = [
            (&[], Rung::None),
            (&[R::Unrecognised("x".to_owned())], Rung::None),
            (&[R::Submitted], Rung::Submitted),
            (&[R::Submitted, R::Ended(End::Busy)], Rung::Submitted),
            // R19: a completed call, even an answered one, is no person.
            (&[R::Submitted, R::Rang, R::Answered, R::Ended(End::Completed)], Rung::Rang),
            (&[R::Answered, R::MachineAnswered], Rung::Rang),
            (&[R::MachineAnswered, R::VoicemailLeft], Rung::Voicemail),
            (&[R::HumanAnswered, R::WrongKey], Rung::HumanAnswered),
            (&[R::Confirmed(ConfirmedBy::Keypad)], Rung::Confirmed),
        ];
        for (kinds, expected) in table {
            let receipts: Vec<_> = kinds.iter().map(|kind| (kind.clone(), t(0))).collect();
            assert_eq!(merged(&receipts).rung(), expected, "{kinds:?}");
        }
        assert!(!merged(&[(R::Ended(End::Completed), t(0))]).is_confirmed());
        assert_eq!(merged(&[(R::Ended(End::Completed), t(0))]).human, None);
    }
}

//! What must be true of a promise that is kept: of its state, its attempts, their evidence, and what the record says of it.
//!
//! Pure questions over what was read back; nothing here changes anything, and nothing here is used to decide. So an error in the rules that
//! decide is not repeated by the rules that check. Times are compared in one place only (an attempt given up in silence): a clock may have
//! been set, while the order of the record cannot have changed.

use super::evidence::{ConfirmedBy, End, Evidence, ReceiptKind};
use super::obligation::{FailedBecause, Obligation, Satisfaction, State};
use super::plan::Start;
use super::purpose::Purpose;
use crate::channel::Means;
use crate::id::AttemptId;
use jiff::{SignedDuration, Timestamp};

/// One promise with everything that is kept about it.
#[derive(Debug, Clone, Copy)]
pub struct Promise<'a> {
    /// The promise.
    pub obligation: &'a Obligation,
    /// Every obligation of its dispatch, itself among them.
    pub dispatch: &'a [&'a Obligation],
    /// The attempts at it, in any order.
    pub attempts: &'a [Tried<'a>],
    /// What the record says of it, in the record's order.
    pub noted: &'a [(Timestamp, Noted)],
    /// Whether there is a task, done or not, because of it.
    pub has_task: bool,
    /// Whether a supervisor left its person out of some dispatch of the tip (R42).
    pub left_out: bool,
    /// Whether the record has a confirmation or an answer given in the portal apart from any attempt.
    pub answered_apart: bool,
}

/// An attempt with its receipts.
#[derive(Debug, Clone, Copy)]
pub struct Tried<'a> {
    /// Its id.
    pub id: AttemptId,
    /// Call, mail or text.
    pub means: Means,
    /// How many steps its call has had; 0 when nobody has picked up, or it is no call.
    pub call_steps: u32,
    /// What is known.
    pub evidence: &'a Evidence,
    /// Its receipts, in the order they came.
    pub receipts: &'a [ReceiptKind],
}

/// An entry of the record about a promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Noted {
    /// The intent of this attempt was committed.
    Started(AttemptId),
    /// The carrier did not take it, or its answer was lost.
    NotTaken(AttemptId),
    /// The carrier was asked and had no trace, or did not answer.
    Asked(AttemptId),
    /// News of it; from whom.
    Receipt(AttemptId, ReceiptKind, By),
}

/// Who is behind an entry of the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A person: an enduser or a member of staff.
    Person,
    /// The program, or a carrier through it.
    Program,
}

/// What is not as it must be. `Display` is a sentence without identities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsound {
    /// Counted as confirmed although no person said so.
    #[error("it counts as confirmed, but no receipt that only a person can give stands behind it")]
    NoPerson,
    /// A receipt says that a person confirmed, and the promise does not.
    #[error("a person confirmed it, and that was not believed")]
    NotBelieved,
    /// Confirmed at a time, and yet not closed by that.
    #[error("it has a time of confirmation, but was not closed by a confirmation")]
    NotClosedByIt,
    /// Closed by the same person's confirmation elsewhere, which is not there.
    #[error("it was closed because its person confirmed elsewhere, but they did not")]
    NothingElsewhere,
    /// Closed as notified although no carrier has it.
    #[error("it was closed as notified, but no carrier took it, or it came back")]
    NotNotified,
    /// Released without a reason.
    #[error("it was released, but its school was not reached, nobody left its person out, and no page was over")]
    NoReasonToRelease,
    /// Failed, and nobody was asked to take over.
    #[error("it failed, and no task asks a person to take over")]
    NotEscalated,
    /// The attempt that it waits for is not there, or another came after it.
    #[error("the attempt that it waits for is not its last one")]
    WaitsForNothing,
    /// The number of attempts is not that of their rows.
    #[error("the number of its attempts is not that of the attempts that are kept")]
    Miscounted,
    /// An attempt whose intent is not in the record, or came after its news, or twice.
    #[error("an attempt's intent is not in the record before everything else about it")]
    NoIntent,
    /// An attempt that the record names is gone.
    #[error("the record names an attempt that is not kept")]
    AttemptGone,
    /// Two attempts under way at once.
    #[error("an attempt was started while another was under way, and that one was not recorded as unknown")]
    TwoAtOnce,
    /// Called again after a person had confirmed.
    #[error("an attempt was started after a person had confirmed")]
    AgainAfterConfirmed,
    /// The evidence is not what the receipts say.
    #[error("the evidence of an attempt is not what its receipts come to")]
    OtherEvidence,
    /// The receipts are not those of the record.
    #[error("the receipts of an attempt are not those of the record")]
    OtherReceipts,
}

/// Everything that is wrong with a promise, each kind once. `silence` is after how long an attempt without news counts as given up.
pub fn unsound(promise: &Promise<'_>, silence: SignedDuration) -> Vec<Unsound> {
    let mut found = Vec::new();
    found.extend(end(promise));
    found.extend(person(promise));
    found.extend(attempts(promise));
    found.extend(order(promise, silence));
    for tried in promise.attempts {
        let noted = promise.noted.iter().filter_map(|(_, noted)| match noted {
            Noted::Receipt(attempt, kind, _) if *attempt == tried.id => Some(kind),
            Noted::Started(_) | Noted::NotTaken(_) | Noted::Asked(_) | Noted::Receipt(..) => None,
        });
        found.extend((!noted.eq(tried.receipts)).then_some(Unsound::OtherReceipts));
        found.extend((!comes_of(tried.evidence, tried.receipts)).then_some(Unsound::OtherEvidence));
    }
    let mut once = Vec::with_capacity(found.len());
    for one in found {
        if !once.contains(&one) {
            once.push(one);
        }
    }
    once
}

/// Whether this is the evidence that these receipts come to. Each fact is there, or is not, and the end that stays is the same; not the
/// times, for news that waited is as old as it is, and its receipt as young as its commit.
pub fn comes_of(evidence: &Evidence, receipts: &[ReceiptKind]) -> bool {
    let mut merged = Evidence::default();
    for kind in receipts {
        merged.merge(kind, Timestamp::UNIX_EPOCH);
    }
    let facts = |of: &Evidence| {
        let known = [
            of.submitted,
            of.rang,
            of.delivered,
            of.answered,
            of.human,
            of.machine,
            of.fax,
            of.voicemail,
            of.wrong_key,
            of.not_me,
            of.confirmed.map(|(at, _)| at),
        ];
        (known.map(|fact| fact.is_some()), of.ended.as_ref().map(|(_, end)| end.clone()))
    };
    let said = |by: ConfirmedBy| receipts.contains(&ReceiptKind::Confirmed(by));
    facts(evidence) == facts(&merged) && evidence.confirmed.is_none_or(|(_, by)| said(by))
}

/// Whether the state that it is in rests on something.
fn end(promise: &Promise<'_>) -> Option<Unsound> {
    let obligation = promise.obligation;
    match &obligation.state {
        State::Standby { .. } | State::Waiting { .. } => None,
        State::InFlight { attempt, .. } => {
            let is_last = obligation.latest == Some(*attempt) && promise.attempts.iter().any(|tried| tried.id == *attempt);
            (!is_last).then_some(Unsound::WaitsForNothing)
        }
        State::Satisfied { by: Satisfaction::Confirmed(_), .. } => obligation.confirmed_at.is_none().then_some(Unsound::NotClosedByIt),
        State::Satisfied { by: Satisfaction::ConfirmedElsewhere, .. } => {
            let theirs = |other: &&&Obligation| {
                other.id != obligation.id
                    && other.step.person == obligation.step.person
                    && other.step.organization == obligation.step.organization
            };
            let elsewhere = promise.dispatch.iter().filter(theirs).any(|other| other.confirmed_at.is_some());
            (!elsewhere).then_some(Unsound::NothingElsewhere)
        }
        State::Satisfied { by: Satisfaction::Notified, .. } => (!was_notified(promise)).then_some(Unsound::NotNotified),
        State::Released { .. } => (!may_be_released(promise)).then_some(Unsound::NoReasonToRelease),
        State::Failed { reason, .. } => (wants_task(obligation.purpose, *reason) && !promise.has_task).then_some(Unsound::NotEscalated),
    }
}

fn was_notified(promise: &Promise<'_>) -> bool {
    let obligation = promise.obligation;
    let taken = promise.attempts.iter().any(|tried| tried.evidence.taken_at().is_some());
    let came_back = promise.attempts.iter().filter(|tried| obligation.latest == Some(tried.id)).any(|tried| is_lost(tried.evidence));
    obligation.step.means != Means::Call && obligation.submitted_at.is_some() && taken && !came_back
}

fn is_lost(evidence: &Evidence) -> bool {
    match &evidence.ended {
        Some((_, End::Undelivered(_) | End::Failed(_) | End::Canceled)) => evidence.delivered.is_none(),
        Some((_, End::Completed | End::Busy | End::NoAnswer)) | None => false,
    }
}

/// R10: a standby whose school was reached. R42: somebody who was left out. A page that nobody needs any more.
fn may_be_released(promise: &Promise<'_>) -> bool {
    let obligation = promise.obligation;
    let is_standby = matches!(obligation.step.start, Start::Standby(_));
    let reached = || promise.dispatch.iter().any(|other| other.step.kind == crate::directory::Kind::School && other.confirmed_at.is_some());
    let is_page = match obligation.purpose {
        Purpose::Page(_) => true,
        Purpose::Tip | Purpose::Update | Purpose::Drill | Purpose::Feedback => false,
    };
    is_page || promise.left_out || is_standby && reached()
}

/// Whether a person has to take over what failed: always for a tip, unless it was restored; for a page and for news when the
/// address was wrong.
const fn wants_task(purpose: Purpose, reason: FailedBecause) -> bool {
    let wrong_address = match reason {
        FailedBecause::AddressRefused | FailedBecause::NotThem | FailedBecause::Returned | FailedBecause::OptedOut => true,
        FailedBecause::NobodyConfirmed | FailedBecause::NoCarrier => false,
        // One task of the tip stands for all that was open in the backup.
        FailedBecause::Restored => return false,
    };
    match purpose {
        Purpose::Tip => true,
        Purpose::Page(_) | Purpose::Update => wrong_address,
        Purpose::Drill | Purpose::Feedback => false,
    }
}

/// R19: a confirmation is a person's, by the means of its attempt, in evidence, receipts and record alike.
fn person(promise: &Promise<'_>) -> Option<Unsound> {
    let obligation = promise.obligation;
    let believed = |tried: &&Tried<'_>| tried.evidence.is_confirmed();
    let by = match (obligation.confirmed_at, &obligation.state) {
        (None, _) => return promise.attempts.iter().any(|tried| believed(&tried)).then_some(Unsound::NotBelieved),
        (Some(_), State::Satisfied { by: Satisfaction::Confirmed(by), .. }) => *by,
        (Some(_), State::Satisfied { by: Satisfaction::ConfirmedElsewhere | Satisfaction::Notified, .. }) => {
            return Some(Unsound::NotClosedByIt);
        }
        (
            Some(_),
            State::Standby { .. } | State::Waiting { .. } | State::InFlight { .. } | State::Released { .. } | State::Failed { .. },
        ) => {
            return Some(Unsound::NotClosedByIt);
        }
    };
    let kind = ReceiptKind::Confirmed(by);
    let in_record = |id: AttemptId| {
        let this = |noted: &Noted| matches!(noted, Noted::Receipt(attempt, told, By::Person) if *attempt == id && *told == kind);
        promise.noted.iter().any(|(_, noted)| this(noted))
    };
    let by_receipt = promise
        .attempts
        .iter()
        .filter(believed)
        .any(|tried| tried.receipts.contains(&kind) && is_of_means(by, tried) && in_record(tried.id));
    let apart = by == ConfirmedBy::Portal && promise.answered_apart;
    (!by_receipt && !apart).then_some(Unsound::NoPerson)
}

/// Whether a confirmation of this kind can come of such an attempt: a key of a call that was picked up, a code of a mail or a text.
fn is_of_means(by: ConfirmedBy, tried: &Tried<'_>) -> bool {
    match by {
        ConfirmedBy::Keypad | ConfirmedBy::Pin => tried.means == Means::Call && tried.call_steps > 0,
        ConfirmedBy::MailPage => tried.means == Means::Mail,
        ConfirmedBy::Text => tried.means == Means::Text,
        ConfirmedBy::CallBack | ConfirmedBy::Portal | ConfirmedBy::AnalystNote => true,
    }
}

/// Whether the attempts that are kept are those that the promise counts and the record names.
fn attempts(promise: &Promise<'_>) -> Vec<Unsound> {
    let obligation = promise.obligation;
    let is_kept = |id: AttemptId| promise.attempts.iter().any(|tried| tried.id == id);
    let started = promise.noted.iter().filter_map(|(_, noted)| match noted {
        Noted::Started(id) => Some(*id),
        Noted::NotTaken(_) | Noted::Asked(_) | Noted::Receipt(..) => None,
    });
    let mut found = Vec::new();
    let count = usize::try_from(obligation.attempts).unwrap_or(usize::MAX);
    // What was put off before any carrier had it is kept, and not counted.
    let not_taken = promise.noted.iter().filter(|(_, noted)| matches!(noted, Noted::NotTaken(_))).count();
    let counts = count <= promise.attempts.len() && promise.attempts.len() <= count.saturating_add(not_taken);
    let last = started.clone().next_back();
    if !counts || obligation.latest != last || obligation.first_attempt_at.is_some() != (count > 0) {
        found.push(Unsound::Miscounted);
    }
    if started.clone().any(|id| !is_kept(id)) {
        found.push(Unsound::AttemptGone);
    }
    if promise.attempts.iter().any(|tried| started.clone().filter(|id| *id == tried.id).count() != 1) {
        found.push(Unsound::NoIntent);
    }
    found
}

/// Whether each attempt was started only when the one before was over, and none after a confirmation. In the order of the record.
fn order(promise: &Promise<'_>, silence: SignedDuration) -> Vec<Unsound> {
    let mut found = Vec::new();
    let mut under_way: Vec<(AttemptId, Timestamp)> = Vec::new();
    let mut begun: Vec<AttemptId> = Vec::new();
    let mut confirmed = false;
    for (at, noted) in promise.noted {
        let (Noted::Started(id) | Noted::NotTaken(id) | Noted::Asked(id) | Noted::Receipt(id, ..)) = noted;
        let over = match noted {
            Noted::Started(_) => {
                under_way.retain(|(_, since)| at.duration_since(*since) < silence);
                found.extend((!under_way.is_empty()).then_some(Unsound::TwoAtOnce));
                found.extend(confirmed.then_some(Unsound::AgainAfterConfirmed));
                under_way.push((*id, *at));
                begun.push(*id);
                false
            }
            Noted::NotTaken(_) | Noted::Asked(_) => true,
            Noted::Receipt(_, kind, _) => {
                confirmed |= matches!(kind, ReceiptKind::Confirmed(_));
                matches!(kind, ReceiptKind::Ended(_) | ReceiptKind::NotMe)
            }
        };
        if !begun.contains(id) {
            found.push(Unsound::NoIntent);
        }
        if over {
            under_way.retain(|(other, _)| other != id);
        }
    }
    found
}

#[cfg(test)]
#[path = "sound_tests.rs"]
mod tests;

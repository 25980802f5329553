//! Histories of one obligation, for tests: written as text, `second event; second event`, and what came of them.
//!
//! Time starts at 0, the due time is 1200 s, jitter is 1 (every delay is the whole exponential step), the policy is the default one. Attempts are
//! numbered from 1 in the order of starting; an event is about the latest attempt unless it says `#1`.

use super::evidence::{ConfirmedBy, End, Evidence, ReceiptKind};
use super::obligation::{Context, Effect, Event, Obligation, SendOutcome, State};
use super::plan::{Session, Start, Step, StepContent};
use super::policy::Policy;
use super::purpose::{PageReason, Purpose};
use crate::channel::Means;
use crate::directory::Kind;
use crate::id::{AttemptId, ConversationId, DispatchId, ObligationId};
use crate::level::Level;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

pub(super) fn t(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).expect("in range")
}

pub(super) fn number(attempt: AttemptId) -> u128 {
    attempt.uuid().as_u128()
}

/// `critical school call`, with `standby` for one that waits until 300 s and a purpose's word for one that is not a tip's.
pub(super) fn obligation(what: &str) -> Obligation {
    let words: Vec<&str> = what.split(' ').collect();
    let kind = Kind::parse(words[1]).expect("a kind");
    let step = Step {
        organization: "somewhere".parse().expect("a key"),
        organization_name: "Somewhere".to_owned(),
        kind,
        person: "somebody".parse().expect("a key"),
        person_name: "Somebody".to_owned(),
        role: "Principal".to_owned(),
        means: Means::parse(words[2]).expect("a means"),
        tail: "…42".to_owned(),
        says: String::new(),
        due_at: t(1200),
        start: if words.contains(&"standby") { Start::Standby(t(300)) } else { Start::Now(0) },
        content: StepContent::Nothing,
        session: Session::Unsaid,
    };
    let (id, dispatch, conversation) = (ObligationId::new(Uuid::nil()), DispatchId::new(Uuid::nil()), ConversationId::new(Uuid::nil()));
    let purposes = [Purpose::Tip, Purpose::Update, Purpose::Drill, Purpose::Feedback, Purpose::Page(PageReason::Unsorted)];
    let purpose = purposes.into_iter().find(|purpose| words[3..].contains(&purpose.as_str())).unwrap_or_default();
    Obligation::new(id, dispatch, conversation, Level::parse(words[0]).expect("a level"), step, t(0)).for_purpose(purpose)
}

/// The evidence that makes the words, all known since this second.
pub(super) fn evidence(words: &[&str], at: i64) -> Evidence {
    let mut evidence = Evidence::default();
    for word in words {
        let (word, code) = word.split_once(':').map_or((*word, None), |(word, code)| (word, Some(code.parse().expect("a code"))));
        let kind = match word {
            "submitted" => ReceiptKind::Submitted,
            "rang" => ReceiptKind::Rang,
            "delivered" => ReceiptKind::Delivered,
            "human" => ReceiptKind::HumanAnswered,
            "voicemail" => ReceiptKind::VoicemailLeft,
            "not-me" => ReceiptKind::NotMe,
            "canceled" => ReceiptKind::Ended(End::Canceled),
            "wrong-key" => ReceiptKind::WrongKey,
            "keyed" => ReceiptKind::Confirmed(ConfirmedBy::Keypad),
            "posted" => ReceiptKind::Confirmed(ConfirmedBy::MailPage),
            "completed" => ReceiptKind::Ended(End::Completed),
            "busy" => ReceiptKind::Ended(End::Busy),
            "no-answer" => ReceiptKind::Ended(End::NoAnswer),
            "failed" => ReceiptKind::Ended(End::Failed(code)),
            "undelivered" => ReceiptKind::Ended(End::Undelivered(code)),
            other => panic!("no receipt {other}"),
        };
        evidence.merge(&kind, t(at));
    }
    evidence
}

fn event(text: &str, latest: AttemptId, at: i64) -> Event {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    let named = words.iter().position(|word| word.starts_with('#')).map(|place| words.remove(place));
    let attempt = named.map_or(latest, |name| AttemptId::new(Uuid::from_u128(name[1..].parse().expect("a number"))));
    let sent = |outcome| Event::Sent { attempt, outcome };
    match words[0] {
        "timer" => Event::Timer,
        "held" => Event::Held,
        "accepted" => sent(SendOutcome::Accepted),
        "transient" => sent(SendOutcome::Transient),
        "throttled" => sent(SendOutcome::Throttled(Some(SignedDuration::from_secs(words[1].parse().expect("seconds"))))),
        "opted-out" => sent(SendOutcome::OptedOut),
        "permanent" => sent(SendOutcome::Permanent),
        "unknown" => sent(SendOutcome::Unknown),
        "put-off" => sent(SendOutcome::PutOff),
        "not-found" => Event::NotFound { attempt },
        "could-not-ask" => Event::CouldNotAsk { attempt },
        "portal" => Event::Confirmed { at: t(at), by: ConfirmedBy::Portal },
        "person" => Event::PersonConfirmed,
        "reached" => Event::SchoolReached,
        "unreachable" => Event::SchoolUnreachable,
        _ => Event::News { attempt, evidence: evidence(&words, at) },
    }
}

pub(super) fn state(obligation: &Obligation) -> String {
    let second = |at: &Timestamp| at.duration_since(t(0)).as_secs();
    match &obligation.state {
        State::Standby { until } => format!("standby {}", second(until)),
        State::Waiting { next_at } => format!("waiting {}", second(next_at)),
        State::InFlight { attempt, check_at, .. } => format!("flight #{} {}", number(*attempt), second(check_at)),
        State::Satisfied { by, .. } => format!("{by:?}").to_lowercase(),
        State::Released { .. } => "released".to_owned(),
        State::Failed { reason, .. } => format!("{reason:?}").to_lowercase(),
    }
}

fn effect(effect: &Effect) -> String {
    match effect {
        Effect::Send(attempt) => format!("send#{}", number(*attempt)),
        Effect::Ask(attempt) => format!("ask#{}", number(*attempt)),
        Effect::RaiseTask(_) => "task".to_owned(),
        Effect::Breach(_) => "breach".to_owned(),
        Effect::StartNext(_) => "next".to_owned(),
        Effect::TellSamePerson => "tell-person".to_owned(),
        Effect::TellSchoolReached => "tell-reached".to_owned(),
        Effect::CheckSchool => "check-school".to_owned(),
    }
}

/// Plays the history; gives the obligation and all effects in order. `points=2` in `what` is a person with two numbers, tried in turns as the
/// shell does; `other` means that there is another carrier.
pub(super) fn play(what: &str, history: &str, policy: &Policy) -> (Obligation, Vec<String>) {
    let mut now = obligation(what);
    let effects = follow(&mut now, what, history, policy);
    (now, effects.iter().map(effect).collect())
}

/// The effects of a history under the default policy, as they are.
pub(super) fn effects_of(now: &mut Obligation, what: &str, history: &str) -> Vec<Effect> {
    follow(now, what, history, &Policy::default())
}

/// One event.
pub(super) fn decided(now: Obligation, event: Event, at: i64, policy: &Policy, other_carrier: bool) -> Obligation {
    let fresh = AttemptId::new(Uuid::from_u128(u128::from(now.attempts) + 1));
    now.decide(event, Context { now: t(at), fresh, jitter: 1.0, policy, other_carrier, points: 1 }).next
}

fn follow(now: &mut Obligation, what: &str, history: &str, policy: &Policy) -> Vec<Effect> {
    let mut effects = Vec::new();
    let points = what.split_once("points=").map_or(1, |(_, count)| count[..1].parse().expect("a number"));
    let other_carrier = what.contains("other-carrier");
    for entry in history.split(';').map(str::trim).filter(|entry| !entry.is_empty()) {
        let (at, text) = entry.split_once(' ').expect("second event");
        let at = at.parse().expect("a second");
        let fresh = AttemptId::new(Uuid::from_u128(u128::from(now.attempts) + 1));
        let event = event(text, now.latest.unwrap_or(fresh), at);
        let before = now.attempts;
        let decision = now.clone().decide(event, Context { now: t(at), fresh, jitter: 1.0, policy, other_carrier, points });
        effects.extend(decision.effects);
        *now = decision.next;
        if now.attempts > before {
            let good: Vec<u8> = (0..points as u8).filter(|point| !now.bad_points.contains(point)).collect();
            now.went_to = good.get(before as usize % good.len().max(1)).copied().unwrap_or(0);
        }
    }
    effects
}

pub(super) fn check(what: &str, history: &str, expected_state: &str, expected_effects: &str) {
    let (obligation, effects) = play(what, history, &Policy::default());
    assert_eq!((state(&obligation).as_str(), effects.join(" ").as_str()), (expected_state, expected_effects), "{what}: {history}");
}

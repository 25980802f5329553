//! The mistakes that can be planted into the shell or the rules, one for each rule that the checker holds.
//!
//! A checker that has never objected proves nothing: every bug has to be found within a bounded number of histories.

use domain::Timestamp;
use domain::channel::Means;
use domain::dispatch::obligation::{Effect, Obligation, Satisfaction, State};
use domain::dispatch::purpose::Purpose;

/// A mistake that the checker has to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// "Call completed" counts as a confirmation.
    CompletedConfirms,
    /// A voicemail counts as received.
    VoicemailConfirms,
    /// Any key counts as the code.
    AnyKeyConfirms,
    /// A mail scanner's GET of the link counts as a confirmation.
    ScannerConfirms,
    /// A text with any code counts.
    AnyTextConfirms,
    /// Whoever calls back is believed without a PIN.
    CallBackWithoutPin,
    /// A timer is forgotten now and then.
    DropsTimer,
    /// A failure raises no task.
    RaisesNoTask,
    /// A failed drill raises a task.
    DrillRaisesTask,
    /// The news that came last wins.
    LastNewsWins,
    /// A repeated callback counts twice.
    CountsRepeats,
    /// A Critical call waits for its turn although the lane is free.
    DelaysCritical,
    /// A drill goes before everything.
    DrillFirst,
    /// The police are called before the PSAP.
    PsapLast,
    /// A lane sends faster than its pace.
    OverPace,
    /// Both nodes work one lane, each at its whole pace.
    SharesLane,
    /// A lane whose node died is never taken over.
    NoTakeover,
    /// Any confirmation releases the district, also the PSAP's.
    ReleasesOnAnybody,
    /// After a crash, what was in flight is sent again without asking.
    ResendsAfterCrash,
    /// A call that is silent is made again without asking.
    RepeatsSilent,
    /// A mail counts as sent before a carrier took it.
    NotifiedUnsent,
    /// A mail that came back still counts as told.
    BounceForgotten,
    /// A late confirmation of an older attempt is thrown away.
    DropsLateConfirmation,
    /// A breach is not recorded.
    HidesBreach,
    /// The next attempt goes by the carrier that failed, although there is another.
    KeepsCarrier,
    /// The other carrier's turn comes only after the usual delay.
    WaitsForOther,
    /// "That is not me" is taken for no answer.
    NotMeIsNoAnswer,
    /// A number that was refused is called again.
    CallsBadPoint,
    /// What came to nothing starts no other channel.
    NoNextChannel,
    /// The district is not told when all mails of a school came back.
    NoDistrictMail,
    /// A page goes on after its grace.
    PageNeverEnds,
    /// An alarm is not noted as raised.
    ForgetsAlarm,
    /// The watch does not look again by itself.
    StopsLooking,
    /// The ladder goes on although the tip was dispatched.
    PagesForNothing,
    /// News is not told.
    KeepsNews,
    /// Raising the level starts the clock anew.
    RestartsClock,
}

impl Bug {
    pub const ALL: [Bug; 36] = [
        Bug::CompletedConfirms,
        Bug::VoicemailConfirms,
        Bug::AnyKeyConfirms,
        Bug::ScannerConfirms,
        Bug::AnyTextConfirms,
        Bug::CallBackWithoutPin,
        Bug::DropsTimer,
        Bug::RaisesNoTask,
        Bug::DrillRaisesTask,
        Bug::LastNewsWins,
        Bug::CountsRepeats,
        Bug::DelaysCritical,
        Bug::DrillFirst,
        Bug::PsapLast,
        Bug::OverPace,
        Bug::SharesLane,
        Bug::NoTakeover,
        Bug::ReleasesOnAnybody,
        Bug::ResendsAfterCrash,
        Bug::RepeatsSilent,
        Bug::NotifiedUnsent,
        Bug::BounceForgotten,
        Bug::DropsLateConfirmation,
        Bug::HidesBreach,
        Bug::KeepsCarrier,
        Bug::WaitsForOther,
        Bug::NotMeIsNoAnswer,
        Bug::CallsBadPoint,
        Bug::NoNextChannel,
        Bug::NoDistrictMail,
        Bug::PageNeverEnds,
        Bug::ForgetsAlarm,
        Bug::StopsLooking,
        Bug::PagesForNothing,
        Bug::KeepsNews,
        Bug::RestartsClock,
    ];
}

/// What a planted bug makes of a decision before it is committed.
pub fn spoil(bug: Option<Bug>, before: &Obligation, next: &mut Obligation, effects: &mut Vec<Effect>, now: Timestamp) {
    match bug {
        Some(Bug::NotifiedUnsent) if next.step.means == Means::Mail && matches!(next.state, State::InFlight { .. }) => {
            next.state = State::Satisfied { at: now, by: Satisfaction::Notified };
        }
        Some(Bug::BounceForgotten)
            if matches!(before.state, State::Satisfied { by: Satisfaction::Notified, .. }) && next.confirmed_at.is_none() =>
        {
            *next = before.clone();
            effects.clear();
        }
        Some(Bug::DrillRaisesTask) if next.purpose == Purpose::Drill => {
            if let State::Failed { reason, .. } = next.state {
                effects.push(Effect::RaiseTask(reason));
            }
        }
        Some(Bug::RepeatsSilent) => {
            if let (State::InFlight { .. }, State::InFlight { .. }, [Effect::Ask(_)]) = (&before.state, &next.state, effects.as_slice()) {
                next.state = State::Waiting { next_at: now };
                effects.clear();
            }
        }
        Some(Bug::WaitsForOther) => {
            if let (State::Waiting { next_at }, State::InFlight { .. }) = (&mut next.state, &before.state) {
                *next_at = (*next_at).max(crate::carrier::later(now, 2));
            }
        }
        Some(Bug::PageNeverEnds) if matches!(next.purpose, Purpose::Page(_)) && matches!(next.state, State::Failed { .. }) => {
            next.state = State::Waiting { next_at: crate::carrier::later(now, 60) };
            effects.clear();
        }
        _ => {}
    }
}

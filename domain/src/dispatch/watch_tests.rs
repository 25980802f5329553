//! Tests of the [watch](super): tables of moments, and properties over seeded random tips.
//!
//! A tip is received at second 0 under the default policy: rungs at 3, 6, 10 and 15 minutes, a window of 20.

use super::*;
use crate::dispatch::plan::{Session, Start, Step, StepContent};
use crate::id::{ConversationId, ObligationId};
use uuid::Uuid;

fn t(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).expect("in range")
}

fn dispatch(number: u128) -> DispatchId {
    DispatchId::new(Uuid::from_u128(number))
}

fn task(number: u128) -> TaskId {
    TaskId::new(Uuid::from_u128(number))
}

fn obligation(kind: Kind, means: Means, level: Level) -> Obligation {
    let step = Step {
        organization: "somewhere".parse().expect("a key"),
        organization_name: "Somewhere".to_owned(),
        kind,
        person: "somebody".parse().expect("a key"),
        person_name: "Somebody".to_owned(),
        role: "Principal".to_owned(),
        means,
        tail: "…42".to_owned(),
        says: String::new(),
        due_at: t(1200),
        start: Start::Now(0),
        content: StepContent::Nothing,
        session: Session::Unsaid,
    };
    let conversation = ConversationId::new(Uuid::nil());
    Obligation::new(ObligationId::new(Uuid::nil()), dispatch(1), conversation, level, step, t(0))
}

fn taken(mut obligation: Obligation) -> Obligation {
    obligation.first_attempt_at = Some(t(1));
    obligation.submitted_at = Some(t(1));
    obligation.state = State::Waiting { next_at: t(60) };
    obligation
}

fn confirmed(obligation: Obligation) -> Obligation {
    Obligation { confirmed_at: Some(t(30)), ..taken(obligation) }
}

fn told(level: Level, at: i64, obligations: Vec<Obligation>) -> Told {
    Told { dispatch: dispatch(1), at: t(at), due_at: t(1200), level, obligations }
}

fn facts(level: Option<Level>, dispatches: &[Told]) -> Facts<'_> {
    Facts { received_at: t(0), open: true, level, for_endusers: true, dispatches, tasks: &[], news: None, seconds_of_calls_left: 0.0 }
}

/// Looks whenever the watch wants to, from `from` to `to`, and raises what is due; gives `second alarm` for each.
fn raised(watch: &mut Watch, facts: Facts<'_>, from: i64, to: i64) -> Vec<String> {
    let (mut all, mut now) = (Vec::new(), t(from));
    loop {
        let due = watch.due(facts, now, &Policy::default());
        for alarm in due.alarms {
            all.push(format!("{} {}", now.duration_since(t(0)).as_secs(), word(alarm)));
            watch.raise(alarm);
        }
        match due.next {
            Some(next) if next <= t(to) => {
                assert!(next > now, "a look that wants to look in the past");
                now = next;
            }
            Some(_) | None => return all,
        }
    }
}

fn word(alarm: Alarm) -> String {
    match alarm {
        Alarm::Page(reason, rung) => format!("{reason:?} {rung}"),
        Alarm::HalfWindow(_) => "half".to_owned(),
        Alarm::ThreeQuarters(_) => "three-quarters".to_owned(),
        Alarm::CannotMeet(_) => "cannot-meet".to_owned(),
        Alarm::Breach => "breach".to_owned(),
        Alarm::TaskOverdue(_) => "overdue".to_owned(),
        Alarm::Update(to) => format!("update {to}"),
    }
}

fn check(facts: Facts<'_>, from: i64, expected: &[&str]) {
    assert_eq!(raised(&mut Watch::default(), facts, from, 100_000), expected);
}

#[test]
fn an_unsorted_tip_climbs_the_ladder_from_receipt() {
    let ladder = ["180 Unsorted 0", "360 Unsorted 1", "600 Unsorted 2", "900 Unsorted 3", "1200 breach"];
    check(facts(None, &[]), 0, &ladder);
    check(
        facts(Some(Level::Critical), &[]),
        0,
        &ladder.map(|line| line.replace("Unsorted", "NotDispatched")).each_ref().map(String::as_str),
    );
    // Nobody looked for a while: all that was missed, in its order.
    check(facts(None, &[]), 700, &["700 Unsorted 0", "700 Unsorted 1", "700 Unsorted 2", "900 Unsorted 3", "1200 breach"]);
    // It stops when it is sorted lower, closed, not for endusers, or dispatched at Critical.
    check(facts(Some(Level::Standard), &[]), 0, &[]);
    check(facts(Some(Level::Other), &[]), 5000, &[]);
    check(Facts { open: false, ..facts(None, &[]) }, 5000, &[]);
    check(Facts { for_endusers: false, ..facts(None, &[]) }, 5000, &[]);
    check(facts(Some(Level::Critical), &[told(Level::Critical, 100, Vec::new())]), 100, &[]);
    // Dispatched as Standard and raised since: the clock has run all the time.
    let standard = [told(Level::Standard, 100, Vec::new())];
    check(
        facts(Some(Level::Critical), &standard),
        800,
        &["800 NotDispatched 0", "800 NotDispatched 1", "800 NotDispatched 2", "900 NotDispatched 3", "1200 breach"],
    );
}

#[test]
fn a_rung_is_paged_once_whatever_the_reason() {
    let mut watch = Watch::default();
    assert_eq!(raised(&mut watch, facts(None, &[]), 0, 400), ["180 Unsorted 0", "360 Unsorted 1"]);
    let critical = facts(Some(Level::Critical), &[]);
    assert_eq!(raised(&mut watch, critical, 400, 2000), ["600 NotDispatched 2", "900 NotDispatched 3", "1200 breach"]);
    // A clock that steps back raises nothing again.
    assert_eq!(watch.due(critical, t(0), &Policy::default()), Due::default());
}

#[test]
fn warnings_come_while_not_everybody_is_told() {
    let critical = Level::Critical;
    let [psap, school, district] = [Kind::Psap, Kind::School, Kind::District].map(|kind| obligation(kind, Means::Call, critical));
    // Tried, and no carrier has taken it.
    let psap = Obligation { first_attempt_at: Some(t(61)), ..psap };
    let both = ["600 half", "900 three-quarters"];
    let check_told = |obligations: Vec<Obligation>, expected: &[&str]| {
        check(facts(Some(critical), &[told(critical, 60, obligations)]), 60, expected);
    };
    check_told(vec![psap.clone(), taken(school.clone())], &both);
    check_told(vec![taken(psap.clone()), taken(school.clone())], &both); // the school is not reached
    check_told(vec![taken(psap.clone()), confirmed(school.clone())], &[]);
    check_told(vec![taken(psap.clone()), taken(school.clone()), confirmed(district.clone())], &[]);
    check_told(vec![taken(psap.clone())], &[]); // a county: no school to be reached
    check_told(vec![psap.clone(), confirmed(school.clone())], &both);
    check_told(vec![obligation(Kind::Psap, Means::Mail, critical), confirmed(school.clone())], &both);
    let failed = |reason| Obligation { state: State::Failed { at: t(5), reason }, ..obligation(Kind::Psap, Means::Call, critical) };
    check_told(vec![failed(FailedBecause::NoCarrier), confirmed(school.clone())], &both);
    check_told(vec![failed(FailedBecause::AddressRefused), confirmed(school.clone())], &[]);
    // A standby and a Standard dispatch warn of nothing.
    let standby = Obligation { state: State::Standby { until: t(300) }, ..district };
    check_told(vec![taken(psap.clone()), confirmed(school.clone()), standby], &[]);
    check(
        facts(Some(Level::Standard), &[told(Level::Standard, 60, vec![obligation(Kind::School, Means::Mail, Level::Standard)])]),
        60,
        &[],
    );
    // Late dispatches get a moment for their first attempts.
    check(facts(Some(critical), &[told(critical, 890, vec![taken(school.clone())])]), 890, &["935 half", "935 three-quarters"]);
}

#[test]
fn what_cannot_be_met_is_said_at_once() {
    let critical = Level::Critical;
    let waiting = [told(critical, 0, vec![obligation(Kind::School, Means::Call, critical)])];
    let slow = |seconds| Facts { seconds_of_calls_left: seconds, ..facts(Some(critical), &waiting) };
    let policy = Policy::default();
    assert_eq!(Watch::default().due(slow(1201.0), t(0), &policy).alarms, [Alarm::CannotMeet(dispatch(1))]);
    assert_eq!(Watch::default().due(slow(f64::INFINITY), t(0), &policy).alarms, [Alarm::CannotMeet(dispatch(1))]);
    // Looked at again and again while calls wait, and raised when the time left is too short.
    assert_eq!(Watch::default().due(slow(1200.0), t(0), &policy), Due { alarms: Vec::new(), next: Some(t(5)) });
    assert_eq!(raised(&mut Watch::default(), slow(1000.0), 0, 500), ["205 cannot-meet"]);
    assert_eq!(Watch::default().due(slow(f64::NAN), t(0), &policy).alarms, []);
    // What waits for a second attempt is no queue.
    let tried = [told(critical, 0, vec![taken(obligation(Kind::School, Means::Call, critical))])];
    let facts = Facts { seconds_of_calls_left: 5000.0, ..facts(Some(critical), &tried) };
    assert_eq!(Watch::default().due(facts, t(0), &policy), Due { alarms: Vec::new(), next: Some(t(600)) });
}

#[test]
fn a_task_undone_climbs_the_ladder_too() {
    let tasks = [(task(1), t(600)), (task(2), t(700))];
    let late = Facts { tasks: &tasks, ..facts(Some(Level::Standard), &[]) };
    check(late, 0, &["600 overdue", "700 overdue", "780 FollowUp 1", "1020 FollowUp 2", "1320 FollowUp 3"]);
    let (one, mut watch) = (Facts { tasks: &tasks[1..], ..late }, Watch::default());
    assert_eq!(raised(&mut watch, late, 0, 650), ["600 overdue"]);
    // The first was done: the other's clock counts.
    assert_eq!(raised(&mut watch, one, 650, 900), ["700 overdue", "880 FollowUp 1"]);
    assert_eq!(watch.due(Facts { tasks: &[], ..late }, t(5000), &Policy::default()), Due::default());
}

#[test]
fn news_waits_for_its_batch_and_no_longer() {
    let dispatches = [told(Level::Standard, 100, Vec::new())];
    let with = |since, to| Facts { news: Some(News { since: t(since), to }), ..facts(Some(Level::Standard), &dispatches) };
    let mut watch = Watch { told_to: 3, ..Watch::default() };
    assert_eq!(watch.due(with(200, 3), t(1000), &Policy::default()), Due::default());
    assert_eq!(raised(&mut watch, with(200, 4), 200, 259), [""; 0]);
    // More words do not put it off.
    assert_eq!(raised(&mut watch, with(200, 7), 255, 1000), ["260 update 7"]);
    assert_eq!(watch.told_to, 7);
    assert_eq!(raised(&mut watch, with(200, 7), 0, 1000), [""; 0]);
    assert!(watch.raised.is_empty(), "however much is written, the set stays small");
    assert_eq!(raised(&mut watch, with(300, 8), 300, 1000), ["360 update 8"]);
    // Written while the dispatch was on its way.
    assert_eq!(raised(&mut Watch::default(), with(50, 2), 100, 1000), ["160 update 2"]);
    let undispatched = Facts { dispatches: &[], ..with(200, 4) };
    assert_eq!(Watch::default().due(undispatched, t(1000), &Policy::default()), Due::default());
    assert_eq!(Watch::default().due(Facts { for_endusers: false, ..with(200, 4) }, t(1000), &Policy::default()), Due::default());
}

#[test]
fn alarms_say_whom_they_page() {
    assert_eq!(Alarm::Page(PageReason::Unsorted, 2).page(), Some((PageReason::Unsorted, 2)));
    assert_eq!(Alarm::CannotMeet(dispatch(1)).page(), Some((PageReason::InDanger, 0)));
    assert_eq!(Alarm::TaskOverdue(task(1)).page(), Some((PageReason::FollowUp, 0)));
    assert_eq!((Alarm::Breach.page(), Alarm::Update(1).page(), Alarm::HalfWindow(dispatch(1)).page()), (None, None, None));
}

#[test]
fn a_watch_survives_the_store() {
    let mut watch = Watch { told_to: 4, ..Watch::default() };
    for alarm in [Alarm::Page(PageReason::InDanger, 1), Alarm::HalfWindow(dispatch(1)), Alarm::Breach, Alarm::TaskOverdue(task(3))] {
        watch.raise(alarm);
    }
    let json = serde_json::to_string(&watch).expect("serializes");
    assert_eq!(serde_json::from_str::<Watch>(&json).expect("reads back"), watch);
}

#[test]
fn a_second_dispatch_is_paged_for_by_itself() {
    let mut watch = Watch::default();
    let kept = [Alarm::Page(PageReason::Unsorted, 0), Alarm::ThreeQuarters(dispatch(1)), Alarm::TaskOverdue(task(1))];
    for alarm in kept.into_iter().chain([Alarm::Page(PageReason::InDanger, 0), Alarm::Page(PageReason::FollowUp, 1)]) {
        watch.raise(alarm);
    }
    watch.dispatched(4);
    assert_eq!((watch.raised, watch.told_to), (kept.into(), 4));
}

/// Whoever looks, however often, late or with a clock that steps back: each alarm once, all of them in the end, and never a look that wants
/// to look at once again.
#[test]
fn every_alarm_once_whoever_looks_when() {
    for seed in 0..3000 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let levels = [None, Some(Level::Critical), Some(Level::Standard)];
        let calls = |rng: &mut fastrand::Rng| {
            let call = obligation([Kind::School, Kind::Psap][rng.usize(..2)], Means::Call, Level::Critical);
            [call.clone(), taken(call.clone()), confirmed(call)][rng.usize(..3)].clone()
        };
        let obligations: Vec<_> = (0..rng.usize(..4)).map(|_| calls(&mut rng)).collect();
        let level = [Level::Critical, Level::Standard][rng.usize(..2)];
        let dispatches = [told(level, rng.i64(0..2000), obligations)];
        let tasks = [(task(1), t(rng.i64(0..2000))), (task(2), t(rng.i64(0..2000)))];
        let facts = Facts {
            dispatches: &dispatches[..rng.usize(..2)],
            tasks: &tasks[..rng.usize(..3)],
            news: rng.bool().then(|| News { since: t(rng.i64(0..2000)), to: 5 }),
            seconds_of_calls_left: rng.f64() * 3000.0,
            ..facts(levels[rng.usize(..3)], &[])
        };
        let punctual = raised(&mut Watch::default(), facts, 0, 100_000);
        let (mut watch, mut seen) = (Watch::default(), Vec::new());
        for _ in 0..40 {
            let now = t(rng.i64(0..6000));
            let due = watch.due(facts, now, &Policy::default());
            assert!(due.next.is_none_or(|next| next > now), "seed {seed}");
            for alarm in due.alarms {
                assert!(!seen.contains(&alarm), "seed {seed}: {alarm:?} twice");
                seen.push(alarm);
                watch.raise(alarm);
            }
        }
        for alarm in watch.due(facts, t(100_000), &Policy::default()).alarms {
            seen.push(alarm);
            watch.raise(alarm);
        }
        assert_eq!(watch.due(facts, t(100_000), &Policy::default()), Due::default(), "seed {seed}: None only when nothing can fire");
        let sorted = |mut words: Vec<String>| {
            words.sort();
            words
        };
        let punctual = punctual.iter().map(|line| line.split_once(' ').expect("second alarm").1.to_owned()).collect();
        assert_eq!(sorted(seen.into_iter().map(word).collect()), sorted(punctual), "seed {seed}");
    }
}

//! Tests of faults, wrong addresses, purposes and breaches: short [histories](crate::dispatch::history) and what came of them.

use crate::channel::Means;
use crate::dispatch::history::{check, obligation, play, state, t};
use crate::dispatch::obligation::{BreachReason, Effect, Event, Obligation, SendOutcome, State, next_means};
use crate::dispatch::policy::Policy;

const CALL: &str = "critical school call";
const WITH_OTHER: &str = "critical school call other-carrier";
const TWO: &str = "critical school call points=2";

fn failed_carrier(what: &str, history: &str) -> bool {
    play(what, history, &Policy::default()).0.carrier_failed
}

#[test]
fn a_carriers_fault_is_remembered_until_it_does_its_part() {
    let faults =
        ["transient", "throttled 5", "unknown; 2 not-found", "accepted; 3 failed", "accepted; 3 canceled", "unknown; 50 could-not-ask"];
    for fault in faults {
        assert!(failed_carrier(CALL, &format!("0 timer; 1 {fault}")), "{fault}");
    }
    assert!(failed_carrier("standard school text", "0 timer; 1 accepted; 9 undelivered:30003"));
    assert!(failed_carrier(CALL, "0 timer; 1 transient; 3 timer; 4 accepted"), "taken is not yet ended");
    for end in ["busy", "no-answer", "completed", "human completed", "keyed", "not-me"] {
        assert!(!failed_carrier(CALL, &format!("0 timer; 1 transient; 3 timer; 4 accepted; 9 {end}")), "{end}");
    }
    assert!(!failed_carrier("critical school mail", "0 timer; 1 transient; 3 timer; 4 accepted"));
}

#[test]
fn the_other_carrier_has_its_turn_at_once_but_once_in_a_row() {
    check(WITH_OTHER, "0 timer; 1 transient", "waiting 1", "send#1");
    check(WITH_OTHER, "0 timer; 1 throttled 60", "waiting 1", "send#1");
    check(WITH_OTHER, "0 timer; 1 accepted; 9 failed", "waiting 9", "send#1");
    check(WITH_OTHER, "0 timer; 1 unknown; 46 timer; 47 could-not-ask", "waiting 47", "send#1 ask#1 ask#1");
    // Both at fault: then the delays decide, so that nothing spins.
    check(WITH_OTHER, "0 timer; 1 transient; 1 timer; 2 transient", "waiting 6", "send#1 send#2");
    check(WITH_OTHER, "0 timer; 1 throttled 60; 1 timer; 2 throttled 60", "waiting 62", "send#1 send#2");
    check(WITH_OTHER, "0 timer; 1 transient; 1 timer; 2 transient; 6 timer; 7 transient", "waiting 15", "send#1 send#2 send#3");
    // After an end that is not the carrier's fault it is the first fault again.
    let busy = "0 timer; 1 transient; 1 timer; 2 accepted; 9 busy; 69 timer";
    check(WITH_OTHER, &format!("{busy}; 70 transient"), "waiting 70", "send#1 send#2 send#3");
    // The others wait a moment, but not for a carrier that asks for less.
    check("standard school mail other-carrier", "0 timer; 1 transient", "waiting 3", "send#1");
    check("standard school mail other-carrier", "0 timer; 1 throttled 60", "waiting 1", "send#1");
    check("standard school mail", "0 timer; 1 throttled 60", "waiting 61", "send#1");
}

#[test]
fn a_wrong_number_is_not_no_answer() {
    check(CALL, "0 timer; 1 accepted; 9 human not-me", "notthem", "send#1 task next check-school");
    check(TWO, "0 timer; 1 accepted; 9 human not-me", "waiting 9", "send#1");
    check(TWO, "0 timer; 1 accepted; 9 human not-me; 9 timer", "flight #2 54", "send#1 send#2");
    // What else comes of that call says nothing new, and the number is not called again.
    let second = "0 timer; 1 accepted; 9 human not-me; 11 human not-me completed";
    check(TWO, second, "waiting 9", "send#1");
    let (after, _) = play(TWO, &format!("{second}; 12 timer; 13 accepted; 20 busy; 80 timer"), &Policy::default());
    assert_eq!((after.went_to, after.bad_points.len()), (1, 1));
    check(TWO, "0 timer; 9 not-me; 9 timer; 20 not-me", "notthem", "send#1 send#2 task next check-school");
    // A confirmation outweighs it, also on the call that said so.
    check(
        CALL,
        "0 timer; 1 accepted; 9 not-me; 12 not-me keyed",
        "confirmed(keypad)",
        "send#1 task next check-school tell-person tell-reached",
    );
}

#[test]
fn a_refused_address_leads_to_the_next_one() {
    check(TWO, "0 timer; 1 permanent", "waiting 1", "send#1");
    check(TWO, "0 timer; 1 permanent; 1 timer; 2 accepted; 3 failed:13224", "addressrefused", "send#1 send#2 task next check-school");
    check(TWO, "0 timer; 1 accepted; 9 no-answer; 69 timer; 70 permanent; 70 timer; 71 busy", "waiting 191", "send#1 send#2 send#3");
    let text = "standard school text points=2";
    check(text, "0 timer; 1 accepted; 9 undelivered:21610", "waiting 9", "send#1");
    check("standard school text", "0 timer; 1 accepted; 9 undelivered:40300", "optedout", "send#1 task next");
    check("standard school text", "0 timer; 1 opted-out", "optedout", "send#1 task next");
    // The person is told already: nothing more is tried.
    check(TWO, "0 timer; 1 person; 2 permanent", "confirmedelsewhere", "send#1");
}

#[test]
fn a_mail_that_comes_back_was_no_telling() {
    let mail = "standard school mail";
    check(mail, "0 timer; 1 accepted; 60 undelivered:550", "returned", "send#1 task next check-school");
    check("standard school mail points=2", "0 timer; 1 accepted; 60 undelivered:550", "waiting 60", "send#1");
    // Given up after a while by the other side: again, and when the time has run out it was returned.
    check(mail, "0 timer; 1 accepted; 60 undelivered", "waiting 62", "send#1");
    check(mail, "0 timer; 1 accepted; 7200 undelivered", "returned", "send#1 task next check-school");
    check("standard police mail", "0 timer; 1 accepted; 60 undelivered:554", "returned", "send#1 task next");
    check("critical school mail", "0 timer; 1 accepted; 60 undelivered:550", "returned", "send#1 task next");
    // It was read after all.
    check(
        mail,
        "0 timer; 1 accepted; 60 undelivered:550; 90 posted",
        "confirmed(mailpage)",
        "send#1 task next check-school tell-person tell-reached",
    );
    check(mail, "0 timer; 1 accepted; 30 posted; 60 posted undelivered:550", "confirmed(mailpage)", "send#1 tell-person tell-reached");
}

#[test]
fn every_way_of_confirming_is_a_confirmation() {
    check(CALL, "0 timer; 5 portal", "confirmed(portal)", "send#1 tell-person tell-reached");
    check(CALL, "0 portal", "confirmed(portal)", "tell-person tell-reached");
    check(CALL, "0 timer; 1 permanent; 5 portal", "confirmed(portal)", "send#1 task next check-school tell-person tell-reached");
    check("critical district call standby", "5 portal", "confirmed(portal)", "tell-person");
}

#[test]
fn a_drill_tries_each_point_once_and_raises_nothing() {
    check("other school call drill", "0 timer; 1 accepted; 30 no-answer", "nobodyconfirmed", "send#1");
    check(
        "other school call drill points=2",
        "0 timer; 1 accepted; 30 no-answer; 90 timer; 91 accepted; 99 completed",
        "nobodyconfirmed",
        "send#1 send#2",
    );
    check("other school call drill", "0 timer; 1 permanent", "addressrefused", "send#1");
    check("other school mail drill", "0 timer; 1 accepted; 9 undelivered:550", "returned", "send#1");
    check("other school call drill", "0 timer; 1 accepted; 30 keyed", "confirmed(keypad)", "send#1");
    check("other school call drill", "0 timer; 1 accepted; 1300 timer", "flight #1 1345", "send#1 ask#1");
    // A carrier that takes nothing is not tried for ever.
    let faults: Vec<String> = (0..12).map(|n| format!("{} timer; {} transient", n * 240, n * 240)).collect();
    let (drill, effects) =
        play("other school call drill", &faults.join("; "), &Policy { grace: jiff::SignedDuration::from_hours(24), ..Policy::default() });
    assert_eq!((state(&drill).as_str(), effects.len()), ("nocarrier", 12));
}

#[test]
fn a_page_is_repeated_for_its_grace_and_then_the_ladder_goes_on() {
    let page = "critical line call page";
    check(page, "0 timer; 1 accepted; 30 no-answer; 90 timer; 91 busy", "waiting 151", "send#1 send#2");
    check(page, "0 timer; 1 accepted; 1300 keyed", "confirmed(keypad)", "send#1 tell-person");
    check(page, "0 timer; 1 accepted; 30 no-answer; 1501 timer", "nobodyconfirmed", "send#1");
    check(page, "0 timer; 1 accepted; 30 not-me", "notthem", "send#1 task");
    check(page, "0 timer; 1 transient; 1200 timer", "flight #2 1245", "send#1 send#2");
}

#[test]
fn news_and_questions_are_told_once() {
    for purpose in ["update", "feedback"] {
        let what = format!("critical school mail {purpose}");
        let task = if purpose == "update" { "send#1 task" } else { "send#1" };
        check(&what, "0 timer; 1 accepted", "notified", "send#1");
        check(&what, "0 timer; 1 transient", "waiting 3", "send#1");
        check(&what, "0 timer; 1 accepted; 60 undelivered:550", "returned", task);
        check(&what, "0 timer; 1 accepted; 60 undelivered:451", "returned", task);
        check(&format!("{what} points=2"), "0 timer; 1 accepted; 60 undelivered:550", "returned", task);
        check(&what, "0 timer; 1 transient; 1900 timer", "nocarrier", "send#1");
    }
}

#[test]
fn a_breach_says_why() {
    let table = [
        (CALL, "1200 timer", BreachReason::StartedLate),
        (CALL, "1200 person; 1201 timer", BreachReason::Queue),
        (CALL, "0 timer; 1 transient; 1200 timer", BreachReason::NoCarrier),
        (CALL, "0 timer; 1 accepted; 9 busy; 1200 timer", BreachReason::NobodyConfirmed),
        (CALL, "0 timer; 1 accepted; 9 busy; 1801 timer", BreachReason::NobodyConfirmed),
        (CALL, "0 timer; 1190 unknown; 1200 permanent", BreachReason::BadAddress),
        (CALL, "0 timer; 1200 not-me", BreachReason::BadAddress),
        ("standard school text", "0 timer; 1200 opted-out", BreachReason::BadAddress),
        ("standard school mail", "0 timer; 1 transient; 1801 timer", BreachReason::NoCarrier),
    ];
    for (what, history, expected) in table {
        assert_eq!(breaches(what, history), [expected], "{what}: {history}");
    }
    for purpose in ["drill", "page", "update", "feedback"] {
        assert_eq!(breaches(&format!("{CALL} {purpose}"), "0 timer; 1 transient; 1900 timer"), []);
    }
}

fn breaches(what: &str, history: &str) -> Vec<BreachReason> {
    let (mut all, mut now) = (Vec::new(), obligation(what));
    for effect in crate::dispatch::history::effects_of(&mut now, what, history) {
        if let Effect::Breach(why) = effect {
            all.push(why);
        }
    }
    all
}

#[test]
fn the_next_channel_is_one_that_was_not_tried() {
    let all = |_: Means| true;
    let of = |what: &str, history: &str| play(what, history, &Policy::default()).0;
    let (mail, text, call) = (of("standard school mail", ""), of("standard school text", ""), of("standard school call", ""));
    let refused = |what: &str| of(what, "0 timer; 1 permanent");
    let (bad_mail, bad_call) = (refused("standard school mail"), refused("standard school call"));
    let table: [(&Obligation, Vec<&Obligation>, Option<Means>); 11] = [
        (&mail, vec![&mail], Some(Means::Call)),
        (&mail, vec![&mail, &call], None),
        (&mail, vec![&mail, &bad_call], Some(Means::Text)),
        (&mail, vec![&mail, &bad_call, &text], None),
        (&text, vec![&text], Some(Means::Mail)),
        (&text, vec![&text, &mail], None),
        (&text, vec![&text, &bad_mail], Some(Means::Call)),
        (&text, vec![&text, &bad_mail, &bad_call], None),
        (&call, vec![&call], Some(Means::Mail)),
        (&call, vec![&call, &mail], None),
        (&call, vec![&call, &bad_mail], Some(Means::Text)),
    ];
    for (index, (closed, dispatch, expected)) in table.into_iter().enumerate() {
        let dispatch: Vec<_> = dispatch.into_iter().cloned().collect();
        assert_eq!(next_means(closed, &dispatch, all), expected, "row {index}");
    }
    assert_eq!(next_means(&mail, &[], |means| means == Means::Text), Some(Means::Text));
    assert_eq!(next_means(&mail, &[], |_| false), None);
    // Somebody else's call is not theirs.
    let mut other = call.clone();
    other.step.person = "another".parse().expect("a key");
    assert_eq!(next_means(&mail, &[mail.clone(), other], all), Some(Means::Call));
}

#[test]
fn an_old_row_still_reads() {
    let mut json = serde_json::to_value(obligation(CALL)).expect("serializes");
    for new in ["went_to", "bad_points", "carrier_failed", "went_by", "purpose"] {
        json.as_object_mut().expect("an object").remove(new);
    }
    assert_eq!(serde_json::from_value::<Obligation>(json).expect("reads back"), obligation(CALL));
}

#[test]
fn no_fault_leads_to_a_spin() {
    // Whatever two carriers do, an obligation that is not taken is not tried more often than its delays allow.
    let policy = Policy::default();
    for seed in 0..500 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let (mut now, mut at, mut attempts) = (obligation(CALL), 0, Vec::new());
        while let Some(timer) = now.timer().filter(|_| attempts.len() < 2000) {
            at = (timer.duration_since(t(0)).as_secs_f64().ceil() as i64).max(at);
            let outcome = [SendOutcome::Transient, SendOutcome::Throttled(None), SendOutcome::Unknown][rng.usize(..3)];
            now = crate::dispatch::history::decided(now, Event::Timer, at, &policy, true);
            if let State::InFlight { attempt, .. } = now.state {
                attempts.push(at);
                now = crate::dispatch::history::decided(now, Event::Sent { attempt, outcome }, at, &policy, true);
                if outcome == SendOutcome::Unknown {
                    now = crate::dispatch::history::decided(now, Event::NotFound { attempt }, at, &policy, true);
                }
            }
        }
        let within = |from: i64| attempts.iter().filter(|at| (from..from + 10).contains(*at)).count();
        assert!(attempts.len() < 60, "seed {seed}: {} attempts", attempts.len());
        assert!((0..2000).all(|from| within(from) <= 6), "seed {seed}: {attempts:?}");
        assert!(now.is_closed(), "seed {seed}");
    }
}

#[test]
fn what_needs_no_sending_does_not_wait_for_a_lane_that_may_send_nothing() {
    // An attempt waits and stays due; the breach does not wait, and is recorded once.
    check(CALL, "0 held", "waiting 0", "");
    check(CALL, "0 timer; 1 transient; 3 held; 4 timer", "flight #2 49", "send#1 send#2");
    check(CALL, "0 timer; 1 transient; 1200 held; 1215 held", "waiting 1200", "send#1 breach");
    check(CALL, "0 timer; 1 transient; 1200 held; 1215 timer", "flight #2 1260", "send#1 breach send#2");
    // Giving up and asking do not, either.
    check(CALL, "0 timer; 1 transient; 1801 held", "nocarrier", "send#1 task next check-school breach");
    check(CALL, "0 timer; 1 accepted; 46 held", "flight #1 91", "send#1 ask#1");
    // What was never tried is left to a person after its grace, too; a dispatch after the due time has it whole.
    check(CALL, "0 held; 1200 held; 1800 held", "waiting 1200", "breach");
    check(CALL, "0 held; 1200 held; 1801 held", "nocarrier", "breach task next check-school");
    check(CALL, "5000 held; 5600 held", "waiting 1200", "breach");
    check(CALL, "5000 held; 5601 held", "nocarrier", "breach task next check-school");
    // A standby's turn has come, but nothing was tried.
    check("critical district call standby", "300 held", "standby 300", "");
    check("critical district call standby", "1200 held; 1201 timer", "flight #1 1246", "breach send#1");
}

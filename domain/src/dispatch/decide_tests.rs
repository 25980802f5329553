//! Tests of [`decide`](super): short [histories](crate::dispatch::history) and what came of them.

use super::*;
use crate::dispatch::history::{check, play, state, t};
use crate::dispatch::policy::Policy;

const CALL: &str = "critical school call";
const MAIL: &str = "critical school mail";

#[test]
fn a_call_is_confirmed_by_its_code_alone() {
    check(CALL, "", "waiting 0", "");
    check(CALL, "0 timer", "flight #1 45", "send#1");
    check(CALL, "0 timer; 1 accepted; 5 rang", "flight #1 50", "send#1");
    check(CALL, "0 timer; 1 accepted; 20 human keyed", "confirmed(keypad)", "send#1 tell-person tell-reached");
    check("critical psap call", "0 timer; 1 accepted; 20 keyed", "confirmed(keypad)", "send#1 tell-person");
    // The news may come before the answer to the request, and the end after the confirmation.
    check(CALL, "0 timer; 9 keyed; 10 accepted; 11 keyed completed", "confirmed(keypad)", "send#1 tell-person tell-reached");
    // R19: completed, voicemail, wrong key confirm nothing.
    for unconfirmed in ["completed", "human completed", "voicemail completed", "human wrong-key completed", "no-answer", "failed"] {
        let (obligation, _) = play(CALL, &format!("0 timer; 1 accepted; 30 {unconfirmed}"), &Policy::default());
        assert!(state(&obligation).starts_with("waiting"), "{unconfirmed}: {}", state(&obligation));
        assert_eq!(obligation.confirmed_at, None);
    }
}

#[test]
fn each_end_has_its_own_delay() {
    check(CALL, "0 timer; 1 accepted; 10 busy", "waiting 40", "send#1");
    check(CALL, "0 timer; 1 accepted; 30 no-answer", "waiting 90", "send#1");
    check(CALL, "0 timer; 1 accepted; 30 completed", "waiting 90", "send#1");
    check(CALL, "0 timer; 1 accepted; 30 failed", "waiting 32", "send#1");
    check(CALL, "0 timer; 1 transient", "waiting 3", "send#1");
    check(CALL, "0 timer; 1 throttled 20", "waiting 21", "send#1");
    check(CALL, "0 timer; 1 accepted; 10 busy; 40 timer; 41 accepted; 50 busy", "waiting 110", "send#1 send#2");
    // Too early a timer changes nothing.
    check(CALL, "0 timer; 1 accepted; 10 busy; 39 timer", "waiting 40", "send#1");
}

#[test]
fn an_address_that_is_refused_fails_at_once() {
    check(CALL, "0 timer; 1 permanent", "addressrefused", "send#1 task next check-school");
    check("critical police call", "0 timer; 1 permanent", "addressrefused", "send#1 task next");
    check(CALL, "0 timer; 1 accepted; 2 failed:13224", "addressrefused", "send#1 task next check-school");
    check(MAIL, "0 timer; 1 permanent", "addressrefused", "send#1 task next");
    check(MAIL, "0 timer; 1 accepted; 9 submitted undelivered:550", "returned", "send#1 task next");
    check("critical school text", "0 timer; 1 accepted; 9 undelivered:30005", "addressrefused", "send#1 task next");
}

#[test]
fn an_unknown_outcome_is_asked_for_before_another_attempt() {
    check(CALL, "0 timer; 15 unknown", "flight #1 60", "send#1 ask#1");
    // The crash between intent and send: only the timer knows.
    check(CALL, "0 timer; 45 timer", "flight #1 90", "send#1 ask#1");
    // Critical prefers a duplicate to a loss; the others wait a moment.
    check(CALL, "0 timer; 15 unknown; 16 not-found", "waiting 16", "send#1 ask#1");
    check(CALL, "0 timer; 15 unknown; 16 not-found; 16 timer", "flight #2 61", "send#1 ask#1 send#2");
    check("standard school mail", "0 timer; 15 unknown; 16 not-found", "waiting 18", "send#1 ask#1");
    // It was there after all.
    check(CALL, "0 timer; 15 unknown; 16 rang", "flight #1 61", "send#1 ask#1");
    check(MAIL, "0 timer; 15 unknown; 16 submitted", "notified", "send#1 ask#1");
    // Who cannot be asked is asked again until the limit, then the attempt is made again. Critical waits only as long as before asking.
    check(CALL, "0 timer; 15 unknown; 16 could-not-ask", "flight #1 60", "send#1 ask#1");
    check(CALL, "0 timer; 15 unknown; 16 could-not-ask; 60 timer; 61 could-not-ask", "waiting 63", "send#1 ask#1 ask#1");
    check(CALL, "0 timer; 1 accepted; 46 timer; 299 could-not-ask", "flight #1 91", "send#1 ask#1");
    check(CALL, "0 timer; 1 accepted; 46 timer; 300 could-not-ask", "waiting 300", "send#1 ask#1");
    check(
        "standard school mail",
        "0 timer; 15 unknown; 16 could-not-ask; 60 timer; 299 could-not-ask",
        "flight #1 105",
        "send#1 ask#1 ask#1",
    );
    // A carrier that keeps losing what it was given gets a little time, and uses up no attempts.
    check(CALL, "0 timer; 1 unknown; 2 not-found; 2 timer; 3 unknown; 4 not-found", "waiting 8", "send#1 ask#1 send#2 ask#2");
    // A long absence: the carrier is asked before anything is repeated, and a silent answer is enough only after that.
    check(CALL, "0 timer; 1 accepted; 900 timer", "flight #1 945", "send#1 ask#1");
    check(CALL, "0 timer; 1 accepted; 900 timer; 945 timer; 945 timer", "flight #2 990", "send#1 ask#1 send#2");
    // An attempt that was refused and yet lives gets no second one beside it.
    check(CALL, "0 timer; 1 transient; 2 rang", "flight #1 47", "send#1");
    check(MAIL, "0 timer; 1 transient; 2 submitted", "notified", "send#1");
}

#[test]
fn only_the_latest_attempt_moves_the_state_but_any_confirmation_counts() {
    let second = "0 timer; 1 unknown; 2 not-found; 2 timer; 3 accepted";
    check(CALL, &format!("{second}; 9 #1 busy"), "flight #2 48", "send#1 ask#1 send#2");
    check(CALL, &format!("{second}; 9 #1 failed:13224"), "flight #2 48", "send#1 ask#1 send#2");
    check(CALL, &format!("{second}; 9 #1 not-found; 9 #1 permanent"), "flight #2 48", "send#1 ask#1 send#2");
    check(CALL, &format!("{second}; 9 #1 keyed"), "confirmed(keypad)", "send#1 ask#1 send#2 tell-person tell-reached");
    check(MAIL, &format!("{second}; 9 #1 undelivered:550"), "notified", "send#1 ask#1 send#2");
}

#[test]
fn a_mail_promises_a_notification() {
    check(MAIL, "0 timer; 1 accepted", "notified", "send#1");
    check(MAIL, "0 timer; 1 accepted; 60 posted", "confirmed(mailpage)", "send#1 tell-person tell-reached");
    check(MAIL, "0 timer; 1 accepted; 60 undelivered:451", "waiting 62", "send#1");
    check("critical school text", "0 timer; 1 accepted; 60 delivered undelivered:30003", "notified", "send#1");
    check("other school mail", "0 timer; 1 transient; 3 timer; 4 accepted", "notified", "send#1 send#2");
}

#[test]
fn a_confirmation_elsewhere_closes_what_was_tried() {
    check(CALL, "0 timer; 1 accepted; 10 busy; 15 person", "confirmedelsewhere", "send#1");
    check(CALL, "0 timer; 1 accepted; 15 person", "confirmedelsewhere", "send#1");
    // Not tried yet, or perhaps not sent yet: the first attempt is still made, and the last.
    check(CALL, "0 person; 1 timer", "flight #1 46", "send#1");
    check(CALL, "0 person; 1 timer; 2 accepted", "confirmedelsewhere", "send#1");
    check(CALL, "0 person; 1 timer; 2 transient", "confirmedelsewhere", "send#1");
    check(CALL, "0 timer; 1 person; 2 permanent", "confirmedelsewhere", "send#1");
    check(CALL, "0 timer; 1 person; 45 timer; 46 not-found", "confirmedelsewhere", "send#1 ask#1");
    check(MAIL, "0 timer; 1 person; 2 accepted", "notified", "send#1");
    check(MAIL, "0 timer; 1 accepted; 2 person; 60 undelivered", "confirmedelsewhere", "send#1");
    // And the person's own code still counts, and more.
    check(CALL, "0 timer; 1 accepted; 15 person; 16 keyed", "confirmed(keypad)", "send#1 tell-person tell-reached");
}

#[test]
fn the_district_stands_by() {
    let district = "critical district call standby";
    check(district, "", "standby 300", "");
    check(district, "299 timer", "standby 300", "");
    check(district, "300 timer", "flight #1 345", "send#1");
    check(district, "100 reached; 300 timer; 301 unreachable", "released", "");
    check(district, "100 unreachable", "waiting 100", "");
    check(district, "100 unreachable; 100 timer", "flight #1 145", "send#1");
    check(district, "100 unreachable; 100 timer; 101 reached", "flight #1 145", "send#1");
    check(CALL, "0 timer; 1 reached; 2 unreachable", "flight #1 45", "send#1");
    // Its turn came after the due time, because the gateway was away: that is a breach, and it is told at once.
    check(district, "1300 timer", "flight #1 1345", "send#1 breach");
}

#[test]
fn nobody_confirms_and_a_person_takes_over() {
    let two = Policy { most_attempts: 2, ..Policy::default() };
    let (failed, effects) = play(CALL, "0 timer; 1 accepted; 10 busy; 40 timer; 41 accepted; 50 busy", &two);
    assert_eq!((state(&failed).as_str(), effects.join(" ").as_str()), ("nobodyconfirmed", "send#1 send#2 task next check-school"));
    // Attempts that no carrier took are ended by the time alone.
    let (waits, _) = play(CALL, "0 timer; 1 transient; 3 timer; 4 transient; 8 timer; 9 transient", &two);
    assert_eq!(state(&waits), "waiting 17");
    check(CALL, "0 timer; 1800 timer; 1801 transient", "nocarrier", "send#1 ask#1 breach task next check-school");
    // The time and its grace have run out.
    check(CALL, "0 timer; 1 accepted; 10 busy; 1801 timer", "nobodyconfirmed", "send#1 task next check-school breach");
    // A confirmation after all.
    let late = "0 timer; 1 accepted; 10 busy; 1801 timer; 1900 #1 keyed";
    check(CALL, late, "confirmed(keypad)", "send#1 task next check-school breach tell-person tell-reached");
    check(CALL, "0 timer; 1 permanent; 5 person", "confirmedelsewhere", "send#1 task next check-school");
}

#[test]
fn a_breach_is_recorded_once_and_only_when_there_is_one() {
    check(CALL, "0 timer; 1 accepted; 1190 rang; 1200 timer; 1201 timer", "flight #1 1235", "send#1 breach");
    check(CALL, "0 timer; 1 accepted; 1190 keyed; 1200 timer", "confirmed(keypad)", "send#1 tell-person tell-reached");
    check(CALL, "0 timer; 1 accepted; 1250 keyed", "confirmed(keypad)", "send#1 tell-person tell-reached breach");
    check(MAIL, "0 timer; 1 accepted; 1200 timer", "notified", "send#1");
    check(MAIL, "0 timer; 1 transient; 1200 timer", "flight #2 1245", "send#1 send#2 breach");
    check(CALL, "0 timer; 1 permanent; 1200 timer", "addressrefused", "send#1 task next check-school");
    check("critical district call standby", "100 reached; 1200 timer", "released", "");
    // The timer is never later than the breach.
    let (waiting, _) = play(CALL, "0 timer; 1 accepted; 1195 busy", &Policy::default());
    assert_eq!((state(&waiting).as_str(), waiting.timer()), ("waiting 1200", Some(t(1200))));
    let (in_flight, _) = play(CALL, "0 timer; 1190 rang", &Policy::default());
    assert_eq!((state(&in_flight).as_str(), in_flight.timer()), ("flight #1 1235", Some(t(1200))));
}

#[test]
fn an_event_about_nothing_changes_nothing() {
    for what in [CALL, MAIL, "critical district call standby"] {
        for history in ["", "0 timer; 1 accepted", "0 timer; 1 permanent"] {
            let (before, _) = play(what, history, &Policy::default());
            for foreign in ["#99 accepted", "#99 unknown", "#99 not-found", "#99 could-not-ask", "#99 busy"] {
                let (after, _) = play(what, &format!("{history}; 2 {foreign}"), &Policy::default());
                assert_eq!((&after.state, after.attempts), (&before.state, before.attempts), "{what}: {history}; {foreign}");
            }
        }
    }
}

#[test]
fn school_reached_and_unreachable_look_at_the_schools_own_calls() {
    use crate::dispatch::obligation::{school_reached, school_unreachable};
    let get = |what: &str, history: &str| play(what, history, &Policy::default()).0;
    let (failed, open) = (get(CALL, "0 timer; 1 permanent"), get(CALL, "0 timer; 1 accepted"));
    let (psap, read) = (get("critical psap call", "0 timer; 1 keyed"), get(MAIL, "0 timer; 1 accepted; 2 posted"));
    let told = get(MAIL, "0 timer; 1 accepted");
    let table = [
        (vec![], false, false),
        (vec![told.clone()], false, false),
        (vec![failed.clone(), told.clone(), psap.clone()], true, false),
        (vec![failed.clone(), open.clone()], false, false),
        (vec![failed, read.clone()], false, true),
        (vec![open, read], false, true),
        (vec![psap], false, false),
    ];
    for (index, (obligations, unreachable, reached)) in table.into_iter().enumerate() {
        assert_eq!((school_unreachable(&obligations), school_reached(&obligations)), (unreachable, reached), "row {index}");
    }
}

#[test]
fn an_obligation_survives_the_store() {
    let (obligation, _) = play(CALL, "0 timer; 1 accepted; 10 busy", &Policy::default());
    let json = serde_json::to_string(&obligation).expect("serializes");
    assert_eq!(serde_json::from_str::<Obligation>(&json).expect("reads back"), obligation);
}

#[test]
fn an_attempt_that_no_carrier_was_given_was_none() {
    // A history numbers attempts by how many there were, so the one that is made instead is the first again.
    check(CALL, "0 timer; 3 put-off", "waiting 3", "send#1");
    check(CALL, "0 timer; 3 put-off; 4 timer", "flight #1 49", "send#1 send#1");
    check(MAIL, "0 timer; 3 put-off; 4 timer; 5 accepted", "notified", "send#1 send#1");
    check(CALL, "0 timer; 1 person; 3 put-off; 4 timer", "flight #1 49", "send#1 send#1");
}

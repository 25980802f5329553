//! Telling the endusers by the console: who is left out, what was shown, what must be done before a tip is closed.

use super::fixture::Fixture;
use crate::audit::Action;
use crate::store::rows::{Claim, DispatchRow, ObligationRow, TaskKind, WorkId};
use crate::store::{Commit, Write};
use axum::http::StatusCode;
use domain::directory::Kind;
use domain::dispatch::obligation::{FailedBecause, Satisfaction, State};
use domain::dispatch::plan::Start;
use domain::dispatch::purpose::Purpose;
use domain::id::ConversationId;
use jiff::SignedDuration;
use std::collections::HashSet;

struct Desk {
    f: Fixture,
    cookie: String,
    csrf: String,
    tip: ConversationId,
}

impl Desk {
    async fn start(login: &str) -> Self {
        let f = Fixture::start().await;
        let (cookie, csrf) = f.logged_in(login).await;
        let tip = f.text("words of a student").await;
        Self { f, cookie, csrf, tip }
    }
    async fn sorted(login: &str, kind: &str, mark: &str) -> Self {
        let desk = Self::start(login).await;
        let version = desk.page("").await.field("version");
        let fields = [("version", version.as_str()), ("type", kind), ("school", "delta-high"), (mark, "on")];
        assert_eq!(desk.post("triage", &fields).await.status, StatusCode::SEE_OTHER);
        desk
    }
    async fn page(&self, path: &str) -> super::fixture::Answer {
        self.f.get(&format!("/tips/{}{path}", self.tip), &self.cookie).await
    }
    async fn post(&self, verb: &str, fields: &[(&str, &str)]) -> super::fixture::Answer {
        let fields = [fields, &[("csrf", self.csrf.as_str())]].concat();
        self.f.post(&format!("/tips/{}/{verb}", self.tip), &self.cookie, &fields).await
    }
    async fn dispatch(&self) {
        let page = self.page("/dispatch").await;
        let (version, shown) = (page.field("version"), page.field("shown"));
        let sent = self.post("dispatch", &[("version", &version), ("shown", &shown)]).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    }
    async fn told(&self) -> Vec<(DispatchRow, Vec<ObligationRow>)> {
        let mut told = Vec::new();
        for row in self.f.store.dispatches(self.tip).await.unwrap() {
            let obligations = self.f.store.obligations(row.id).await.unwrap();
            told.push((row, obligations));
        }
        told
    }
    /// Every open promise ends: those to the police fail when `police` is false, all others are kept.
    async fn all_ends(&self, police: bool) {
        let at = self.f.clock.now();
        let mut writes = Vec::new();
        for mut row in self.told().await.into_iter().flat_map(|(_, rows)| rows) {
            let fails = !police && row.obligation.step.kind == Kind::Police;
            row.obligation.state = if fails {
                State::Failed { at, reason: FailedBecause::NobodyConfirmed }
            } else {
                State::Satisfied { at, by: Satisfaction::Notified }
            };
            writes.push(Write::Obligation(Box::new(row)));
        }
        self.f.store.commit(Commit { writes, ..Commit::default() }).await.unwrap();
    }
    async fn actions(&self) -> Vec<Action> {
        self.f.store.record(self.tip, 0, 1000).await.unwrap().into_iter().map(|row| row.action).collect()
    }
}

#[tokio::test]
async fn whoever_a_supervisor_leaves_out_is_told_nothing_and_the_district_is() {
    let desk = Desk::sorted("sol", "possession-of-a-weapon", "none").await;
    let (analyst, _) = desk.f.logged_in("ana").await;
    let seen = desk.f.get(&format!("/tips/{}/dispatch", desk.tip), &analyst).await;
    assert!(!seen.body.contains("name=\"leave_out\""), "an analyst leaves nobody out");
    assert!(desk.page("/dispatch").await.body.contains("name=\"leave_out\" value=\"delta-high-principal\""));
    let out = ("leave_out", "delta-high-principal");
    let page = desk.post("plan", &[out]).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("Why they are left out") && !page.body.contains("<b>Principal of Delta High</b>"), "{}", page.body);
    let (version, shown) = (page.field("version"), page.field("shown"));
    let fields = [("version", version.as_str()), ("shown", shown.as_str()), out];
    let refused = desk.post("dispatch", &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("Write why they are left out"));
    let reason = ("why_left_out", "The tip is about them.");
    let sent = desk.post("dispatch", &[fields.as_slice(), &[reason]].concat()).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);

    let told = desk.told().await;
    let (row, obligations) = &told[0];
    assert_eq!(row.excluded, ["delta-high-principal".parse().unwrap()]);
    assert!(obligations.iter().all(|row| row.obligation.step.person.as_str() != "delta-high-principal"));
    let district: Vec<_> = obligations.iter().filter(|row| row.obligation.step.kind == Kind::District).collect();
    assert!(!district.is_empty() && district.iter().all(|row| matches!(row.obligation.step.start, Start::Now(_))));
    let actions = desk.actions().await;
    assert!(actions.iter().any(|action| matches!(action, Action::Excluded { persons } if persons.len() == 1)));
    assert!(!format!("{actions:?}").contains("about them"), "why is sealed");
    let page = desk.page("").await;
    assert!(page.body.contains("Left out by a supervisor, and told nothing: Principal of Delta High"), "{}", page.body);
    assert!(page.body.contains("Left out of the dispatch: The tip is about them."));
    assert!(!desk.page("/dispatch").await.body.contains("<b>Principal of Delta High</b>"), "nor by another dispatch of this tip");
}

#[tokio::test]
async fn a_plan_that_has_changed_since_is_shown_again_and_tells_nobody() {
    let desk = Desk::sorted("ana", "bullying", "none").await;
    let page = desk.page("").await;
    let (version, shown) = (page.field("version"), page.field("shown"));
    let mut rows = desk.f.store.directory().await.unwrap();
    let gone = |person: &str| person == "delta-high-assistant";
    rows.persons.retain(|person| !gone(person.key.as_str()));
    rows.addresses.retain(|address| !gone(address.person.as_str()));
    desk.f.store.commit(Commit { writes: vec![Write::Directory(Box::new(rows))], ..Commit::default() }).await.unwrap();
    desk.f.clock.step(SignedDuration::from_secs(6));
    for from in ["tip", "plan"] {
        let refused = desk.post("dispatch", &[("version", &version), ("shown", &shown), ("from", from)]).await;
        assert_eq!(refused.status, StatusCode::CONFLICT);
        assert!(refused.body.contains("Who would be told has changed since this was shown"), "{}", refused.body);
        assert_ne!(refused.field("shown"), shown, "the new plan can be dispatched");
    }
    assert!(desk.told().await.is_empty());
    desk.dispatch().await;
}

#[tokio::test]
async fn a_summary_is_sealed_with_the_dispatch_and_asked_for_only_where_somebody_accepted_one() {
    let desk = Desk::sorted("ana", "possession-of-a-weapon", "none").await;
    let page = desk.page("/dispatch").await;
    assert!(page.body.contains("Summary for Demo County School District"), "{}", page.body);
    let (version, shown) = (page.field("version"), page.field("shown"));
    let words = "A student may carry a weapon today.";
    let sent = desk.post("dispatch", &[("version", &version), ("shown", &shown), ("summary", words)]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    let told = desk.told().await;
    let (row, obligations) = &told[0];
    let tip = desk.f.store.conversation(desk.tip).await.unwrap().unwrap();
    let key = desk.f.vault.unwrap_key(desk.tip, &tip.key).unwrap();
    let opened = desk.f.vault.open_words(&key, row.id.uuid().as_bytes(), row.summary.as_ref().unwrap()).unwrap();
    assert_eq!(opened.reveal(), words);
    assert!(obligations.iter().all(|row| !row.obligation.step.says.contains("weapon")), "no channel says it by itself");
    assert!(desk.page("").await.body.contains(words));

    let bullying = Desk::sorted("ana", "bullying", "none").await;
    let page = bullying.page("/dispatch").await;
    assert!(!page.body.contains("name=\"summary\""), "nobody of this plan has accepted one");
    let (version, shown) = (page.field("version"), page.field("shown"));
    let refused = bullying.post("dispatch", &[("version", &version), ("shown", &shown), ("summary", words)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(bullying.told().await.is_empty());
}

#[tokio::test]
async fn a_tip_of_self_harm_is_closed_after_the_follow_up_with_a_decision_and_asks_once_how_it_went() {
    let desk = Desk::sorted("ana", "suicidal-ideation", "none").await;
    desk.dispatch().await;
    let task = desk.f.store.open_tasks(Some(desk.tip), 9).await.unwrap().remove(0);
    assert_eq!((task.kind, task.due_at), (TaskKind::FollowUp, Some(desk.f.clock.now() + SignedDuration::from_mins(10))));
    assert_eq!(task.what, "Call Demo County Police to make sure that they have the report, and offer analytical assistance.");
    desk.all_ends(true).await;
    let close = async |fields: &[(&str, &str)]| desk.post("close", &[&[("reason", "All told.")], fields].concat()).await;
    assert!(close(&[]).await.body.contains("Decide on a referral to mental-health services first"));
    let decided = [("referral", "yes"), ("referral_note", "The school's counselor takes her to the crisis team.")];
    assert!(close(&decided[..1]).await.body.contains("Write to whom they are referred"));
    assert!(close(&decided).await.body.contains("There are open tasks"));

    let done = async |note: &str| {
        let fields = [("csrf", desk.csrf.as_str()), ("tip", &desk.tip.to_string()), ("note", note)];
        desk.f.post(&format!("/tasks/{}/done", task.id), &desk.cookie, &fields).await
    };
    let refused = done(" ").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("Write with whom you spoke"), "{}", refused.body);
    assert_eq!(done("Spoke with the watch commander.").await.status, StatusCode::SEE_OTHER);
    let closed = close(&decided).await;
    assert_eq!(closed.status, StatusCode::SEE_OTHER, "{}", closed.body);
    let questions = async || desk.told().await.into_iter().filter(|(row, _)| row.purpose == Purpose::Feedback).collect::<Vec<_>>();
    let asked = questions().await;
    assert_eq!(asked.len(), 1);
    assert!(asked[0].1.len() >= 4, "everybody who was told: {}", asked[0].1.len());
    let actions = desk.actions().await;
    assert!(actions.iter().any(|action| matches!(action, Action::ReferralDecided { referred: true })));
    assert!(!format!("{actions:?}").contains("counselor takes"), "to whom is sealed");

    // Opened again and closed again: the question is not asked twice, and nobody waits for its answer.
    desk.f.text("one more thing").await;
    desk.page("").await;
    assert_eq!(close(&decided).await.status, StatusCode::SEE_OTHER);
    assert_eq!(questions().await.len(), 1);
}

#[tokio::test]
async fn a_safety_issue_is_not_closed_before_police_were_told() {
    let desk = Desk::sorted("ana", "bullying", "safety_issue").await;
    desk.dispatch().await;
    assert!(desk.f.store.open_tasks(Some(desk.tip), 9).await.unwrap().is_empty(), "a follow-up belongs to Critical tips");
    desk.all_ends(false).await;
    let refused = desk.post("close", &[("reason", "All told.")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("A safety issue is marked, so police must be told") && refused.body.contains("name=\"police_told\""));
    let closed = desk.post("close", &[("reason", "All told."), ("police_told", "The watch commander, by phone.")]).await;
    assert_eq!(closed.status, StatusCode::SEE_OTHER, "{}", closed.body);
    assert!(desk.actions().await.iter().any(|action| matches!(action, Action::PoliceToldByHand)));

    let reached = Desk::sorted("ana", "bullying", "safety_issue").await;
    reached.dispatch().await;
    reached.all_ends(true).await;
    assert!(!reached.page("").await.body.contains("name=\"police_told\""));
    assert_eq!(reached.post("close", &[("reason", "All told.")]).await.status, StatusCode::SEE_OTHER);
}

/// The fields of the form on the dispatch's page, with what else is sent.
fn filled<'a>(page: &'a super::fixture::Answer, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, String)> {
    let seen = ["version", "shown"].map(|name| (name, page.field(name)));
    seen.into_iter().chain(more.iter().map(|(name, value)| (*name, (*value).to_owned()))).collect()
}

/// A Standard tip that everybody was told of, then raised to Critical and dispatched again without the principal.
async fn left_out_later() -> Desk {
    let desk = Desk::sorted("sol", "bullying", "none").await;
    desk.dispatch().await;
    desk.f.clock.step(SignedDuration::from_secs(6));
    let version = desk.page("").await.field("version");
    let raised = [("version", version.as_str()), ("type", "possession-of-a-weapon"), ("school", "delta-high")];
    assert_eq!(desk.post("triage", &raised).await.status, StatusCode::SEE_OTHER);
    let out = ("leave_out", PRINCIPAL);
    let page = desk.post("plan", &[out]).await;
    let fields = filled(&page, &[out, ("why_left_out", "The tip is about them.")]);
    let sent = desk.post("dispatch", &borrowed(&fields)).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    desk.f.clock.step(SignedDuration::from_secs(6));
    desk
}

const PRINCIPAL: &str = "delta-high-principal";

fn borrowed<'a>(fields: &'a [(&'a str, String)]) -> Vec<(&'a str, &'a str)> {
    fields.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

fn is_principal(row: &&ObligationRow) -> bool {
    row.obligation.step.person.as_str() == PRINCIPAL
}

#[tokio::test]
async fn whoever_is_left_out_later_is_owed_nothing_any_more_by_the_first_dispatch() {
    let desk = left_out_later().await;
    let told = desk.told().await;
    assert_eq!(told.len(), 2);
    let (principals, others): (Vec<_>, Vec<_>) = told[0].1.iter().partition(is_principal);
    assert!(!principals.is_empty() && !others.is_empty());
    assert!(principals.iter().all(|row| matches!(row.obligation.state, State::Released { .. })), "{principals:?}");
    assert!(others.iter().all(|row| matches!(row.obligation.state, State::Waiting { .. })), "everybody else is owed the same");
    assert!(told[1].1.iter().all(|row| !is_principal(&row)));
    // Their work is gone, the others' is not: every open promise has a timer, and no lane has work for a closed one.
    let now = desk.f.clock.now();
    let health = desk.f.store.health(now).await.unwrap();
    assert_eq!(health.without_timer, 0);
    let far = now + SignedDuration::from_hours(48);
    let claimed = desk.f.store.claim_due("main-mail".parse().unwrap(), "test".into(), far, far, Claim::Any, 100).await.unwrap();
    let ids: HashSet<WorkId> = claimed.into_iter().map(|work| work.id).collect();
    let has_work = |row: &ObligationRow| ids.contains(&WorkId::Obligation(row.obligation.id));
    assert!(principals.iter().all(|row| !has_work(row)) && others.iter().all(|row| has_work(row)));
    let actions = desk.actions().await;
    assert!(actions.iter().any(|action| matches!(action, Action::Excluded { persons } if persons.len() == 1)));
}

#[tokio::test]
async fn a_supervisor_puts_back_whoever_was_left_out_and_only_they_are_told_then() {
    let desk = left_out_later().await;
    let page = desk.page("/dispatch").await;
    assert!(page.body.contains(&format!("name=\"put_back\" value=\"{PRINCIPAL}\"")), "{}", page.body);
    let (analyst, csrf) = desk.f.logged_in("ana").await;
    let seen = desk.f.get(&format!("/tips/{}/dispatch", desk.tip), &analyst).await;
    assert!(!seen.body.contains("name=\"put_back\""), "an analyst puts nobody back");
    let (version, back) = (page.field("version"), ("put_back", PRINCIPAL));
    let by_analyst = [("csrf", csrf.as_str()), ("version", &version), back, ("why_put_back", "Why not.")];
    let refused = desk.f.post(&format!("/tips/{}/dispatch", desk.tip), &analyst, &by_analyst).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);

    let page = desk.post("plan", &[back]).await;
    assert!(page.body.contains("only who is put back is told now") && page.body.contains("Why they are told after all"), "{}", page.body);
    let fields = filled(&page, &[back]);
    let refused = desk.post("dispatch", &borrowed(&fields)).await;
    assert!(refused.body.contains("Write why they are told after all"), "{}", refused.body);
    let fields = filled(&page, &[back, ("why_put_back", "It was another principal.")]);
    let sent = desk.post("dispatch", &borrowed(&fields)).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);

    let told = desk.told().await;
    let (row, obligations) = &told[2];
    assert!(row.excluded.is_empty() && obligations.iter().all(|row| is_principal(&row)), "{obligations:?}");
    assert_eq!(obligations.len(), 2, "a call and a mail");
    let actions = desk.actions().await;
    assert!(actions.iter().any(|action| matches!(action, Action::PutBack { persons } if persons.len() == 1)));
    assert!(!format!("{actions:?}").contains("another principal"), "why is sealed");
    let page = desk.page("/timeline").await;
    assert!(page.body.contains("Told again by a supervisor, after having been left out"), "{}", page.body);
    assert!(!desk.page("/dispatch").await.body.contains("name=\"put_back\""), "nobody is left out any more");
    let again = desk.post("dispatch", &[("version", desk.page("/dispatch").await.field("version").as_str()), back]).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "and nobody is told twice");
}

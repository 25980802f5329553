//! What happens in the same instant, here or on two nodes: everything that follows from all of it follows.

use super::fixture::Fixture;
use crate::desk::Wish;
use crate::desk::view::Staff;
use crate::progress::Todo;
use crate::store::rows::ObligationRow;
use axum::http::StatusCode;
use domain::channel::Means;
use domain::conversation::triage::StaffRole;
use domain::directory::Kind;
use domain::dispatch::obligation::{SendOutcome, State};
use domain::id::{AttemptId, ConversationId, DispatchId};

/// How many dispatches are tried: of two commits at once sometimes one is through before the other has read.
const ROUNDS: usize = 12;

struct Told {
    f: Fixture,
    tip: ConversationId,
    dispatch: DispatchId,
}

impl Told {
    /// A tip of this type, about Delta High, that was dispatched.
    async fn of(kind: &str) -> Self {
        let f = Fixture::start().await;
        let (cookie, csrf) = f.logged_in("ana").await;
        let tip = f.text("words of a student").await;
        let version = f.get(&format!("/tips/{tip}"), &cookie).await.field("version");
        let fields = [("csrf", csrf.as_str()), ("version", version.as_str()), ("type", kind), ("school", "delta-high")];
        assert_eq!(f.post(&format!("/tips/{tip}/triage"), &cookie, &fields).await.status, StatusCode::SEE_OTHER);
        let version = f.store.conversation(tip).await.unwrap().unwrap().version;
        let wish = Wish { version, ..Wish::default() };
        let dispatch = f.desk.dispatch(&analyst(&f), tip, &wish).await.unwrap();
        Self { f, tip, dispatch }
    }
    async fn rows(&self, kind: Kind, means: Means) -> Vec<ObligationRow> {
        let rows = self.f.store.obligations(self.dispatch).await.unwrap();
        rows.into_iter().filter(|row| row.obligation.step.kind == kind && row.obligation.step.means == means).collect()
    }
    /// Starts an attempt at each of these.
    async fn attempts(&self, rows: &[ObligationRow]) -> Vec<AttemptId> {
        let progress = &self.f.desk.progress;
        let mut attempts = Vec::new();
        for row in rows {
            let lane = progress.routes.for_means(row.obligation.step.means).key.clone();
            let todo = progress.obligation_timer(row.obligation.id, &lane).await.unwrap().pop().unwrap();
            let Todo::SendObligation(_, attempt) = todo else { panic!("{todo:?}") };
            attempts.push(attempt.id);
        }
        attempts
    }
    /// The carrier refuses all of these at once.
    async fn refused_at_once(&self, attempts: &[AttemptId]) {
        let progress = &self.f.desk.progress;
        let refused = attempts.iter().map(|id| progress.obligation_sent(*id, SendOutcome::Permanent, None, "no such number".to_owned()));
        for outcome in futures_util::future::join_all(refused).await {
            outcome.unwrap();
        }
    }
}

fn analyst(f: &Fixture) -> Staff {
    Staff { id: f.analyst, name: "Ana Example".to_owned(), role: StaffRole::Analyst }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn all_of_a_schools_calls_fail_at_once_and_the_districts_turn_has_come() {
    for round in 0..ROUNDS {
        let told = Told::of("possession-of-a-weapon").await;
        let calls = told.attempts(&told.rows(Kind::School, Means::Call).await).await;
        assert!(calls.len() >= 4);
        told.refused_at_once(&calls).await;
        for row in told.rows(Kind::District, Means::Call).await {
            assert!(matches!(row.obligation.state, State::Waiting { .. }), "round {round}: {:?}", row.obligation.state);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_confirmation_noted_twice_keeps_both_notes() {
    let told = Told::of("possession-of-a-weapon").await;
    let psap = told.rows(Kind::Psap, Means::Call).await;
    told.attempts(&psap).await;
    let (who, obligation) = (analyst(&told.f), psap[0].obligation.id);
    for note in ["The desk called us back.", "They called again: an officer is on the way."] {
        told.f.desk.confirm(&who, obligation, note.to_owned()).await.unwrap();
    }
    assert!(told.rows(Kind::Psap, Means::Call).await[0].obligation.confirmed_at.is_some());
    assert_eq!(told.f.store.notes(told.tip).await.unwrap().len(), 2, "what was said the second time counts, too");
}

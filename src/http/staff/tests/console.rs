//! The console as a browser meets it, without scripts.

use super::fixture::{Fixture, NUMBER, ORIGIN, PASSWORD};
use crate::audit::Action;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use jiff::SignedDuration;

#[tokio::test]
async fn nothing_is_shown_without_a_login_and_every_answer_is_hardened() {
    let f = Fixture::start().await;
    for path in ["/", "/tasks", "/help", "/search?q=x", "/tips/0123", "/tips/0123/dispatch", "/tips/0123/timeline", "/events"] {
        let answer = f.get(path, "").await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
        assert!(answer.location().starts_with("/login"), "{path}");
    }
    for path in ["/login", "/nowhere", "/", "/api/v1/tips"] {
        let answer = f.get(path, "").await;
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{path}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        assert_eq!(answer.headers["referrer-policy"], "same-origin");
        assert_eq!(answer.headers["cache-control"], "no-store");
    }
    let lost = f.get("/nowhere", "").await;
    assert_eq!(lost.status, StatusCode::NOT_FOUND);
    assert!(lost.body.contains("There is nothing at this address"));
    assert_eq!(f.post("/help", "", &[]).await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn wrong_passwords_slow_down_and_never_lock() {
    let f = Fixture::start().await;
    let attempt = async |login: &str, password: &str| f.post("/login", "", &[("login", login), ("password", password)]).await;
    let wrong = attempt("ana", "not the password").await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(
        wrong.body.contains("do not belong together") && wrong.body.contains("value=\"ana\"") && !wrong.body.contains("not the password")
    );
    let unknown = attempt("nobody", "not the password").await;
    assert_eq!((unknown.status, unknown.body.replace("nobody", "ana")), (wrong.status, wrong.body.clone()), "names are not told apart");
    let refused = attempt("ana", PASSWORD).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "also the right password waits");
    assert!(refused.body.contains("Wait 1 second") && refused.headers["retry-after"] == "1");
    for wait in [1, 2, 4] {
        f.clock.step(SignedDuration::from_secs(wait));
        assert_eq!(attempt("ana", "not the password").await.status, StatusCode::UNAUTHORIZED);
    }
    f.clock.step(SignedDuration::from_secs(300));
    assert_eq!(attempt("ANA ", PASSWORD).await.status, StatusCode::SEE_OTHER, "after the wait the right password is right");
}

#[tokio::test]
async fn a_session_ends_with_logout_and_after_twelve_hours() {
    let f = Fixture::start().await;
    let answer = f.post("/login", "", &[("login", "ana"), ("password", PASSWORD), ("next", "/tasks")]).await;
    assert_eq!(answer.location(), "/tasks");
    let set = answer.headers["set-cookie"].to_str().unwrap().to_owned();
    assert!(set.contains("HttpOnly") && set.contains("SameSite=Lax") && set.contains("Max-Age=43200"), "{set}");
    let (cookie, csrf) = f.logged_in("ana").await;
    assert_eq!(f.get("/tasks", &cookie).await.status, StatusCode::OK);
    assert_eq!(f.post("/logout", &cookie, &[("csrf", &csrf)]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(f.get("/tasks", &cookie).await.status, StatusCode::SEE_OTHER);
    let (cookie, _) = f.logged_in("ana").await;
    f.clock.step(SignedDuration::from_hours(12));
    assert_eq!(f.get("/tasks", &cookie).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn foreign_and_old_forms_change_nothing_and_lose_no_words() {
    let f = Fixture::start().await;
    let id = f.text("there is a fight").await;
    let (cookie, csrf) = f.logged_in("ana").await;
    let reply = format!("/tips/{id}/reply");
    let old = f.post(&reply, &cookie, &[("csrf", "of another login"), ("text", "Where are you?")]).await;
    assert_eq!(old.status, StatusCode::FORBIDDEN);
    assert!(old.body.contains("from an earlier login") && old.body.contains("Where are you?"));
    let ended = f.post(&reply, "tipline=gone", &[("csrf", &csrf), ("text", "Where are you?")]).await;
    assert_eq!(ended.status, StatusCode::UNAUTHORIZED);
    assert!(ended.body.contains("Where are you?"));
    for (name, value) in [("origin", "https://elsewhere.example.org"), ("sec-fetch-site", "cross-site")] {
        let request = Request::post(&reply)
            .header("cookie", &cookie)
            .header(name, value)
            .body(Body::from(format!("csrf={csrf}&text=hello")))
            .unwrap();
        let foreign = f.send(request).await;
        assert_eq!(foreign.status, StatusCode::FORBIDDEN);
        assert!(foreign.body.contains(ORIGIN));
    }
    let huge = "x".repeat(70_000);
    assert_eq!(f.post(&reply, &cookie, &[("csrf", &csrf), ("text", &huge)]).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(f.store.messages(id, 0, 10).await.unwrap().iter().filter(|row| row.provider.is_none()).count(), 1, "only the first words");
}

#[tokio::test]
async fn a_tip_is_read_answered_sorted_and_dispatched_without_scripts() {
    let f = Fixture::start().await;
    let id = f.text("he will drive his car into a tree tonight <b>delta high</b>").await;
    let (cookie, csrf) = f.logged_in("ana").await;
    let inbox = f.get("/", &cookie).await;
    assert!(inbox.body.contains("20:00 left") && inbox.body.contains("Not yet sorted") && inbox.body.contains("1 new"), "{}", inbox.body);
    assert!(inbox.body.contains("&#60;b&#62;delta high") || inbox.body.contains("&lt;b&gt;delta high"), "words are escaped");
    let tip_path = format!("/tips/{id}");
    let page = f.get(&tip_path, &cookie).await;
    assert!(page.body.contains("Set the level and at least one type first"), "{}", page.body);
    assert!(!page.body.contains(NUMBER) && !page.body.contains("5550142"), "no page has the number");

    let answered = f.post(&format!("{tip_path}/reply"), &cookie, &[("csrf", &csrf), ("text", "Is he at home?")]).await;
    assert_eq!(answered.location(), format!("{tip_path}#answer"));
    let empty = f.post(&format!("{tip_path}/reply"), &cookie, &[("csrf", &csrf), ("text", " ")]).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(empty.body.contains("Write something first."));
    let long = "y".repeat(1601);
    let refused = f.post(&format!("{tip_path}/reply"), &cookie, &[("csrf", &csrf), ("text", &long)]).await;
    assert!(refused.body.contains("1601 characters") && refused.body.contains(&long), "what was typed is kept");

    let version = f.get(&tip_path, &cookie).await.field("version");
    let triage = format!("{tip_path}/triage");
    let unknown = [("csrf", csrf.as_str()), ("version", &version), ("type", "suicidal-ideation"), ("school", "Gamma High")];
    let unknown = f.post(&triage, &cookie, &unknown).await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(unknown.body.contains("No school in the directory is called") && unknown.body.contains("value=\"Gamma High\""));
    assert!(unknown.body.contains("value=\"suicidal-ideation\" checked"), "what was chosen is kept");
    let choice =
        [("csrf", csrf.as_str()), ("version", &version), ("type", "suicidal-ideation"), ("school", "delta high school"), ("level", "")];
    assert_eq!(f.post(&triage, &cookie, &choice).await.location(), format!("{tip_path}#told"));
    assert_eq!(f.post(&triage, &cookie, &choice).await.status, StatusCode::CONFLICT, "the version was seen before");

    let lowered = f.get(&tip_path, &cookie).await.field("version");
    let lowered =
        [("csrf", csrf.as_str()), ("version", &lowered), ("type", "suicidal-ideation"), ("school", "delta-high"), ("level", "other")];
    let lowered = f.post(&triage, &cookie, &lowered).await;
    assert!(lowered.body.contains("only a supervisor can lower"), "R22");

    let page = f.get(&tip_path, &cookie).await;
    assert!(page.body.contains("Demo County 911") && page.body.contains(" people now</button>"), "{}", page.body);
    let preview = f.get(&format!("{tip_path}/dispatch"), &cookie).await;
    assert!(preview.body.contains("On the phone:") && preview.body.contains("stands by until"));
    assert!(!preview.body.contains("drive his car"), "the plan holds no word of the tip");
    let version = page.field("version");
    let sent = f.post(&format!("{tip_path}/dispatch"), &cookie, &[("csrf", &csrf), ("version", &version)]).await;
    assert_eq!(sent.location(), format!("{tip_path}#told"));
    let page = f.get(&tip_path, &cookie).await;
    assert!(page.body.contains("its turn is next") && page.body.contains("class=\"ladder\""), "{}", page.body);
    let again = f.post(&format!("{tip_path}/dispatch"), &cookie, &[("csrf", &csrf), ("version", &page.field("version"))]).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.body.contains("has been dispatched already"));

    let close = f.post(&format!("{tip_path}/close"), &cookie, &[("csrf", &csrf), ("reason", "All done.")]).await;
    assert_eq!(close.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(close.body.contains("All done.") && close.body.contains("still under way"));
    let timeline = f.get(&format!("{tip_path}/timeline?format=text"), &cookie).await;
    assert!(timeline.headers["content-disposition"].to_str().unwrap().contains("timeline.txt"));
    assert!(timeline.body.contains("2026-11-20 15:04:12 CST"), "{}", timeline.body);
}

#[tokio::test]
async fn every_opening_is_recorded_but_not_what_a_page_refreshes_itself() {
    let f = Fixture::start().await;
    let id = f.text("hello").await;
    let (cookie, _) = f.logged_in("ana").await;
    let openings = async || {
        let record = f.store.record(id, 0, 100).await.unwrap();
        record.iter().filter(|row| matches!(row.action, Action::Opened)).count()
    };
    let page = f.get(&format!("/tips/{id}"), &cookie).await;
    assert_eq!(openings().await, 1);
    let key = page.body.split("data-live-key=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let live = async |key: &str| {
        f.send(Request::get(format!("/tips/{id}")).header("cookie", &cookie).header("x-live", key).body(Body::empty()).unwrap()).await
    };
    assert_eq!(live(&key).await.status, StatusCode::OK);
    assert_eq!(openings().await, 1);
    live("1").await;
    assert_eq!(openings().await, 2, "a made-up key is an opening");
}

#[tokio::test]
async fn a_tip_is_found_by_its_reference() {
    let f = Fixture::start().await;
    let id = f.text("hello").await;
    let (cookie, _) = f.logged_in("sol").await;
    let reference = f.store.conversation(id).await.unwrap().unwrap().conversation.reference.as_str().to_owned();
    let found = f.get(&format!("/search?q={}", reference.to_lowercase()), &cookie).await;
    assert_eq!(found.location(), format!("/tips/{id}"));
    let lost = f.get("/search?q=%3Cscript%3E", &cookie).await;
    assert_eq!(lost.status, StatusCode::NOT_FOUND);
    assert!(!lost.body.contains("<script>"), "what was typed is escaped");
}

#[tokio::test]
async fn changes_are_told_to_pages_that_listen() {
    use futures_util::StreamExt;
    let f = Fixture::start().await;
    let (cookie, _) = f.logged_in("ana").await;
    let request = Request::get("/events").header("cookie", &cookie).body(Body::empty()).unwrap();
    let response = f.head_of(request).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut stream = response.into_body().into_data_stream();
    let id = f.text("hello").await;
    let wanted = format!("event: tip\ndata: {id}");
    let heard = async {
        let mut seen = String::new();
        while !seen.contains(&wanted) {
            seen.push_str(std::str::from_utf8(&stream.next().await.unwrap().unwrap()).unwrap());
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(5), heard).await.expect("the change is told");
}

//! PINs of endusers in the console: seen by all staff, drawn by supervisors, shown once.

use super::fixture::Fixture;
use axum::http::StatusCode;
use domain::id::PersonKey;

#[tokio::test]
async fn a_supervisor_draws_a_pin_and_an_analyst_does_not() {
    let f = Fixture::start().await;
    let person: PersonKey = "delta-high-principal".parse().unwrap();
    let (cookie, csrf) = f.logged_in("ana").await;
    let page = f.get("/directory/pins", &cookie).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("Delta High School") && page.body.contains("Only supervisors draw PINs."), "{}", page.body);
    assert!(!page.body.contains("New PIN"), "no button that is refused");
    let refused = f.post("/directory/pins", &cookie, &[("csrf", &csrf), ("person", person.as_str())]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(f.store.pin(person.clone()).await.unwrap(), None);

    let (cookie, csrf) = f.logged_in("sol").await;
    let foreign = f.post("/directory/pins", &cookie, &[("csrf", "guessed"), ("person", person.as_str())]).await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    let drawn = f.post("/directory/pins", &cookie, &[("csrf", &csrf), ("person", person.as_str())]).await;
    assert_eq!(drawn.status, StatusCode::OK, "{}", drawn.body);
    let row = f.store.pin(person.clone()).await.unwrap().unwrap();
    assert!(row.set_by.is_some());
    let shown = drawn.body.split_once("<p><b>").unwrap().1.split_once("</b>").unwrap().0.replace(' ', "");
    assert!(f.vault.is_pin(&person, &shown, &row.mac.unwrap()), "{shown}");
    let page = f.get("/directory/pins", &cookie).await;
    assert!(page.body.contains("drawn by Sol Example") && !page.body.contains("<p><b>"), "shown once");
    let nobody = f.post("/directory/pins", &cookie, &[("csrf", &csrf), ("person", "nobody")]).await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_note_to_endusers_needs_somebody_who_was_told() {
    let f = Fixture::start().await;
    let tip = f.text("they call me names").await;
    let (cookie, csrf) = f.logged_in("ana").await;
    let refused = f.post(&format!("/tips/{tip}/enduser-note"), &cookie, &[("csrf", &csrf), ("text", "please call us")]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(f.store.enduser_notes(tip).await.unwrap().is_empty());
}

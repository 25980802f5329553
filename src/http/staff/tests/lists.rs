//! The page of the directory: findings by school, and whom a Critical tip would reach.

use super::fixture::Fixture;
use axum::http::StatusCode;

#[tokio::test]
async fn the_directory_shows_what_would_keep_a_promise_from_being_kept() {
    let fixture = Fixture::start().await;
    let (cookie, _) = fixture.logged_in("ana").await;
    let page = fixture.get("/directory", &cookie).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("Every call goes by the account main"), "{}", page.body);
    assert!(page.body.contains("href=\"/directory/delta-high\""), "every school leads to its plan");
    let plan = fixture.get("/directory/delta-high", &cookie).await;
    for expected in
        ["Who a Critical tip about Delta High School would reach", "Principal of Delta High", "press [code]", "at once", "stands by"]
    {
        assert!(plan.body.contains(expected), "{expected}: {}", plan.body);
    }
    assert!(!plan.body.contains("+1555"), "no number is shown whole");
    let district = fixture.get("/directory/demo-district", &cookie).await;
    assert!(district.body.contains("is not a school or county"), "{}", district.body);
    assert_eq!(fixture.get("/directory/nowhere", &cookie).await.status, StatusCode::NOT_FOUND);
    assert_eq!(fixture.get("/directory", "").await.status, StatusCode::SEE_OTHER, "a login is needed");
}

#[tokio::test]
async fn a_supervisor_starts_drills_and_the_ledger_has_them() {
    let fixture = Fixture::start().await;
    let (ana, ana_csrf) = fixture.logged_in("ana").await;
    let empty = fixture.get("/drills", &ana).await;
    assert!(empty.body.contains("There was no drill yet.") && !empty.body.contains("Drill this school"), "{}", empty.body);
    let refused = fixture.post("/drills", &ana, &[("csrf", &ana_csrf), ("school", "delta-high")]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "an analyst starts none");
    let (sol, csrf) = fixture.logged_in("sol").await;
    let started = fixture.post("/drills", &sol, &[("csrf", &csrf), ("school", "delta-high")]).await;
    assert_eq!(started.status, StatusCode::SEE_OTHER, "{}", started.body);
    let report = fixture.get(started.location(), &ana).await;
    for expected in ["Drill of Delta High School", "Nothing so far.", "not yet known", "Principal of Delta High", "by Sol Example"] {
        assert!(report.body.contains(expected), "{expected}: {}", report.body);
    }
    let table = fixture.get(&format!("{}/csv", started.location()), &ana).await;
    assert!(table.headers["content-type"].to_str().unwrap().starts_with("text/csv"));
    assert!(table.body.starts_with("school,reference,organization") && table.body.contains("\"not yet known\""), "{}", table.body);
    assert!(!table.body.contains("+1555") && !table.body.contains("@example.org"));
    let all = fixture.post("/drills", &sol, &[("csrf", &csrf), ("none_in_days", "90")]).await;
    assert!(all.body.contains("5 drills were started"), "{}", all.body);
    let again = fixture.post("/drills", &sol, &[("csrf", &csrf), ("none_in_days", "90")]).await;
    assert!(again.body.contains("none was started"), "{}", again.body);
    let inbox = fixture.get("/", &ana).await;
    assert!(!inbox.body.contains("Delta High School"), "no inbox knows of it");
    let id = started.location().trim_start_matches("/drills/");
    assert_eq!(fixture.get(&format!("/tips/{id}"), &ana).await.status, StatusCode::NOT_FOUND, "a drill is no tip");
    assert_eq!(fixture.get("/drills/nothing", &ana).await.status, StatusCode::NOT_FOUND);
}

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
    for expected in ["Who a Critical tip about Delta High School would reach", "Principal of Delta High", "press [code]", "at once", "stands by"] {
        assert!(plan.body.contains(expected), "{expected}: {}", plan.body);
    }
    assert!(!plan.body.contains("+1555"), "no number is shown whole");
    let district = fixture.get("/directory/demo-district", &cookie).await;
    assert!(district.body.contains("is not a school or county"), "{}", district.body);
    assert_eq!(fixture.get("/directory/nowhere", &cookie).await.status, StatusCode::NOT_FOUND);
    assert_eq!(fixture.get("/directory", "").await.status, StatusCode::SEE_OTHER, "a login is needed");
}

//! The page of the line's health.

use super::fixture::Fixture;
use crate::links::circuit::News;
use crate::links::results::Test;
use std::time::Duration;

#[tokio::test]
async fn a_road_that_is_not_trusted_is_said_in_words() {
    let f = Fixture::start().await;
    let (cookie, _) = f.logged_in("ana").await;
    let page = f.get("/health", &cookie).await.body;
    assert!(page.contains("Calls by main") && page.contains("In use") && page.contains("not tested yet"), "{page}");
    assert!(!page.contains("no account works now"));
    let (routes, now) = (&f.desk.progress.routes, f.clock.now());
    let calls = routes.lanes().find(|lane| lane.key.as_str().ends_with("-call")).unwrap().key.clone();
    routes.links().circuits.take(&calls, News::Refused, now);
    routes.links().results.failed(&calls, Test::Probe, now, "status 401".to_owned());
    routes.links().results.succeeded(&calls, Test::Loop, now, Duration::from_millis(420));
    let page = f.get("/health", &cookie).await.body;
    for words in ["Calls: no account works now", "Not trusted", "failed: status 401", "well, 420 ms"] {
        assert!(page.contains(words), "{words}: {page}");
    }
}

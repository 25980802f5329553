//! Tips about one thing in the inbox: one row with a count, new facts in sight, and an analyst who knows better.

use super::fixture::{Answer, Fixture};
use crate::entropy::Entropy;
use crate::lifecycle::{Ending, Tasks};
use crate::similar::Similar;
use jiff::SignedDuration;
use std::time::Duration;

async fn until(what: &str, f: &Fixture, path: &str, cookie: &str, good: impl Fn(&Answer) -> bool) -> Answer {
    let looking = async {
        let mut pause = tokio::time::interval(Duration::from_millis(20));
        loop {
            pause.tick().await;
            let page = f.get(path, cookie).await;
            if good(&page) {
                return page;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), looking).await.unwrap_or_else(|_| panic!("not in time: {what}"))
}

fn rows(page: &Answer) -> usize {
    page.body.matches("data-row").count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tips_about_one_thing_are_one_row_and_an_analyst_may_say_otherwise() {
    let f = Fixture::start().await;
    let words = "There is a kid on bus 12 to Bravo Middle with a gun in his backpack";
    let first = f.text_from("+15555550101", words, Vec::new()).await;
    f.clock.step(SignedDuration::from_secs(1));
    let same = f.text_from("+15555550102", words, Vec::new()).await;
    f.clock.step(SignedDuration::from_secs(1));
    f.text_from("+15555550103", &format!("{words}, it is Jake"), Vec::new()).await;
    f.text_from("+15555550104", "The lunch at Delta Elementary was cold again", Vec::new()).await;
    let tasks = Tasks::default();
    let (store, vault, clock, live) = (f.store.clone(), f.vault.clone(), f.clock.clone(), f.live.clone());
    let (node, lease) = ("a test".to_owned(), SignedDuration::from_secs(15));
    Similar { store, vault, clock, entropy: Entropy, live, node, lease }.start(&tasks);
    let (cookie, csrf) = f.logged_in("ana").await;
    let page = until("three rows", &f, "/", &cookie, |page| rows(page) == 3).await;
    assert!(page.body.contains(&format!("href=\"/?like={first}\">and 1 more like it")), "{}", page.body);
    assert!(page.body.contains("<strong>new:</strong> Jake"), "{}", page.body);
    assert!(page.body.contains("Open <span class=\"count\">4</span>"), "nothing is hidden without a count");
    let alike = f.get(&format!("/?like={first}"), &cookie).await;
    assert_eq!(rows(&alike), 2);
    assert!(alike.body.contains(&format!("/tips/{same}/take-out")));
    f.post(&format!("/tips/{same}/take-out"), &cookie, &[("csrf", &csrf)]).await;
    let page = f.get("/", &cookie).await;
    assert_eq!(rows(&page), 4);
    assert!(!page.body.contains("more like it"));
    let timeline = f.get(&format!("/tips/{same}/timeline"), &cookie).await;
    assert!(timeline.body.contains("Taken out: it is about something else"), "{}", timeline.body);
    tasks.stop();
    assert_eq!(tasks.ended(Duration::from_secs(10)).await, Ending::Clean);
}

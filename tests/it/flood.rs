//! 2,000 people text about one thing: nobody is refused, one row tells of all, a new fact stands out, another school's tip waits for nobody
//! (R74).

use crate::gateway::{LINE, TestGateway, until};
use futures_util::StreamExt;
use serde_json::Value;
use std::time::{Duration, Instant};

const TIPS: u32 = 2_000;
const TOGETHER: usize = 32;
const WORDS: &str = "There is a kid on bus 12 to Bravo Middle with a gun in his backpack";
const OTHER: &str = "A girl at Charlie High wants to drive her car into a tree tonight";
const NEW: &str = "kid on bus 12 to Bravo Middle with a gun in his backpack, it is Jake R";
/// How long one text may take on a busy machine without optimisation.
const SLOWEST: Duration = Duration::from_secs(10);

async fn text(gateway: &TestGateway, n: u32, words: &str) -> Duration {
    let began = Instant::now();
    let said = gateway.control().text(&format!("+1444556{n:04}"), LINE, words).await.expect("the mock says it");
    assert_eq!(said.webhook.status, Some(200), "nobody is refused");
    began.elapsed()
}

async fn page(gateway: &TestGateway) -> Vec<Value> {
    gateway.get("/tips?filter=first").await["tips"].as_array().cloned().unwrap_or_default()
}

fn row<'a>(rows: &'a [Value], words: &str) -> Option<&'a Value> {
    rows.iter().find(|row| row["first_words"].as_str().is_some_and(|first| first.contains(words)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_is_one_row_and_another_schools_tip_waits_for_nobody() {
    let gateway = TestGateway::start().await;
    text(&gateway, 0, WORDS).await;
    let flood = futures_util::stream::iter(1..TIPS).map(|n| text(&gateway, n, if n == TIPS / 2 { OTHER } else { WORDS }));
    let took: Vec<Duration> = flood.buffered(TOGETHER).collect().await;
    let other = took[TIPS as usize / 2 - 1];
    println!("the other school's tip was taken in {other:?}; the slowest of all in {:?}", took.iter().max());
    assert!(other < SLOWEST);
    text(&gateway, TIPS, NEW).await;
    let rows = until("the flood is one row", || async {
        let rows = page(&gateway).await;
        let first = row(&rows, "There is a kid")?;
        (first["alike"] == u64::from(TIPS) - 2 && row(&rows, "Jake R").is_some_and(|new| new["new_facts"] == "Jake")).then_some(rows)
    })
    .await;
    assert_eq!(rows.len(), 3, "the first of the flood, the one with a new fact, the other school's");
    assert!(row(&rows, OTHER).is_some_and(|other| other["like"].is_null() && other["alike"] == 0));
    let counts = gateway.get("/tips?filter=first").await["counts"].clone();
    assert_eq!(counts["open"], u64::from(TIPS) + 1, "nothing is hidden without a count");
    // Who is counted under another and writes again is seen again.
    text(&gateway, 7, "hello? is anyone there").await;
    until("it is a row of its own", || async { (page(&gateway).await.len() == 4).then_some(()) }).await;
}

//! A mail server that takes Standard mails and says nothing: a Critical tip's mails go out beside them.

use crate::gateway::{TestGateway, until};
use reqwest::Method;
use serde_json::json;
use std::time::{Duration, Instant};

/// As many mails as the Standard tip sends may be under way: were none kept, they would have all the places.
const PLACES: &str = "4";
/// The people of the Standard tip.
const CHARLIE: [&str; 4] = ["principal", "assistant", "officer", "counselor"];
/// Much less than the server hangs, or than we wait for it.
const AT_ONCE: Duration = Duration::from_secs(12);

async fn dispatch(gateway: &TestGateway, from: &str, words: &str, kind: &str, school: &str) {
    assert_eq!(gateway.text(from, words).await, 200);
    let id = until("the tip", || async {
        let tips = gateway.tips().await;
        let tip = tips.iter().find(|tip| tip["first_words"] == words)?;
        tip["id"].as_str().map(str::to_owned)
    })
    .await;
    let version = gateway.get(&format!("/tips/{id}")).await["version"].clone();
    let triage = json!({"version": version, "types": [kind], "school": school});
    gateway.send(Method::PUT, &format!("/tips/{id}/triage"), triage).await;
    let version = gateway.get(&format!("/tips/{id}")).await["version"].clone();
    gateway.send(Method::POST, &format!("/tips/{id}/dispatches"), json!({"version": version})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_on_standard_mails_holds_no_critical_one_back() {
    let gateway = TestGateway::start_with(&[("TIPLINE__OUTBOX__IN_FLIGHT_MOST", PLACES)]).await;
    for who in CHARLIE {
        let to = format!("{who}.charlie-high@example.org");
        let fault = json!({"match": {"kind": "smtp", "to": to}, "fault": "delay", "delay_ms": 120_000});
        gateway.control().set_fault(serde_json::from_value(fault).expect("a fault")).await.expect("the fault is set");
    }
    dispatch(&gateway, "+15555550142", "they call me names in the hall", "bullying", "charlie-high").await;
    until("the server hangs on them", || async {
        let hits: u32 = gateway.control().faults().await.iter().map(|fault| fault.hits).sum();
        (hits >= 2).then_some(())
    })
    .await;
    dispatch(&gateway, "+15555550143", "there is a gun on the bus", "possession-of-a-weapon", "bravo-middle").await;
    let began = Instant::now();
    until("everybody of the Critical tip has a mail", || async {
        let mails = gateway.control().mails(None).await;
        let has = |who: &str| mails.iter().any(|mail| mail.to.iter().any(|to| to == who));
        let bravo = CHARLIE.map(|who| format!("{who}.bravo-middle@example.org"));
        (has("desk.demo-county-911@example.org") && bravo.iter().all(|who| has(who))).then_some(())
    })
    .await;
    assert!(began.elapsed() < AT_ONCE, "it took {:?}", began.elapsed());
}

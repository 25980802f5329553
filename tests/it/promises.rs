//! Promises on the way out, with carriers that misbehave: nobody is forgotten, and a reporter's answer is not doubled.

use crate::gateway::{LINE, TestGateway, until};
use serde_json::{Value, json};

const STUDENT: &str = "+15555550142";

async fn tip(gateway: &TestGateway) -> String {
    assert_eq!(gateway.text(STUDENT, "there is a gun on the bus").await, 200);
    until("the tip", || async { gateway.tips().await.first()?["id"].as_str().map(str::to_owned) }).await
}

fn answers<'a>(read: &'a Value, author: &str) -> Vec<&'a Value> {
    read["messages"].as_array().into_iter().flatten().filter(|message| message["author"] == author).collect()
}

async fn fault(gateway: &TestGateway, fault: Value) {
    gateway.control().set_fault(serde_json::from_value(fault).expect("a fault")).await.expect("the fault is set");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_whose_outcome_is_unknown_is_found_and_not_doubled() {
    let gateway = TestGateway::start_with(&[("TIPLINE__DISPATCH__ASK_AFTER", "1")]).await;
    let id = tip(&gateway).await;
    until("the first words", || async { (gateway.control().messages(STUDENT).await.len() == 2).then_some(()) }).await;
    fault(
        &gateway,
        json!({"match": {"kind": "rest", "path_contains": "Messages", "method": "POST"}, "fault": "accept_then_timeout", "times": 1}),
    )
    .await;
    gateway.send(reqwest::Method::POST, &format!("/tips/{id}/replies"), json!({"text": "which bus?"})).await;
    until("the answer is known to be delivered", || async {
        let read = gateway.get(&format!("/tips/{id}")).await;
        answers(&read, "staff").iter().any(|message| message["delivery"]["state"] == "delivered").then_some(())
    })
    .await;
    let on_the_handset = gateway.control().messages(STUDENT).await.into_iter().filter(|message| message.body == "which bus?").count();
    assert_eq!(on_the_handset, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_down_a_fault_and_a_stop_are_three_different_things() {
    let gateway = TestGateway::start().await;
    let id = tip(&gateway).await;
    until("the first words", || async { (gateway.control().messages(STUDENT).await.len() == 2).then_some(()) }).await;
    fault(&gateway, json!({"match": {"kind": "rest", "path_contains": "Messages", "method": "POST"}, "fault": "429", "times": 2})).await;
    gateway.send(reqwest::Method::POST, &format!("/tips/{id}/replies"), json!({"text": "first answer"})).await;
    until("429 is only a delay", || async {
        gateway.control().messages(STUDENT).await.iter().any(|message| message.body == "first answer").then_some(())
    })
    .await;
    fault(&gateway, json!({"match": {"kind": "rest", "path_contains": "Messages", "method": "POST"}, "fault": "21610", "times": 1})).await;
    gateway.send(reqwest::Method::POST, &format!("/tips/{id}/replies"), json!({"text": "second answer"})).await;
    until("21610 closes the way back", || async { (gateway.get(&format!("/tips/{id}")).await["way_back"] == "opted_out").then_some(()) })
        .await;
    gateway.send(reqwest::Method::POST, &format!("/tips/{id}/replies"), json!({"text": "third"})).await;
    let last = gateway.get(&format!("/tips/{id}")).await["messages"].as_array().and_then(|all| all.last().cloned()).expect("a message");
    assert_eq!(last["delivery"]["state"], "kept", "nothing is sent after a STOP; the answer waits for them to come back: {last}");
    assert_eq!(gateway.text(STUDENT, "I am still here").await, 200, "and what the reporter writes is still taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn callbacks_lost_doubled_and_reordered_change_nothing_in_the_end() {
    let gateway =
        TestGateway::start_with(&[("TIPLINE__DISPATCH__ASK_AFTER", "1"), ("TIPLINE__DISPATCH__SILENT_ATTEMPT_LIMIT", "20")]).await;
    for (kind, times) in [("double", 6), ("reorder", 6), ("drop", 6)] {
        fault(&gateway, json!({"match": {"kind": "callback"}, "fault": kind, "times": times})).await;
    }
    for suffix in 1..=30_u32 {
        let behaviour = serde_json::from_value(json!({"answer": "human", "key": "heard_code"})).expect("a behaviour");
        gateway.control().behave(&format!("+155555501{suffix:02}"), vec![behaviour]).await.expect("a behaviour");
    }
    let id = tip(&gateway).await;
    let version = gateway.get(&format!("/tips/{id}")).await["version"].clone();
    gateway
        .send(
            reqwest::Method::PUT,
            &format!("/tips/{id}/triage"),
            json!({"version": version, "types": ["possession-of-a-weapon"], "school": "bravo-middle"}),
        )
        .await;
    let version = gateway.get(&format!("/tips/{id}")).await["version"].clone();
    gateway.send(reqwest::Method::POST, &format!("/tips/{id}/dispatches"), json!({"version": version})).await;
    let read = until("everybody has confirmed", || async {
        let read = gateway.get(&format!("/tips/{id}")).await;
        let obligations = read["dispatches"][0]["obligations"].as_array()?.clone();
        obligations.iter().all(|obligation| ["satisfied", "released"].contains(&obligation["state"].as_str().unwrap_or(""))).then_some(read)
    })
    .await;
    let obligations = read["dispatches"][0]["obligations"].as_array().expect("obligations").clone();
    for call in obligations.iter().filter(|obligation| obligation["means"] == "call" && obligation["state"] == "satisfied") {
        assert!(!call["confirmed_at"].is_null(), "{call}");
        for attempt in call["attempts"].as_array().expect("attempts") {
            let kinds: Vec<_> = attempt["receipts"]
                .as_array()
                .expect("receipts")
                .iter()
                .map(|receipt| receipt["kind"].to_string() + &receipt["detail"].to_string())
                .collect();
            let mut unique = kinds.clone();
            unique.sort();
            unique.dedup();
            assert_eq!(unique.len(), kinds.len(), "no receipt twice: {kinds:?}");
        }
    }
    assert_eq!(gateway.control().calls(Some("+15555550101")).await.len(), 1, "the PSAP is called once: {LINE}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_tip_is_beyond_the_last_page() {
    let gateway = TestGateway::start().await;
    let texts = (0..430).map(|n| {
        let control = gateway.control();
        async move { control.text(&format!("+1222555{n:04}"), LINE, "one of many").await.expect("the mock says it").webhook.status }
    });
    for status in futures_util::future::join_all(texts).await {
        assert_eq!(status, Some(200));
    }
    let tips = gateway.tips().await;
    let ids: std::collections::BTreeSet<_> = tips.iter().map(|tip| tip["id"].to_string()).collect();
    assert_eq!((tips.len(), ids.len()), (430, 430), "each once, over three pages");
    assert_eq!(gateway.get("/tips?filter=open").await["tips"].as_array().map(Vec::len), Some(200));
    assert_eq!(gateway.get("/tips?filter=open&page=9").await["more"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_tip_stays_closed_and_the_next_text_has_a_clock_of_its_own() {
    let mut gateway = TestGateway::start().await;
    assert_eq!(gateway.text(STUDENT, "they call me names in the hall").await, 200);
    let id = until("the tip", || async { gateway.tips().await.first()?["id"].as_str().map(str::to_owned) }).await;
    let version = gateway.get(&format!("/tips/{id}")).await["version"].clone();
    let triage = json!({"version": version, "types": ["bullying"], "school": "charlie-high"});
    gateway.send(reqwest::Method::PUT, &format!("/tips/{id}/triage"), triage).await;
    let version = gateway.get(&format!("/tips/{id}")).await["version"].clone();
    gateway.send(reqwest::Method::POST, &format!("/tips/{id}/dispatches"), json!({"version": version})).await;
    until("every mail went out", || async {
        let read = gateway.get(&format!("/tips/{id}")).await;
        let obligations = read["dispatches"][0]["obligations"].as_array()?.clone();
        obligations.iter().all(|obligation| obligation["state"] == "satisfied").then_some(())
    })
    .await;
    gateway.send(reqwest::Method::POST, &format!("/tips/{id}/close"), json!({"reason": "referred to the school"})).await;
    // What the process remembers of an address ends with it, or after half a minute.
    gateway.kill();
    gateway.serve().await;
    assert_eq!(gateway.text(STUDENT, "now he has a knife").await, 200);
    let tips = gateway.tips().await;
    assert_eq!(tips.len(), 1, "one open tip: a new one");
    assert_ne!(tips[0]["id"], id.as_str());
    assert!(!tips[0]["deadline"].is_null(), "its own twenty minutes run");
    assert_eq!(gateway.get("/tips?filter=closed").await["tips"][0]["id"], id.as_str());
}

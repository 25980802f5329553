//! Faults: refused, unanswered, dropped, doubled, delayed and reordered traffic, and the pace limit.

use std::time::Duration;

use mock_carriers::Options;
use serde_json::{Value, json};

use crate::gateway::{OURS, THEIRS, World};

async fn set(world: &World, fault: Value) {
    world.control.set_fault(serde_json::from_value(fault).unwrap()).await.unwrap();
}

fn form(callback: &str) -> Vec<(&str, &str)> {
    vec![("To", THEIRS), ("From", OURS), ("Body", "x"), ("StatusCallback", callback)]
}

#[tokio::test]
async fn rest_faults_refuse_without_doing_anything() {
    let world = World::start().await;
    for (fault, status, code) in [("429", 429, 20429), ("500", 500, 20500), ("401", 401, 20003), ("21610", 400, 21610)] {
        set(&world, json!({"match": {"kind": "rest", "to": THEIRS}, "fault": fault, "times": 1})).await;
        let (got, body) = world.post("Messages.json", &form("")).await;
        assert_eq!((got, &body["code"]), (status, &code.into()));
    }
    assert!(world.control.messages(THEIRS).await.is_empty());
    assert!(world.control.faults().await.is_empty(), "used-up faults go away");
    assert_eq!(world.post("Messages.json", &form("")).await.0, 201);
}

#[tokio::test]
async fn an_accepted_request_may_stay_unanswered() {
    let world = World::start().await;
    set(&world, json!({"match": {"kind": "rest"}, "fault": "accept_then_timeout", "times": 1})).await;
    let callback = format!("{}/cb", world.gateway);
    let request = world
        .http
        .post(world.url("Messages.json"))
        .basic_auth(world.mock.account_sid(), Some(world.mock.auth_token()))
        .timeout(Duration::from_millis(300))
        .form(&form(&callback));
    assert!(request.send().await.unwrap_err().is_timeout());
    assert_eq!(world.wait_hooks("/cb", 2).await[1].get("MessageStatus"), "delivered");
    assert_eq!(world.control.messages(THEIRS).await.len(), 1);
    assert_eq!(world.control.requests().await[0].status, 0);
}

#[tokio::test]
async fn a_connection_may_close_without_an_answer() {
    let world = World::start().await;
    set(&world, json!({"match": {"kind": "rest"}, "fault": "refuse", "times": 1})).await;
    let request = world.http.post(world.url("Messages.json")).form(&form(""));
    let request = request.basic_auth(world.mock.account_sid(), Some(world.mock.auth_token()));
    let error = request.send().await.unwrap_err();
    assert!(!error.is_timeout() && !error.is_status(), "{error:?}");
    assert!(world.control.messages(THEIRS).await.is_empty());
    assert_eq!(world.post("Messages.json", &form("")).await.0, 201);
}

#[tokio::test]
async fn a_message_may_fail_after_it_was_accepted() {
    let world = World::start().await;
    let callback = format!("{}/cb", world.gateway);
    set(&world, json!({"match": {"kind": "rest"}, "fault": "30003", "times": 1})).await;
    world.post("Messages.json", &form(&callback)).await;
    let hooks = world.wait_hooks("/cb", 2).await;
    assert_eq!((hooks[0].get("MessageStatus"), hooks[0].get("ErrorCode")), ("sent", ""));
    assert_eq!((hooks[1].get("MessageStatus"), hooks[1].get("ErrorCode")), ("undelivered", "30003"));
    set(&world, json!({"match": {"kind": "rest"}, "fault": "30034", "times": 1})).await;
    world.post("Messages.json", &form(&callback)).await;
    let hooks = world.wait_hooks("/cb", 3).await;
    assert_eq!((hooks[2].get("MessageStatus"), hooks[2].get("ErrorCode")), ("failed", "30034"));
}

#[tokio::test]
async fn callbacks_are_dropped_doubled_and_reordered() {
    let world = World::start().await;
    let statuses = async |path: &'static str, count: usize| -> Vec<String> {
        let hooks = world.wait_hooks(path, count).await;
        hooks.iter().map(|hook| hook.get("MessageStatus").to_owned()).collect()
    };
    let only =
        |path: &str, fault: &str, times: u32| json!({"match": {"kind": "callback", "path_contains": path}, "fault": fault, "times": times});
    let send = async |path: &str| {
        let callback = format!("{}{path}", world.gateway);
        world.post("Messages.json", &form(&callback)).await;
    };
    set(&world, only("/dropped", "drop", 1)).await;
    send("/dropped").await;
    assert_eq!(statuses("/dropped", 1).await, ["delivered"]);
    set(&world, only("/doubled", "double", 2)).await;
    send("/doubled").await;
    assert_eq!(statuses("/doubled", 4).await, ["sent", "sent", "delivered", "delivered"]);
    set(&world, only("/reordered", "reorder", 1)).await;
    send("/reordered").await;
    assert_eq!(statuses("/reordered", 2).await, ["delivered", "sent"]);
    let late = json!({"match": {"kind": "callback", "path_contains": "/late"}, "fault": "delay",
        "delay_ms": 400, "times": 1});
    set(&world, late).await;
    send("/late").await;
    assert_eq!(statuses("/late", 2).await, ["delivered", "sent"]);
}

#[tokio::test]
async fn a_dropped_webhook_leaves_the_message_to_be_found_by_listing() {
    let world = World::start().await;
    set(&world, json!({"match": {"kind": "webhook", "to": OURS}, "fault": "drop", "times": 1})).await;
    let said = world.control.text(THEIRS, OURS, "lost?").await.unwrap();
    assert_eq!(said.webhook.status, None);
    assert!(world.hooks("/sms").is_empty());
    let (_, list) = world.get("Messages.json?To=%2B15555550100").await;
    assert_eq!(list["messages"][0]["sid"], said.sid);
    let sent = world.control.webhooks().await;
    assert_eq!((sent[0].fault.as_deref(), sent[0].attempts), (Some("drop"), 0));
}

#[tokio::test]
async fn the_pace_limit_answers_429_and_arrivals_are_kept() {
    let world = World::with(Options { max_per_second: Some(3), ..Options::default() }).await;
    let mut refused = 0;
    for _ in 0..5 {
        let (status, body) = world.post("Messages.json", &form("")).await;
        if status == 429 {
            assert_eq!(body["code"], 20429);
            refused += 1;
        }
    }
    assert_eq!(refused, 2);
    let seen = world.control.requests().await;
    assert_eq!(seen.len(), 5);
    assert!(seen.windows(2).all(|pair| pair[0].arrived_us <= pair[1].arrived_us));
    assert_eq!(seen.iter().filter(|seen| seen.status == 429).count(), 2);
    assert!(seen[0].form.contains(&("Body".to_owned(), "x".to_owned())));
}

#[tokio::test]
async fn unknown_faults_and_fields_are_refused() {
    let world = World::start().await;
    let url = format!("{}/control/faults", world.mock.base_url());
    for body in [r#"{"fault":"explode"}"#, r#"{"fault":"500","match":{"colour":"red"}}"#, r#"{"fault":"500","tmes":1}"#] {
        let response = world.http.post(&url).body(body).send().await.unwrap();
        assert_eq!(response.status(), 400, "{body}");
    }
}

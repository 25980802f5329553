//! The Messages resource: errors, magic numbers, callbacks in order, redaction, deletion, paging and filters.

use serde_json::Value;

use crate::gateway::{OURS, THEIRS, World};

#[tokio::test]
async fn mistakes_get_twilios_codes() {
    let world = World::start().await;
    let long = "x".repeat(1_601);
    for (form, code) in [
        (vec![("From", OURS), ("Body", "x")], 21604),
        (vec![("To", THEIRS), ("Body", "x")], 21603),
        (vec![("To", THEIRS), ("From", OURS)], 21602),
        (vec![("To", THEIRS), ("From", OURS), ("Body", long.as_str())], 21617),
        (vec![("To", "5551234567"), ("From", OURS), ("Body", "x")], 21211),
        (vec![("To", THEIRS), ("From", "+15555550199"), ("Body", "x")], 21606),
        (vec![("To", "+15005550001"), ("From", OURS), ("Body", "x")], 21211),
        (vec![("To", "+15005550002"), ("From", OURS), ("Body", "x")], 21612),
        (vec![("To", "+15005550003"), ("From", OURS), ("Body", "x")], 21408),
        (vec![("To", "+15005550004"), ("From", OURS), ("Body", "x")], 21610),
        (vec![("To", "+15005550009"), ("From", OURS), ("Body", "x")], 21614),
        (vec![("To", THEIRS), ("From", "+15005550001"), ("Body", "x")], 21212),
        (vec![("To", THEIRS), ("From", "+15005550007"), ("Body", "x")], 21606),
        (vec![("To", THEIRS), ("From", "+15005550008"), ("Body", "x")], 21611),
    ] {
        let (status, body) = world.post("Messages.json", &form).await;
        assert_eq!((status, &body["code"]), (400, &Value::from(code)), "{body}");
        assert_eq!(body["more_info"], format!("https://www.twilio.com/docs/errors/{code}"));
        assert_eq!(body["status"], 400);
        assert!(body["message"].is_string());
        assert_eq!(body.as_object().unwrap().len(), 4);
    }
    let valid = [("To", THEIRS), ("From", "+15005550006"), ("Body", "x")];
    assert_eq!(world.post("Messages.json", &valid).await.0, 201);
}

#[tokio::test]
async fn a_stranger_gets_401_and_an_unknown_resource_404() {
    let world = World::start().await;
    let response = world.http.get(world.url("Messages.json")).basic_auth("x", Some("y")).send().await.unwrap();
    assert_eq!(response.status(), 401);
    assert_eq!(response.json::<Value>().await.unwrap()["code"], 20003);
    let (status, body) = world.get("Messages/SM00000000000000000000000000000000.json").await;
    assert_eq!((status, &body["code"]), (404, &Value::from(20404)));
    assert_eq!(world.get("Nothing.json").await.0, 404);
    assert_eq!(world.delete("Messages.json").await, 405);
}

#[tokio::test]
async fn callbacks_come_signed_and_in_order() {
    let world = World::start().await;
    let callback = format!("{}/cb?attempt=a1", world.gateway);
    let form = [("To", THEIRS), ("From", OURS), ("Body", "hello"), ("StatusCallback", callback.as_str())];
    let (_, message) = world.post("Messages.json", &form).await;
    assert_eq!((&message["status"], &message["date_sent"]), (&"queued".into(), &Value::Null));
    let hooks = world.wait_hooks("/cb", 2).await;
    let statuses: Vec<&str> = hooks.iter().map(|hook| hook.get("MessageStatus")).collect();
    assert_eq!(statuses, ["sent", "delivered"]);
    for hook in &hooks {
        assert!(hook.signed);
        assert_eq!(hook.query, "attempt=a1");
        assert_eq!(hook.agent, "TwilioProxy/1.1");
        assert_eq!(hook.get("MessageSid"), message["sid"].as_str().unwrap());
        assert_eq!((hook.get("From"), hook.get("To")), (OURS, THEIRS));
    }
    assert_ne!(hooks[0].token, hooks[1].token);
    let shown = world.control.messages(THEIRS).await;
    assert_eq!((shown.len(), shown[0].body.as_str()), (1, "hello"));
}

#[tokio::test]
async fn a_sent_message_is_redacted_then_deleted() {
    let world = World::start().await;
    let callback = format!("{}/cb", world.gateway);
    let form = [("To", THEIRS), ("From", OURS), ("Body", "secret"), ("StatusCallback", callback.as_str())];
    let (_, message) = world.post("Messages.json", &form).await;
    let resource = format!("Messages/{}.json", message["sid"].as_str().unwrap());
    assert_eq!(world.delete(&resource).await, 409);
    world.wait_hooks("/cb", 2).await;
    let (status, redacted) = world.post(&resource, &[("Body", "")]).await;
    assert_eq!((status, &redacted["body"]), (200, &"".into()));
    assert_eq!(world.delete(&resource).await, 204);
    assert_eq!(world.get(&resource).await.0, 404);
}

#[tokio::test]
async fn a_scheduled_message_can_be_canceled() {
    let world = World::start().await;
    let form = [("To", THEIRS), ("From", OURS), ("Body", "later"), ("ScheduleType", "fixed"), ("SendAt", "2099-01-01T00:00:00Z")];
    let (_, message) = world.post("Messages.json", &form).await;
    assert_eq!(message["status"], "scheduled");
    let resource = format!("Messages/{}.json", message["sid"].as_str().unwrap());
    assert_eq!(world.post(&resource, &[("Status", "canceled")]).await.1["status"], "canceled");
    assert_eq!(world.post(&resource, &[("Status", "canceled")]).await.0, 409);
}

#[tokio::test]
async fn pages_and_filters_find_every_message_once() {
    let world = World::start().await;
    for n in 0..7 {
        let to = if n % 2 == 0 { THEIRS } else { "+15555550143" };
        let body = n.to_string();
        world.post("Messages.json", &[("To", to), ("From", OURS), ("Body", &body)]).await;
    }
    let mut next = Some("Messages.json?PageSize=3".to_owned());
    let mut bodies = Vec::new();
    while let Some(resource) = next {
        let (status, page) = world.get(&resource).await;
        assert_eq!(status, 200);
        bodies.extend(page["messages"].as_array().unwrap().iter().map(|m| m["body"].as_str().unwrap().to_owned()));
        next = page["next_page_uri"].as_str().map(|uri| {
            let account = format!("/2010-04-01/Accounts/{}/", world.mock.account_sid());
            uri.strip_prefix(&account).unwrap().to_owned()
        });
    }
    assert_eq!(bodies, ["6", "5", "4", "3", "2", "1", "0"]);
    let count = async |query: &str| {
        let (_, page) = world.get(&format!("Messages.json?{query}")).await;
        page["messages"].as_array().unwrap().len()
    };
    assert_eq!(count("To=%2B15555550143").await, 3);
    assert_eq!(count("From=%2B15555550143").await, 0);
    assert_eq!(count("DateSent%3E=2020-01-01").await, 7);
    assert_eq!(count("DateSent>=2020-01-01T00:00:00Z").await, 7);
    assert_eq!(count("DateSent%3C=2020-01-01").await, 0);
    assert_eq!(world.get("Messages.json?DateSent=yesterday").await.0, 400);
}

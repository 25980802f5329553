//! Files that a client fetches: a password that follows a redirect, redirects that lead astray, spoilt files.

use std::time::Duration;

use mock_carriers::{PASSWORD_FORWARDED, SaidMedia, Say, TRAP_ENTERED};
use reqwest::redirect::Policy;
use serde_json::json;

use crate::gateway::{OURS, THEIRS, World};

/// A picture comes in; where the webhook says it is.
async fn picture(world: &World) -> String {
    let png = SaidMedia { content_type: "image/png".into(), data_base64: "iVBORw0KGgo=".into() };
    let before = world.count("/sms");
    world.control.say(Say { from: THEIRS.into(), to: OURS.into(), media: vec![png], ..Say::default() }).await.unwrap();
    world.hooks("/sms")[before].get("MediaUrl0").to_owned()
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().unwrap()
}

async fn first_hop(world: &World, url: &str) -> String {
    let request = client().get(url).basic_auth(world.mock.account_sid(), Some(world.mock.auth_token()));
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 307);
    answer.headers()["location"].to_str().unwrap().to_owned()
}

async fn fault(world: &World, fault: &str, delay_ms: u64) {
    let fault = json!({"match": {"kind": "media"}, "fault": fault, "times": 1, "delay_ms": delay_ms});
    world.control.set_fault(serde_json::from_value(fault).unwrap()).await.unwrap();
}

#[tokio::test]
async fn a_password_that_follows_the_redirect_is_told_to_the_debugger() {
    let world = World::start().await;
    let elsewhere = first_hop(&world, &picture(&world).await).await;
    assert_eq!(client().get(&elsewhere).send().await.unwrap().status(), 200);
    assert!(world.control.debugger().await.is_empty());
    client().get(&elsewhere).bearer_auth("secret").send().await.unwrap();
    assert_eq!(world.control.debugger().await[0].code, PASSWORD_FORWARDED);
}

#[tokio::test]
async fn redirects_lead_where_no_client_may_go() {
    let world = World::start().await;
    let url = picture(&world).await;
    for (name, begins) in [
        ("redirect_metadata", "http://169.254.169.254/"),
        ("redirect_private", "http://10.0.0.1/"),
        ("redirect_loopback", "http://127.0.0.1:"),
        ("redirect_localhost", "http://localhost:"),
    ] {
        fault(&world, name, 0).await;
        let location = first_hop(&world, &url).await;
        assert!(location.starts_with(begins), "{location}");
        if name == "redirect_loopback" {
            client().get(&location).send().await.unwrap();
        }
    }
    assert_eq!(world.control.debugger().await.iter().map(|entry| entry.code).collect::<Vec<_>>(), [TRAP_ENTERED]);
    assert!(first_hop(&world, &url).await.contains("/media/"), "the faults are used up");
}

#[tokio::test]
async fn files_come_wrong_late_half_or_without_end() {
    let world = World::start().await;
    let url = picture(&world).await;
    let fetch = async |name: &str, delay_ms: u64| {
        fault(&world, name, delay_ms).await;
        client().get(first_hop(&world, &url).await).send().await.unwrap()
    };
    assert_eq!(fetch("wrong_type", 0).await.headers()["content-type"], "text/html");
    assert_eq!(fetch("500", 0).await.status(), 500);
    let mut endless = fetch("endless", 0).await;
    let mut bytes = 0;
    while bytes < 3_000_000 {
        bytes += endless.chunk().await.unwrap().unwrap().len();
    }
    drop(endless);
    let mut stalled = fetch("stall", 0).await;
    assert_eq!(stalled.chunk().await.unwrap().unwrap().len(), 4);
    assert!(tokio::time::timeout(Duration::from_millis(50), stalled.chunk()).await.is_err(), "nothing more comes");
    assert_eq!(fetch("delay", 20).await.bytes().await.unwrap().len(), 8);
}

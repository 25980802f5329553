//! Texts from a handset: the webhook's parameters, replay, STOP, media behind a redirect, TwiML answers.

use mock_carriers::{SaidMedia, Say};

use crate::gateway::{OURS, THEIRS, World};

#[tokio::test]
async fn a_text_becomes_a_signed_webhook_with_all_parameters() {
    let world = World::start().await;
    let said = world.control.text(THEIRS, OURS, "there is a gun & a ñ").await.unwrap();
    assert_eq!(said.webhook.status, Some(200));
    let hooks = world.hooks("/sms");
    let hook = &hooks[0];
    assert!(hook.signed);
    for (key, value) in [
        ("MessageSid", said.sid.as_str()),
        ("SmsSid", &said.sid),
        ("SmsMessageSid", &said.sid),
        ("AccountSid", world.mock.account_sid()),
        ("From", THEIRS),
        ("To", OURS),
        ("Body", "there is a gun & a ñ"),
        ("NumMedia", "0"),
        ("NumSegments", "1"),
        ("SmsStatus", "received"),
        ("ApiVersion", "2010-04-01"),
        ("FromCity", "MOCKVILLE"),
        ("FromZip", "00142"),
        ("ToCountry", "US"),
    ] {
        assert_eq!(hook.get(key), value, "{key}");
    }
    let (_, list) = world.get("Messages.json").await;
    assert_eq!(list["messages"][0]["direction"], "inbound");
    assert_eq!(list["messages"][0]["status"], "received");
}

#[tokio::test]
async fn a_replay_is_the_same_but_for_the_token() {
    let world = World::start().await;
    let said = world.control.text(THEIRS, OURS, "hello").await.unwrap();
    world.control.replay(&said.sid, true).await.unwrap();
    world.control.replay(&said.sid, false).await.unwrap();
    let hooks = world.hooks("/sms");
    assert_eq!(hooks.len(), 3);
    assert!(hooks.iter().all(|hook| hook.params == hooks[0].params && hook.signed));
    assert_eq!(hooks[0].token, hooks[1].token);
    assert_ne!(hooks[0].token, hooks[2].token);
}

#[tokio::test]
async fn stop_blocks_and_start_reopens_but_only_as_a_whole_message() {
    let world = World::start().await;
    let form = [("To", THEIRS), ("From", OURS), ("Body", "x")];
    world.control.text(THEIRS, OURS, "please make it stop").await.unwrap();
    assert_eq!(world.post("Messages.json", &form).await.0, 201);
    world.control.text(THEIRS, OURS, " Stop ").await.unwrap();
    let (status, body) = world.post("Messages.json", &form).await;
    assert_eq!((status, &body["code"]), (400, &21610.into()));
    assert_eq!(world.hooks("/sms").len(), 2, "the gateway hears of STOP as well");
    world.control.text(THEIRS, OURS, "START").await.unwrap();
    assert_eq!(world.post("Messages.json", &form).await.0, 201);
}

#[tokio::test]
async fn media_is_behind_a_redirect_that_wants_no_password() {
    let world = World::start().await;
    let png = SaidMedia { content_type: "image/png".into(), data_base64: "iVBORw0KGgo=".into() };
    let say = Say { from: THEIRS.into(), to: OURS.into(), media: vec![png], ..Say::default() };
    let said = world.control.say(say).await.unwrap();
    assert!(said.sid.starts_with("MM"));
    let hooks = world.hooks("/sms");
    let hook = &hooks[0];
    assert_eq!((hook.get("NumMedia"), hook.get("MediaContentType0"), hook.get("Body")), ("1", "image/png", ""));
    let url = hook.get("MediaUrl0");
    let bare = world.http.get(url).send().await.unwrap();
    assert_eq!(bare.status(), 401);
    let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let account = (world.mock.account_sid(), Some(world.mock.auth_token()));
    let first = client.get(url).basic_auth(account.0, account.1).send().await.unwrap();
    assert_eq!(first.status(), 307);
    let elsewhere = first.headers()["location"].to_str().unwrap();
    assert!(!elsewhere.starts_with(&world.mock.base_url()), "{elsewhere}");
    let file = client.get(elsewhere).send().await.unwrap();
    assert_eq!(file.headers()["content-type"], "image/png");
    assert_eq!(file.bytes().await.unwrap().len(), 8);
    let seen = world.control.requests().await;
    let fetched = seen.iter().find(|seen| seen.path.starts_with("/media/")).unwrap();
    assert!(!fetched.authorization_sent);
}

#[tokio::test]
async fn an_answer_with_a_message_reaches_the_handset_and_nonsense_the_debugger() {
    let world = World::start().await;
    world.answer("/sms", "<Message><Body>Thank you &amp; wait</Body></Message>");
    world.control.text(THEIRS, OURS, "hi").await.unwrap();
    assert_eq!(world.control.messages(THEIRS).await[1].body, "Thank you & wait");
    world.answer_with("/sms", 200, "not xml");
    world.control.text(THEIRS, OURS, "hi").await.unwrap();
    assert_eq!(world.control.debugger().await[0].code, 12100);
    world.answer_with("/sms", 500, "");
    let said = world.control.text(THEIRS, OURS, "hi").await.unwrap();
    assert_eq!(said.webhook.status, Some(500));
    assert_eq!(world.control.debugger().await[1].code, 11200);
}

#[tokio::test]
async fn the_fragment_asks_for_retries_and_stays_off_the_wire() {
    let world = World::start().await;
    world.answer_with("/flaky", 503, "");
    let route = format!("{OURS}={}/flaky#rc=2&rp=ct,5xx", world.gateway).parse().unwrap();
    world.control.set_number(route).await.unwrap();
    world.control.text(THEIRS, OURS, "hi").await.unwrap();
    let hooks = world.hooks("/flaky");
    assert_eq!(hooks.len(), 3);
    assert!(hooks.iter().all(|hook| hook.signed && hook.token == hooks[0].token));
    assert_eq!(world.control.webhooks().await[0].attempts, 3);
}

#[tokio::test]
async fn wrong_requests_get_a_sentence() {
    let world = World::start().await;
    let error = world.control.text(THEIRS, "+15555550177", "x").await.unwrap_err().to_string();
    assert!(error.contains("+15555550177"), "{error}");
    let url = format!("{}/control/say", world.mock.base_url());
    let response = world.http.post(url).body("{\"frm\":1}").send().await.unwrap();
    assert_eq!(response.status(), 400);
    assert!(response.text().await.unwrap().contains("frm"));
}

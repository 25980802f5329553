//! WhatsApp and Messenger by their prefixes, keywords with advanced opt-out, and what is found by listing alone.

use mock_carriers::options::NumberOptions;
use mock_carriers::{NumberRoute, SaidMedia, Say};

use crate::gateway::{OURS, THEIRS, World};

fn say(from: &str, to: &str, body: &str) -> Say {
    Say { from: from.into(), to: to.into(), body: body.into(), ..Say::default() }
}

#[tokio::test]
async fn whatsapp_comes_with_a_name_and_takes_answers_for_a_day() {
    let world = World::start().await;
    let (theirs, ours) = (format!("whatsapp:{THEIRS}"), format!("whatsapp:{OURS}"));
    let status = format!("{}/status", world.gateway);
    let form = [("To", theirs.as_str()), ("From", ours.as_str()), ("Body", "hello"), ("StatusCallback", status.as_str())];
    assert_eq!(world.post("Messages.json", &form).await.0, 201);
    let hooks = world.wait_hooks("/status", 1).await;
    assert_eq!((hooks[0].get("MessageStatus"), hooks[0].get("ErrorCode")), ("failed", "63016"), "nobody wrote yet");
    world.control.say(say(&theirs, &ours, "STOP bullying me")).await.unwrap();
    let hook = &world.hooks("/sms")[0];
    for (key, value) in
        [("From", theirs.as_str()), ("To", &ours), ("WaId", &THEIRS[1..]), ("ProfileName", "Robin Mockname"), ("FromCity", "")]
    {
        assert_eq!(hook.get(key), value, "{key}");
    }
    world.control.say(say(&theirs, &ours, "STOP")).await.unwrap();
    assert_eq!(world.post("Messages.json", &form).await.0, 201, "only texts have keywords");
    assert_eq!(world.wait_hooks("/status", 3).await[2].get("MessageStatus"), "delivered");
    let mixed = [("To", THEIRS), ("From", ours.as_str()), ("Body", "x")];
    assert_eq!(world.post("Messages.json", &mixed).await.1["code"], 21910);
    let unknown = [("To", theirs.as_str()), ("From", "whatsapp:+15555550199"), ("Body", "x")];
    assert_eq!(world.post("Messages.json", &unknown).await.1["code"], 63007);
}

#[tokio::test]
async fn messenger_has_ids_instead_of_numbers() {
    let world = World::start().await;
    let (page, person) = ("messenger:100000000000001", "messenger:5550000000142");
    let sms_url = Some(format!("{}/sms", world.gateway));
    world.control.set_number(NumberRoute { number: page.into(), sms_url, voice_url: None }).await.unwrap();
    world.control.say(say(person, page, "hello")).await.unwrap();
    assert_eq!(world.hooks("/sms")[0].get("From"), person);
    assert_eq!(world.post("Messages.json", &[("To", person), ("From", page), ("Body", "we hear you")]).await.0, 201);
    assert!(
        world
            .control
            .set_number("telegram:5550142".parse().unwrap_or(NumberRoute { number: "x".into(), sms_url: None, voice_url: None }))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn advanced_opt_out_is_told_and_the_carriers_own_words_are_marked() {
    let world = World::start().await;
    for (body, kind, replies) in [("help", "", 0), ("stop", "", 1), ("start", "", 2)] {
        world.control.text(THEIRS, OURS, body).await.unwrap();
        let own = world.control.messages(THEIRS).await.into_iter().filter(|message| message.by_carrier).count();
        assert_eq!((world.hooks("/sms").last().unwrap().get("OptOutType"), own), (kind, replies), "{body}");
    }
    let options = NumberOptions { advanced_opt_out: true, ..NumberOptions::default() };
    world.control.set_number_options(OURS, options).await.unwrap();
    for (body, kind) in [("Help", "HELP"), ("STOP", "STOP"), ("unstop", "START"), ("stop bullying me", "")] {
        world.control.text(THEIRS, OURS, body).await.unwrap();
        assert_eq!(world.hooks("/sms").last().unwrap().get("OptOutType"), kind, "{body}");
    }
    let own = world.control.messages(THEIRS).await.into_iter().filter(|message| message.by_carrier).count();
    assert_eq!(own, 5);
    let listed = world.get("Messages.json?From=%2B15555550100").await.1;
    assert_eq!(listed["messages"][0]["direction"], "outbound-reply");
}

#[tokio::test]
async fn a_silent_text_is_found_by_listing_since_a_time() {
    let world = World::start().await;
    let sent = "2026-11-20T10:00:00Z".parse().unwrap();
    let png = SaidMedia { content_type: "image/png".into(), data_base64: "iVBORw0KGgo=".into() };
    let old = world.control.say(Say { sent: Some(sent), silent: true, media: vec![png], ..say(THEIRS, OURS, "old") }).await.unwrap();
    let new = world.control.say(Say { silent: true, ..say(THEIRS, OURS, "new") }).await.unwrap();
    assert!(world.hooks("/sms").is_empty() && old.webhook.status.is_none());
    let found = async |query: &str| -> Vec<String> {
        let list = world.get(&format!("Messages.json?To=%2B15555550100&{query}")).await.1;
        list["messages"].as_array().unwrap().iter().map(|message| message["sid"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(found("DateSent%3E=2026-11-20").await, [new.sid.clone(), old.sid.clone()]);
    assert_eq!(found("DateSent%3E=2026-11-21").await, std::slice::from_ref(&new.sid));
    assert_eq!(found("DateSent=2026-11-20").await, std::slice::from_ref(&old.sid));
    assert_eq!(world.get(&format!("Messages/{}.json", old.sid)).await.1["date_sent"], "Fri, 20 Nov 2026 10:00:00 +0000");
    let media = world.get(&format!("Messages/{}/Media.json", old.sid)).await.1;
    let file = format!("Messages/{}/Media/{}.json", old.sid, media["media_list"][0]["sid"].as_str().unwrap());
    assert_eq!(world.get(&file).await.1["content_type"], "image/png");
    assert_eq!(world.delete(&file).await, 204);
    assert_eq!(world.get(&file).await.0, 404);
    assert_eq!(world.get(&format!("Messages/{}.json", old.sid)).await.1["num_media"], "0");
}

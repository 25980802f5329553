//! What a stranger or a broken carrier sends: refused and counted, or taken whole; never half, never a lost text.

use crate::gateway::{LINE, TOKEN, TestGateway, until};
use crate::signed::{Signed, mac, sign, text_fields};
use reqwest::header::CONTENT_TYPE;

const STUDENT: &str = "+15555550142";

async fn post(gateway: &TestGateway, path: &str, body: Vec<u8>, signature: Option<&str>) -> u16 {
    let mut request =
        gateway.client.post(format!("{}{path}", gateway.public)).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
    if let Some(signature) = signature {
        request = request.header("X-Twilio-Signature", signature);
    }
    request.send().await.expect("the gateway answers").status().as_u16()
}

fn signed(gateway: &TestGateway, fields: &[(&str, &str)]) -> Signed {
    sign(&format!("{}/webhooks/main/messages", gateway.public), fields, TOKEN)
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_refused_counted_and_leave_nothing() {
    let gateway = TestGateway::start().await;
    let path = "/webhooks/main/messages";
    let good = signed(&gateway, &text_fields("SM01", STUDENT, LINE, "hello"));
    assert_eq!(post(&gateway, path, good.body.clone(), None).await, 403, "no signature");
    assert_eq!(post(&gateway, path, good.body.clone(), Some("wrong")).await, 403, "a wrong signature");
    let other = sign(&format!("{}{path}", gateway.public), &text_fields("SM01", STUDENT, LINE, "hello"), "another token");
    assert_eq!(post(&gateway, path, good.body.clone(), Some(&other.signature)).await, 403, "another token");
    let changed = signed(&gateway, &text_fields("SM01", STUDENT, LINE, "hellO"));
    assert_eq!(post(&gateway, path, changed.body, Some(&good.signature)).await, 403, "changed on the way");
    assert_eq!(post(&gateway, "/webhooks/main/messages?x=1", good.body.clone(), Some(&good.signature)).await, 403, "another address");
    assert_eq!(post(&gateway, "/webhooks/nobody/messages", good.body.clone(), Some(&good.signature)).await, 404, "no such account");
    let large = vec![b'a'; 2 * 1024 * 1024];
    assert_eq!(post(&gateway, path, large, Some("any")).await, 413, "too large");
    assert!(gateway.tips().await.is_empty(), "nothing is stored");
    assert!(gateway.metric("tipline_webhooks_refused_total").await >= 6.0, "each is counted");
    assert_eq!(post(&gateway, path, good.body, Some(&good.signature)).await, 200, "the genuine one is taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_is_answered_like_the_first_time_and_stored_once() {
    let gateway = TestGateway::start().await;
    let good = signed(&gateway, &text_fields("SM02", STUDENT, LINE, "hello"));
    let copies = (0..20).map(|_| post(&gateway, "/webhooks/main/messages", good.body.clone(), Some(&good.signature)));
    for status in futures_util::future::join_all(copies).await {
        assert_eq!(status, 200);
    }
    let tips = gateway.tips().await;
    assert_eq!(tips.len(), 1);
    let id = tips[0]["id"].as_str().expect("an id").to_owned();
    let messages = gateway.get(&format!("/tips/{id}/messages")).await;
    let reporter = messages.as_array().expect("messages").iter().filter(|message| message["author"] == "reporter").count();
    assert_eq!(reporter, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_texts_are_taken_whole() {
    let gateway = TestGateway::start().await;
    let url = format!("{}/webhooks/main/messages", gateway.public);
    let mut many = text_fields("SM10", STUDENT, LINE, "see these");
    let media: Vec<(String, String)> = (0..100).map(|n| (format!("MediaUrl{n}"), format!("https://media.example.org/{n}"))).collect();
    many.retain(|(key, _)| *key != "NumMedia");
    many.push(("NumMedia", "100"));
    many.extend(media.iter().map(|(key, value)| (key.as_str(), value.as_str())));
    let many = sign(&url, &many, TOKEN);
    assert_eq!(post(&gateway, "/webhooks/main/messages", many.body, Some(&many.signature)).await, 200, "100 media");
    let nul = sign(&url, &text_fields("SM11", STUDENT, LINE, "before\0after"), TOKEN);
    assert_eq!(post(&gateway, "/webhooks/main/messages", nul.body, Some(&nul.signature)).await, 200, "a NUL byte");
    // Invalid UTF-8 and a lone surrogate: the carrier signs over what it decoded, which is U+FFFD in their place.
    for (sid, raw, decoded) in [("SM12", "bro%FFken", "bro\u{fffd}ken"), ("SM13", "half%ED%A0%80pair", "half\u{fffd}\u{fffd}\u{fffd}pair")]
    {
        let body = format!("MessageSid={sid}&From=%2B15555550142&To=%2B15555550100&Body={raw}");
        let text = format!("{url}Body{decoded}From{STUDENT}MessageSid{sid}To{LINE}");
        assert_eq!(post(&gateway, "/webhooks/main/messages", body.into_bytes(), Some(&mac(&text, TOKEN))).await, 200, "{sid}");
    }
    let unknown =
        sign(&url, &[text_fields("SM14", STUDENT, LINE, "the last one"), vec![("Newfangled", "x"), ("From\u{301}", "y")]].concat(), TOKEN);
    assert_eq!(post(&gateway, "/webhooks/main/messages", unknown.body, Some(&unknown.signature)).await, 200, "unknown parameters");
    let missing = sign(&url, &[("Body", "whose is this"), ("To", LINE)], TOKEN);
    assert_eq!(
        post(&gateway, "/webhooks/main/messages", missing.body, Some(&missing.signature)).await,
        400,
        "no sender, no id: a clear answer"
    );
    let tips = gateway.tips().await;
    assert_eq!(tips.len(), 1, "one reporter, one tip");
    let id = tips[0]["id"].as_str().expect("an id").to_owned();
    let texts = until("all five texts", || async {
        let messages = gateway.get(&format!("/tips/{id}/messages")).await;
        let texts: Vec<String> = messages
            .as_array()?
            .iter()
            .filter(|message| message["author"] == "reporter")
            .filter_map(|message| message["text"].as_str().map(str::to_owned))
            .collect();
        (texts.len() == 5).then_some(texts)
    })
    .await;
    for (text, part) in texts.iter().zip(["see these", "after", "ken", "pair", "the last one"]) {
        assert!(text.contains(part), "{text:?} holds {part:?}");
    }
}

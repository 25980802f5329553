//! *Come back with your code*: the conversation, truly marked; what is written joins it once; wrong codes are met kindly.

use super::fixture::{Answer, Fixture};
use crate::store::rows::Author;
use axum::http::StatusCode;
use domain::dispatch::delivery::Delivery;
use jiff::SignedDuration;

const READ: &str = "A person has read this";
const UNREAD: &str = "Kept safe, not read yet";

async fn written(site: &Fixture) -> Answer {
    site.write("/write", &[("what", "They hit him every day")]).await
}

#[tokio::test]
async fn a_code_opens_the_conversation_and_tells_that_answers_were_seen() {
    let site = Fixture::start().await;
    let code = written(&site).await.code();
    site.answer(&site.tips().await[0], "Where does it happen?").await;
    let forgiving = format!(" {} ", code.replace(' ', "-").replace('0', "O").replace('1', "l"));
    let opened = site.post("/return", &[("code", &forgiving), ("step", "open")]).await;
    assert_eq!(opened.status, StatusCode::OK);
    assert!(opened.has("Where does it happen?") && opened.has(READ) && !opened.has(UNREAD), "{}", opened.body);
    let rows = site.messages(&site.tips().await[0]).await;
    for (row, _) in rows.iter().filter(|(row, _)| row.author != Author::Reporter) {
        assert!(matches!(row.delivery, Some(Delivery::Delivered { .. })), "{:?}", row.delivery);
    }
}

#[tokio::test]
async fn what_is_written_joins_once_and_is_read_only_when_staff_open_it() {
    let site = Fixture::start().await;
    let code = written(&site).await.code();
    site.answer(&site.tips().await[0], "Where?").await;
    let opened = site.post("/return", &[("code", &code)]).await;
    let (visit, nonce) = (opened.field("visit"), opened.field("nonce"));
    let fields = [("visit", &*visit), ("nonce", &*nonce), ("what", "At the lake"), ("step", "send")];
    let sent = site.post("/return", &fields).await;
    assert!(sent.has("We have your message.") && sent.has("At the lake") && sent.has(UNREAD), "{}", sent.body);
    let reloaded = site.post("/return", &fields).await;
    assert!(reloaded.has("We have your message."));
    let tip = site.tips().await.remove(0);
    assert_eq!(site.wrote(&tip).await, ["They hit him every day", "At the lake"]);
    let twice = site.post("/return", &[("visit", &*visit), ("nonce", &sent.field("nonce")), ("what", "At the lake")]).await;
    assert!(twice.has("We have your message."));
    assert_eq!(site.wrote(&tip).await.len(), 3, "the same words on a new page are a new message");
    site.answer(&tip, "Thank you").await;
    let renewed = site.post("/return", &[("visit", &*visit), ("step", "renew")]).await;
    assert!(renewed.has("Thank you") && !renewed.has(UNREAD) && !renewed.has("We have your message."));
}

#[tokio::test]
async fn a_page_that_renews_itself_is_told_only_what_is_new_and_not_prolonged() {
    let site = Fixture::start().await;
    let opened = site.post("/return", &[("code", &written(&site).await.code())]).await;
    let visit = opened.field("visit");
    let have = |answer: &Answer| answer.body.split("data-have=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let poll = async |have: &str| site.post("/return", &[("visit", &*visit), ("step", "poll"), ("have", have)]).await;
    let first = poll(&have(&opened)).await;
    let seen = if first.status == StatusCode::NO_CONTENT { have(&opened) } else { have(&first) };
    assert_eq!(poll(&seen).await.status, StatusCode::NO_CONTENT);
    site.answer(&site.tips().await[0], "Are you safe?").await;
    let fresh = poll(&seen).await;
    assert!(fresh.has("Are you safe?"));
    assert_eq!(fresh.field("visit"), visit);
    site.clock.step(SignedDuration::from_mins(46));
    assert_eq!(poll(&seen).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_was_typed_too_late_is_kept_and_sent_with_the_code() {
    let site = Fixture::start().await;
    let code = written(&site).await.code();
    let opened = site.post("/return", &[("code", &code)]).await;
    site.clock.step(SignedDuration::from_hours(1));
    let fields = [("visit", &*opened.field("visit")), ("nonce", &*opened.field("nonce")), ("what", "He has bruises"), ("step", "send")];
    let asked = site.post("/return", &fields).await;
    assert!(asked.status == StatusCode::FORBIDDEN && asked.has("He has bruises") && asked.has("type your code again"), "{}", asked.body);
    let wrong = site.post("/return", &[("code", "1234 5678"), ("nonce", &asked.field("nonce")), ("what", "He has bruises")]).await;
    assert!(wrong.status == StatusCode::UNPROCESSABLE_ENTITY && wrong.has("He has bruises"));
    let sent =
        site.post("/return", &[("code", &code), ("nonce", &wrong.field("nonce")), ("what", "He has bruises"), ("step", "open")]).await;
    assert!(sent.has("We have your message."));
    assert_eq!(site.wrote(&site.tips().await[0]).await, ["They hit him every day", "He has bruises"]);
}

#[tokio::test]
async fn a_wrong_code_is_met_kindly_and_is_not_repeated() {
    let site = Fixture::start().await;
    let wrong = site.post("/return", &[("code", "1111 2222 3333 4444")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.has("We do not find this code.") && !wrong.has("1111"), "{}", wrong.body);
    let empty = site.post("/return", &[("code", " ")]).await;
    assert_eq!(empty.status, StatusCode::OK);
    let forged = site.post("/return", &[("visit", "forged")]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
}

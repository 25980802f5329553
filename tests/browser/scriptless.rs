//! Everything that an analyst must be able to do, in a browser without scripts: by forms, links and loading the page again.

use crate::gateway::{LINE, until};
use crate::stage::{ANALYST, Stage, sort};
use serde_json::json;

const STUDENT: &str = "+15555550143";
const WORDS: &str = "Somebody on my bus has a gun in his backpack";
const REPLY: &str = "Are you on the bus now? Which seat is he in?";

#[tokio::test(flavor = "multi_thread")]
async fn the_console_works_by_forms_alone() {
    let stage = Stage::start().await;
    for suffix in 1..=30_u32 {
        let behaviour = serde_json::from_value(json!({"answer": "human", "key": "heard_code"})).expect("a behaviour");
        stage.gateway.control().behave(&format!("+155555501{suffix:02}"), vec![behaviour]).await.expect("a behaviour");
    }
    let browser = stage.driver.open().await;
    browser.without_scripts().await;
    stage.log_in(&browser, ANALYST).await;
    browser.sees("No open tips").await;
    assert_eq!(stage.gateway.text(STUDENT, WORDS).await, 200);
    browser.reload().await;
    browser.sees(WORDS).await;
    assert!(browser.run("return document.getElementById('live').textContent === ''").await == json!(true), "a script ran");
    browser.sees(" left").await;

    browser.click(".row .open").await;
    browser.sees("Answer ").await;
    browser.click("//header[contains(@class,'tiphead')]//button[normalize-space()='Take']").await;
    browser.sees("You have this tip").await;
    browser.fill("#reply", REPLY).await;
    browser.click("//button[normalize-space()='Send answer']").await;
    browser.sees(REPLY).await;
    until("the answer on the handset", || async {
        let messages = stage.gateway.control().messages(STUDENT).await;
        messages.iter().any(|message| message.body == REPLY && message.from == LINE).then_some(())
    })
    .await;

    sort(&browser, "Possession of a Weapon", "Bravo Middle School").await;
    browser.sees("Demo County 911").await;
    browser.click("//section[contains(@class,'telling')]//button[starts-with(normalize-space(),'Call ')]").await;
    browser.sees("Who is told").await;
    let confirmed =
        "return [...document.querySelectorAll('.ob.confirmed .words')].filter((one) => one.textContent.includes('by keypad')).length === 7";
    until("everybody has confirmed, seen by loading the page again", || async {
        browser.reload().await;
        (browser.run(confirmed).await == json!(true)).then_some(())
    })
    .await;

    browser.click("//details[contains(@class,'closing')]/summary").await;
    browser.fill("#closing", "Police met the bus. Nobody was hurt.").await;
    browser.click("//details[contains(@class,'closing')]//button").await;
    browser.until("an answer", "return document.readyState === 'complete' && document.querySelector('.refusal, .inbox')").await;
    browser.click("//form[contains(@class,'who')]//button").await;
    browser.sees("Log in").await;
    browser.go(&stage.console("/")).await;
    browser.until("the login page", "return document.getElementById('password')").await;
}

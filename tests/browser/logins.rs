//! Logins as people meet them: a wrong password slows down and locks nobody out; a form from an earlier login is refused with a
//! page that keeps what was typed.

use crate::gateway::until;
use crate::stage::{ANALYST, Stage};

const STUDENT: &str = "+15555550146";
const TYPED: &str = "Please tell a teacher you trust, too.";

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_slow_down_and_never_lock_for_good() {
    let stage = Stage::start().await;
    let browser = stage.driver.open().await;
    browser.go(&stage.console("/login")).await;
    let attempt = async |password: &str| {
        browser.fill("#login", ANALYST.0).await;
        browser.fill("#password", password).await;
        browser.run("window.before = true").await;
        browser.click("//button[normalize-space()='Log in']").await;
        browser.until("an answer", "return !window.before && document.readyState === 'complete'").await;
        browser.run("return document.querySelector('.refusal')?.textContent ?? ''").await.as_str().unwrap_or_default().to_owned()
    };
    // The wait grows from a second, doubled: after the third it is long enough for a browser on a busy machine to be within it.
    for _ in 0..3 {
        until("a wrong password is looked at", async || attempt("not my password").await.contains("do not belong together").then_some(()))
            .await;
    }
    let refused = attempt(ANALYST.1).await;
    assert!(refused.contains("Too many tries with this name. Wait "), "right after a wrong one even the right password waits: {refused}");
    assert!((1..=4).contains(&seconds(&refused)), "{refused}");
    until("the right password after the wait", async || attempt(ANALYST.1).await.is_empty().then_some(())).await;
    browser.until("the inbox", "return document.body.dataset.page === 'inbox'").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_from_an_earlier_login_is_refused_and_keeps_what_was_typed() {
    let stage = Stage::start().await;
    assert_eq!(stage.gateway.text(STUDENT, "he takes her lunch every day").await, 200);
    let browser = stage.driver.open().await;
    stage.log_in(&browser, ANALYST).await;
    browser.click(".row .open").await;
    browser.fill("#reply", TYPED).await;
    let first = browser.window().await;

    let second = browser.open_window().await;
    browser.show(&second).await;
    browser.go(&stage.console("/")).await;
    browser.click("//form[contains(@class,'who')]//button").await;
    browser.sees("Log in").await;
    browser.show(&first).await;
    browser.click("//button[normalize-space()='Send answer']").await;
    browser.sees("Your login has ended").await;
    assert_eq!(browser.run("return document.querySelector('textarea').value").await, TYPED);

    browser.show(&second).await;
    stage.log_in(&browser, ANALYST).await;
    browser.click(".row .open").await;
    browser.fill("#reply", TYPED).await;
    browser.show(&first).await;
    browser.go(&stage.console("/")).await;
    browser.click("//form[contains(@class,'who')]//button").await;
    browser.sees("Log in").await;
    stage.log_in(&browser, ANALYST).await;
    browser.show(&second).await;
    browser.click("//button[normalize-space()='Send answer']").await;
    browser.sees("This form was not taken").await;
    browser.sees("from an earlier login").await;
    assert_eq!(browser.run("return document.querySelector('textarea').value").await, TYPED);
    let sent = stage.gateway.control().messages(STUDENT).await.into_iter().filter(|message| message.body == TYPED).count();
    assert_eq!(sent, 0, "a refused form sent something");
}

/// The number in "Wait 2 seconds".
fn seconds(sentence: &str) -> u64 {
    let after = sentence.split("Wait ").nth(1).unwrap_or_default();
    after.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or_else(|| panic!("no seconds in: {sentence}"))
}

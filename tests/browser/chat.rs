//! The chat's page as a student meets it: live with the console, through a lost network and a killed gateway, and left without a trace.

use crate::accessible::Axe;
use crate::browser::{Browser, Scheme};
use crate::gateway::{root, until};
use crate::stage::{ANALYST, Stage};
use reqwest::Method;
use serde_json::json;
use std::path::Path;

const WORDS: &str = "A boy on our bus to Bravo Middle has a gun in his backpack";
/// What the page says under each of the reporter's messages.
const MARKS: &str = "return [...document.querySelectorAll('#log .mark')].map((mark) => mark.textContent).join('|')";

async fn marks(browser: &Browser, expected: &str) {
    browser.until(&format!("the marks are {expected}"), &format!("return (() => {{ {MARKS} }})() === {}", json!(expected))).await;
}

async fn write(browser: &Browser, text: &str) {
    browser.fill("#text", text).await;
    browser.click("//button[normalize-space()='Send']").await;
}

/// The address of the chat in a language.
fn chat(stage: &Stage, path: &str) -> String {
    format!("{}{path}/chat", stage.gateway.public)
}

async fn tip(stage: &Stage) -> String {
    until("the tip is there", || async { stage.gateway.tips().await.first()?["id"].as_str().map(str::to_owned) }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_student_and_an_analyst_chat_and_the_marks_are_true() {
    let stage = Stage::start().await;
    let (student, console) = (stage.driver.open().await, stage.driver.open().await);
    student.size(390, 844).await;
    student.go(&chat(&stage, "")).await;
    student.sees("Connected").await;
    write(&student, WORDS).await;
    marks(&student, "We have it").await;
    student.sees("Your code").await;
    let code = student.until("the code", "return document.getElementById('code-digits').textContent").await;

    stage.log_in(&console, ANALYST).await;
    console.click(".row .open").await;
    console.sees(WORDS).await;
    marks(&student, "A person has read this").await;
    console.fill("#reply", "Thank you. Which bus is it?").await;
    console.click("//button[normalize-space()='Send answer']").await;
    student.sees("Thank you. Which bus is it?").await;
    assert!(!student.text().await.contains("Sam Example"), "the reporter sees no name");
    student.attach("#picture", &root().join("assets/icon-192.png")).await;
    write(&student, "Number 12").await;
    marks(&student, "A person has read this|We have it").await;
    console.sees("Number 12").await;

    // Another device, by the code; and nothing of the chat is kept on this one.
    let other = stage.driver.open().await;
    other.go(&chat(&stage, "")).await;
    other.sees("Connected").await;
    other.click("#come-back summary").await;
    other.fill("#typed", "0000 0000 0000 0001").await;
    other.click("//button[normalize-space()='Open my conversation']").await;
    other.sees("We have no conversation with this code").await;
    other.fill("#typed", code.as_str().unwrap_or_default()).await;
    other.click("//button[normalize-space()='Open my conversation']").await;
    for words in [WORDS, "Which bus is it?", "Number 12", "Picture or file"] {
        other.sees(words).await;
    }
    let kept = "return JSON.stringify([localStorage.length, sessionStorage.length, document.cookie, location.href.includes('token')])";
    for browser in [&student, &other] {
        assert_eq!(browser.run(kept).await, "[0,0,\"\",false]");
        assert!(!browser.address().await.contains('?'));
    }
    let worker = student.run_slowly("navigator.serviceWorker.getRegistrations().then((all) => arguments[0](all.length))").await;
    assert_eq!(worker, 0, "a visit installs nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_without_a_network_is_sent_when_it_is_back() {
    let mut stage = Stage::start().await;
    let student = stage.driver.open().await;
    student.go(&chat(&stage, "")).await;
    student.sees("Connected").await;
    write(&student, WORDS).await;
    marks(&student, "We have it").await;
    student.offline(true).await;
    write(&student, "He says he will use it today").await;
    write(&student, "please hurry").await;
    marks(&student, "We have it|Sending …|Sending …").await;
    student.sees("No connection just now").await;
    // What an analyst writes meanwhile is there afterwards, too.
    let tip = tip(&stage).await;
    stage.gateway.send(Method::POST, &format!("/tips/{tip}/replies"), json!({"text": "Are you safe where you are?"})).await;
    student.offline(false).await;
    marks(&student, "We have it|We have it|We have it").await;
    student.sees("Are you safe where you are?").await;

    stage.gateway.kill();
    write(&student, "the bus has stopped").await;
    student.sees("No connection just now").await;
    stage.gateway.serve().await;
    marks(&student, "We have it|We have it|We have it|We have it").await;
    let said = stage.gateway.get(&format!("/tips/{tip}/messages")).await;
    let said: Vec<&str> =
        said.as_array().into_iter().flatten().filter(|one| one["author"] == "reporter").filter_map(|one| one["text"].as_str()).collect();
    assert_eq!(said, [WORDS, "He says he will use it today", "please hurry", "the bus has stopped"], "in order, each once");
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_quickly_leaves_nothing_to_come_back_to() {
    let stage = Stage::start().await;
    let student = stage.driver.open().await;
    student.go("data:text/html,<title>before</title>").await;
    student.go(&chat(&stage, "")).await;
    student.sees("Connected").await;
    write(&student, WORDS).await;
    marks(&student, "We have it").await;
    // The way out leads to a page that is on this machine for the test.
    let elsewhere = stage.outside("/");
    student.run(&format!("document.getElementById('leave').href = {}", json!(elsewhere))).await;
    student.press("\u{E00C}\u{E00C}").await;
    student.until("the other page", "return !location.pathname.startsWith('/chat')").await;
    student.run("history.back()").await;
    // A busy browser may take the page before for a mere passage, and go to the one before that: its own first page.
    student.until("what was before the chat", "return document.title === 'before' || location.protocol === 'chrome:'").await;
    until("the chat has ended", || async { (stage.gateway.metric("tipline_chats").await == 0.0).then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chat_shuts_nobody_out() {
    let axe = Axe::load();
    let stage = Stage::start().await;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pictures");
    std::fs::create_dir_all(&folder).expect("a folder for pictures");
    let mut found = Vec::new();
    let words =
        [("en", "", WORDS), ("es", "/es", "Un chico tiene una pistola en la mochila"), ("ar", "/ar", "في حقيبة ولد في حافلتنا مسدس")];
    for (language, path, text) in words {
        let browser = stage.driver.open().await;
        browser.go(&chat(&stage, path)).await;
        browser.until("it is connected", "return document.getElementById('state').textContent").await;
        found.extend(axe.judge(&browser, &format!("chat, empty, {language}")).await);
        // By keyboard only: to the field, words, Enter.
        browser.run("document.getElementById('text').focus()").await;
        browser.fill("#text", text).await;
        browser.press("\u{E007}").await;
        browser
            .until("the code", "return !document.getElementById('code').hidden && document.querySelectorAll('#log article').length === 2")
            .await;
        found.extend(axe.judge(&browser, &format!("chat, {language}")).await);
        for scheme in Scheme::BOTH {
            browser.scheme(scheme).await;
            browser.size(390, 844).await;
            std::fs::write(folder.join(format!("chat-{language}-{}-390.png", scheme.word())), browser.picture().await).expect("a picture");
        }
        let direction = browser.run("return [document.documentElement.lang, getComputedStyle(document.body).direction].join(' ')").await;
        assert_eq!(direction, if language == "ar" { "ar rtl".to_owned() } else { format!("{language} ltr") });
        browser.size(640, 512).await;
        assert_eq!(
            browser
                .run(
                    "if (document.documentElement.scrollWidth <= innerWidth) return ''; \
                     return [...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > innerWidth + 1 || one.getBoundingClientRect().left < -1) \
                     .map((one) => one.outerHTML.slice(0, 80)).slice(0, 5).join('\\n') || 'wider than the window'",
                )
                .await,
            "",
            "at 200 % of 1280 nothing is cut off"
        );
    }
    let plain = stage.driver.open().await;
    plain.without_scripts().await;
    plain.go(&chat(&stage, "")).await;
    plain.sees("You can write to us without one").await;
    assert!(plain.there("a[href='/write']").await && plain.there("a[href='/return']").await);
    assert!(found.is_empty(), "{} complaints of axe-core:\n{}", found.len(), found.join("\n"));
}

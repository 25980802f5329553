//! The reporter's site as a student uses it: without scripts, with keys alone, on a phone, in three languages; and read by axe-core.
//!
//! Pictures of every page are kept under the target folder, for looking at.

use crate::accessible::Axe;
use crate::browser::{Browser, Scheme};
use crate::gateway::{TestGateway, until};
use crate::stage::Stage;
use fantoccini::key::Key;
use reqwest::Method;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};

const WORDS: &str = "A boy showed a knife behind the gym";
const ANSWER: &str = "Thank you. Which gym is it?";
/// Nothing listens there, and no test leaves the machine.
const ELSEWHERE: &str = "https://127.0.0.1:1/";
const CODE: &str = "return [...document.querySelectorAll('#code span')].map((one) => one.textContent).join(' ')";
/// A page in three languages: the name of its picture, and its paths.
const PATHS: [(&str, [&str; 3]); 4] = [
    ("home", ["/", "/es", "/ar"]),
    ("write", ["/write", "/es/write", "/ar/write"]),
    ("return", ["/return", "/es/return", "/ar/return"]),
    ("help", ["/help", "/es/help", "/ar/help"]),
];

async fn stage() -> Stage {
    Stage::start_with(&[("TIPLINE__SITE__LEAVE_TO", ELSEWHERE)]).await
}

/// The only tip there is.
async fn tip(gateway: &TestGateway) -> String {
    let tips = until("the tip", || async { Some(gateway.tips().await).filter(|tips| !tips.is_empty()) }).await;
    assert_eq!(tips.len(), 1, "one tip");
    tips[0]["id"].as_str().expect("an id").to_owned()
}

async fn answer(gateway: &TestGateway, words: &str) {
    let id = tip(gateway).await;
    gateway.send(Method::POST, &format!("/tips/{id}/replies"), json!({"text": words})).await;
}

fn picture(gateway: &TestGateway, name: &str, bytes: &[u8]) -> PathBuf {
    let path = gateway.folder.join(name);
    fs::write(&path, bytes).expect("a file to send");
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tip_is_written_and_answered_without_scripts() {
    let stage = stage().await;
    let (gateway, browser) = (&stage.gateway, stage.driver.open().await);
    browser.without_scripts().await;
    browser.go(&gateway.public).await;
    browser.click("//a[b[normalize-space()='Write to us']]").await;
    browser.fill("#what", WORDS).await;
    browser.fill("#where", "delta high").await;
    browser.fill("#who", "Somebody in grey").await;
    browser.run("scrollTo(0, 0)").await;
    browser.click("//button[normalize-space()='Español']").await;
    browser.sees("¿Qué pasó?").await;
    browser.click("//button[normalize-space()='English']").await;
    browser.sees("What happened?").await;
    browser.click("//label[span[normalize-space()='Yes']]").await;
    let icon = include_bytes!("../../assets/icon-192.png");
    browser.attach("#pictures", &picture(gateway, "gym.png", icon)).await;
    browser.attach("#pictures", &picture(gateway, "notes.txt", b"only words")).await;
    browser.click("button.send").await;
    browser.sees("We have it.").await;
    browser.sees("notes.txt\u{2069} was left out").await;
    let code = browser.run(CODE).await.as_str().expect("a code").to_owned();
    assert_eq!(code.len(), 19, "four groups of four");
    let id = tip(gateway).await;
    let read = gateway.get(&format!("/tips/{id}")).await;
    assert_eq!(read["triage"]["school"], "delta-high", "{read}");

    browser.go(&format!("{}/return", gateway.public)).await;
    browser.fill("#code", &format!("{}-1", &code[..17])).await;
    browser.click("//button[normalize-space()='Open']").await;
    browser.sees("We do not find this code.").await;
    browser.fill("#code", &code.replace(' ', "")).await;
    browser.click("//button[normalize-space()='Open']").await;
    browser.sees("1 picture or file received").await;
    answer(gateway, ANSWER).await;
    browser.click("//button[normalize-space()='Look for new answers']").await;
    browser.sees(ANSWER).await;
    browser.fill("#what", "The old one by the lake").await;
    browser.click("button.send").await;
    browser.sees("We have your message.").await;
    browser.reload().await;
    let messages = gateway.get(&format!("/tips/{id}/messages")).await.to_string();
    assert_eq!(messages.matches("The old one by the lake").count(), 1, "sent again by loading again, kept once");
    let nothing = "return document.cookie === '' && !location.href.includes('?') && localStorage.length + sessionStorage.length === 0";
    assert_eq!(browser.run(nothing).await, json!(true), "nothing is left behind");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_alone_reach_everything_and_esc_twice_leaves() {
    let stage = stage().await;
    let (gateway, browser) = (&stage.gateway, stage.driver.open().await);
    let enter = char::from(Key::Enter).to_string();
    browser.go(&format!("{}/write", gateway.public)).await;
    tab_to(&browser, "document.activeElement.id === 'what'", "what happened").await;
    browser.press("they wait at the bus stop").await;
    tab_to(&browser, "document.activeElement.id === 'who'", "who").await;
    browser.press(&format!("three boys{enter}")).await;
    tab_to(&browser, "document.activeElement.name === 'now'", "whether it is now").await;
    tab_to(&browser, "document.activeElement.classList.contains('send')", "Send").await;
    let still = "return document.getElementById('who').value === 'three boys' && document.documentElement.lang === 'en'";
    assert_eq!(browser.run(still).await, json!(true), "Enter in a line sends nothing");
    browser.press(&enter).await;
    browser.sees("We have it.").await;
    browser.until("copying is offered", "return !document.getElementById('copy').hidden").await;
    tab_to(&browser, "document.activeElement.textContent.trim() === 'Open the conversation'", "the conversation").await;
    browser.press(&enter).await;
    browser.sees("they wait at the bus stop").await;
    browser.sees("Kept safe, not read yet").await;
    tab_to(&browser, "document.activeElement.id === 'what'", "the field").await;
    browser.press("every day").await;
    answer(gateway, ANSWER).await;
    browser.sees(ANSWER).await;
    let typed = "return document.getElementById('what').value === 'every day' && document.activeElement.id === 'what'";
    assert_eq!(browser.run(typed).await, json!(true), "an answer that comes disturbs nobody who types");
    let before = browser.run("return history.length").await;
    let escape = char::from(Key::Escape);
    browser.press(&format!("{escape}{escape}")).await;
    browser.is_at(ELSEWHERE).await;
    assert_eq!(browser.run("return history.length").await, before, "the page's place in the history is taken");
}

/// Presses Tab until this holds; every stop on the way is to be seen.
async fn tab_to(browser: &Browser, holds: &str, what: &str) {
    for _ in 0..60 {
        browser.press(&char::from(Key::Tab).to_string()).await;
        let shows = "const one = document.activeElement; if (one === document.body) return true; const style = getComputedStyle(one);
             const box = one.getBoundingClientRect(), head = document.querySelector('.top').getBoundingClientRect();
             const seen = box.bottom > 0 && box.top < innerHeight && (one.closest('.top') || one.matches('.skip') || box.bottom > head.bottom);
             return Boolean(seen) && style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2";
        let on = browser.run("return document.activeElement.outerHTML.slice(0, 160)").await;
        assert_eq!(browser.run(shows).await, json!(true), "on the way to {what} the focus is not to be seen: {on}");
        if browser.run(&format!("return Boolean({holds})")).await == json!(true) {
            return;
        }
    }
    panic!("{what} is not reached by Tab");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_reporter_is_shut_out() {
    let axe = Axe::load();
    let stage = stage().await;
    let (gateway, browser) = (&stage.gateway, stage.driver.open().await);
    let mut found = Vec::new();
    for (index, tag) in ["en", "es", "ar"].into_iter().enumerate() {
        for (name, paths) in PATHS {
            browser.go(&format!("{}{}", gateway.public, paths[index])).await;
            found.extend(looked_at(&axe, &browser, &format!("{name}-{tag}")).await);
        }
        let path = |page: usize| format!("{}{}", gateway.public, PATHS[page].1[index]);
        browser.go(&path(1)).await;
        browser.run("document.getElementById('tip').noValidate = true").await;
        browser.click("button.send").await;
        browser.until("the refusal", "return document.getElementById('refusal')").await;
        found.extend(looked_at(&axe, &browser, &format!("write-refused-{tag}")).await);
        browser.fill("#what", WORDS).await;
        browser.attach("#pictures", &picture(gateway, "notes.txt", b"only words")).await;
        browser.click("button.send").await;
        let code = browser.until("the code", CODE).await.as_str().expect("a code").to_owned();
        found.extend(looked_at(&axe, &browser, &format!("done-{tag}")).await);
        answer_all(gateway).await;
        browser.go(&path(2)).await;
        browser.fill("#code", "12345").await;
        browser.click("main form button").await;
        browser.until("the refusal", "return document.getElementById('refusal')").await;
        found.extend(looked_at(&axe, &browser, &format!("return-refused-{tag}")).await);
        browser.fill("#code", &code).await;
        browser.click("main form button").await;
        browser.fill("#what", "Another thing, which takes more than one line on a phone to be told in full").await;
        browser.click("button.send").await;
        browser.until("the second message", "return document.querySelectorAll('.item.you').length === 2").await;
        found.extend(looked_at(&axe, &browser, &format!("talk-{tag}")).await);
        browser.go(&format!("{}{}/nothing", gateway.public, ["", "/es", "/ar"][index])).await;
        found.extend(looked_at(&axe, &browser, &format!("nothing-{tag}")).await);
    }
    assert!(found.is_empty(), "{} complaints:\n{}", found.len(), found.join("\n"));
}

async fn answer_all(gateway: &TestGateway) {
    for tip in gateway.tips().await {
        let id = tip["id"].as_str().expect("an id").to_owned();
        gateway.send(Method::POST, &format!("/tips/{id}/replies"), json!({"text": ANSWER})).await;
    }
}

/// What axe complains of, what is wider than a narrow window (a phone; 200 % of a small screen; 400 % of a wide one), which targets are
/// too small for a thumb; and pictures of the page.
async fn looked_at(axe: &Axe, browser: &Browser, name: &str) -> Vec<String> {
    let mut found = axe.judge(browser, name).await;
    for (width, height) in [(320, 568), (640, 480), (390, 844)] {
        browser.size(width, height).await;
        for complaint in browser.run(NARROW).await.as_array().unwrap_or(&Vec::new()) {
            found.push(format!("{name}, {width}px: {}", complaint.as_str().unwrap_or_default()));
        }
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("reporter");
    fs::create_dir_all(&folder).expect("a folder for the pictures");
    let height = browser.run("return document.documentElement.scrollHeight").await.as_u64().unwrap_or(844);
    for (scheme, width) in [(Scheme::Light, 390), (Scheme::Dark, 390), (Scheme::Light, 1200)] {
        browser.scheme(scheme).await;
        let high = u32::try_from(height).unwrap_or(844).clamp(844, 4000);
        browser.size(width, if width == 390 { high } else { 1000 }).await;
        fs::write(folder.join(format!("{name}-{}-{width}.png", scheme.word())), browser.picture().await).expect("a picture");
    }
    browser.scheme(Scheme::Light).await;
    browser.size(1400, 1000).await;
    found
}

const NARROW: &str = "
    const found = [];
    if (document.documentElement.scrollWidth > innerWidth) found.push(`wider than the window: ${document.documentElement.scrollWidth}px`);
    for (const one of document.querySelectorAll('a, button, input:not([type=hidden]), select, textarea')) {
        const box = (one.closest('label') || one).getBoundingClientRect();
        if (box.height > 0 && (box.height < 44 || box.width < 44) && !one.matches('.skip')) {
            found.push(`${one.outerHTML.slice(0, 100)} is ${Math.round(box.width)} by ${Math.round(box.height)}`);
        }
    }
    return found;";

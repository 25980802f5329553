//! The endusers' portal in a browser: all of it without scripts, and every page of it before axe-core.

use crate::accessible::Axe;
use crate::browser::Browser;
use crate::gateway::until;
use crate::stage::Stage;
use reqwest::Method;
use serde_json::json;
use std::path::Path;

const STUDENT: &str = "+15555550143";
const WORDS: &str = "They call a boy of my class names every day, look at this: a very-long-word-without-any-place-to-break-it-that-must-not-widen-the-page";
const PRINCIPAL: &str = "principal.charlie-high@example.org";

/// Widths at which nothing may stick out.
const PHONE: (u32, u32) = (390, 844);

/// A tip that Charlie High is told of by mail; its reference.
async fn told(stage: &Stage) -> String {
    let gateway = &stage.gateway;
    assert_eq!(gateway.text(STUDENT, WORDS).await, 200);
    let id = until("the tip", || async { gateway.tips().await.first()?["id"].as_str().map(str::to_owned) }).await;
    let version = gateway.get(&format!("/tips/{id}")).await["version"].clone();
    let triage = json!({"version": version, "types": ["bullying"], "school": "charlie-high"});
    gateway.send(Method::PUT, &format!("/tips/{id}/triage"), triage).await;
    let read = gateway.get(&format!("/tips/{id}")).await;
    gateway.send(Method::POST, &format!("/tips/{id}/dispatches"), json!({"version": read["version"]})).await;
    until("the principal's mail", || async {
        let mails = gateway.control().mails(Some(PRINCIPAL)).await;
        mails.iter().any(|mail| mail.text.contains("/r/")).then_some(())
    })
    .await;
    read["reference"].as_str().expect("a reference").to_owned()
}

fn page(stage: &Stage, path: &str) -> String {
    format!("{}{path}", stage.gateway.public)
}

/// Asks for a code, and gives the one that comes.
async fn ask(stage: &Stage, browser: &Browser) -> String {
    let codes = || async {
        let mails = stage.gateway.control().mails(Some(PRINCIPAL)).await;
        mails.into_iter().filter(|mail| mail.subject.starts_with("Your code")).collect::<Vec<_>>()
    };
    let before = codes().await.len();
    browser.fill("#address", PRINCIPAL).await;
    browser.click("//button[normalize-space()='Send me a code']").await;
    browser.sees("Type the code").await;
    let text = until("the code", || async { codes().await.get(before).map(|mail| mail.text.clone()) }).await;
    text.split_once(": ").expect("a code").1.chars().take(7).collect()
}

async fn log_in(stage: &Stage, browser: &Browser) {
    browser.go(&page(stage, "/e")).await;
    let code = ask(stage, browser).await;
    browser.fill("#code", &code).await;
    browser.click("//button[normalize-space()='Log in']").await;
    browser.sees("Find by reference").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_portal_works_without_scripts() {
    let stage = Stage::start().await;
    let reference = told(&stage).await;
    let browser = stage.driver.open().await;
    browser.without_scripts().await;
    log_in(&stage, &browser).await;
    browser.sees("Please confirm").await;
    browser.click(".reports a").await;
    browser.sees("call a boy of my class names").await;
    browser.click("//button[normalize-space()='I have received this']").await;
    browser.sees("You confirmed this").await;
    browser.fill("#note", "I have spoken with his class.").await;
    browser.click("//button[normalize-space()='Send the note']").await;
    browser.sees("I have spoken with his class.").await;
    browser.click("//label[contains(@class,'tick')][contains(.,'looked into it')]").await;
    browser.fill("#more", "We will look again in a week.").await;
    browser.click("//button[normalize-space()='Tell us']").await;
    browser.sees("You told us this").await;
    browser.fill("#note", "").await;
    browser.click("//a[normalize-space()='PIN']").await;
    browser.sees("You have no PIN yet").await;
    browser.click("//button[normalize-space()='Get a new PIN']").await;
    browser.sees("It is shown only now").await;
    browser.click("//a[normalize-space()='Reports']").await;
    browser.fill("#reference", &reference.to_lowercase()).await;
    browser.click("//button[normalize-space()='Find']").await;
    browser.sees("You confirmed this").await;
    browser.click("//button[normalize-space()='Log out']").await;
    browser.sees("You are logged out").await;
    browser.go(&page(&stage, &format!("/e/t/{reference}"))).await;
    browser.sees("Send me a code").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_of_the_portal_shuts_anybody_out() {
    let axe = Axe::load();
    let stage = Stage::start().await;
    let reference = told(&stage).await;
    let browser = stage.driver.open().await;
    let mut found = Vec::new();
    for (name, path) in [("portal's login", "/e"), ("portal's login in Spanish", "/e?l=es"), ("portal's login in Arabic", "/e?l=ar")] {
        browser.go(&page(&stage, path)).await;
        found.extend(judge(&axe, &browser, name).await);
    }
    browser.go(&page(&stage, "/e")).await;
    let code = ask(&stage, &browser).await;
    browser.fill("#code", "000").await;
    browser.click("//button[normalize-space()='Log in']").await;
    browser.sees("is not right").await;
    found.extend(judge(&axe, &browser, "portal's code refused").await);
    browser.fill("#code", &code).await;
    browser.click("//button[normalize-space()='Log in']").await;
    browser.sees("Find by reference").await;
    found.extend(judge(&axe, &browser, "portal's list").await);
    let tip = format!("/e/t/{reference}");
    for (name, path) in [("portal's report", tip.as_str()), ("portal without such a report", "/e/t/T-222-222"), ("portal's PIN", "/e/pin")]
    {
        browser.go(&page(&stage, path)).await;
        found.extend(judge(&axe, &browser, name).await);
    }
    browser.click("//button[normalize-space()='Get a new PIN']").await;
    browser.sees("It is shown only now").await;
    found.extend(judge(&axe, &browser, "portal's new PIN").await);
    browser.go(&page(&stage, &tip)).await;
    browser.click("//button[normalize-space()='I have received this']").await;
    browser.sees("You confirmed this").await;
    found.extend(judge(&axe, &browser, "portal's report, confirmed").await);
    assert!(found.is_empty(), "{} complaints:\n{}", found.len(), found.join("\n"));
}

/// What axe-core complains of, and whether something sticks out on a phone. A picture is kept for people to look at.
async fn judge(axe: &Axe, browser: &Browser, name: &str) -> Vec<String> {
    let mut found = axe.judge(browser, name).await;
    browser.size(PHONE.0, PHONE.1).await;
    if browser.run("return document.documentElement.scrollWidth > window.innerWidth").await == json!(true) {
        found.push(format!("{name}: wider than a phone"));
    }
    let file: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{file}.png")), browser.picture().await).expect("a picture is kept");
    found
}

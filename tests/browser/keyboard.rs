//! The console without a mouse: login, inbox, answer, sorting and dispatch by keys, with the focus always to be seen.

use crate::browser::Browser;
use crate::stage::{ANALYST, Stage};
use fantoccini::key::Key;

/// How many times Tab is pressed before something counts as out of reach.
const MOST_TABS: usize = 90;

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_reached_by_keys() {
    let stage = Stage::start().await;
    let (tab, enter) = (char::from(Key::Tab), char::from(Key::Enter));
    assert_eq!(stage.gateway.text("+15555550144", "there is a fight behind the gym").await, 200);
    assert_eq!(stage.gateway.text("+15555550145", "my locker was broken open").await, 200);
    let browser = stage.driver.open().await;
    browser.go(&stage.console("/")).await;
    browser.until("the name has the focus", "return document.activeElement.id === 'login'").await;
    browser.press(&format!("{}{tab}{}{enter}", ANALYST.0, ANALYST.1)).await;
    browser.until("both tips", "return document.querySelectorAll('[data-row]').length === 2").await;
    browser.until("the page is live", "return document.getElementById('live').textContent === 'Live'").await;

    let on_row = |row: usize| format!("return document.activeElement === document.querySelectorAll('[data-row]')[{row}]");
    for (key, row) in [("j", 0), ("j", 1), ("j", 1), ("k", 0)] {
        browser.press(key).await;
        browser.until(&format!("{key} moves to row {row}"), &on_row(row)).await;
        assert!(focus_shows(&browser).await, "the focus on row {row} is not to be seen");
    }
    browser.press("c").await;
    browser.sees("You have this tip").await;
    browser.press("?").await;
    browser.until("help", "return document.body.dataset.page === 'help'").await;
    browser.press("/").await;
    browser.until("the search has the focus", "return document.activeElement.id === 'q'").await;

    browser.go(&stage.console("/")).await;
    browser.until("the page is live", "return document.getElementById('live').textContent === 'Live'").await;
    browser.press("j").await;
    browser.until("the first row", &on_row(0)).await;
    browser.press(&enter.to_string()).await;
    browser.until("the tip's page", "return document.body.dataset.page === 'tip'").await;

    tab_to(&browser, "document.activeElement.id === 'reply'", "the answer").await;
    browser.press("where are you now").await;
    tab_to(&browser, "document.activeElement.textContent.trim() === 'Send answer'", "Send answer").await;
    browser.press(&enter.to_string()).await;
    browser
        .until("the answer in the conversation", "return document.querySelector('.entry.staff')?.textContent.includes('where are you now')")
        .await;

    tab_to(&browser, "document.activeElement.id === 'typefind'", "the search for a type").await;
    browser.press("weapon").await;
    tab_to(
        &browser,
        "document.activeElement.name === 'type' && document.activeElement.closest('.tick').textContent.includes('Weapon')",
        "a type",
    )
    .await;
    browser.press(" ").await;
    tab_to(&browser, "document.activeElement.id === 'school'", "the school").await;
    browser.press("Alpha Middle School").await;
    tab_to(&browser, "document.activeElement.name === 'safety_issue'", "safety issue").await;
    browser.press(" ").await;
    tab_to(&browser, "document.activeElement.closest('#sorting') && document.activeElement.textContent.trim() === 'Save'", "Save").await;
    browser.press(&enter.to_string()).await;
    browser.until("the level followed", "return document.querySelector('.tiphead .level')?.textContent === 'Critical'").await;

    tab_to(&browser, "/^Call .* people now$/.test(document.activeElement.textContent.trim())", "the dispatch").await;
    browser.press(&enter.to_string()).await;
    browser.sees("Who is told").await;
}

/// Presses Tab until this holds; every stop on the way shows where it is.
async fn tab_to(browser: &Browser, holds: &str, what: &str) {
    for _ in 0..MOST_TABS {
        browser.press(&char::from(Key::Tab).to_string()).await;
        assert!(focus_shows(browser).await, "on the way to {what} the focus is not to be seen: {}", focused(browser).await);
        if browser.run(&format!("return Boolean({holds})")).await == serde_json::json!(true) {
            return;
        }
    }
    panic!("{what} is not reached by Tab; it stands on {}", focused(browser).await);
}

/// Whether what has the focus has a ring of two pixels or more and is inside the window. The page itself needs none.
async fn focus_shows(browser: &Browser) -> bool {
    let shows = browser
        .run(
            "const one = document.activeElement; if (one === document.body) return true;
             const ring = (style) => style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
             const box = one.getBoundingClientRect();
             const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
             return inside && (ring(getComputedStyle(one)) || ring(getComputedStyle(one, '::after')))",
        )
        .await;
    shows == serde_json::json!(true)
}

async fn focused(browser: &Browser) -> String {
    browser.run("return document.activeElement.outerHTML.slice(0, 200)").await.to_string()
}

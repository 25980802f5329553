//! A gateway with a login, and what an analyst does in nearly every test.

use crate::browser::Browser;
use crate::driver::Driver;
use crate::gateway::TestGateway;
use std::io::Write;
use std::process::Stdio;

/// What the analyst types at the login.
pub const ANALYST: (&str, &str) = ("analyst", "a quiet blue kettle");

/// Gateway, carriers, chromedriver.
pub struct Stage {
    /// Opens browsers.
    pub driver: Driver,
    /// The gateway and its carriers.
    pub gateway: TestGateway,
}

impl Stage {
    /// Starts everything.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same with further environment variables for the gateway.
    pub async fn start_with(environment: &[(&str, &str)]) -> Self {
        let driver = Driver::start().await;
        let mut gateway = TestGateway::prepare(environment).await;
        give_password(&gateway, ANALYST, "Sam Example");
        gateway.serve().await;
        Self { driver, gateway }
    }

    /// The address of a console page.
    pub fn console(&self, path: &str) -> String {
        format!("{}{path}", self.gateway.staff)
    }

    /// The address of a page of the mock carriers.
    pub fn outside(&self, path: &str) -> String {
        format!("{}{path}", self.gateway.mock.base_url())
    }

    /// Logs in by the login page, and sees the inbox.
    pub async fn log_in(&self, browser: &Browser, (login, password): (&str, &str)) {
        browser.go(&self.console("/login")).await;
        browser.fill("#login", login).await;
        browser.fill("#password", password).await;
        browser.click("//button[normalize-space()='Log in']").await;
        browser.until("the inbox", "return document.body.dataset.page === 'inbox'").await;
    }
}

/// The analyst of every test gateway gets a password that is known here. Its API token stays.
fn give_password(gateway: &TestGateway, (login, password): (&str, &str), name: &str) {
    let mut command = gateway.command(&["user", "add", login, "--name", name, "--role", "analyst", "--password-stdin", "--reset"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the gateway's binary runs");
    child.stdin.take().expect("its input").write_all(password.as_bytes()).expect("the password is given");
    assert!(child.wait().expect("it ends").success(), "the password of {login} is set");
}

/// Opens the group of a type, ticks the type by its name, chooses the school, and saves.
pub async fn sort(browser: &Browser, kind: &str, school: &str) {
    let tick = format!("//form[@id='sorting']//label[contains(@class,'tick')][span[normalize-space()='{kind}']]");
    let closed = format!("{tick}/ancestor::details[not(@open)]/summary");
    if browser.there(&closed).await {
        browser.click(&closed).await;
    }
    browser.click(&tick).await;
    browser.fill("#school", school).await;
    browser.click("//form[@id='sorting']//button[normalize-space()='Save']").await;
    browser.until("it is sorted", "return document.querySelector('.tiphead .level:not(.none)')").await;
}

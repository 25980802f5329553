//! Every page is read by axe-core, in the light and the dark, on a wide screen and on a phone: nothing to complain of.

use crate::browser::{Browser, Scheme};
use crate::lively::{self, Lively};
use crate::stage::{ANALYST, Stage};
use std::path::{Path, PathBuf};

/// Width and height of a screen and of a phone.
const SIZES: [(u32, u32); 2] = [(1400, 1000), (390, 844)];

#[tokio::test(flavor = "multi_thread")]
async fn no_page_shuts_anybody_out() {
    let axe = Axe::load();
    let stage = lively::stage().await;
    let evening = Lively::begin(&stage).await;
    let mut found = Vec::new();
    found.extend(axe.judge(&evening.outside, "handset in a call").await);
    evening.confirm(&stage).await;
    found.extend(axe.judge(&evening.outside, "handset").await);

    let (told, sorted) = (&evening.told, &evening.sorted);
    for (name, path) in [
        ("inbox", "/".to_owned()),
        ("closed tips, none", "/?show=closed".to_owned()),
        ("tip before it is told", format!("/tips/{sorted}")),
        ("who will be told", format!("/tips/{sorted}/dispatch")),
        ("tip being told", format!("/tips/{told}")),
        ("timeline", format!("/tips/{told}/timeline")),
        ("tasks", "/tasks".to_owned()),
        ("PINs of endusers", "/directory/pins".to_owned()),
        ("help", "/help".to_owned()),
        ("directory", "/directory".to_owned()),
        ("plan of a school", "/directory/delta-high".to_owned()),
        ("drills", "/drills".to_owned()),
        ("search without a hit", "/search?q=T-000-000".to_owned()),
        ("nothing here", "/nothing".to_owned()),
    ] {
        evening.console.go(&stage.console(&path)).await;
        found.extend(axe.judge(&evening.console, name).await);
    }
    found.extend(logged_out(&axe, &stage).await);
    found.extend(outside(&axe, &stage, &evening.outside).await);
    assert!(found.is_empty(), "{} complaints of axe-core:\n{}", found.len(), found.join("\n"));
}

/// The login page, also after a wrong password.
async fn logged_out(axe: &Axe, stage: &Stage) -> Vec<String> {
    let browser = stage.driver.open().await;
    browser.go(&stage.console("/login")).await;
    let mut found = axe.judge(&browser, "login").await;
    browser.fill("#login", ANALYST.0).await;
    browser.fill("#password", "not my password").await;
    browser.click("//button[normalize-space()='Log in']").await;
    browser.sees("do not belong together").await;
    found.extend(axe.judge(&browser, "login refused").await);
    found
}

/// The home page, the receipt page in its three states, and the mock's pages.
async fn outside(axe: &Axe, stage: &Stage, browser: &Browser) -> Vec<String> {
    let mut found = Vec::new();
    browser.go(&format!("{}/", stage.gateway.public)).await;
    found.extend(axe.judge(browser, "home").await);
    browser.go(&format!("{}/r/unknown", stage.gateway.public)).await;
    found.extend(axe.judge(browser, "receipt of an unknown link").await);
    for (name, path) in
        [("mock", "/"), ("faults", "/faults"), ("log", "/log"), ("mail inbox", "/inbox?to=officer.delta-high%40example.org")]
    {
        browser.go(&stage.outside(path)).await;
        found.extend(axe.judge(browser, name).await);
    }
    browser.click("main table a").await;
    browser.sees("Code:").await;
    found.extend(axe.judge(browser, "mail").await);
    let mail = browser.run("return document.querySelector('pre').textContent").await;
    let code = mail.as_str().unwrap_or_default().lines().find_map(|line| line.strip_prefix("Code:")).expect("a code").trim().to_owned();
    browser.click("main pre a").await;
    browser.sees("There is an urgent report").await;
    found.extend(axe.judge(browser, "receipt").await);
    browser.fill("#code", &code).await;
    browser.click("//button[normalize-space()='I have received this']").await;
    browser.sees("You have confirmed this.").await;
    found.extend(axe.judge(browser, "receipt confirmed").await);
    found
}

/// axe-core's script.
pub struct Axe(String);

impl Axe {
    /// Reads it.
    pub fn load() -> Self {
        let path = Self::path();
        let source = std::fs::read_to_string(&path);
        Self(source.unwrap_or_else(|_| {
            panic!("{} is missing: `npm install axe-core` and set TIPLINE_AXE to its axe.min.js, or use `cargo xtask test`", path.display())
        }))
    }

    /// `TIPLINE_AXE`, or where `cargo xtask test` keeps it.
    fn path() -> PathBuf {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap_or(Path::new("target"));
        std::env::var_os("TIPLINE_AXE").map_or_else(|| target.join("tools/node/node_modules/axe-core/axe.min.js"), PathBuf::from)
    }

    /// What it complains of on this page, in all four looks; leaves the browser wide and light.
    pub async fn judge(&self, browser: &Browser, page: &str) -> Vec<String> {
        let mut found = Vec::new();
        browser.run(&self.0).await;
        for (width, height) in SIZES {
            browser.size(width, height).await;
            for scheme in Scheme::BOTH {
                browser.scheme(scheme).await;
                let look = format!("{page}, {}, {width}px", scheme.word());
                for complaint in browser.run_slowly(JUDGE).await.as_array().expect("a list of complaints") {
                    found.push(format!("{look}: {}", complaint.as_str().unwrap_or_default()));
                }
            }
        }
        println!("{page}: {}", if found.is_empty() { "nothing".to_owned() } else { format!("{} complaints", found.len()) });
        browser.size(SIZES[0].0, SIZES[0].1).await;
        browser.scheme(Scheme::Light).await;
        found
    }
}

/// Also says when a page is wider than its window, which axe does not look at.
const JUDGE: &str = "
    const done = arguments[arguments.length - 1];
    axe.run(document, { resultTypes: ['violations'] }).then((result) => {
        const found = result.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id} (${rule.help}) at ${node.target.join(' ')}: ${node.any.map((one) => one.message).join('; ')}`));
        if (document.documentElement.scrollWidth > innerWidth) found.push(`wider than the window: ${document.documentElement.scrollWidth}px`);
        done(found);
    }, (error) => done([String(error)]));";

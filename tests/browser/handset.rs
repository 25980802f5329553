//! A phone on the mock's handset page: what its owner reads, types, hears and presses.

use crate::browser::Browser;

/// One of the phones that stand side by side on a page.
pub struct Handset<'a> {
    page: &'a Browser,
    number: &'a str,
}

impl<'a> Handset<'a> {
    /// The phone with this number on this page.
    pub fn on(page: &'a Browser, number: &'a str) -> Self {
        Self { page, number }
    }

    fn at(&self, inside: &str) -> String {
        format!("section.phone[data-number='{}'] {inside}", self.number)
    }

    /// Types a text and sends it.
    pub async fn text(&self, body: &str) {
        self.page.fill(&self.at(".compose textarea"), body).await;
        self.page.click(&self.at(".compose button.main")).await;
    }

    /// Waits until a message that holds these words has come; gives all of it.
    pub async fn reads(&self, words: &str) -> String {
        let list = self.at(".thread .in .bubble");
        let script = format!(
            "return [...document.querySelectorAll(\"{list}\")].map((one) => one.textContent).find((text) => text.includes({}))",
            serde_json::json!(words)
        );
        let found = self.page.until(&format!("a message with “{words}” on {}", self.number), &script).await;
        found.as_str().unwrap_or_default().to_owned()
    }

    /// Chooses what calls to this phone meet.
    pub async fn calls_meet(&self, what: &str) {
        self.page.run(&format!("document.querySelector(\"{}\").open = true", self.at("details.tools"))).await;
        self.page.choose(&self.at("form.script select[name=answer]"), what).await;
        self.page.click(&self.at("form.script button")).await;
        let script = format!("return document.querySelector(\"{}\").textContent.includes('{what}')", self.at("details.tools summary"));
        self.page.until(&format!("calls to {} meet “{what}”", self.number), &script).await;
    }

    /// Waits until it rings.
    pub async fn rings(&self) {
        let ringing = self.at(".call[data-state=ringing]");
        self.page.until(&format!("{} rings", self.number), &format!("return document.querySelector(\"{ringing}\")")).await;
    }

    /// Waits until it rings, and accepts the call.
    pub async fn accept(&self) {
        self.rings().await;
        self.page.click(&self.at(".call button[value=answer]")).await;
    }

    /// What is said on the call that runs, or was said on the last one, once it holds these words.
    pub async fn hears(&self, words: &str) -> String {
        let lines = format!("{}, {}", self.at(".call .said .gateway"), self.at(".last .said .gateway"));
        let script = format!(
            "const said = [...document.querySelectorAll(\"{lines}\")].map((one) => one.textContent).join(' '); return said.includes({}) && said",
            serde_json::json!(words)
        );
        let heard = self.page.until(&format!("“{words}” is heard on {}", self.number), &script).await;
        heard.as_str().unwrap_or_default().to_owned()
    }

    /// What is said on the call that runs, once the code was spoken to its end (words appear one by one), and the code.
    pub async fn hears_the_code(&self) -> (String, String) {
        let lines = self.at(".call .said .gateway");
        let script = format!(
            "const said = [...document.querySelectorAll(\"{lines}\")].map((one) => one.textContent).join(' '); return /press [a-z, ]+\\./.test(said) && said"
        );
        let heard = self.page.until(&format!("a code is heard on {}", self.number), &script).await;
        let heard = heard.as_str().unwrap_or_default().to_owned();
        let code = code_in(&heard);
        (heard, code)
    }

    /// Presses keys of the keypad, one after the other.
    pub async fn key(&self, digits: &str) {
        for digit in digits.chars() {
            self.page.click(&self.at(&format!(".call .keys button[value='{digit}']"))).await;
        }
    }

    /// Waits until the call is over.
    pub async fn is_quiet(&self) {
        let call = self.at(".call");
        self.page.until(&format!("the call to {} is over", self.number), &format!("return !document.querySelector(\"{call}\")")).await;
    }
}

/// The digits that the words ask for: "press four, seven" gives "47".
fn code_in(words: &str) -> String {
    const NAMES: [&str; 10] = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
    let after = words.split("press ").nth(1).unwrap_or_else(|| panic!("no code is spoken: {words}"));
    let sentence = after.split('.').next().unwrap_or_default();
    let digit = |word: &str| NAMES.iter().position(|name| *name == word.trim()).map(|value| value.to_string());
    sentence.split(',').map(|word| digit(word).unwrap_or_else(|| panic!("“{word}” is no digit: {words}"))).collect()
}

//! A browser without scripts, as far as the reporter's pages need one: fetches a page, fills its form in, sends it.

use crate::gateway::TestGateway;

/// Stands in no field.
const EDGE: &str = "edge-0a1b2c3d";

/// The pages of one reporter.
pub struct Site<'a> {
    gateway: &'a TestGateway,
    page: String,
}

impl<'a> Site<'a> {
    /// The form on an empty page.
    pub async fn write(gateway: &'a TestGateway, fields: &[(&str, &str)]) -> Self {
        let mut site = Self { gateway, page: String::new() };
        site.page = site.get("/write").await;
        let mut all = vec![("draft", site.hidden("draft"))];
        all.extend(fields.iter().map(|(name, value)| (*name, (*value).to_owned())));
        site.post("/write", all, "send").await;
        site
    }

    /// The conversation of a code.
    pub async fn come_back(gateway: &'a TestGateway, code: &str) -> Self {
        let mut site = Self { gateway, page: String::new() };
        site.page = site.get("/return").await;
        let nonce = site.hidden("nonce");
        site.post("/return", vec![("nonce", nonce), ("code", code.to_owned())], "open").await;
        site
    }

    /// A further message.
    pub async fn say(&mut self, words: &str) {
        let fields = vec![("visit", self.hidden("visit")), ("nonce", self.hidden("nonce")), ("what", words.to_owned())];
        self.post("/return", fields, "send").await;
    }

    /// Looks for news.
    pub async fn look(&mut self) {
        let fields = vec![("visit", self.hidden("visit"))];
        self.post("/return", fields, "renew").await;
    }

    /// The code on the page that follows a first message.
    pub fn code(&self) -> String {
        let shown = self.page.split_once("id=\"code\"").expect("a code is shown").1.split_once("</p>").expect("the end of it").0;
        let code: String = shown.chars().filter(char::is_ascii_digit).collect();
        assert_eq!(code.len(), 16, "{shown}");
        code
    }

    /// The page as it is.
    pub fn page(&self) -> &str {
        &self.page
    }

    fn hidden(&self, name: &str) -> String {
        let at = self.page.find(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("no field {name} in {}", self.page));
        let value = &self.page[at..].split_once("value=\"").expect("a value").1;
        value.split_once('"').expect("its end").0.to_owned()
    }

    async fn get(&self, path: &str) -> String {
        let answer = self.gateway.client.get(format!("{}{path}", self.gateway.public)).send().await.expect("a page");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        assert!(answer.headers().get("set-cookie").is_none(), "no page sets a cookie");
        answer.text().await.expect("a page's text")
    }

    async fn post(&mut self, path: &str, fields: Vec<(&str, String)>, step: &str) {
        let part = |name: &str, value: &str| format!("--{EDGE}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        let mut body: String = fields.iter().map(|(name, value)| part(name, value)).collect();
        body.push_str(&part("step", step));
        body.push_str(&format!("--{EDGE}--\r\n"));
        let request = self.gateway.client.post(format!("{}{path}", self.gateway.public)).body(body);
        let request = request.header("content-type", format!("multipart/form-data; boundary={EDGE}"));
        let answer = request.send().await.expect("a page");
        let status = answer.status();
        self.page = answer.text().await.expect("a page's text");
        assert!(status.is_success(), "{path}: {status} {}", self.page);
    }
}

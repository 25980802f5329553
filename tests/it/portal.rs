//! The endusers' portal over the whole gateway: a code comes by the person's own mail, opens what their organizations were told of, and
//! nothing else; what they do there is in the record, and a confirmation stops the calls.

use crate::gateway::{TestGateway, root, until};
use crate::texts_told::{ASSISTANT, people};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::fs;

const STUDENT: &str = "+15555550142";
const WORDS: &str = "marlow is selling vapes behind the purple shed";
const PRINCIPAL: &str = "principal.charlie-high@example.org";
/// The principal of Charlie High, who is called there and not texted.
const NOT_FOR_TEXTS: &str = "+15555550118";
const STRANGER: &str = "principal.delta-high@example.org";

/// A browser without scripts in the portal.
struct Visitor<'a> {
    gateway: &'a TestGateway,
    cookie: String,
    page: String,
    status: StatusCode,
    /// Where the last answer led.
    location: String,
}

impl<'a> Visitor<'a> {
    fn new(gateway: &'a TestGateway) -> Self {
        Self { gateway, cookie: String::new(), page: String::new(), status: StatusCode::OK, location: String::new() }
    }

    /// Logs in by the code that comes to this mail address.
    async fn logged_in(gateway: &'a TestGateway, address: &str) -> Self {
        let mut visitor = Self::new(gateway);
        visitor.ask(address).await;
        let code = code_mailed(gateway, address, 0).await;
        visitor.enter(&code).await;
        assert_eq!(visitor.status, StatusCode::SEE_OTHER, "{}", visitor.page);
        visitor
    }

    async fn ask(&mut self, address: &str) {
        self.get("/e").await;
        assert!(self.page.contains("name=\"address\""), "{}", self.page);
        self.post("/e/login", &[("address", address), ("language", "en"), ("next", "")]).await;
    }

    async fn enter(&mut self, code: &str) {
        let id = self.hidden("id");
        self.post("/e/code", &[("id", &id), ("code", code), ("language", "en"), ("next", "")]).await;
    }

    async fn get(&mut self, path: &str) {
        let request = self.gateway.client.get(format!("{}{path}", self.gateway.public));
        self.answered(request).await;
    }

    async fn post(&mut self, path: &str, fields: &[(&str, &str)]) {
        let request = self.gateway.client.post(format!("{}{path}", self.gateway.public)).header("origin", &self.gateway.public);
        self.answered(request.form(fields)).await;
    }

    /// Sends a form of the page that is shown.
    async fn send(&mut self, path: &str, fields: &[(&str, &str)]) {
        let csrf = self.hidden("csrf");
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend(fields);
        self.post(path, &all).await;
    }

    async fn answered(&mut self, request: reqwest::RequestBuilder) {
        let answer = request.header("cookie", &self.cookie).send().await.expect("a page");
        let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("referrer-policy"), "same-origin", "or browsers without Sec-Fetch-Site send Origin: null, which is refused");
        assert_eq!(header("x-robots-tag"), "noindex, nofollow");
        let cookie = header("set-cookie");
        if !cookie.is_empty() {
            assert!(cookie.contains("; Path=/e; ") && cookie.contains("; HttpOnly; SameSite=Lax"), "{cookie}");
            self.cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        }
        self.location = header("location");
        self.status = answer.status();
        self.page = answer.text().await.expect("a page's text");
    }

    fn hidden(&self, name: &str) -> String {
        let at = self.page.find(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("no field {name} in {}", self.page));
        let value = &self.page[at..].split_once("value=\"").expect("a value").1;
        value.split_once('"').expect("its end").0.to_owned()
    }

    fn shows(&self, words: &str) -> bool {
        self.page.contains(words)
    }
}

/// The code in the mail to this address that comes after so many others.
async fn code_mailed(gateway: &TestGateway, address: &str, before: usize) -> String {
    until("the code's mail", || async {
        let mails = gateway.control().mails(Some(address)).await;
        let codes = mails.iter().filter(|mail| mail.subject.starts_with("Your code for"));
        codes.filter_map(|mail| in_groups(&mail.text)).nth(before)
    })
    .await
}

/// Six digits as they are written: `482 913`.
fn in_groups(text: &str) -> Option<String> {
    let (_, after) = text.split_once(": ")?;
    let code: String = after.chars().take(7).collect();
    let digits = code.chars().filter(char::is_ascii_digit).count();
    (digits == 6 && code.chars().nth(3) == Some(' ')).then_some(code)
}

/// A bullying tip of Charlie High, told to its people by mail; its id and reference.
async fn told_tip(gateway: &TestGateway, token: Option<&str>, left_out: &[&str]) -> (String, String) {
    assert_eq!(gateway.text(STUDENT, WORDS).await, 200);
    let id = until("the tip", || async { gateway.tips().await.first()?["id"].as_str().map(str::to_owned) }).await;
    let version = gateway.get(&format!("/tips/{id}")).await["version"].clone();
    let triage = json!({"version": version, "types": ["bullying"], "school": "charlie-high"});
    gateway.send(Method::PUT, &format!("/tips/{id}/triage"), triage).await;
    let read = gateway.get(&format!("/tips/{id}")).await;
    let mut wish = json!({"version": read["version"]});
    if !left_out.is_empty() {
        wish["leave_out"] = json!(left_out);
        wish["why_left_out"] = json!("named in the tip");
    }
    let url = format!("{}/api/v1/tips/{id}/dispatches", gateway.staff);
    let sent = gateway.client.post(url).bearer_auth(token.unwrap_or(&gateway.token)).json(&wish).send().await.expect("an answer");
    assert!(sent.status().is_success(), "{}", sent.text().await.unwrap_or_default());
    (id, read["reference"].as_str().expect("a reference").to_owned())
}

async fn obligation_of(gateway: &TestGateway, id: &str, role: &str) -> Value {
    let read = gateway.get(&format!("/tips/{id}")).await;
    let all = read["dispatches"][0]["obligations"].as_array().cloned().unwrap_or_default();
    all.into_iter().find(|one| one["role"] == role).expect("an obligation")
}

async fn timeline(gateway: &TestGateway, id: &str) -> String {
    gateway.get(&format!("/tips/{id}/timeline")).await.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_principal_logs_in_by_mail_reads_confirms_and_answers() {
    let gateway = TestGateway::start().await;
    let (id, reference) = told_tip(&gateway, None, &[]).await;
    until("the mail went out", || async {
        let owed = obligation_of(&gateway, &id, "Principal").await;
        (owed["state"] == "satisfied").then_some(())
    })
    .await;
    let mut principal = Visitor::logged_in(&gateway, PRINCIPAL).await;
    principal.get("/e").await;
    assert!(principal.shows(&reference) && principal.shows("Please confirm") && principal.shows(">New<"), "{}", principal.page);
    assert!(!principal.shows(WORDS), "the list holds no words");

    let tip = format!("/e/t/{reference}");
    principal.get(&tip).await;
    assert!(principal.shows(WORDS), "{}", principal.page);
    assert!(!principal.shows(STUDENT) && !principal.shows("5550142"), "no number of the reporter");
    assert!(principal.shows("Not confirmed yet"));
    assert!(timeline(&gateway, &id).await.contains("Opened in the portal by the Principal of Charlie High School"));

    // A GET confirms nothing, and a form without the session's secret, or from elsewhere, neither.
    principal.get(&format!("{tip}/confirm")).await;
    assert_eq!(principal.status, StatusCode::METHOD_NOT_ALLOWED);
    principal.post(&format!("{tip}/confirm"), &[("csrf", "guessed")]).await;
    assert_eq!(principal.status, StatusCode::FORBIDDEN);
    assert!(obligation_of(&gateway, &id, "Principal").await["confirmed_at"].is_null());

    principal.get(&tip).await;
    principal.send(&format!("{tip}/confirm"), &[]).await;
    assert_eq!(principal.status, StatusCode::SEE_OTHER, "{}", principal.page);
    let owed = obligation_of(&gateway, &id, "Principal").await;
    assert!(!owed["confirmed_at"].is_null(), "{owed}");
    principal.get(&tip).await;
    assert!(principal.shows("You confirmed this"), "{}", principal.page);

    principal.send(&format!("{tip}/note"), &[("words", "")]).await;
    assert_eq!(principal.status, StatusCode::UNPROCESSABLE_ENTITY);
    principal.send(&format!("{tip}/note"), &[("words", "the shed is locked since noon")]).await;
    assert_eq!(principal.location, format!("{tip}#notes"));
    let task = gateway.get("/tasks").await.to_string();
    assert!(task.contains("Read what an enduser wrote") && !task.contains("shed"), "{task}");

    principal.get(&tip).await;
    principal.send(&format!("{tip}/feedback"), &[("did", "looked_into"), ("words", "talked to both")]).await;
    assert_eq!(principal.status, StatusCode::SEE_OTHER);
    principal.get(&tip).await;
    assert!(principal.shows("the shed is locked since noon") && principal.shows("talked to both"), "{}", principal.page);
    assert!(timeline(&gateway, &id).await.contains("told what was done: looked into"));
    principal.get("/e").await;
    assert!(!principal.shows(">New<") && !principal.shows("Please confirm"), "{}", principal.page);

    principal.get("/e/pin").await;
    principal.send("/e/pin", &[]).await;
    assert!(principal.shows("Your new PIN"), "{}", principal.page);
    principal.get("/e/pin").await;
    assert!(principal.shows("You have a PIN since"), "{}", principal.page);

    let old = principal.cookie.clone();
    principal.get(&tip).await;
    principal.send("/e/logout", &[]).await;
    principal.cookie = old;
    principal.get(&tip).await;
    assert_eq!(principal.status, StatusCode::UNAUTHORIZED, "the session is over, whoever has the cookie");
    assert!(!gateway.log().contains(PRINCIPAL) && !gateway.log().contains("shed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_another_schools_tip_or_one_that_they_were_left_out_of() {
    let mut gateway = TestGateway::prepare(&[]).await;
    let printed = gateway.run(&["token", "add", "supervisor", "--label", "tests"]);
    let printed = String::from_utf8_lossy(&printed.stdout).into_owned();
    gateway.serve().await;
    let supervisor = printed.split_whitespace().find(|word| word.starts_with("tl_")).expect("a token");
    let (id, reference) = told_tip(&gateway, Some(supervisor), &["charlie-high-principal"]).await;
    let tip = format!("/e/t/{reference}");
    let absent = {
        let mut stranger = Visitor::logged_in(&gateway, STRANGER).await;
        stranger.get("/e/t/T-222-222").await;
        (stranger.status, stranger.page)
    };
    for (address, who) in [(STRANGER, "the Principal of Delta High School"), (PRINCIPAL, "the Principal of Charlie High School")] {
        let mut visitor = Visitor::new(&gateway);
        let before = gateway.control().mails(Some(address)).await.iter().filter(|mail| mail.subject.starts_with("Your code")).count();
        visitor.ask(address).await;
        let code = code_mailed(&gateway, address, before).await;
        visitor.enter(&code).await;
        visitor.get("/e").await;
        assert!(!visitor.shows(&reference), "{who}: {}", visitor.page);
        let csrf = visitor.hidden("csrf");
        for path in [tip.clone(), format!("{tip}/files/00000000000000000000000000000001")] {
            visitor.get(&path).await;
            assert_eq!(visitor.status, absent.0, "{who}");
        }
        for form in ["confirm", "note", "feedback"] {
            visitor.post(&format!("{tip}/{form}"), &[("csrf", &csrf), ("words", "hello"), ("did", "known")]).await;
            assert_eq!(visitor.status, StatusCode::NOT_FOUND, "{who}: {form}");
            assert!(!visitor.shows(WORDS));
        }
        assert!(timeline(&gateway, &id).await.contains(&format!("Not shown to {who}, who asked for it")));
    }
    assert!(absent.1.contains("There is no such report for you."), "{}", absent.1);
    let mut assistant = Visitor::logged_in(&gateway, "assistant.charlie-high@example.org").await;
    assistant.get(&tip).await;
    assert!(assistant.shows(WORDS), "the others of the school do: {}", assistant.page);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_never_tells_who_is_listed_and_a_code_is_tried_five_times() {
    let gateway = TestGateway::start().await;
    let mut listed = Visitor::new(&gateway);
    listed.ask(PRINCIPAL).await;
    let mut unlisted = Visitor::new(&gateway);
    unlisted.ask("nobody@example.org").await;
    let without_id = |visitor: &Visitor<'_>| visitor.page.replace(&visitor.hidden("id"), "");
    assert_eq!(without_id(&listed), without_id(&unlisted));
    assert_eq!(listed.status, unlisted.status);

    let code = code_mailed(&gateway, PRINCIPAL, 0).await;
    let wrong = if code.starts_with('0') { "111 111" } else { "000 000" };
    for _ in 0..5 {
        listed.enter(wrong).await;
        unlisted.enter(wrong).await;
        assert_eq!(without_id(&listed), without_id(&unlisted));
        assert_eq!(listed.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    listed.enter(&code).await;
    assert_eq!(listed.status, StatusCode::UNPROCESSABLE_ENTITY, "the right code after five wrong ones is too late");
    assert!(listed.cookie.is_empty());

    // The next code opens one session, however often it is sent at the same moment.
    listed.ask(PRINCIPAL).await;
    let code = code_mailed(&gateway, PRINCIPAL, 1).await;
    let id = listed.hidden("id");
    let tries = (0..8).map(|_| {
        let (mut visitor, id, code) = (Visitor::new(&gateway), id.clone(), code.clone());
        async move {
            visitor.post("/e/code", &[("id", &id), ("code", &code), ("language", "en"), ("next", "")]).await;
            !visitor.cookie.is_empty()
        }
    });
    let opened = futures_util::future::join_all(tries).await.into_iter().filter(|opened| *opened).count();
    assert_eq!(opened, 1);
    assert!(gateway.control().mails(Some("nobody@example.org")).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_receipt_page_of_a_mail_is_confirmed_by_its_own_reader_logged_in() {
    let gateway = TestGateway::start().await;
    let (id, reference) = told_tip(&gateway, None, &[]).await;
    let link = until("the mail", || async {
        let mails = gateway.control().mails(Some(PRINCIPAL)).await;
        mails.iter().find_map(|mail| Some(mail.text.split_once("/r/")?.1.split_whitespace().next()?.to_owned()))
    })
    .await;
    let path = format!("/e/r/{link}");
    for other in [STRANGER, "assistant.charlie-high@example.org"] {
        let mut visitor = Visitor::logged_in(&gateway, other).await;
        visitor.post(&path, &[]).await;
        assert_eq!(visitor.status, StatusCode::NOT_FOUND, "{other}: another person's mail");
    }
    let mut principal = Visitor::new(&gateway);
    principal.post(&path, &[]).await;
    assert_eq!(principal.status, StatusCode::UNAUTHORIZED, "not logged in: the login page");
    let mut principal = Visitor::logged_in(&gateway, PRINCIPAL).await;
    principal.get(&path).await;
    assert_eq!(principal.location, format!("/e/t/{reference}"), "looking leads to the report");
    let unsaid =
        gateway.client.post(format!("{}{path}", gateway.public)).header("cookie", &principal.cookie).send().await.expect("an answer");
    assert_eq!(unsaid.status(), StatusCode::FORBIDDEN, "no browser says whose form this is");
    assert!(obligation_of(&gateway, &id, "Principal").await["confirmed_at"].is_null(), "nothing so far confirmed");
    principal.post(&path, &[]).await;
    assert_eq!(principal.location, format!("/e/t/{reference}#receipt"), "{}", principal.page);
    assert!(!obligation_of(&gateway, &id, "Principal").await["confirmed_at"].is_null());
    assert!(obligation_of(&gateway, &id, "Assistant Principal").await["confirmed_at"].is_null(), "for nobody else");

    gateway.send(Method::POST, &format!("/tips/{id}/enduser-notes"), json!({"text": "please keep the camera's pictures"})).await;
    principal.get("/e").await;
    assert!(principal.shows(">New<"), "{}", principal.page);
    principal.get(&format!("/e/t/{reference}")).await;
    assert!(principal.shows("please keep the camera") && principal.shows("Analyst"), "{}", principal.page);
    let read = gateway.get(&format!("/tips/{id}")).await;
    assert_eq!(read["enduser_notes"][0]["by_staff"], true, "{}", read["enduser_notes"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_leaves_the_directory_is_out() {
    let mut gateway = TestGateway::start().await;
    let cookie = {
        let mut principal = Visitor::logged_in(&gateway, PRINCIPAL).await;
        principal.get("/e").await;
        assert!(principal.shows("Charlie High School"), "{}", principal.page);
        principal.cookie
    };
    let demo = root().join("config/demo");
    let people = fs::read_to_string(demo.join("people.csv")).expect("the demo's people");
    let people: String =
        people.lines().filter(|line| !line.starts_with("charlie-high-principal,")).map(|line| format!("{line}\n")).collect();
    let file = gateway.folder.join("people.csv");
    fs::write(&file, people).expect("a list");
    let organizations = demo.join("organizations.csv").display().to_string();
    let import = ["directory", "import", "--organizations", &organizations, "--people", &file.display().to_string()];
    assert_eq!(gateway.terminate().await, 0);
    let output = gateway.run(&import);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    gateway.serve().await;
    let mut principal = Visitor { cookie, ..Visitor::new(&gateway) };
    principal.get("/e").await;
    assert!(principal.shows("name=\"address\""), "asked to log in: {}", principal.page);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_comes_by_text_opens_the_portal() {
    let mut gateway = TestGateway::prepare(&[]).await;
    people(&gateway);
    gateway.serve().await;
    let (_, reference) = told_tip(&gateway, None, &[]).await;
    let mut assistant = Visitor::new(&gateway);
    assistant.ask(ASSISTANT).await;
    let code = until("the code's text", || async {
        let texts = gateway.control().messages(ASSISTANT).await;
        texts.iter().find_map(|text| text.body.split_once("code is ")?.1.get(..7).map(str::to_owned))
    })
    .await;
    assistant.enter("000 000").await;
    assert_eq!(assistant.status, StatusCode::UNPROCESSABLE_ENTITY, "a wrong one does not: {}", assistant.page);
    assistant.enter(&code).await;
    assert_eq!(assistant.status, StatusCode::SEE_OTHER, "{}", assistant.page);
    assistant.get("/e").await;
    assert!(assistant.shows(&reference) && assistant.shows("Charlie High School"), "{}", assistant.page);
    // Whoever is not on the list for texts gets none, and is told the same.
    let mut principal = Visitor::new(&gateway);
    principal.ask(NOT_FOR_TEXTS).await;
    assert!(principal.page.contains("name=\"id\""), "nobody learns who is on the list: {}", principal.page);
    assert!(gateway.control().messages(NOT_FOR_TEXTS).await.is_empty());
}

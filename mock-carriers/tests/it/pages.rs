//! The pages without scripts: they load, show what happened, and their forms work. No page runs inline script.

use mock_carriers::state::call::CallStatus;

use crate::gateway::{OURS, THEIRS, World};

impl World {
    async fn page(&self, path: &str) -> String {
        let response = self.http.get(format!("{}{path}", self.mock.base_url())).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        let html = response.text().await.unwrap();
        assert!(!html.contains("<style") && !html.contains(" style=") && !html.contains("onclick"), "{path}");
        html
    }

    async fn submit(&self, path: &str, form: &[(&str, &str)]) -> String {
        let url = format!("{}{path}", self.mock.base_url());
        let response = self.http.post(url).form(form).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        response.text().await.unwrap()
    }
}

const BACK: &str = "?numbers=%2B15555550142&labels=Student";

#[tokio::test]
async fn every_page_loads_empty_and_filled() {
    let world = World::start().await;
    let paths = [
        "/",
        "/handset",
        "/inbox",
        "/faults",
        "/log",
        "/log?show=calls",
        "/log?show=requests",
        "/log?show=messages",
        "/log?show=debugger",
        "/assets/mock.css",
        "/assets/handset.js",
        "/assets/icon.svg",
    ];
    for path in paths {
        world.page(path).await;
    }
    world.answer("/twiml", "<Say>Hello &lt;b&gt;</Say>");
    world.control.text(THEIRS, OURS, "<script>alert(1)</script>").await.unwrap();
    world.post("Messages.json", &[("To", THEIRS), ("From", OURS), ("Body", "x")]).await;
    let sid = world.call(&[]).await;
    world.ended(&sid).await;
    for path in paths {
        let html = world.page(path).await;
        assert!(!html.contains("<script>alert"), "{path}");
    }
    assert!(world.page("/").await.contains("(555) 555-0142"));
}

#[tokio::test]
async fn a_phone_texts_and_answers_by_forms_alone() {
    let world = World::start().await;
    world.answer("/twiml", "<Gather numDigits=\"2\" action=\"/keyed\" timeout=\"60\"><Say>Press four, seven.</Say></Gather>");
    world.answer("/keyed", "<Hangup/>");
    let page = format!("/handset{BACK}");
    assert!(world.page(&page).await.contains("Student"));
    let form = [("from", THEIRS), ("to", OURS), ("body", "help me"), ("back", BACK)];
    assert!(world.submit("/handset/text", &form).await.contains("help me"));
    assert_eq!(world.hooks("/sms")[0].get("Body"), "help me");

    // The page is open, so the call rings there instead of going unanswered.
    let sid = world.call(&[]).await;
    world.wait_hooks("/status", 2).await;
    assert!(world.page(&page).await.contains("Accept"));
    let card = format!("/handset/call/{sid}");
    world.submit(&card, &[("do", "let_ring"), ("back", BACK)]).await;
    world.submit(&card, &[("do", "answer"), ("back", BACK)]).await;
    let gathering = sid.clone();
    world
        .control
        .wait_until(std::time::Duration::from_secs(5), move |control| {
            let sid = gathering.clone();
            async move { control.call(&sid).await.is_ok_and(|call| call.is_gathering()) }
        })
        .await;
    assert!(world.page(&page).await.contains("Press four, seven."));
    world.submit(&card, &[("digits", "4"), ("back", BACK)]).await;
    world.submit(&card, &[("digits", "7"), ("back", BACK)]).await;
    assert_eq!(world.ended(&sid).await.status, CallStatus::Completed);
    assert_eq!(world.hooks("/keyed")[0].get("Digits"), "47");
    assert!(world.page(&page).await.contains("keyed 47"));
}

#[tokio::test]
async fn a_phone_may_be_given_to_a_script() {
    let world = World::start().await;
    let form = [("number", THEIRS), ("answer", "busy"), ("back", BACK)];
    assert!(world.submit("/handset/behaviour", &form).await.contains("Busy"));
    let sid = world.call(&[]).await;
    assert_eq!(world.ended(&sid).await.status, CallStatus::Busy);
    let form = [("number", THEIRS), ("answer", "manual"), ("back", BACK)];
    world.submit("/handset/behaviour", &form).await;
    assert!(world.control.behaviours().await.is_empty());
}

#[tokio::test]
async fn faults_are_set_and_removed_by_forms() {
    let world = World::start().await;
    let html = world.submit("/faults", &[("kind", "rest"), ("fault", "429"), ("times", "1")]).await;
    assert!(html.contains("Too many requests"));
    let form = [("To", THEIRS), ("From", OURS), ("Body", "x")];
    assert_eq!(world.post("Messages.json", &form).await.0, 429);
    assert_eq!(world.post("Messages.json", &form).await.0, 201);
    let html = world.submit("/faults", &[("kind", "rest"), ("fault", "explode")]).await;
    assert!(html.contains("was not set") && html.contains("explode"));
    world.submit("/faults", &[("kind", "smtp"), ("fault", "reject"), ("to", "a@example.org")]).await;
    let id = world.control.faults().await[0].id.clone();
    world.submit("/faults/remove", &[("id", &id)]).await;
    assert!(world.control.faults().await.is_empty());
}

#[tokio::test]
async fn a_scanner_visits_every_link_with_head_and_get() {
    let world = World::start().await;
    let link = format!("{}/r/token", world.gateway);
    let raw = format!("From: a@example.org\r\nSubject: Hello\r\n\r\nOpen {link} or {link}/more\r\n");
    let mut stream = tokio::net::TcpStream::connect(world.mock.smtp_addr()).await.unwrap();
    let all = format!("EHLO a\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<p@example.org>\r\nDATA\r\n{raw}.\r\nQUIT\r\n");
    tokio::io::AsyncWriteExt::write_all(&mut stream, all.as_bytes()).await.unwrap();
    let arrived =
        world.control.wait_until(std::time::Duration::from_secs(5), |control| async move { !control.mails(None).await.is_empty() });
    assert!(arrived.await);
    let id = world.control.mails(None).await[0].id.clone();
    assert!(world.page("/inbox?to=p@example.org").await.contains("Hello"));
    let html = world.page(&format!("/inbox/{id}")).await;
    assert!(html.contains(&format!("href=\"{link}\"")) && html.contains(&format!("href=\"{link}/more\"")));
    let html = world.submit(&format!("/inbox/{id}/scan"), &[]).await;
    assert!(html.contains("HEAD"));
    assert_eq!((world.hooks("/r/token").len(), world.hooks("/r/token/more").len()), (2, 2));
}

#[tokio::test]
async fn the_event_stream_makes_its_phones_ring_and_tells_of_changes() {
    let world = World::start().await;
    let url = format!("{}/control/events?handset=%2B15555550142", world.mock.base_url());
    let mut events = world.http.get(url).send().await.unwrap();
    let sid = world.call(&[]).await;
    world.wait_hooks("/status", 2).await;
    let call = world.control.call(&sid).await.unwrap();
    assert!(call.manual && call.status == CallStatus::Ringing);
    let mut heard = String::new();
    while !heard.contains("\"status\":\"ringing\"") {
        let chunk = tokio::time::timeout(std::time::Duration::from_secs(5), events.chunk());
        heard.push_str(&String::from_utf8_lossy(&chunk.await.unwrap().unwrap().unwrap()));
    }
    world.control.decline(&sid).await.unwrap();
    assert_eq!(world.ended(&sid).await.status, CallStatus::Busy);
}

//! Every way in from a handset page, by forms alone: a call with keys and words, a mail and an answer to one, WhatsApp,
//! and the links to the gateway's own pages.

use std::time::Duration;

use mock_carriers::Options;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::gateway::{OURS, THEIRS, World};

const WITHIN: Duration = Duration::from_secs(10);
const PAGE: &str = "/handset?numbers=%2B15555550142&labels=Student";
const BACK: &str = "?numbers=%2B15555550142&labels=Student";
const ADDRESS: &str = "student.0142@example.org";

async fn page(world: &World) -> String {
    world.http.get(format!("{}{PAGE}", world.mock.base_url())).send().await.unwrap().text().await.unwrap()
}

async fn submit(world: &World, path: &str, form: &[(&str, &str)]) -> String {
    let response = world.http.post(format!("{}{path}", world.mock.base_url())).form(form).send().await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    response.text().await.unwrap()
}

#[tokio::test]
async fn a_phone_calls_in_keys_speaks_and_hangs_up() {
    let world = World::start().await;
    world.answer("/voice", "<Gather numDigits=\"1\" action=\"/language\" timeout=\"500\"><Say>For English, press one.</Say></Gather>");
    world.answer("/language", "<Record action=\"/kept\" recordingStatusCallback=\"/recorded\"/>");
    assert!(page(&world).await.contains("Call the tip line"));
    submit(&world, "/handset/dial", &[("from", THEIRS), ("to", OURS), ("back", BACK)]).await;
    let sid = world.control.calls(Some(THEIRS)).await[0].sid.clone();
    world.control.wait_prompt(&sid, WITHIN).await.unwrap();
    let html = page(&world).await;
    assert!(html.contains("For English, press one.") && html.contains("Keys are waited for."));
    let card = format!("/handset/call/{sid}");
    submit(&world, &card, &[("digits", "1"), ("back", BACK)]).await;
    world.control.wait_prompt(&sid, WITHIN).await.unwrap();
    assert!(page(&world).await.contains("Recording. Say something"));
    submit(&world, &card, &[("do", "speak"), ("words", "There is a <fight>"), ("back", BACK)]).await;
    submit(&world, &card, &[("do", "hangup"), ("back", BACK)]).await;
    world.control.wait_end(&sid, WITHIN).await.unwrap();
    assert_eq!(world.wait_hooks("/recorded", 1).await[0].get("RecordingStatus"), "completed");
    assert!(page(&world).await.contains("There is a &#60;fight&#62;"));
}

/// A mail of the gateway to the student, over SMTP.
async fn gateway_writes(world: &World) {
    let mut stream = tokio::net::TcpStream::connect(world.mock.smtp_addr()).await.unwrap();
    let mail = format!(
        "EHLO a\r\nMAIL FROM:<bounce@example.org>\r\nRCPT TO:<{ADDRESS}>\r\nDATA\r\nFrom: Tip line <no-reply@example.org>\r\n\
        Reply-To: <tips+t1.mac@example.org>\r\nSubject: We have your mail\r\nMessage-ID: <one@example.org>\r\n\r\nThank you.\r\n.\r\nQUIT\r\n"
    );
    stream.write_all(mail.as_bytes()).await.unwrap();
    let mut said = String::new();
    tokio::time::timeout(WITHIN, stream.read_to_string(&mut said)).await.unwrap().unwrap();
}

/// A form with a file, as a browser writes it; a file field left empty has no name.
fn form(fields: &[(&str, &str)], file: &str, bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(format!("--cut\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").into_bytes());
    }
    let head = format!("--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{file}\"\r\nContent-Type: image/png\r\n\r\n");
    body.extend(head.into_bytes());
    body.extend(bytes);
    body.extend(b"\r\n--cut--\r\n");
    body
}

#[tokio::test]
async fn a_phone_writes_a_mail_reads_what_came_back_and_answers() {
    let world = World::start().await;
    let post = async |fields: &[(&str, &str)], file: &str, bytes: &[u8]| {
        let url = format!("{}/handset/mail", world.mock.base_url());
        let request = world.http.post(url).header("content-type", "multipart/form-data; boundary=cut");
        request.body(form(fields, file, bytes)).send().await.unwrap()
    };
    let fields = [("from", ADDRESS), ("subject", "Gym"), ("text", "See the picture."), ("back", BACK)];
    let html = post(&fields, "gym.png", b"\x89PNG").await.text().await.unwrap();
    assert!(html.contains("Gym") && html.contains("See the picture."), "what was sent is shown");
    gateway_writes(&world).await;
    let html = page(&world).await;
    assert!(html.contains("We have your mail") && html.contains("Thank you."));
    let id = world.control.mails(Some(ADDRESS)).await[0].id.clone();
    let fields = [("from", ADDRESS), ("subject", ""), ("text", "More."), ("answers", id.as_str()), ("back", BACK)];
    assert_eq!(post(&fields, "", b"").await.status(), 200);
    let wrong = post(&[("from", "a\nb"), ("text", "x"), ("back", BACK)], "", b"").await;
    assert_eq!(wrong.status(), 400);
    let inbox = world.control.mailbox("INBOX").await.unwrap();
    assert_eq!(inbox.mails.iter().map(|mail| mail.subject.as_str()).collect::<Vec<_>>(), ["Gym", "Re: We have your mail"]);
    let raw = String::from_utf8(world.control.mailbox_raw("INBOX", 2).await.unwrap()).unwrap();
    for wanted in ["To: tips+t1.mac@example.org\r\n", "In-Reply-To: <one@example.org>\r\n", "References: <one@example.org>\r\n"] {
        assert!(raw.contains(wanted), "{wanted}: {raw}");
    }
    assert!(!raw.contains("multipart/mixed"), "an empty file field is no file");
    let raw = world.control.mailbox_raw("INBOX", 1).await.unwrap();
    let parsed = mail_parser::MessageParser::default().parse(&raw).unwrap();
    assert_eq!(parsed.attachment(0).unwrap().contents(), b"\x89PNG");
}

#[tokio::test]
async fn a_phone_is_on_whatsapp_as_well_and_knows_the_web_pages() {
    let world = World::with(Options { site: Some("http://127.0.0.1:8080".into()), ..Options::default() }).await;
    let to = format!("whatsapp:{OURS}");
    let html = submit(&world, "/handset/text", &[("from", THEIRS), ("to", &to), ("body", "hola"), ("back", BACK)]).await;
    assert!(html.contains("hola") && html.contains("WhatsApp, "));
    assert_eq!(world.hooks("/sms")[0].get("From"), format!("whatsapp:{THEIRS}"));
    assert!(html.contains("href=\"http://127.0.0.1:8080/chat\"") && html.contains("href=\"http://127.0.0.1:8080/\""));
    let world = World::start().await;
    assert!(!page(&world).await.contains("class=\"ways\""));
}

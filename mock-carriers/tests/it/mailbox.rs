//! The tip line's mailbox, read by the client that the gateway uses: every command, idling, moving, faults, a new
//! UIDVALIDITY; and mail that comes in by SMTP and by the control API.

use std::time::Duration;

use async_imap::extensions::idle::IdleResponse;
use async_imap::types::Fetch;
use async_imap::{Client, Session};
use futures_util::TryStreamExt;
use mock_carriers::{Attachment, Letter};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::gateway::World;

const WITHIN: Duration = Duration::from_secs(10);

type Imap = Session<TcpStream>;

async fn client(world: &World) -> Client<TcpStream> {
    let stream = TcpStream::connect(world.mock.imap_addr()).await.unwrap();
    let mut client = Client::new(stream);
    let greeting = tokio::time::timeout(WITHIN, client.read_response()).await.unwrap().unwrap();
    assert!(greeting.is_some());
    client
}

async fn log_in(world: &World) -> Imap {
    let client = client(world).await;
    client.login(world.mock.mailbox(), world.mock.mailbox_password()).await.map_err(|(error, _)| error).unwrap()
}

async fn fetch(imap: &mut Imap, uids: &str) -> Result<Vec<Fetch>, async_imap::error::Error> {
    imap.uid_fetch(uids, "(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])").await?.try_collect().await
}

async fn uids(imap: &mut Imap, query: &str) -> Vec<u32> {
    let mut found: Vec<u32> = imap.uid_search(query).await.unwrap().into_iter().collect();
    found.sort_unstable();
    found
}

async fn three(world: &World) {
    for number in 1..=3 {
        world.control.mail_in("robin@example.org", &format!("Report {number}"), "There is a fight.").await.unwrap();
    }
}

async fn imap_fault(world: &World, fault: &str, method: Option<&str>) {
    let fault = json!({"match": {"kind": "imap", "method": method}, "fault": fault, "times": 1});
    world.control.set_fault(serde_json::from_value(fault).unwrap()).await.unwrap();
}

#[tokio::test]
async fn a_mail_is_found_fetched_unseen_and_moved() {
    let world = World::start().await;
    three(&world).await;
    let mut imap = log_in(&world).await;
    let capabilities = imap.capabilities().await.unwrap();
    for wanted in ["IMAP4rev1", "IDLE", "MOVE", "UIDPLUS", "LITERAL+"] {
        assert!(capabilities.has_str(wanted), "{wanted}");
    }
    let inbox = imap.select("INBOX").await.unwrap();
    assert_eq!((inbox.exists, inbox.uid_next), (3, Some(4)));
    assert!(inbox.uid_validity.is_some());
    assert_eq!(uids(&mut imap, "UID 2:*").await, [2, 3]);
    assert_eq!(uids(&mut imap, "UID 9:*").await, [3], "the star is the last message");
    let mails = fetch(&mut imap, "2:3").await.unwrap();
    assert_eq!(mails.iter().map(|mail| mail.uid.unwrap()).collect::<Vec<_>>(), [2, 3]);
    let mail = &mails[0];
    let body = mail.body().unwrap();
    assert_eq!(mail.size.unwrap() as usize, body.len());
    assert!(mail.internal_date().is_some());
    assert_eq!(mail.flags().count(), 0, "PEEK leaves it unseen");
    let parsed = mail_parser::MessageParser::default().parse(body).unwrap();
    assert_eq!((parsed.subject(), parsed.body_text(0).as_deref()), (Some("Report 2"), Some("There is a fight.")));
    for header in ["Return-Path", "Delivered-To", "Received", "Message-ID", "Date", "From", "To"] {
        assert!(parsed.header_raw(header).is_some(), "{header}");
    }
    imap.create("Taken").await.unwrap();
    imap.uid_mv("2", "Taken").await.unwrap();
    assert_eq!(uids(&mut imap, "ALL").await, [1, 3]);
    let taken = imap.examine("Taken").await.unwrap();
    assert_eq!(taken.exists, 1);
    assert!(imap.uid_mv("1", "INBOX").await.is_err(), "it was opened read-only");
    imap.logout().await.unwrap();
    assert_eq!(world.control.mailbox("Taken").await.unwrap().mails[0].subject, "Report 2");
}

#[tokio::test]
async fn flags_copies_and_expunges_work_by_uid() {
    let world = World::start().await;
    three(&world).await;
    let mut imap = log_in(&world).await;
    imap.select("INBOX").await.unwrap();
    let told: Vec<Fetch> = imap.uid_store("1,3", "+FLAGS (\\Seen \\Deleted)").await.unwrap().try_collect().await.unwrap();
    assert_eq!(told.len(), 2);
    imap.uid_copy("1:2", "Junk").await.unwrap();
    let gone: Vec<u32> = imap.uid_expunge("3:*").await.unwrap().try_collect().await.unwrap();
    assert_eq!(gone, [3]);
    assert_eq!(uids(&mut imap, "SEEN").await, [1]);
    let gone: Vec<u32> = imap.expunge().await.unwrap().try_collect().await.unwrap();
    assert_eq!(gone, [1]);
    imap.noop().await.unwrap();
    imap.check().await.unwrap();
    let names: Vec<_> = imap.list(Some(""), Some("*")).await.unwrap().try_collect().await.unwrap();
    assert_eq!(names.iter().map(async_imap::types::Name::name).collect::<Vec<_>>(), ["INBOX", "Junk"]);
    let junk = world.control.mailbox("Junk").await.unwrap();
    assert_eq!(junk.mails.iter().map(|mail| mail.flags.len()).collect::<Vec<_>>(), [2, 0]);
    assert_eq!(imap.status("Junk", "(MESSAGES UIDNEXT)").await.unwrap().exists, 2);
    assert!(imap.uid_copy("2", "Nowhere").await.is_err());
    imap.uid_store("2", "+FLAGS.SILENT (\\Deleted)").await.unwrap().try_collect::<Vec<_>>().await.unwrap();
    imap.close().await.unwrap();
    assert!(world.control.mailbox("INBOX").await.unwrap().mails.is_empty());
}

#[tokio::test]
async fn an_idling_client_is_told_of_new_mail() {
    let world = World::start().await;
    let mut imap = log_in(&world).await;
    imap.select("INBOX").await.unwrap();
    let mut idle = imap.idle();
    idle.init().await.unwrap();
    let (news, _stop) = idle.wait_with_timeout(WITHIN);
    let (news, posted) = tokio::join!(news, world.control.mail_in("robin@example.org", "Report", "now"));
    assert!(matches!(news.unwrap(), IdleResponse::NewData(_)));
    let mut imap = idle.done().await.unwrap();
    assert_eq!(uids(&mut imap, "ALL").await, [posted.unwrap().uid]);
}

#[tokio::test]
async fn logins_with_plain_literals_and_wrong_passwords() {
    struct Plain(String);
    impl async_imap::Authenticator for Plain {
        type Response = String;
        fn process(&mut self, _: &[u8]) -> String {
            self.0.clone()
        }
    }
    let world = World::start().await;
    let right = format!("\0{}\0{}", world.mock.mailbox(), world.mock.mailbox_password());
    assert!(client(&world).await.authenticate("PLAIN", Plain(right)).await.is_ok());
    assert!(client(&world).await.authenticate("PLAIN", Plain("\0a\0b".into())).await.is_err());
    assert!(client(&world).await.login("tips@example.org", "wrong").await.is_err());
    let mut raw = BufReader::new(TcpStream::connect(world.mock.imap_addr()).await.unwrap());
    raw.write_all(b"a LOGIN {16}\r\ntips@example.org {11+}\r\nmail-secret\r\nb SELECT Nowhere\r\nc FROB\r\nd LOGOUT\r\n").await.unwrap();
    let mut all = String::new();
    tokio::time::timeout(WITHIN, raw.read_to_string(&mut all)).await.unwrap().unwrap();
    for wanted in ["+ Go on\r\n", "a OK ", "b NO [NONEXISTENT]", "c BAD ", "* BYE", "d OK"] {
        assert!(all.contains(wanted), "{wanted}: {all}");
    }
    let mut early = BufReader::new(TcpStream::connect(world.mock.imap_addr()).await.unwrap());
    early.write_all(b"a SELECT INBOX\r\n(\r\nx LOGOUT\r\n").await.unwrap();
    let mut line = String::new();
    for wanted in ["* OK", "a BAD", "* BAD"] {
        line.clear();
        early.read_line(&mut line).await.unwrap();
        assert!(line.starts_with(wanted), "{line}");
    }
}

#[tokio::test]
async fn a_connection_is_cut_in_the_middle_of_a_mail_or_after_a_move() {
    let world = World::start().await;
    three(&world).await;
    let mut imap = log_in(&world).await;
    imap.select("INBOX").await.unwrap();
    imap_fault(&world, "drop", None).await;
    assert!(fetch(&mut imap, "1:*").await.is_err());
    let mut imap = log_in(&world).await;
    imap.select("INBOX").await.unwrap();
    assert_eq!(fetch(&mut imap, "1:*").await.unwrap().len(), 3, "the fault is used up");
    imap_fault(&world, "cut_between", None).await;
    assert!(fetch(&mut imap, "1:*").await.is_ok_and(|mails| mails.len() == 1), "the client takes it for the end");
    let mut imap = log_in(&world).await;
    imap.select("INBOX").await.unwrap();
    imap_fault(&world, "drop_after_data", None).await;
    assert!(imap.uid_mv("1", "Junk").await.is_err());
    assert_eq!(world.control.mailbox("Junk").await.unwrap().mails.len(), 1, "it was moved all the same");
    imap_fault(&world, "drop", Some("MOVE")).await;
    let mut imap = log_in(&world).await;
    imap.select("INBOX").await.unwrap();
    assert!(imap.uid_mv("2", "Junk").await.is_err());
    assert_eq!(world.control.mailbox("Junk").await.unwrap().mails.len(), 1, "it was not moved");
    imap_fault(&world, "401", None).await;
    assert!(client(&world).await.login("tips@example.org", "mail-secret").await.is_err());
    imap_fault(&world, "temporary", Some("SELECT")).await;
    let mut imap = log_in(&world).await;
    assert!(imap.select("INBOX").await.is_err());
    assert!(imap.select("INBOX").await.is_ok());
    world.control.cut_mailbox().await;
    // The client takes the end of the stream for the end of a NOOP or SELECT; a MOVE wants its answer.
    assert!(imap.uid_mv("3", "Junk").await.is_err(), "the server is gone");
    assert!(log_in(&world).await.select("INBOX").await.is_ok(), "and is back");
}

#[tokio::test]
async fn a_new_uidvalidity_throws_clients_out_and_renumbers() {
    let world = World::start().await;
    three(&world).await;
    let mut imap = log_in(&world).await;
    let before = imap.select("INBOX").await.unwrap();
    imap.uid_mv("1", "Junk").await.unwrap();
    let new = world.control.renumber_mailbox("INBOX").await.unwrap();
    assert_ne!(before.uid_validity, Some(new));
    assert!(imap.uid_mv("1", "Junk").await.is_err(), "its numbers are worth nothing");
    assert_eq!(world.control.mailbox("INBOX").await.unwrap().mails.len(), 2);
    let mut imap = log_in(&world).await;
    let after = imap.select("INBOX").await.unwrap();
    assert_eq!((after.uid_validity, after.uid_next), (Some(new), Some(3)));
    assert_eq!(uids(&mut imap, "ALL").await, [1, 2]);
}

#[tokio::test]
async fn mail_by_smtp_lands_in_the_mailbox_also_for_plus_addresses() {
    let world = World::start().await;
    let mut stream = TcpStream::connect(world.mock.smtp_addr()).await.unwrap();
    let all = "EHLO a\r\nMAIL FROM:<bounce@example.org>\r\nRCPT TO:<Tips+t12.mac@example.org>\r\nRCPT TO:<other@example.org>\r\n\
        DATA\r\nSubject: By SMTP\r\n\r\nhello\r\n.\r\nQUIT\r\n";
    stream.write_all(all.as_bytes()).await.unwrap();
    let mut said = String::new();
    tokio::time::timeout(WITHIN, stream.read_to_string(&mut said)).await.unwrap().unwrap();
    let inbox = world.control.mailbox("INBOX").await.unwrap();
    assert_eq!((inbox.mails.len(), inbox.mails[0].subject.as_str()), (1, "By SMTP"));
    let raw = String::from_utf8(world.control.mailbox_raw("INBOX", 1).await.unwrap()).unwrap();
    assert!(raw.starts_with("Return-Path: <bounce@example.org>\r\nDelivered-To: Tips+t12.mac@example.org\r\nReceived: "), "{raw}");
    assert_eq!(world.control.mails(Some("other@example.org")).await.len(), 1);
}

#[tokio::test]
async fn the_control_api_writes_lists_and_renumbers() {
    let world = World::start().await;
    let url = format!("{}/control/mailbox", world.mock.base_url());
    let post = async |path: &str, body: Value| -> (u16, Value) {
        let response = world.http.post(format!("{url}{path}")).body(body.to_string()).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap_or(Value::Null))
    };
    let letter = json!({"from": "Robin <robin@example.org>", "to": "tips+t1.x@example.org", "subject": "¿Hola?", "text": "hola",
        "in_reply_to": "<a@example.org>", "headers": {"Auto-Submitted": "auto-replied", "Return-Path": "<>"}, "folder": "Junk",
        "attachments": [{"name": "a.png", "content_type": "image/png", "data_base64": "iVBORw0KGgo="}]});
    let (status, posted) = post("", letter).await;
    assert_eq!((status, &posted["uid"], &posted["folder"]), (200, &json!(1), &json!("Junk")));
    let raw = String::from_utf8(world.control.mailbox_raw("Junk", 1).await.unwrap()).unwrap();
    for wanted in
        ["Return-Path: <>\r\n", "Auto-Submitted: auto-replied\r\n", "In-Reply-To: <a@example.org>\r\n", "References: <a@example.org>"]
    {
        assert!(raw.contains(wanted), "{wanted}: {raw}");
    }
    let listed: Value = world.http.get(format!("{url}?folder=Junk")).send().await.unwrap().json().await.unwrap();
    assert_eq!((&listed["mails"][0]["subject"], &listed["mails"][0]["message_id"]), (&json!("¿Hola?"), &posted["message_id"]));
    let (status, _) = post("", json!({"raw_base64": "/wAK"})).await;
    assert_eq!(status, 200);
    assert_eq!(world.control.mailbox_raw("INBOX", 1).await.unwrap(), [0xff, 0, 0x0a], "byte for byte");
    let (status, error) = post("", json!({"from": "a@example.org", "to": "principal@example.org"})).await;
    assert_eq!(status, 400);
    assert!(error["error"].as_str().unwrap().contains("principal@example.org"));
    assert_eq!(post("", json!({"folder": "Nowhere"})).await.0, 400);
    let (status, renumbered) = post("/uidvalidity", json!({"folder": "Junk"})).await;
    assert_eq!(status, 200);
    assert_ne!(renumbered["uid_validity"], listed["uid_validity"]);
    assert_eq!(post("/cut", json!({})).await.0, 204);
    let missing = world.http.get(format!("{url}?folder=Nowhere")).send().await.unwrap();
    assert_eq!(missing.status(), 404);
    world.control.reset().await;
    assert!(world.control.mailbox("Junk").await.unwrap().mails.is_empty());
}

#[tokio::test]
async fn large_and_many_mails_come_whole() {
    let world = World::start().await;
    let data_base64 = "QUJD".repeat(700_000);
    let file = Attachment { name: "film.mp4".into(), content_type: "video/mp4".into(), data_base64 };
    let letter = Letter { from: "robin@example.org".into(), text: Some("see film".into()), attachments: vec![file], ..Letter::default() };
    world.control.write(letter).await.unwrap();
    for number in 0..200 {
        world.control.mail_in("robin@example.org", &number.to_string(), "text").await.unwrap();
    }
    let mut imap = log_in(&world).await;
    imap.select("INBOX").await.unwrap();
    let mails = fetch(&mut imap, "1:*").await.unwrap();
    assert_eq!(mails.len(), 201);
    let film = mail_parser::MessageParser::default().parse(mails[0].body().unwrap()).unwrap();
    assert_eq!(film.attachment(0).unwrap().contents().len(), 2_100_000);
}

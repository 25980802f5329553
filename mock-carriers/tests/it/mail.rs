//! The SMTP server, spoken to line by line: a whole dialogue, refusals, pipelining, faults, limits.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::gateway::World;

struct Client(BufReader<TcpStream>);

impl Client {
    async fn connect(world: &World) -> Self {
        let stream = TcpStream::connect(world.mock.smtp_addr()).await.unwrap();
        let mut client = Self(BufReader::new(stream));
        assert!(client.reply().await.starts_with("220 "));
        client
    }

    async fn reply(&mut self) -> String {
        let mut line = String::new();
        loop {
            line.clear();
            let read = self.0.read_line(&mut line);
            tokio::time::timeout(Duration::from_secs(5), read).await.unwrap().unwrap();
            if line.as_bytes().get(3) != Some(&b'-') {
                return line;
            }
        }
    }

    async fn say(&mut self, line: &str) -> String {
        self.0.write_all(format!("{line}\r\n").as_bytes()).await.unwrap();
        self.reply().await
    }

    async fn send(&mut self, to: &str) -> String {
        assert!(self.say("MAIL FROM:<desk@example.org> SIZE=100").await.starts_with("250"));
        let answer = self.say(&format!("RCPT TO:<{to}>")).await;
        if !answer.starts_with("250") {
            return answer;
        }
        assert!(self.say("DATA").await.starts_with("354"));
        let text = "From: Desk <desk@example.org>\r\nSubject: A report\r\nAuto-Submitted: auto-generated\r\n\
            \r\nOpen https://example.org/r/abc\r\n..hidden\r\n.";
        self.say(text).await
    }
}

async fn fault(world: &World, to: &str, fault: &str) {
    let fault: Value = json!({"match": {"kind": "smtp", "to": to}, "fault": fault, "times": 1});
    world.control.set_fault(serde_json::from_value(fault).unwrap()).await.unwrap();
}

#[tokio::test]
async fn a_mail_is_taken_and_can_be_read() {
    let world = World::start().await;
    let mut client = Client::connect(&world).await;
    assert!(client.say("EHLO test.example.org").await.starts_with("250 "));
    assert!(client.say("DATA").await.starts_with("503"));
    assert!(client.say("RCPT TO:<a@example.org>").await.starts_with("503"));
    assert!(client.say("NONSENSE").await.starts_with("502"));
    assert!(client.say("MAIL FROM:desk").await.starts_with("501"));
    assert!(client.send("principal@example.org").await.starts_with("250"));
    assert!(client.say("RSET").await.starts_with("250"));
    assert!(client.say("QUIT").await.starts_with("221"));
    let mails = world.control.mails(Some("Principal@example.org")).await;
    assert_eq!(mails.len(), 1);
    assert_eq!((mails[0].subject.as_str(), mails[0].links[0].as_str()), ("A report", "https://example.org/r/abc"));
    assert!(mails[0].text.contains("\n.hidden"), "dots are unstuffed: {:?}", mails[0].text);
    assert!(mails[0].headers.contains(&("Auto-Submitted".to_owned(), "auto-generated".to_owned())));
    let raw = format!("{}/control/mails/{}/raw", world.mock.base_url(), mails[0].id);
    assert!(world.http.get(raw).send().await.unwrap().text().await.unwrap().starts_with("From: Desk"));
    world.control.clear_mails().await;
    assert!(world.control.mails(None).await.is_empty());
}

#[tokio::test]
async fn commands_may_be_pipelined() {
    let world = World::start().await;
    let mut client = Client::connect(&world).await;
    let all = b"EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\nhi\r\n.\r\nQUIT\r\n";
    client.0.write_all(all).await.unwrap();
    let mut text = String::new();
    let read = client.0.read_to_string(&mut text);
    tokio::time::timeout(Duration::from_secs(5), read).await.unwrap().unwrap();
    assert!(text.contains("250-PIPELINING") && text.ends_with("221 2.0.0 Bye\r\n"), "{text}");
    assert_eq!(world.control.mails(Some("b@example.org")).await[0].to.len(), 2);
}

#[tokio::test]
async fn recipients_are_refused_for_good_or_for_now() {
    let world = World::start().await;
    let mut client = Client::connect(&world).await;
    client.say("EHLO a").await;
    fault(&world, "gone@example.org", "reject").await;
    assert!(client.send("gone@example.org").await.starts_with("550"));
    fault(&world, "full@example.org", "451").await;
    assert!(client.send("full@example.org").await.starts_with("451"));
    assert!(client.send("full@example.org").await.starts_with("250"));
}

#[tokio::test]
async fn a_mail_may_be_taken_without_an_answer() {
    let world = World::start().await;
    let mut client = Client::connect(&world).await;
    client.say("EHLO a").await;
    fault(&world, "a@example.org", "drop_after_data").await;
    assert_eq!(client.send("a@example.org").await, "", "the connection ends");
    assert_eq!(world.control.mails(None).await.len(), 1);
}

#[tokio::test]
async fn too_large_is_refused_before_and_after() {
    let world = World::start().await;
    let mut client = Client::connect(&world).await;
    client.say("EHLO a").await;
    assert!(client.say("MAIL FROM:<a@example.org> SIZE=99999999").await.starts_with("552"));
    let line = "x".repeat(5_000);
    assert!(client.say(&line).await.starts_with("500"));
}

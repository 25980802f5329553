//! Mail in and mail out, by real servers: Exim carries it, Dovecot keeps it, the gateway reads and answers.

#[path = "../../../adapters/tests/dovecot/mod.rs"]
pub mod dovecot;
mod exim;
mod signed;
mod told;

use crate::gateway::{TestGateway, until};
use dovecot::{Dovecot, PASSWORD, USER};
use exim::Exim;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

/// A gateway whose mailbox is on this Dovecot, and whose mail goes out by this port.
async fn gateway(server: &Dovecot, smtp: Option<u16>) -> TestGateway {
    let mut gateway = prepared(server, smtp).await;
    gateway.serve().await;
    gateway
}

/// The same before it runs.
async fn prepared(server: &Dovecot, smtp: Option<u16>) -> TestGateway {
    let gateway = TestGateway::prepare(&[]).await;
    let file = gateway.folder.join("tipline.toml");
    let mut text = std::fs::read_to_string(&file).expect("the configuration");
    if let Some(port) = smtp {
        let mock = gateway.mock.smtp_addr().port();
        text = text.replace(&format!("port = {mock}\n"), &format!("port = {port}\n"));
    }
    // The demo's mailbox, at another server.
    let mock = gateway.mock.imap_addr().port();
    for (its, ours) in [
        (format!("port = {mock}\n"), format!("port = {}\nsweep_seconds = 5\n", server.port())),
        ("user = \"tips@example.org\"".to_owned(), format!("user = \"{USER}\"")),
        ("password = \"mail-secret\"".to_owned(), format!("password = \"{PASSWORD}\"")),
    ] {
        assert!(text.contains(&its), "the demo's configuration has {its}");
        text = text.replace(&its, &ours);
    }
    std::fs::write(file, text).expect("the configuration");
    gateway
}

/// Hands a mail to Exim as a reporter's own mail server would.
fn deliver(exim: &Exim, from: &str, to: &str, mail: &str) {
    let stream = TcpStream::connect(("127.0.0.1", exim.port())).expect("Exim listens");
    let mut reader = BufReader::new(stream.try_clone().expect("a reader"));
    let mut writer = stream;
    let mut step = |said: &str, expected: &str| {
        write!(writer, "{said}").expect("Exim hears");
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).expect("Exim answers");
            assert!(line.starts_with(expected), "{said:?}: {line}");
            if line.as_bytes().get(3) != Some(&b'-') {
                break;
            }
        }
    };
    step("", "220");
    step("EHLO client.example.org\r\n", "250");
    step(&format!("MAIL FROM:<{from}>\r\n"), "250");
    step(&format!("RCPT TO:<{to}>\r\n"), "250");
    step("DATA\r\n", "354");
    step(&format!("{}\r\n.\r\n", mail.replace('\n', "\r\n")), "250");
    step("QUIT\r\n", "221");
}

fn header<'a>(mail: &'a str, name: &str) -> &'a str {
    let begin = format!("{}:", name.to_lowercase());
    mail.lines().find(|line| line.to_lowercase().starts_with(&begin)).map_or("", |line| line[begin.len()..].trim())
}

async fn only_tip(gateway: &TestGateway, what: &str) -> String {
    let tips = until(what, || async {
        let tips = gateway.tips().await;
        (!tips.is_empty()).then_some(tips)
    })
    .await;
    assert_eq!(tips.len(), 1, "{what}: one tip");
    tips[0]["id"].as_str().expect("an id").to_owned()
}

async fn messages(gateway: &TestGateway, tip: &str) -> Vec<Value> {
    gateway.get(&format!("/tips/{tip}/messages")).await.as_array().cloned().unwrap_or_default()
}

#[tokio::test]
async fn a_mail_is_answered_and_answered_back_in_one_conversation() {
    let server = Dovecot::start();
    let exim = Exim::start(&server.inbox());
    let gateway = gateway(&server, Some(exim.port())).await;
    let first = "From: A Student <student@mail.example.org>\nTo: tips@example.org\nSubject: knife\nMessage-ID: <first@mail.example.org>\n\
                 Date: Mon, 05 Jan 2026 09:14:00 -0600\n\nHe has a knife in locker 12.";
    deliver(&exim, "student@mail.example.org", "tips@example.org", first);
    let tip = only_tip(&gateway, "the mail is a tip").await;

    let greeting = until("the first words arrive", || async { exim.mails().into_iter().next() }).await;
    assert_eq!(header(&greeting, "Return-path"), "<>", "nothing answers the program's own words: {greeting}");
    assert_eq!(header(&greeting, "Auto-Submitted"), "auto-replied");
    assert_eq!((header(&greeting, "In-Reply-To"), header(&greeting, "Subject")), ("<first@mail.example.org>", "Re: your message"));
    assert!(greeting.contains("911") && greeting.contains("988") && !greeting.contains("locker"), "{greeting}");

    gateway.send(reqwest::Method::POST, &format!("/tips/{tip}/replies"), json!({ "text": "Where is locker 12?" })).await;
    let answer = until("the answer arrives", || async { exim.mails().into_iter().find(|mail| mail.contains("Where is locker 12?")) }).await;
    assert_eq!(header(&answer, "Auto-Submitted"), "", "a person wrote it: {answer}");
    assert!(header(&answer, "Return-path").starts_with("<tips+m"), "{answer}");
    assert!(!answer.contains("knife"), "nothing is quoted: {answer}");
    let to = header(&answer, "From").rsplit(['<', '>']).nth(1).unwrap_or_default().to_owned();
    assert!(to.starts_with("tips+t") && to.ends_with("@example.org"), "{to}");

    // From another address, with neither the subject nor the thread: the address alone leads back.
    let second = format!(
        "From: other@mail.example.org\nTo: {to}\nSubject: hm\nMessage-ID: <second@mail.example.org>\nDate: Mon, 05 Jan 2026 09:20:00 -0600\n\n\
         Second floor.\n\nSent from my iPhone\n"
    );
    deliver(&exim, "other@mail.example.org", &to, &second);
    let third = format!(
        "From: student@mail.example.org\nTo: tips@example.org\nSubject: Re: your message\nMessage-ID: <third@mail.example.org>\n\
         In-Reply-To: {}\nDate: Mon, 05 Jan 2026 09:30:00 -0600\n\nNext to the gym.\n\nOn Mon, 5 Jan 2026 Safe2Help wrote:\n> Where is locker 12?\n",
        header(&answer, "Message-ID")
    );
    deliver(&exim, "student@mail.example.org", "tips@example.org", &third);
    let words = |all: &[Value]| all.iter().filter_map(|row| row["text"].as_str().map(str::to_owned)).collect::<Vec<_>>();
    let said = until("both are in the tip", || async {
        let said = words(&messages(&gateway, &tip).await);
        (said.iter().any(|text| text.contains("Next to the gym.")) && said.iter().any(|text| text.contains("Second floor.")))
            .then_some(said)
    })
    .await;
    assert!(!said.iter().any(|text| text.contains("iPhone") || text.contains("> Where")), "history and footer are cut: {said:?}");
    assert_eq!(gateway.tips().await.len(), 1, "one conversation");
    until("everything is moved", || async { (server.count("") == 0 && server.count("Processed") == 3).then_some(()) }).await;
}

#[tokio::test]
async fn an_answer_that_does_not_arrive_is_not_taken_for_told() {
    let server = Dovecot::start();
    let exim = Exim::start(&server.inbox());
    let gateway = gateway(&server, Some(exim.port())).await;
    let mail = "From: nobody@mail.example.org\nTo: tips@example.org\nSubject: help\nMessage-ID: <gone@mail.example.org>\n\
                Date: Mon, 05 Jan 2026 09:14:00 -0600\n\nHe hits me.";
    deliver(&exim, "nobody@mail.example.org", "tips@example.org", mail);
    let tip = only_tip(&gateway, "the mail is a tip").await;
    gateway.send(reqwest::Method::POST, &format!("/tips/{tip}/replies"), json!({ "text": "Are you safe now?" })).await;
    let failed = until("the bounce is believed", || async {
        let rows = messages(&gateway, &tip).await;
        rows.iter().find(|row| row["text"] == "Are you safe now?" && row["delivery"]["state"] == "failed").cloned()
    })
    .await;
    assert_eq!(failed["delivery"]["state"], "failed");
    let all = messages(&gateway, &tip).await;
    assert!(all.iter().any(|row| row["nature"] == "bounce"), "the bounce is shown for what it is: {all:?}");
    assert_eq!(gateway.tips().await.len(), 1, "and opens no tip of its own");
    assert!(!gateway.log().contains("nobody@"), "no address in the log");
}

#[tokio::test]
async fn nothing_is_lost_or_doubled_while_gateway_and_server_die() {
    let mut server = Dovecot::start();
    let mut gateway = gateway(&server, None).await;
    let mail = |number: usize| {
        format!(
            "From: reporter{}@mail.example.org\r\nTo: tips@example.org\r\nSubject: n{number}\r\nMessage-ID: <{number}@mail.example.org>\r\n\
             Date: Mon, 05 Jan 2026 09:14:00 -0600\r\n\r\nword{number}.\r\n",
            number % 10
        )
    };
    let mut delivered = 0;
    for round in 0..4 {
        for _ in 0..25 {
            delivered += 1;
            server.deliver("", mail(delivered).as_bytes());
        }
        let least = (round * 25 + 5) as f64;
        until("some are taken", || async { (gateway.metric("tipline_messages_taken_total").await >= 1.0 || least < 6.0).then_some(()) })
            .await;
        if round % 2 == 0 {
            server.kill();
            server.number_anew(100 + round);
            server.run();
        } else {
            gateway.kill();
            gateway.serve().await;
        }
    }
    until("all are taken", || async { (server.count("") == 0).then_some(()) }).await;
    let tips = gateway.tips().await;
    assert_eq!(tips.len(), 10, "one for each reporter");
    let mut words: Vec<String> = Vec::new();
    for tip in &tips {
        let all = messages(&gateway, tip["id"].as_str().expect("an id")).await;
        words.extend(all.iter().filter(|row| row["author"] == "reporter").filter_map(|row| row["text"].as_str().map(str::to_owned)));
    }
    words.sort();
    let count = words.len();
    words.dedup();
    assert_eq!((count, words.len()), (delivered, delivered), "each once: {words:?}");
}

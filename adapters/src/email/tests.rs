//! Hand-overs to a scripted mail server: what is sent, and what each stage's failure becomes.
//!
//! The server works on blocking sockets in a thread of its own: a line that must never be answered is held until the client
//! hangs up, so no test waits by sleeping.

use super::{Config, ConfigError, SmtpSender, Tls};
use crate::contract::{SendError, Sender};
use crate::secret::Secret;
use domain::channel::Means;
use domain::exchange::{Content, Mail, MailKind, Outbound, Search};
use domain::id::AttemptId;
use domain::language::Language;
use domain::sealed::{Address, Words};
use jiff::Timestamp;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// The answer that is none: the server closes.
const CLOSE: &str = "close";
/// The answer that never comes: the server holds the line until the client hangs up.
const SILENCE: &str = "silence";
const HELLO: &str = "250-mail.example.org\r\n250 8BITMIME";
/// One mail taken, from greeting to text.
const TAKEN: [&str; 6] = ["220 ready", HELLO, "250 sender", "250 recipient", "354 go on", "250 taken"];

struct MailServer {
    port: u16,
    heard: Receiver<String>,
}

impl MailServer {
    /// One connection for each list of answers: the greeting, then one for each command or text.
    fn start(connections: Vec<Vec<&'static str>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (send, heard) = channel();
        std::thread::spawn(move || {
            for answers in connections {
                let (stream, _) = listener.accept().unwrap();
                let mut writer = stream.try_clone().unwrap();
                let mut reader = BufReader::new(stream);
                let mut in_text = false;
                for (nth, answer) in answers.into_iter().enumerate() {
                    if nth > 0 {
                        let said = if in_text { text(&mut reader) } else { line(&mut reader) };
                        let _ = send.send(said);
                    }
                    in_text = answer.starts_with("354");
                    match answer {
                        CLOSE => break,
                        SILENCE => while !line(&mut reader).is_empty() {},
                        answer => drop(write!(writer, "{answer}\r\n")),
                    }
                }
            }
        });
        Self { port, heard }
    }

    fn heard(&self) -> Vec<String> {
        self.heard.try_iter().collect()
    }
}

fn line(reader: &mut impl BufRead) -> String {
    let mut line = String::new();
    let _ = reader.read_line(&mut line);
    line
}

fn text(reader: &mut impl BufRead) -> String {
    let mut text = String::new();
    loop {
        let line = line(reader);
        if line.is_empty() || line == ".\r\n" {
            return text;
        }
        text.push_str(&line);
    }
}

fn config(port: u16) -> Config {
    let mut config = Config::new("mail".parse().unwrap(), "127.0.0.1", "reports@example.org");
    config.port = port;
    config.tls = Tls::Opportunistic;
    config.from_name = "Safe Tips".to_owned();
    config.hello_name = "tips.example.org".to_owned();
    config.timeout = Duration::from_secs(20);
    config
}

fn sender(port: u16) -> SmtpSender {
    SmtpSender::new(Arc::new(config(port))).unwrap()
}

fn attempt() -> AttemptId {
    "0192f0c1b2c37d4e8f5a6b7c8d9e0f10".parse().unwrap()
}

fn mail_to(to: &str) -> Outbound {
    let mail = Mail {
        message_id: "0192f0c1b2c3".to_owned(),
        subject: "Informe: confirme, por favor — ¿leído?".to_owned(),
        text: "Hay un informe.\n.\nhttps://tips.example.org/e/abc\n".to_owned(),
        language: Language::Es,
        answers: None,
        kind: MailKind::Notice { bounces_to: None },
        tls_required: false,
    };
    Outbound { attempt: attempt(), from: Address::new("reports@example.org"), to: Address::new(to), content: Content::Mail(mail) }
}

#[tokio::test]
async fn a_mail_on_the_wire() {
    let server = MailServer::start(vec![TAKEN.to_vec()]);
    let accepted = sender(server.port).send(&mail_to("principal@school.example.org")).await.unwrap();
    assert_eq!(accepted.provider_id.0, "<0192f0c1b2c3@example.org>");
    let heard = server.heard();
    assert_eq!(
        heard[..4],
        ["EHLO tips.example.org\r\n", "MAIL FROM:<reports@example.org>\r\n", "RCPT TO:<principal@school.example.org>\r\n", "DATA\r\n"]
    );
    let (headers, body) = heard[4].split_once("\r\n\r\n").unwrap();
    for header in [
        "From: \"Safe Tips\" <reports@example.org>",
        "To: principal@school.example.org",
        "Message-ID: <0192f0c1b2c3@example.org>",
        "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: All",
        "Content-Type: text/plain; charset=utf-8",
        "MIME-Version: 1.0",
    ] {
        assert!(headers.split("\r\n").any(|line| line == header), "{header} is missing in {headers}");
    }
    assert!(headers.contains("\r\nDate: ") && headers.contains("\r\nSubject: "));
    assert!(!headers.contains("User-Agent") && !headers.contains("Bcc") && headers.is_ascii());
    assert_eq!(body, "Hay un informe.\r\n..\r\nhttps://tips.example.org/e/abc\r\n", "a lone dot is doubled");
}

#[tokio::test]
async fn a_mail_says_who_wrote_it_and_what_it_answers() {
    let bounces_to = Address::new("tips+m1.2@example.org");
    let table = [
        (MailKind::Answer { bounces_to }, "MAIL FROM:<tips+m1.2@example.org>\r\n", None),
        (MailKind::AutoReply, "MAIL FROM:<>\r\n", Some("Auto-Submitted: auto-replied")),
    ];
    for (kind, envelope, submitted) in table {
        let server = MailServer::start(vec![TAKEN.to_vec()]);
        let mut outbound = mail_to("reporter@mail.example.org");
        outbound.from = Address::new("tips+t1.2@example.org");
        if let Content::Mail(mail) = &mut outbound.content {
            mail.kind = kind;
            mail.answers = Some(Words::new("CAF123=x@mail.example.org"));
        }
        sender(server.port).send(&outbound).await.unwrap();
        let heard = server.heard();
        assert_eq!(heard[1], envelope);
        for line in ["In-Reply-To: <CAF123=x@mail.example.org>", "References: <CAF123=x@mail.example.org>"] {
            assert!(heard[4].split("\r\n").any(|header| header == line), "{line} is missing in {}", heard[4]);
        }
        assert!(heard[4].contains("From: \"Safe Tips\" <tips+t1.2@example.org>\r\n"));
        let said = heard[4].split("\r\n").find(|line| line.starts_with("Auto-Submitted"));
        assert_eq!(said, submitted);
        assert_eq!(heard[4].contains("X-Auto-Response-Suppress: All"), submitted.is_some());
    }
}

#[tokio::test]
async fn a_message_id_that_could_break_a_header_is_not_referred_to() {
    for bad in ["", "a b", "x>\r\nBcc: y@example.org", "ünïcode@example.org", &"x".repeat(2000)] {
        let server = MailServer::start(vec![TAKEN.to_vec()]);
        let mut outbound = mail_to("reporter@mail.example.org");
        if let Content::Mail(mail) = &mut outbound.content {
            mail.answers = Some(Words::new(bad));
        }
        sender(server.port).send(&outbound).await.unwrap();
        assert!(!server.heard()[4].contains("In-Reply-To"), "{bad:?}");
    }
}

#[tokio::test]
async fn letters_beyond_ascii_travel_as_ascii() {
    let server = MailServer::start(vec![vec!["220 ready", "250 mail.example.org", "250 ok", "250 ok", "354 go on", "250 taken"]]);
    let mut outbound = mail_to("principal@school.example.org");
    if let Content::Mail(mail) = &mut outbound.content {
        mail.text = "يوجد بلاغ. الرمز 4711\n".to_owned();
    }
    sender(server.port).send(&outbound).await.unwrap();
    let heard = server.heard();
    assert_eq!(heard[1], "MAIL FROM:<reports@example.org>\r\n", "nothing is asked of the server that it does not offer");
    assert!(heard[4].is_ascii() && heard[4].contains("Content-Transfer-Encoding: "));
}

#[tokio::test]
async fn a_connection_serves_several_mails_and_a_dead_one_is_replaced() {
    let mut twice = TAKEN.to_vec();
    twice.extend(["250 reset", "250 sender", "250 recipient", "354 go on", "250 taken", CLOSE]);
    let server = MailServer::start(vec![twice, TAKEN.to_vec()]);
    let sender = sender(server.port);
    for _ in 0..3 {
        sender.send(&mail_to("principal@school.example.org")).await.unwrap();
    }
    let hellos = server.heard().iter().filter(|line| line.starts_with("EHLO")).count();
    assert_eq!(hellos, 2, "one connection for two mails, and another when the first had died");
}

#[tokio::test]
async fn a_refused_address_costs_no_connection() {
    let mut answers = vec!["220 ready", HELLO, "250 sender", "550 nobody here", "250 reset"];
    answers.extend(&TAKEN[2..]);
    let server = MailServer::start(vec![answers]);
    let sender = sender(server.port);
    assert_eq!(word(&sender.send(&mail_to("nobody@school.example.org")).await.unwrap_err()), "permanent 550");
    sender.send(&mail_to("principal@school.example.org")).await.unwrap();
}

#[tokio::test]
async fn each_stage_has_its_failure() {
    let table: [(&[&'static str], &str); 20] = [
        (&["554 no"], "misconfigured 554"),
        (&["421 later"], "transient 421"),
        (&[CLOSE], "transient"),
        (&[SILENCE], "transient"),
        (&["220 ready", CLOSE], "transient"),
        (&["220 ready", HELLO, "550 not you"], "misconfigured 550"),
        (&["220 ready", HELLO, "451 later"], "transient 451"),
        (&["220 ready", HELLO, "250 ok", "550 nobody here"], "permanent 550"),
        (&["220 ready", HELLO, "250 ok", "553 what name"], "permanent 553"),
        (&["220 ready", HELLO, "250 ok", "450 greylisted"], "transient 450"),
        (&["220 ready", HELLO, "250 ok", SILENCE], "transient"),
        (&["220 ready", HELLO, "250 ok", "250 ok", "554 no"], "permanent 554"),
        (&["220 ready", HELLO, "250 ok", "250 ok", "452 full"], "transient 452"),
        (&["220 ready", HELLO, "250 ok", "250 ok", CLOSE], "transient"),
        (&["220 ready", HELLO, "250 ok", "250 ok", "354 go", "554 spam"], "permanent 554"),
        (&["220 ready", HELLO, "250 ok", "250 ok", "354 go", "451 later"], "transient 451"),
        (&["220 ready", HELLO, "250 ok", "250 ok", "354 go", CLOSE], "unknown"),
        (&["220 ready", HELLO, "250 ok", "250 ok", "354 go", SILENCE], "unknown"),
        (&["220 ready", HELLO, "250 ok", "250 ok", "354 go", "what?"], "unknown"),
        (&["garbage"], "transient"),
    ];
    for (answers, expected) in table {
        let server = MailServer::start(vec![answers.to_vec()]);
        let mut config = config(server.port);
        if answers.contains(&SILENCE) {
            config.timeout = Duration::from_millis(400);
        }
        let sender = SmtpSender::new(Arc::new(config)).unwrap();
        let error = sender.send(&mail_to("principal@school.example.org")).await.unwrap_err();
        assert_eq!(word(&error), expected, "{answers:?}: {error:?}");
        assert!(!format!("{error} {error:?}").contains("principal"), "an error names nobody");
    }
}

fn word(error: &SendError) -> String {
    let with = |word: &str, code: &Option<i64>| code.map_or(word.to_owned(), |code| format!("{word} {code}"));
    match error {
        SendError::Transient { code, .. } => with("transient", code),
        SendError::Permanent { code, .. } => with("permanent", code),
        SendError::Misconfigured { code, .. } => with("misconfigured", code),
        SendError::Unknown { .. } => "unknown".to_owned(),
        SendError::Throttled { .. } => "throttled".to_owned(),
    }
}

#[tokio::test]
async fn nobody_listens() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = sender(port).send(&mail_to("principal@school.example.org")).await.unwrap_err();
    assert_eq!(word(&error), "transient");
}

#[tokio::test]
async fn tls_is_used_when_offered_and_insisted_on_when_required() {
    let offer = "250-mail.example.org\r\n250 STARTTLS";
    let server = MailServer::start(vec![vec!["220 ready", offer, "454 not now"]]);
    let error = sender(server.port).send(&mail_to("principal@school.example.org")).await.unwrap_err();
    assert_eq!((word(&error), &server.heard()[1][..]), ("transient 454".to_owned(), "STARTTLS\r\n"));

    let server = MailServer::start(vec![vec!["220 ready", HELLO, CLOSE]]);
    let required = Config { tls: Tls::Required, ..config(server.port) };
    let error = SmtpSender::new(Arc::new(required)).unwrap().send(&mail_to("principal@school.example.org")).await.unwrap_err();
    assert_eq!(word(&error), "misconfigured");
    assert!(!server.heard().iter().any(|line| line.starts_with("MAIL")), "nothing is said in clear");

    // The server says yes and then speaks no TLS.
    let server = MailServer::start(vec![vec!["220 ready", offer, "220 go on\r\nthis is no TLS at all, only text"]]);
    let error = sender(server.port).send(&mail_to("principal@school.example.org")).await.unwrap_err();
    assert!(matches!(error, SendError::Misconfigured { .. } | SendError::Transient { .. }), "{error:?}");
}

#[tokio::test]
async fn bad_addresses_are_not_tried() {
    let sender = sender(1);
    for to in ["", "principal", "a@b@c", "x@example.org\r\nRCPT TO:<y@example.org>"] {
        assert_eq!(word(&sender.send(&mail_to(to)).await.unwrap_err()), "permanent", "{to:?}");
    }
    let text = Outbound { content: Content::Text(Words::new("x")), ..mail_to("principal@school.example.org") };
    assert_eq!(word(&sender.send(&text).await.unwrap_err()), "permanent");
}

#[tokio::test]
async fn nobody_can_be_asked() {
    let search = Search {
        attempt: attempt(),
        means: Means::Mail,
        from: Address::new("reports@example.org"),
        to: Address::new("principal@school.example.org"),
        intended_at: Timestamp::UNIX_EPOCH,
        provider_id: None,
    };
    let error = sender(1).find(&search).await.unwrap_err();
    assert!(error.to_string().contains("mail servers keep no record that can be asked"));
}

#[test]
fn a_bad_configuration_is_named() {
    type Change = fn(&mut Config);
    let broken: [(&str, Change); 4] = [
        ("host", |config| config.host = String::new()),
        ("sender's address", |config| config.from_address = "reports".to_owned()),
        ("user and password", |config| config.user = Some("x".to_owned())),
        ("TLS", |config| {
            config.user = Some("x".to_owned());
            config.password = Some(Secret::new("a-fictional-password"));
        }),
    ];
    for (named, change) in broken {
        let mut config = config(1);
        change(&mut config);
        assert!(!format!("{config:?}").contains("fictional-password"));
        let error: ConfigError = SmtpSender::new(Arc::new(config)).err().expect(named);
        assert!(error.to_string().starts_with("account mail: ") && error.to_string().contains(named), "{error}");
    }
}

//! The listener against a real Dovecot: nothing lost, nothing twice, whatever breaks in between.
//!
//! The intake is a memory that can refuse. Everything waits on conditions with a time-out; the server listens on this machine
//! only.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod dovecot;
mod memory;

use adapters::email::{ImapTls, MailboxConfig};
use adapters::secret::Secret;
use domain::exchange::{Joins, MediaBody, MediaRole, Nature};
use dovecot::{Dovecot, PASSWORD, USER};
use memory::{Memory, WITHIN, listen};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

impl Memory {
    /// Waits until a condition holds.
    async fn until(&self, what: &str, server: &Dovecot, condition: impl Fn(&Self) -> bool) {
        let waiting = async {
            while !condition(self) {
                let _ = tokio::time::timeout(Duration::from_millis(50), self.changed.notified()).await;
            }
        };
        let came = tokio::time::timeout(WITHIN, waiting).await.is_ok();
        assert!(came, "{what}: {} taken, log:\n{}", self.len(), server.log());
    }
}

fn config(server: &Dovecot) -> MailboxConfig {
    let account = "mailbox".parse().unwrap();
    let mut config = MailboxConfig::new(account, "127.0.0.1", USER, Secret::new(PASSWORD), "tips@example.org");
    config.port = server.port();
    config.tls = ImapTls::None;
    config.timeout = Duration::from_secs(10);
    config.sweep = Duration::from_secs(30);
    config.reconnect = (Duration::from_millis(50), Duration::from_millis(200));
    config
}

fn mail(number: usize) -> Vec<u8> {
    format!(
        "From: reporter{number}@mail.example.org\r\nTo: tips@example.org\r\nSubject: mail {number}\r\nMessage-ID: <{number}@mail.example.org>\r\n\
         Date: Mon, 05 Jan 2026 09:14:00 -0600\r\n\r\nwords of mail {number}.\r\n"
    )
    .into_bytes()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_there_and_what_comes_is_taken_and_moved() {
    let (server, intake) = (Dovecot::start(), Arc::new(Memory::default()));
    server.deliver("", &mail(1));
    server.deliver("Junk", &mail(2));
    let running = listen(config(&server), &intake);
    intake.until("two that were there", &server, |intake| intake.len() == 2).await;
    let begun = Instant::now();
    server.deliver("", &mail(3));
    intake.until("one that comes", &server, |intake| intake.len() == 3).await;
    let waited = begun.elapsed();
    println!("a mail was taken in {waited:?} after it was delivered");
    assert!(waited < Duration::from_secs(25), "the server's word was heard, not the next look: {waited:?}");
    intake.until("all are moved", &server, |_| server.count("Processed") == 3 && server.count("") == 0 && server.count("Junk") == 0).await;
    running.end().await;

    let message = intake.find("words of mail 3").unwrap();
    assert_eq!((message.nature, message.joins.clone()), (Nature::Person, Joins::Threads(Vec::new())));
    assert_eq!(message.from.as_ref().unwrap().reveal(), "reporter3@mail.example.org");
    assert_eq!((message.to.reveal(), message.source.as_ref().unwrap().reveal()), ("tips@example.org", "3@mail.example.org"));
    assert_eq!(message.words.reveal(), "mail 3\n\nwords of mail 3.");
    let [original] = &message.media[..] else { panic!("the original and nothing else") };
    assert_eq!((original.role, original.content_type.as_str()), (MediaRole::Raw, "message/rfc822"));
    assert_eq!(original.body, MediaBody::Here(mail(3)), "byte for byte");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_again_and_again_loses_and_doubles_nothing() {
    let (mut server, intake) = (Dovecot::start(), Arc::new(Memory::default()));
    let running = listen(config(&server), &intake);
    let mut delivered = 0;
    for round in 1..=5 {
        while delivered < round * 60 {
            delivered += 1;
            server.deliver("", &mail(delivered));
        }
        let some = (round - 1) * 60 + 10;
        intake.until("some of the round", &server, |intake| intake.len() >= some).await;
        server.kill();
        delivered += 1;
        server.deliver("", &mail(delivered));
        server.run();
    }
    intake.until("all of them", &server, |intake| intake.len() == delivered).await;
    intake.until("all are moved", &server, |_| server.count("") == 0).await;
    running.end().await;
    assert_eq!(intake.len(), delivered);
    // A server that is killed while it moves a mail may keep it in both folders: what matters is that it is in one.
    assert!(server.count("Processed") >= delivered);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mailbox_that_is_numbered_anew_is_read_again_and_nothing_is_taken_twice() {
    let (mut server, intake) = (Dovecot::start(), Arc::new(Memory::default()));
    // Nothing can be moved, so that everything is still there when the numbers change.
    let still = MailboxConfig { processed: "not/a/folder".to_owned(), ..config(&server) };
    for number in 1..=20 {
        server.deliver("", &mail(number));
    }
    let running = listen(still.clone(), &intake);
    intake.until("the first twenty", &server, |intake| intake.len() == 20).await;
    intake
        .until("they are noted", &server, |intake| intake.cursors.lock().unwrap().get("INBOX").is_some_and(|cursor| cursor.uid == 20))
        .await;
    server.kill();
    for number in 21..=25 {
        server.deliver("", &mail(number));
    }
    server.number_anew(7);
    server.run();
    let read_again =
        |intake: &Memory| intake.cursors.lock().unwrap().get("INBOX").is_some_and(|cursor| cursor.validity == 7 && cursor.uid == 25);
    intake.until("all are read again", &server, read_again).await;
    running.end().await;
    assert_eq!(intake.len(), 25);
    let times: Vec<u32> = intake.taken.lock().unwrap().values().map(|(times, _)| *times).collect();
    assert_eq!(times.iter().filter(|times| **times == 2).count(), 20, "offered twice under the same id: {times:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_intake_does_not_take_stays_in_the_mailbox() {
    let (server, intake) = (Dovecot::start(), Arc::new(Memory::default()));
    intake.refuses.store(true, Ordering::SeqCst);
    server.deliver("", &mail(1));
    let running = listen(config(&server), &intake);
    for _ in 0..3 {
        tokio::time::timeout(WITHIN, intake.changed.notified()).await.expect("it is offered again");
    }
    assert_eq!((server.count(""), intake.cursors.lock().unwrap().len()), (1, 0), "neither moved nor noted");
    intake.refuses.store(false, Ordering::SeqCst);
    intake.until("it is taken at last", &server, |intake| intake.len() == 1).await;
    intake.until("and moved", &server, |_| server.count("") == 0).await;
    running.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_malformed_mails_never_stop_the_mailbox() {
    let (server, intake) = (Dovecot::start(), Arc::new(Memory::default()));
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/mail");
    let mut corpus: Vec<Vec<u8>> = std::fs::read_dir(folder).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect();
    corpus.sort();
    let mut state = 77_u64;
    let mut draw = |limit: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % limit.max(1)
    };
    let mut different = std::collections::HashSet::new();
    for number in 0..1000 {
        let mut bent = corpus[number % corpus.len()].clone();
        for _ in 0..1 + draw(8) {
            match (draw(3), bent.len()) {
                (_, 0) => bent.extend(b"\0\r\n"),
                (0, length) => bent[draw(length)] = draw(256) as u8,
                (1, length) => bent.truncate(length - draw(length / 4 + 1)),
                (_, length) => drop(bent.splice(draw(length)..draw(1) + length, *b"\r\n\0--b1\xff")),
            }
        }
        bent.extend(format!("\r\n{number}").as_bytes());
        different.insert(bent.clone());
        server.deliver("", &bent);
    }
    server.deliver("", &mail(4711));
    let begun = Instant::now();
    let running = listen(config(&server), &intake);
    intake.until("the good one behind them", &server, |intake| intake.find("words of mail 4711").is_some()).await;
    println!("1,001 mails in {:?}", begun.elapsed());
    intake.until("all are moved", &server, |_| server.count("") == 0 && server.count("Processed") == 1001).await;
    running.end().await;
    let originals: std::collections::HashSet<Vec<u8>> = intake
        .taken
        .lock()
        .unwrap()
        .values()
        .flat_map(|(_, message)| &message.media)
        .filter_map(|medium| match (&medium.body, medium.role) {
            (MediaBody::Here(raw), MediaRole::Raw) => Some(raw.clone()),
            _ => None,
        })
        .collect();
    let named = |raw: &[u8]| String::from_utf8_lossy(raw).rsplit("\r\n").next().map(str::to_owned);
    let taken: std::collections::HashSet<_> = originals.iter().map(|raw| named(raw)).collect();
    let lost: Vec<_> = different.iter().map(|raw| named(raw)).filter(|name| !taken.contains(name)).collect();
    assert!(lost.is_empty(), "every one is there, sealed: {lost:?} are not");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_that_is_too_large_brings_its_words() {
    let (server, intake) = (Dovecot::start(), Arc::new(Memory::default()));
    let mut large = mail(1);
    large.extend(b"more\r\n".repeat(1_000_000));
    server.deliver("", &large);
    server.deliver("", &mail(2));
    let running = listen(MailboxConfig { most_bytes: 1024 * 1024, ..config(&server) }, &intake);
    intake.until("both", &server, |intake| intake.len() == 2).await;
    running.end().await;
    let message = intake.find("too large to be taken whole (5 MB)").expect("it is said");
    assert!(message.words.reveal().starts_with("mail 1\n\nwords of mail 1."), "its words are there");
    assert_eq!(message.from.unwrap().reveal(), "reporter1@mail.example.org");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_can_little_is_enough() {
    let server = Dovecot::with("protocol imap {\n  imap_capability = IMAP4rev1 UIDPLUS\n}");
    let intake = Arc::new(Memory::default());
    server.deliver("", &mail(1));
    let running = listen(MailboxConfig { sweep: Duration::from_millis(300), ..config(&server) }, &intake);
    intake.until("one that was there", &server, |intake| intake.len() == 1).await;
    server.deliver("", &mail(2));
    intake.until("one that comes", &server, |intake| intake.len() == 2).await;
    intake.until("copied, marked, expunged", &server, |_| server.count("") == 0 && server.count("Processed") == 2).await;
    running.end().await;
    assert_eq!(intake.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_and_an_unknown_certificate_stop_nothing_but_reading() {
    let (server, intake) = (Dovecot::start(), Arc::new(Memory::default()));
    server.deliver("", &mail(1));
    let wrong = MailboxConfig { password: Secret::new("another-fictional-one"), ..config(&server) };
    let running = listen(wrong, &intake);
    intake.until("it is refused more than once", &server, |_| server.log().matches("auth failed").count() >= 2).await;
    running.end().await;
    assert_eq!(intake.len(), 0);
    let running = listen(config(&server), &intake);
    intake.until("the right one reads", &server, |intake| intake.len() == 1).await;
    running.end().await;
}

/// Where the inner run of [`only_a_certificate_that_is_known_is_trusted`] finds its servers: `port of TLS,port of STARTTLS`.
const INNER_PORTS: &str = "TIPLINE_TEST_IMAP_PORTS";

/// The roots are read from the environment of a process, so what trusts them is a process of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_certificate_that_is_known_is_trusted() {
    if let Ok(ports) = std::env::var(INNER_PORTS) {
        return reads_by(&ports).await;
    }
    let wrapped = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let certificate = certificate();
    let (file, key) = (certificate.join("cert.pem"), certificate.join("key.pem"));
    let server = Dovecot::with(&format!(
        "ssl = required\nssl_cert = <{}\nssl_key = <{}\nservice imap-login {{\n  inet_listener imaps {{\n    port = {wrapped}\n    ssl = yes\n  }}\n}}",
        file.display(),
        key.display()
    ));
    for number in 1..=2 {
        server.deliver("", &mail(number));
    }
    let intake = Arc::new(Memory::default());
    for (port, tls) in [(wrapped, ImapTls::Required), (server.port(), ImapTls::StartTls)] {
        let refusals = |server: &Dovecot| server.log().matches("SSL_accept() failed").count();
        let before = refusals(&server);
        let running = listen(MailboxConfig { host: "localhost".to_owned(), port, tls, ..config(&server) }, &intake);
        intake.until("the certificate is refused", &server, |_| refusals(&server) > before).await;
        running.end().await;
    }
    assert_eq!(intake.len(), 0, "no password was sent: {}", server.log());
    assert!(!server.log().contains("Login:"), "{}", server.log());
    let inner = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "only_a_certificate_that_is_known_is_trusted"])
        .env("SSL_CERT_FILE", &file)
        .env(INNER_PORTS, format!("{wrapped},{}", server.port()))
        .output()
        .unwrap();
    assert!(inner.status.success(), "{}\n{}", String::from_utf8_lossy(&inner.stdout), server.log());
    drop(server);
    let _ = std::fs::remove_dir_all(certificate);
}

async fn reads_by(ports: &str) {
    let ports: Vec<u16> = ports.split(',').map(|port| port.parse().unwrap()).collect();
    for (port, tls) in [(ports[0], ImapTls::Required), (ports[1], ImapTls::StartTls)] {
        let intake = Arc::new(Memory::default());
        let account = "mailbox".parse().unwrap();
        let mut config = MailboxConfig::new(account, "localhost", USER, Secret::new(PASSWORD), "tips@example.org");
        (config.port, config.tls) = (port, tls);
        let running = listen(config, &intake);
        let read = |intake: &Memory| intake.len() == 2 || (tls == ImapTls::StartTls && intake.looks.load(Ordering::SeqCst) >= 2);
        let connected = async {
            while !read(&intake) {
                let _ = tokio::time::timeout(Duration::from_millis(50), intake.changed.notified()).await;
            }
        };
        tokio::time::timeout(WITHIN, connected).await.unwrap_or_else(|_| panic!("{tls:?} reads the mailbox"));
        running.end().await;
    }
}

/// A certificate for `localhost` that nobody knows, and its key, in a folder of its own.
fn certificate() -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("certificate-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let made = std::process::Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
        ])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .args([
            std::ffi::OsStr::new("-keyout"),
            folder.join("key.pem").as_os_str(),
            std::ffi::OsStr::new("-out"),
            folder.join("cert.pem").as_os_str(),
        ])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder.join("key.pem"), std::fs::Permissions::from_mode(0o644)).unwrap();
    folder
}

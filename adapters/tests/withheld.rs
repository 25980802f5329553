//! A mail server that breaks the line at one mail, every time: the mails around it are taken, and it is reported, not passed over.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

mod memory;

use adapters::email::{ImapTls, MailboxConfig};
use adapters::secret::Secret;
use domain::exchange::Nature;
use memory::{Memory, WITHIN, listen};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// The mail that breaks the line.
const BAD: &str = "2";

/// Serves three mails of a mailbox to everybody who comes; each in a thread of its own.
fn serve() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("a port").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || drop(converse(stream)));
        }
    });
    port
}

fn converse(mut stream: TcpStream) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    write!(stream, "* OK ready\r\n")?;
    while let Some(line) = lines.next().transpose()? {
        let (tag, command) = line.split_once(' ').unwrap_or((&line, ""));
        let uids = || command.split(' ').nth(2).unwrap_or("").split(',').map(str::to_owned).collect::<Vec<_>>();
        if command.starts_with("CAPABILITY") {
            write!(stream, "* CAPABILITY IMAP4rev1 MOVE\r\n")?;
        } else if command.starts_with("SELECT \"INBOX\"") {
            write!(stream, "* 3 EXISTS\r\n* OK [UIDVALIDITY 1] ok\r\n")?;
        } else if command.starts_with("SELECT") {
            write!(stream, "{tag} NO there is none\r\n")?;
            continue;
        } else if command.starts_with("UID SEARCH") {
            write!(stream, "* SEARCH 1 2 3\r\n")?;
        } else if command.starts_with("UID FETCH") && command.contains("SIZE") {
            for uid in uids() {
                write!(stream, "* {uid} FETCH (UID {uid} RFC822.SIZE 60 INTERNALDATE \"05-Jan-2026 09:14:00 -0600\")\r\n")?;
            }
        } else if command.starts_with("UID FETCH") {
            for uid in uids() {
                if uid == BAD {
                    return Ok(());
                }
                let mail = format!("From: r{uid}@mail.example.org\r\n\r\nwords {uid}\r\n");
                write!(stream, "* {uid} FETCH (UID {uid} BODY[] {{{}}}\r\n{mail})\r\n", mail.len())?;
            }
        }
        write!(stream, "{tag} OK done\r\n")?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_that_breaks_the_line_is_reported_and_holds_nobody_up() {
    let intake = Arc::new(Memory::default());
    let account = "mailbox".parse().expect("a name");
    let mut config = MailboxConfig::new(account, "127.0.0.1", "tips", Secret::new("a-fictional-password"), "tips@example.org");
    (config.port, config.tls) = (serve(), ImapTls::None);
    config.reconnect = (Duration::from_millis(10), Duration::from_millis(20));
    let running = listen(config, &intake);
    let all = async {
        while intake.len() < 3 {
            let _ = tokio::time::timeout(Duration::from_millis(50), intake.changed.notified()).await;
        }
    };
    tokio::time::timeout(WITHIN, all).await.expect("all three are told of");
    running.end().await;
    assert!(intake.find("words 1").is_some() && intake.find("words 3").is_some());
    let reported = intake.find("does not hand out").expect("the one in between is reported");
    assert_eq!((reported.nature, reported.provider_id.0.as_str()), (Nature::Unreadable, "unfetched:INBOX:1:2"));
}

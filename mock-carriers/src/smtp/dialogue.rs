//! One SMTP connection from greeting to goodbye. Faults strike per recipient: a refusal at RCPT, or, after the
//! message was taken, a connection that ends before the answer (an unknown outcome for the sender).

use std::io;
use std::time::Duration;

use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;

use super::lines;
use crate::exchange::{Announcement, Exchange};
use crate::postman;
use crate::state::fault::{Effect, Kind, Strike, Traffic};

/// Recipients of one message.
const RECIPIENTS: usize = 100;

/// The envelope so far.
#[derive(Debug, Default)]
struct Envelope {
    from: Option<String>,
    to: Vec<String>,
    /// What strikes when the data has come.
    at_end: Option<Strike>,
}

/// What to do after a command.
enum Next {
    Reply(String),
    TakeData,
    Goodbye,
}

/// Talks with one client until it leaves.
pub async fn hold(exchange: &Exchange, stream: TcpStream) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut reader = BufReader::new(read);
    let mut envelope = Envelope::default();
    reply(&mut write, "220 mock.example.org ESMTP mock-carriers").await?;
    loop {
        let line = match lines::line(&mut reader, lines::COMMAND_BYTES).await {
            Ok(Some(line)) => line,
            Ok(None) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                return reply(&mut write, "500 Line too long").await;
            }
            Err(error) => return Err(error),
        };
        match command(exchange, &mut envelope, &String::from_utf8_lossy(&line)) {
            Next::Reply(text) => reply(&mut write, &text).await?,
            Next::Goodbye => return reply(&mut write, "221 2.0.0 Bye").await,
            Next::TakeData => {
                reply(&mut write, "354 End data with <CR><LF>.<CR><LF>").await?;
                let message = match lines::data(&mut reader).await {
                    Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                        return reply(&mut write, "552 5.3.4 Message too large").await;
                    }
                    other => other?,
                };
                let strike = envelope.at_end;
                let id = take(exchange, std::mem::take(&mut envelope), message);
                if let Some(strike) = strike {
                    tokio::time::sleep(Duration::from_millis(strike.delay_ms)).await;
                    if matches!(strike.effect, Effect::DropAfterData | Effect::Drop) {
                        return Ok(());
                    }
                }
                reply(&mut write, &format!("250 2.0.0 Ok: queued as {id}")).await?;
            }
        }
    }
}

async fn reply(write: &mut OwnedWriteHalf, text: &str) -> io::Result<()> {
    write.write_all(format!("{text}\r\n").as_bytes()).await
}

fn command(exchange: &Exchange, envelope: &mut Envelope, line: &str) -> Next {
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    let text = |reply: &str| Next::Reply(reply.to_owned());
    match verb.to_ascii_uppercase().as_str() {
        "EHLO" => Next::Reply(format!(
            "250-mock.example.org\r\n250-PIPELINING\r\n250-SIZE {}\r\n250-8BITMIME\r\n250 SMTPUTF8",
            lines::MESSAGE_BYTES
        )),
        "HELO" => text("250 mock.example.org"),
        "MAIL" => match address(rest, "FROM:") {
            Some((from, options)) if !too_large(options) => {
                *envelope = Envelope { from: Some(from), ..Envelope::default() };
                text("250 2.1.0 Ok")
            }
            Some(_) => text("552 5.3.4 Message too large"),
            None => text("501 5.5.4 Write MAIL FROM:<address>"),
        },
        "RCPT" if envelope.from.is_none() => text("503 5.5.1 MAIL comes first"),
        "RCPT" => match address(rest, "TO:") {
            Some((to, _)) if !to.is_empty() => recipient(exchange, envelope, to),
            Some(_) | None => text("501 5.5.4 Write RCPT TO:<address>"),
        },
        "DATA" if envelope.to.is_empty() => text("503 5.5.1 RCPT comes first"),
        "DATA" => Next::TakeData,
        "RSET" => {
            *envelope = Envelope::default();
            text("250 2.0.0 Ok")
        }
        "NOOP" => text("250 2.0.0 Ok"),
        "VRFY" => text("252 2.1.5 Send it and see"),
        "QUIT" => Next::Goodbye,
        _ => text("502 5.5.2 Command not known"),
    }
}

fn recipient(exchange: &Exchange, envelope: &mut Envelope, to: String) -> Next {
    if envelope.to.len() >= RECIPIENTS {
        return Next::Reply("452 4.5.3 Too many recipients".to_owned());
    }
    let traffic = Traffic { kind: Kind::Smtp, path: "", method: "RCPT", to: &to, carrier: None };
    let strike = exchange.with(|state| state.faults.strike(traffic));
    if strike.is_some() {
        exchange.announce(Announcement::Faults);
    }
    let refusal = match strike.map(|strike| strike.effect) {
        Some(Effect::Reject | Effect::ServerError) => Some("550 5.1.1 No such mailbox"),
        Some(Effect::Temporary | Effect::TooManyRequests) => Some("451 4.3.0 Try again later"),
        Some(
            Effect::Unauthorized
            | Effect::Code(_)
            | Effect::AcceptThenTimeout
            | Effect::Refuse
            | Effect::Drop
            | Effect::Double
            | Effect::Delay
            | Effect::Reorder
            | Effect::DropAfterData
            | Effect::CutBetween
            | Effect::Redirect(_)
            | Effect::Endless
            | Effect::WrongType
            | Effect::Stall,
        )
        | None => None,
    };
    if let Some(refusal) = refusal {
        return Next::Reply(refusal.to_owned());
    }
    envelope.at_end = envelope.at_end.or(strike);
    envelope.to.push(to);
    Next::Reply("250 2.1.5 Ok".to_owned())
}

/// The address in `FROM:<a@b> OPTIONS` and the options after it.
fn address<'a>(rest: &'a str, prefix: &str) -> Option<(String, &'a str)> {
    let given = rest.trim_start();
    let head = given.get(..prefix.len())?;
    if !head.eq_ignore_ascii_case(prefix) {
        return None;
    }
    let inner = given.get(prefix.len()..)?.trim_start().strip_prefix('<')?;
    let (address, options) = inner.split_once('>')?;
    Some((address.to_owned(), options))
}

fn too_large(options: &str) -> bool {
    options.split_whitespace().any(|option| {
        option
            .to_ascii_uppercase()
            .strip_prefix("SIZE=")
            .and_then(|size| size.parse::<usize>().ok())
            .is_some_and(|size| size > lines::MESSAGE_BYTES)
    })
}

fn take(exchange: &Exchange, envelope: Envelope, message: Vec<u8>) -> String {
    postman::take(exchange, envelope.from.unwrap_or_default(), envelope.to, message)
}

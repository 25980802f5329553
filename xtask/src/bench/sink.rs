//! A carrier that takes everything at once: what a request costs there is the same for whoever sends it, and next to nothing.
//!
//! It answers as Twilio's API does where the gateway asks, and 200 to a peer's job. It keeps when each call and job came and whom it was
//! for (not texts: they go at a pace of their own, long after the last call). It never calls back, so what is measured is the sender's own
//! work. The real mock plays people, and would share the cores with it.

use super::clock::now_us;
use anyhow::{Context, Result, bail, ensure};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The longest request that is read: a call's form has about a kilobyte.
const REQUEST_MOST: usize = 64 * 1024;
/// How often the arrivals are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// One call or job.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// Microseconds since the epoch.
    pub at_us: i64,
    /// The number that is called, or the path of a peer's job.
    pub to: String,
}

/// The carrier; ends when it is dropped.
pub struct Sink {
    /// Scheme, host and port.
    pub base: String,
    arrivals: Arc<Mutex<Vec<Arrival>>>,
    server: JoinHandle<()>,
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Sink {
    /// Listens on a free port.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("listen for requests")?;
        let base = format!("http://{}", listener.local_addr()?);
        let arrivals = Arc::new(Mutex::new(Vec::new()));
        let seen = arrivals.clone();
        #[expect(clippy::disallowed_methods, reason = "a recipe has no lifecycle; the task ends with the value")]
        let server = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, seen.clone()));
                while connections.try_join_next().is_some() {}
            }
        });
        Ok(Self { base, arrivals, server })
    }

    /// How many calls and jobs came.
    pub fn count(&self) -> usize {
        self.arrivals.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// All of them in the order in which they came, and forgets them.
    pub fn take(&self) -> Vec<Arrival> {
        std::mem::take(&mut *self.arrivals.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until so many came.
    pub async fn until(&self, count: usize, patience: Duration) -> Result<()> {
        let began = Instant::now();
        while self.count() < count {
            ensure!(began.elapsed() < patience, "only {} of {count} requests came within {patience:?}", self.count());
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Waits until one for this receiver came at or after this time; when.
    pub async fn first_to(&self, to: &str, from_us: i64, patience: Duration) -> Result<i64> {
        let began = Instant::now();
        loop {
            let found = {
                let arrivals = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
                arrivals
                    .iter()
                    .rev()
                    .take_while(|arrival| arrival.at_us >= from_us)
                    .filter(|arrival| arrival.to == to)
                    .last()
                    .map(|a| a.at_us)
            };
            if let Some(at) = found {
                return Ok(at);
            }
            ensure!(began.elapsed() < patience, "no request for {to} came within {patience:?}");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

/// Requests in a second between the first and the last of these, and how many receivers got more than one.
pub fn rate(arrivals: &[Arrival]) -> (f64, usize) {
    let (Some(first), Some(last)) = (arrivals.first(), arrivals.last()) else { return (0.0, 0) };
    let seconds = (last.at_us - first.at_us).max(1) as f64 / 1e6;
    let distinct: HashSet<&str> = arrivals.iter().map(|arrival| arrival.to.as_str()).collect();
    (arrivals.len() as f64 / seconds, arrivals.len() - distinct.len())
}

async fn serve(mut stream: TcpStream, arrivals: Arc<Mutex<Vec<Arrival>>>) {
    let _ = stream.set_nodelay(true);
    let mut buffer = Vec::with_capacity(4096);
    // A client that goes away ends its connection, and so does one that speaks what is not understood.
    while let Ok(Some((head, body))) = request(&mut stream, &mut buffer).await {
        let Ok(at_us) = now_us() else { return };
        let (answer, to) = answer(&head, &body, at_us);
        if let Some(to) = to {
            arrivals.lock().unwrap_or_else(PoisonError::into_inner).push(Arrival { at_us, to });
        }
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// The next request's head and body; none when the client has closed.
async fn request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<Option<(String, Vec<u8>)>> {
    loop {
        if let Some(head) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            let text = String::from_utf8_lossy(&buffer[..head]).into_owned();
            let header = |line: &str| line.to_ascii_lowercase().strip_prefix("content-length:").and_then(|value| value.trim().parse().ok());
            let length: usize = text.lines().find_map(header).unwrap_or(0);
            if buffer.len() >= head + 4 + length {
                let rest = buffer.split_off(head + 4 + length);
                let body = buffer.split_off(head + 4);
                *buffer = rest;
                return Ok(Some((text, body)));
            }
        }
        if buffer.len() > REQUEST_MOST {
            bail!("a request is too long");
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}

/// What is answered, and whom it was for if it is a call or a job.
fn answer(head: &str, body: &[u8], at_us: i64) -> (String, Option<String>) {
    let mut words = head.lines().next().unwrap_or("").split(' ');
    let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let path = target.split('?').next().unwrap_or("");
    let (status, text, to) = match (method, path) {
        ("POST", path) if path.ends_with("/Calls.json") => created("CA", body, at_us),
        ("POST", path) if path.ends_with("/Messages.json") => {
            let (status, text, _) = created("SM", body, at_us);
            (status, text, None)
        }
        ("POST", path) if path.starts_with("/job/") => ("200 OK", "{}".to_owned(), Some(path.to_owned())),
        ("GET", path) if path.ends_with("/Calls.json") => ("200 OK", r#"{"calls":[],"next_page_uri":null}"#.to_owned(), None),
        ("GET", path) if path.ends_with("/Messages.json") => ("200 OK", r#"{"messages":[],"next_page_uri":null}"#.to_owned(), None),
        ("GET", path) if path.ends_with("/Recordings.json") => ("200 OK", r#"{"recordings":[],"next_page_uri":null}"#.to_owned(), None),
        // A call or a text that is asked about is still on its way.
        ("GET", path) => {
            let sid = path.rsplit('/').next().unwrap_or("").trim_end_matches(".json");
            ("200 OK", format!(r#"{{"sid":"{sid}","status":"queued"}}"#), None)
        }
        _ => ("404 Not Found", "{}".to_owned(), None),
    };
    let length = text.len();
    (format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{text}"), to)
}

fn created(kind: &str, body: &[u8], at_us: i64) -> (&'static str, String, Option<String>) {
    let form = String::from_utf8_lossy(body);
    let to = form.split('&').find_map(|pair| pair.strip_prefix("To=")).unwrap_or("").replace("%2B", "+");
    let digits: String = to.chars().filter(char::is_ascii_digit).collect();
    ("201 Created", format!(r#"{{"sid":"{kind}{at_us:017x}{:0>15}","status":"queued"}}"#, tail(&digits, 15)), Some(to))
}

fn tail(text: &str, most: usize) -> &str {
    &text[text.len().saturating_sub(most)..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_answered_with_an_id_and_kept_by_its_receiver() {
        let (text, to) = answer("POST /2010-04-01/Accounts/AC1/Calls.json HTTP/1.1", b"To=%2B15555550106&From=x", 1_700_000_000_000_000);
        assert_eq!(to.as_deref(), Some("+15555550106"));
        let sid = text.split("\"sid\":\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or("");
        assert_eq!(sid.len(), 34, "{text}");
        assert!(text.starts_with("HTTP/1.1 201 Created\r\n"));
    }

    #[test]
    fn asking_and_texts_are_not_kept() {
        let (text, to) = answer("POST /2010-04-01/Accounts/AC1/Messages.json HTTP/1.1", b"To=%2B15555550106", 0);
        assert!(to.is_none() && text.starts_with("HTTP/1.1 201 Created\r\n"), "{text}");
        let (text, to) = answer("GET /2010-04-01/Accounts/AC1/Calls/CA7.json HTTP/1.1", b"", 0);
        assert!(to.is_none() && text.contains(r#""sid":"CA7""#), "{text}");
    }
}

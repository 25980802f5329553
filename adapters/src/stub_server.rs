//! A carrier's API for tests: answers in the order it is told, and keeps what it was asked.
//!
//! It works on blocking sockets in a thread of its own, so that no test waits by sleeping: a request that must never be
//! answered is held until the client itself hangs up. The thread ends when all answers are given.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// What the server does with one request.
#[derive(Debug, Clone)]
pub(crate) enum Turn {
    /// Answers: status, further header lines, body.
    Answer(u16, &'static str, String),
    /// Reads the request and closes.
    HangUp,
    /// Reads the request and holds the line until the client gives up.
    Silence,
    /// Promises more of a body than comes.
    BreakOff(u16),
    /// Promises a body, sends some of it and holds the line until the client gives up.
    Stall,
    /// Sends a body without an end, byte by byte, until the client gives up.
    Endless,
}

/// A request as it was received.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// Method, path and query.
    pub(crate) line: String,
    /// Header lines, names in lower case.
    pub(crate) headers: Vec<String>,
    /// The body.
    pub(crate) body: String,
}

/// The running server.
pub(crate) struct Stub {
    /// Where it listens, such as `http://127.0.0.1:4711`.
    pub(crate) base: String,
    asked: Receiver<Asked>,
}

impl Stub {
    /// Listens on a free port for as many requests as there are turns.
    pub(crate) fn start(turns: Vec<Turn>) -> Self {
        Self::start_with(|_| turns)
    }

    /// The same with turns that need to know where it listens.
    pub(crate) fn start_with(turns: impl FnOnce(&str) -> Vec<Turn>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let turns = turns(&base);
        let (send, asked) = channel();
        std::thread::spawn(move || {
            for turn in turns {
                let (stream, _) = listener.accept().unwrap();
                let (request, stream) = read(stream);
                // The test may have ended without looking.
                let _ = send.send(request);
                play(stream, turn);
            }
        });
        Self { base, asked }
    }

    /// The next request that was received.
    pub(crate) fn asked(&self) -> Asked {
        self.asked.recv_timeout(Duration::from_secs(10)).expect("a request should have come")
    }

    /// Whether nobody has asked anything up to now.
    pub(crate) fn is_unasked(&self) -> bool {
        self.asked.try_recv().is_err()
    }
}

/// Reads one request off the wire.
pub(crate) fn read(stream: TcpStream) -> (Asked, TcpStream) {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        let length = reader.read_line(&mut line).unwrap();
        if length == 0 || line.trim().is_empty() {
            break;
        }
        lines.push(line.trim_end().to_owned());
    }
    let line = lines.first().map(|line| line.trim_end_matches(" HTTP/1.1").to_owned()).unwrap_or_default();
    let headers: Vec<String> = lines
        .iter()
        .skip(1)
        .map(|line| line.split_once(": ").map_or(line.clone(), |(name, value)| format!("{}: {value}", name.to_ascii_lowercase())))
        .collect();
    let length = headers.iter().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    (Asked { line, headers, body: String::from_utf8(body).unwrap() }, reader.into_inner())
}

fn play(mut stream: TcpStream, turn: Turn) {
    match turn {
        Turn::Answer(status, headers, body) => {
            let length = body.len();
            // The client may have given up already.
            let _ = write!(stream, "HTTP/1.1 {status} Word\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}");
        }
        Turn::HangUp => {}
        Turn::Silence => {
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest);
        }
        Turn::BreakOff(status) => {
            let _ = write!(stream, "HTTP/1.1 {status} Word\r\ncontent-length: 1000\r\n\r\n{{\"sid\":");
        }
        Turn::Stall => {
            let _ = write!(stream, "HTTP/1.1 200 Word\r\ncontent-length: 1000\r\n\r\nsome");
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest);
        }
        Turn::Endless => {
            let _ = write!(stream, "HTTP/1.1 200 Word\r\nconnection: close\r\n\r\n");
            while stream.write_all(b"x").is_ok() {}
        }
    }
}

//! The program itself: it prints its addresses, ends at once on SIGTERM, and refuses mistakes in one sentence.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_mock-carriers"))
}

#[test]
fn it_says_where_it_listens_and_ends_when_told() {
    let mut child = program()
        .args([
            "--listen",
            "127.0.0.1:0",
            "--smtp",
            "127.0.0.1:0",
            "--imap",
            "127.0.0.1:0",
            "--number",
            "+15555550100=http://127.0.0.1:9/x",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    assert!(ready["listening"].as_str().unwrap().starts_with("127.0.0.1:"));
    assert!(ready["smtp"].is_string() && ready["imap"].is_string());
    let ended = Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(ended.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn mistakes_end_with_2_and_a_sentence() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (arguments, word) in [
        (vec!["--listen", address.as_str(), "--smtp", "127.0.0.1:0"], address.as_str()),
        (vec!["--number", "5550100"], "5550100"),
        (vec!["--account-sid", "nobody"], "--account-sid"),
        (vec!["--no-such-flag"], "--no-such-flag"),
        (vec!["--imap", address.as_str(), "--listen", "127.0.0.1:0", "--smtp", "127.0.0.1:0"], "--imap"),
        (vec!["--site", "8080"], "--site"),
        (vec!["--mailbox", "tips"], "--mailbox"),
        (vec!["--voice-status", "+15555550100"], "--voice-status"),
        (vec!["--advanced-opt-out", "x"], "--advanced-opt-out"),
    ] {
        let output = program().args(&arguments).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(word), "{text}");
    }
}

//! Every mail of the corpus, read: what a tip gets of it stands in one snapshot, to be looked through by a person.
//!
//! The mails are written for this and plainly fictional. Seeded mutations of them, and mails built to burst, must be read
//! within bounds too: something always comes of them, and never more than some times their own size.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use adapters::email::{MOST_TEXT_CHARS, Own, ReadMail, read};
use domain::exchange::{MAX_MEDIA, Nature};
use jiff::Timestamp;
use std::fmt::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long mutated mails are read, at most.
const FUZZ_TIME: Duration = Duration::from_secs(8);

fn own() -> Own {
    Own::new("tips@example.org", Some("mx.example.org"))
}

fn arrived() -> Timestamp {
    "2026-01-05T15:20:00Z".parse().unwrap()
}

/// Every mail with its name, in order.
fn corpus() -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/mail");
    let mut mails: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap()))
        .collect();
    mails.sort();
    mails
}

fn shown(mail: &ReadMail) -> String {
    let mut text = format!("{:?}, from {}", mail.nature, mail.from.as_ref().map_or("nobody", |from| from.reveal()));
    let _ = write!(text, ", written {}", mail.sent_at.map_or("never".to_owned(), |at| at.to_string()));
    if !mail.threads.is_empty() {
        let short: Vec<String> = mail.threads.iter().map(|token| format!("{}…{}", &token[..4], &token[token.len() - 8..])).collect();
        let _ = write!(text, ", threads {}", short.join(" "));
    }
    for file in &mail.attachments {
        let _ = write!(text, ", {} {} bytes", file.content_type, file.bytes.len());
    }
    if mail.dropped > 0 {
        let _ = write!(text, ", {} more", mail.dropped);
    }
    if let Some(auth) = mail.auth {
        let _ = write!(text, ", {auth:?}");
    }
    for line in mail.words.reveal().lines() {
        let _ = write!(text, "\n    | {line}");
    }
    text
}

#[test]
fn every_mail_of_the_corpus() {
    let mut all = String::new();
    for (name, raw) in corpus() {
        let mail = read(&raw, &own(), Some(arrived()));
        assert_eq!(mail, read(&raw, &own(), Some(arrived())), "{name}: reading is a function");
        let _ = write!(all, "{name}: {}\n\n", shown(&mail));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_mail_that_is_delivered_twice_is_one_and_others_are_not() {
    let mut seen = std::collections::HashMap::new();
    for (name, raw) in corpus() {
        let once = read(&raw, &own(), Some(arrived())).once;
        assert!(once.starts_with("sha256:") && once.len() == 71, "{name}");
        if let Some(other) = seen.insert(once, name.clone()) {
            assert_eq!((other.as_str(), name.as_str()), ("70-delivered-once", "71-delivered-twice"));
        }
    }
    assert_eq!(seen.len(), corpus().len() - 1);
}

#[test]
fn debug_shows_no_word_and_no_address() {
    for (name, raw) in corpus() {
        let shown = format!("{:?}", read(&raw, &own(), None)).to_lowercase();
        assert!(!shown.contains("knife") && !shown.contains("reporter@"), "{name}: {shown}");
    }
}

#[test]
fn mutated_mails_are_read_within_bounds() {
    let (mails, mut random, begun) = (corpus(), Seeded(0x5eed_0f3a), Instant::now());
    let mut rounds = 0_u32;
    while begun.elapsed() < FUZZ_TIME && rounds < 40_000 {
        let (name, raw) = &mails[random.below(mails.len())];
        let mut bent = raw.clone();
        for _ in 0..=random.below(6) {
            random.bend(&mut bent, &mails);
        }
        let seed = random.0;
        within_bounds(&format!("{name}, seed {seed:#x}"), &bent);
        rounds += 1;
    }
    assert!(rounds > 500, "only {rounds} mails were read");
}

fn within_bounds(name: &str, raw: &[u8]) {
    let mail = read(raw, &own(), Some(arrived()));
    assert!(mail.words.reveal().chars().count() <= 2 * MOST_TEXT_CHARS + 2000, "{name}: words");
    assert!(!mail.words.reveal().contains('\0'), "{name}: NUL");
    assert!(mail.attachments.len() < MAX_MEDIA, "{name}: files");
    assert!(mail.attachments.iter().map(|file| file.bytes.len()).sum::<usize>() <= raw.len() + 1000, "{name}: bytes");
    assert!(mail.threads.len() <= 20 && mail.threads.iter().all(|token| token.len() <= 80), "{name}: threads");
}

#[test]
fn mails_built_to_burst_do_not() {
    let million = 1_000_000;
    let parts = |count: usize| format!("Content-Type: multipart/mixed; boundary=x\r\n\r\n{}", "--x\r\n\r\na\r\n".repeat(count));
    let bombs: [(&str, String); 12] = [
        ("parts", parts(million)),
        ("parts without end", format!("Content-Type: multipart/mixed; boundary=x\r\n\r\n{}", "--x\r\n".repeat(million))),
        ("messages in messages", "Content-Type: message/rfc822\r\n\r\n".repeat(million)),
        ("headers", "X-A: b\r\n".repeat(million)),
        ("one long header", format!("Subject: {}", "a".repeat(10 * million))),
        ("addresses", format!("To: {}\r\n\r\nx", "a@b,".repeat(million))),
        ("references", format!("References: {}\r\n\r\nx", "<a@b> ".repeat(million))),
        ("encoded words", format!("Subject: {}\r\n\r\nx", "=?utf-8?Q?a?= ".repeat(million))),
        ("quotes", format!("Content-Type: text/html\r\n\r\n{}", "<blockquote>".repeat(million))),
        ("lines", format!("In-Reply-To: <a@b>\r\n\r\n{}", "> \r\n".repeat(million))),
        ("one long line", format!("In-Reply-To: <a@b>\r\n\r\n{}", "On 5 wrote: ".repeat(million))),
        ("announcements", format!("In-Reply-To: <a@b>\r\n\r\n{}x", "On 5 Jan x wrote:\r\n".repeat(million / 4))),
    ];
    for (name, raw) in &bombs {
        let begun = Instant::now();
        within_bounds(name, raw.as_bytes());
        println!("{name}: {:?} for {} bytes", begun.elapsed(), raw.len());
        assert!(begun.elapsed() < Duration::from_secs(20), "{name} took {:?}", begun.elapsed());
    }
    let many = read(parts(500).as_bytes(), &own(), None);
    assert!(many.words.reveal().contains("longer than is shown"), "what is left out is said");
}

#[test]
fn nothing_is_unreadable_that_has_a_header() {
    for (name, raw) in corpus() {
        let unreadable = read(&raw, &own(), None).nature == Nature::Unreadable;
        assert_eq!(unreadable, ["32-no-headers", "33-garbage", "34-empty", "35-text-no-mail"].contains(&name.as_str()), "{name}");
    }
}

/// A small generator of numbers: the same seed, the same mails.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit.max(1)
    }

    fn bend(&mut self, raw: &mut Vec<u8>, mails: &[(String, Vec<u8>)]) {
        if raw.is_empty() {
            raw.push(b'x');
        }
        let (at, to) = (self.below(raw.len()), self.below(raw.len()));
        let (low, high) = (at.min(to), at.max(to));
        match self.below(7) {
            0 => raw[at] = self.below(256) as u8,
            1 => drop(raw.drain(low..high)),
            2 => {
                let copy = raw[low..high].to_vec();
                raw.splice(at..at, copy);
                raw.truncate(200_000);
            }
            3 => {
                let other = &mails[self.below(mails.len())].1;
                let from = self.below(other.len());
                raw.splice(at..at, other[from..].iter().copied());
                raw.truncate(200_000);
            }
            4 => raw.truncate(at),
            5 => drop(raw.splice(at..at, *b"\r\n\r\n")),
            _ => {
                let words: [&[u8]; 8] = [
                    b"--b1\r\n",
                    b"Content-Type: message/rfc822\r\n",
                    b"\0",
                    b"=?utf-8?B?",
                    b"\r\n> ",
                    b"<blockquote>",
                    b"boundary=\"",
                    b"\xd9\x83",
                ];
                let word = words[self.below(words.len())];
                raw.splice(at..at, word.iter().copied());
            }
        }
    }
}

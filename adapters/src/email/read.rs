//! From the bytes of a mail to what a tip needs of it. Total: whatever the bytes are, something comes of them.
//!
//! Only what is named in [`ReadMail`] gets in. Received, X-Originating-IP and all the rest stay in the sealed original. Bytes
//! that are no mail at all are [`Nature::Unreadable`] with a sentence that says so, never an error.

use super::mime::Walk;
use super::thread::{Auth, Own, Verdict};
use super::{bounce, nature, text, thread, trim};
use domain::exchange::{Fate, Joins, Nature};
use domain::sealed::{Address, Words};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use std::fmt::Write;

pub use super::text::Attachment;

/// The longest mail address (RFC 5321).
const MOST_ADDRESS_BYTES: usize = 254;
/// The longest Message-ID that is kept.
const MOST_ID_BYTES: usize = 900;
/// The longest subject that is taken, in characters.
const MOST_SUBJECT_CHARS: usize = 500;
/// How far before its arrival a mail may say that it was written: a phone without a network, a relay that was down.
const OLDEST: SignedDuration = SignedDuration::from_hours(24 * 7);
/// How far ahead a sender's clock may be.
const AHEAD: SignedDuration = SignedDuration::from_mins(10);
/// How much of something that is no mail is shown.
const UNREADABLE_SHOWN_CHARS: usize = 4000;

/// Headers of which a mail has at least one; something with a colon in its first line has not.
const SIGNS_OF_A_MAIL: [&str; 9] = ["From", "Sender", "To", "Subject", "Date", "Message-ID", "Received", "Content-Type", "MIME-Version"];

/// What a tip needs of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadMail {
    /// Who wrote it, lower case; `None` when nobody can be answered.
    pub from: Option<Address>,
    /// The subject, where it is the sender's own and not the echo of ours, then the new words.
    pub words: Words,
    /// Files, in order.
    pub attachments: Vec<Attachment>,
    /// How many more files there were.
    pub dropped: u32,
    /// Its Message-ID without brackets.
    pub message_id: Option<Words>,
    /// What may lead to its tip, the most telling first.
    pub threads: Vec<String>,
    /// Who or what wrote it.
    pub nature: Nature,
    /// What it says became of a mail of ours.
    pub fate: Option<Fate>,
    /// When it was written, if that can be true; else when it arrived.
    pub sent_at: Option<Timestamp>,
    /// What our own mail server says of the sender, if it is to be asked.
    pub auth: Option<Auth>,
    /// The same for the same mail, however often and into whichever folder it is delivered.
    pub once: String,
}

impl ReadMail {
    /// How its tip is found.
    pub fn joins(&self) -> Joins {
        Joins::Threads(self.threads.clone())
    }
}

/// Reads a mail that arrived at `received`. Never fails, and takes no more memory than some times the mail's own size.
pub fn read(raw: &[u8], own: &Own, received: Option<Timestamp>) -> ReadMail {
    let mut walk = Walk::default();
    let mail = walk.part(raw, 0);
    let Some(headers) = mail.headers.parsed().filter(|_| SIGNS_OF_A_MAIL.iter().any(|name| mail.headers.has(name))) else {
        return unreadable(raw, received);
    };
    let from = sender(headers);
    let nature = nature::nature(&mail, from.as_ref().map(Address::reveal), own);
    let is_report = matches!(nature, Nature::Bounce | Nature::ReadReceipt) || mail.kind == "multipart/report";
    let said = text::Said::by(&mail);
    let subject: String = clean(headers.subject().unwrap_or("")).split_whitespace().collect::<Vec<_>>().join(" ");
    let subject: String = subject.chars().take(MOST_SUBJECT_CHARS).collect();
    let answers = mail.headers.has("In-Reply-To") || mail.headers.has("References") || is_echo(&subject);
    let new = trim::new_words(&clean(&said.text), answers && !is_forward(&subject));
    let auth = own.auth(&mail);
    let mut words = new;
    words.push_str(&clean(&said.forwarded));
    let words = words.trim();
    let mut whole = String::new();
    if !subject.is_empty() && !is_echo(&subject) && !words.starts_with(&subject) {
        whole.push_str(&subject);
        whole.push_str(if words.is_empty() { "" } else { "\n\n" });
    }
    whole.push_str(words);
    for (applies, note) in [
        (said.cut || walk.cut, "[This mail was longer than is shown here. The whole of it is kept.]"),
        (
            auth.is_some_and(|auth| auth.dmarc == Verdict::Fail),
            "[The mail server could not confirm that this mail comes from its sender's address.]",
        ),
    ] {
        if applies {
            let _ = write!(whole, "\n\n{note}");
        }
    }
    ReadMail {
        threads: thread::tokens(&mail, own, is_report),
        message_id: headers.message_id().filter(|id| id.len() <= MOST_ID_BYTES).map(|id| Words::new(clean(id))),
        sent_at: written(headers, received),
        once: once(raw, &mail.headers),
        from,
        words: Words::new(whole),
        attachments: said.files,
        dropped: said.dropped,
        nature,
        fate: is_report.then(|| bounce::fate(&mail)).flatten(),
        auth,
    }
}

/// What becomes of bytes that are no mail, or that broke the reader.
pub(super) fn unreadable(raw: &[u8], received: Option<Timestamp>) -> ReadMail {
    let text = String::from_utf8_lossy(&raw[..raw.len().min(4 * UNREADABLE_SHOWN_CHARS)]);
    let text: String = clean(&text).chars().take(UNREADABLE_SHOWN_CHARS).collect();
    let legible = text.chars().filter(|c| c.is_alphanumeric() || c.is_ascii_punctuation() || c.is_whitespace()).count();
    let mut words = "[A mail came that could not be read. The whole of it is kept.]".to_owned();
    if !text.trim().is_empty() && legible * 10 >= text.chars().count() * 9 {
        let _ = write!(words, "\n\n{}", text.trim());
    }
    ReadMail {
        from: None,
        words: Words::new(words),
        attachments: Vec::new(),
        dropped: 0,
        message_id: None,
        threads: Vec::new(),
        nature: Nature::Unreadable,
        fate: None,
        sent_at: received,
        auth: None,
        once: hash(&[raw]),
    }
}

/// The address in From, else in Sender, Reply-To or Return-Path: somebody who cannot be answered is worse than an odd address.
fn sender(headers: &mail_parser::Message<'_>) -> Option<Address> {
    let lists = [headers.from(), headers.sender(), headers.reply_to()].into_iter().flatten();
    let addresses = lists.filter_map(|list| list.first().and_then(|address| address.address()));
    addresses.chain(headers.return_address()).find_map(|address| {
        let address = address.trim().to_ascii_lowercase();
        let (local, domain) = address.rsplit_once('@')?;
        let plain = !address.chars().any(|c| c.is_whitespace() || c.is_control() || "<>,;\"".contains(c));
        (plain && !local.is_empty() && domain.len() > 1 && address.len() <= MOST_ADDRESS_BYTES).then(|| Address::new(address))
    })
}

/// Without NUL and other signs that are no text.
fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t')).collect()
}

/// Whether a subject is only the echo of what is answered.
fn is_echo(subject: &str) -> bool {
    let lower = subject.to_lowercase();
    ["re:", "re :", "aw:", "sv:", "rv: re:", "resp:", "respuesta:", "رد:", "رد :", "re[", "automatic reply:", "respuesta automática:"]
        .iter()
        .any(|begin| lower.starts_with(begin))
}

/// Whether a subject says that what follows was handed on.
fn is_forward(subject: &str) -> bool {
    let lower = subject.to_lowercase();
    ["fw:", "fwd:", "rv:", "reenv:", "wg:", "tr:", "إعادة توجيه:", "تحويل:"].iter().any(|mark| lower.contains(mark))
}

fn written(headers: &mail_parser::Message<'_>, received: Option<Timestamp>) -> Option<Timestamp> {
    let said = headers.date().filter(|date| date.is_valid()).and_then(|date| Timestamp::from_second(date.to_timestamp()).ok());
    match (said, received) {
        (Some(said), Some(received)) => {
            let age = received.duration_since(said);
            Some(if age <= OLDEST && age >= -AHEAD { said } else { received })
        }
        (None, received) => received,
        (Some(_), None) => None,
    }
}

/// A mail that is delivered twice differs only in what the servers wrote into it. What its writer wrote makes it one; where that
/// names no mail or has no text, all of it counts: two mails taken for one would lose one.
fn once(raw: &[u8], headers: &super::mime::Headers<'_>) -> String {
    let all = |name: &str| headers.raw(name).collect::<Vec<_>>().join("\n");
    let named = ["Message-ID", "Date", "From"].map(all);
    let body = headers.parsed().and_then(|parsed| raw.get(parsed.raw_message().len()..)).unwrap_or_default().trim_ascii();
    if body.is_empty() || named.iter().any(String::is_empty) {
        return hash(&[raw]);
    }
    let said = ["To", "Subject", "In-Reply-To", "References", "Content-Type", "Content-Transfer-Encoding"].map(all);
    let mut parts: Vec<&[u8]> = named.iter().chain(&said).map(String::as_bytes).collect();
    parts.push(body);
    hash(&parts)
}

/// SHA-256 over the parts, each preceded by its length.
fn hash(parts: &[&[u8]]) -> String {
    let mut sha = Sha256::new();
    for part in parts {
        sha.update((part.len() as u64).to_be_bytes());
        sha.update(part);
    }
    sha.finalize().iter().fold("sha256:".to_owned(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

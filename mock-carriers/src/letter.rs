//! A mail as somebody writes it: the fields of the control API and of the handset's mail form, and their MIME form.
//! Written by hand, without the library that reads mail elsewhere, so that what goes in is not shaped by it.
//! `raw_base64` goes into the mailbox byte for byte, however malformed it is.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::clock;
use crate::ids;

/// Files in one mail.
pub const ATTACHMENTS: usize = 20;
/// Largest mail, in bytes.
pub const LETTER_BYTES: usize = 30 * 1024 * 1024;
/// Base64 characters in one line (RFC 2045).
const LINE_CHARS: usize = 76;

/// A mail to the tip line.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Letter {
    /// `reporter@example.org` or `Robin <robin@example.org>`; empty for a bounce's empty sender.
    #[serde(default)]
    pub from: String,
    /// The tip line's address, plus-addresses included; the mailbox's own when not given.
    #[serde(default)]
    pub to: Option<String>,
    /// The subject.
    #[serde(default)]
    pub subject: String,
    /// The plain text.
    #[serde(default)]
    pub text: Option<String>,
    /// The HTML; beside a text it makes a `multipart/alternative`.
    #[serde(default)]
    pub html: Option<String>,
    /// The whole mail instead, exactly these bytes.
    #[serde(default)]
    pub raw_base64: Option<String>,
    /// The Message-ID that is answered.
    #[serde(default)]
    pub in_reply_to: Option<String>,
    /// The `References` header.
    #[serde(default)]
    pub references: Option<String>,
    /// Further headers; one of a usual name replaces it.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Files.
    #[serde(default)]
    pub attachments: Vec<Attachment>,
    /// Where it lands; `INBOX` when not given.
    #[serde(default)]
    pub folder: Option<String>,
}

/// A file of a mail.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    /// File name.
    pub name: String,
    /// MIME type.
    pub content_type: String,
    /// The bytes.
    pub data_base64: String,
}

/// The bare address in `Name <address>` or `address`.
pub fn bare(address: &str) -> &str {
    let inner = address.rsplit_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map_or(address, |(inner, _)| inner).trim()
}

impl Letter {
    /// The bytes of the mail; the sentence says what is wrong with the letter.
    pub fn write(&self, to: &str) -> Result<Vec<u8>, String> {
        if let Some(raw) = &self.raw_base64 {
            let raw = STANDARD.decode(raw).map_err(|error| format!("`raw_base64` is not base64: {error}"))?;
            return sized(raw);
        }
        self.check(to)?;
        let mut text = self.head(to);
        let body = self.body();
        if self.attachments.is_empty() {
            text.push_str(&body);
        } else {
            let boundary = ids::hex32();
            let _ = write!(text, "Content-Type: multipart/mixed; boundary=\"{boundary}\"\r\n\r\n--{boundary}\r\n{body}");
            for file in &self.attachments {
                let _ = write!(text, "\r\n--{boundary}\r\n{}", part(file)?);
            }
            let _ = write!(text, "\r\n--{boundary}--\r\n");
        }
        sized(text.into_bytes())
    }

    fn check(&self, to: &str) -> Result<(), String> {
        let references = self.references.iter().chain(&self.in_reply_to).map(String::as_str);
        let headers = self.headers.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]);
        let files = self.attachments.iter().flat_map(|file| [file.name.as_str(), file.content_type.as_str()]);
        let mut lines = [self.from.as_str(), to, self.subject.as_str()].into_iter().chain(references).chain(headers).chain(files);
        if let Some(line) = lines.find(|line| line.contains(['\r', '\n', '\0'])) {
            return Err(format!("`{}` has a line break, which a header cannot carry: use raw_base64", line.escape_default()));
        }
        if let Some(name) = self.headers.keys().find(|name| name.is_empty() || !name.bytes().all(|b| b.is_ascii_graphic() && b != b':')) {
            return Err(format!("`{name}` is no header name"));
        }
        if self.attachments.len() > ATTACHMENTS {
            return Err(format!("a mail carries at most {ATTACHMENTS} files"));
        }
        Ok(())
    }

    /// The headers up to those of the body.
    fn head(&self, to: &str) -> String {
        let references = self.references.clone().or_else(|| self.in_reply_to.clone());
        let usual = [
            ("From", Some(mailbox(&self.from)).filter(|from| !from.is_empty())),
            ("To", Some(mailbox(to))),
            ("Subject", Some(encoded(&self.subject))),
            ("Date", Some(clock::rfc2822(clock::now()))),
            ("Message-ID", Some(format!("<{}@example.org>", ids::hex32()))),
            ("In-Reply-To", self.in_reply_to.clone()),
            ("References", references),
            ("MIME-Version", Some("1.0".to_owned())),
        ];
        let replaced = |name: &str| self.headers.keys().any(|given| given.eq_ignore_ascii_case(name));
        let mut head = String::new();
        for (name, value) in usual {
            if let Some(value) = value.filter(|_| !replaced(name)) {
                let _ = write!(head, "{name}: {value}\r\n");
            }
        }
        for (name, value) in &self.headers {
            // The carrier writes this one, from what is given here.
            if !name.eq_ignore_ascii_case("Return-Path") {
                let _ = write!(head, "{name}: {value}\r\n");
            }
        }
        head
    }

    /// The words with their own headers.
    fn body(&self) -> String {
        let plain = |text: &str| words("plain", text);
        match (&self.text, &self.html) {
            (Some(text), None) => plain(text),
            (None, Some(html)) => words("html", html),
            (None, None) => plain(""),
            (Some(text), Some(html)) => {
                let boundary = ids::hex32();
                let (text, html) = (plain(text), words("html", html));
                format!(
                    "Content-Type: multipart/alternative; boundary=\"{boundary}\"\r\n\r\n--{boundary}\r\n{text}\r\n--{boundary}\r\n{html}\r\n--{boundary}--\r\n"
                )
            }
        }
    }
}

fn sized(raw: Vec<u8>) -> Result<Vec<u8>, String> {
    if raw.len() > LETTER_BYTES { Err(format!("the mail is larger than {LETTER_BYTES} bytes")) } else { Ok(raw) }
}

fn words(kind: &str, text: &str) -> String {
    format!("Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{}", folded(text.as_bytes()))
}

fn part(file: &Attachment) -> Result<String, String> {
    let bytes = STANDARD.decode(&file.data_base64).map_err(|error| format!("`data_base64` of `{}` is not base64: {error}", file.name))?;
    let name: String = file.name.chars().map(|c| if matches!(c, '"' | '\\') { '_' } else { c }).collect();
    let kind = if file.content_type.is_empty() { "application/octet-stream" } else { &file.content_type };
    Ok(format!(
        "Content-Type: {kind}; name=\"{}\"\r\nContent-Disposition: attachment; filename=\"{}\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
        encoded(&name),
        encoded(&name),
        folded(&bytes)
    ))
}

/// Base64 in short lines.
fn folded(bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    let mut lines = String::with_capacity(text.len() + text.len() / LINE_CHARS * 2 + 2);
    for (at, c) in text.chars().enumerate() {
        if at > 0 && at % LINE_CHARS == 0 {
            lines.push_str("\r\n");
        }
        lines.push(c);
    }
    lines.push_str("\r\n");
    lines
}

/// A header's value in ASCII (RFC 2047), in words short enough for their limit.
fn encoded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut words = Vec::new();
    let mut word = String::new();
    for c in text.chars() {
        if word.len() + c.len_utf8() > 42 {
            words.push(std::mem::take(&mut word));
        }
        word.push(c);
    }
    words.push(word);
    words.iter().map(|word| format!("=?utf-8?B?{}?=", STANDARD.encode(word))).collect::<Vec<_>>().join(" ")
}

/// `Name <address>` with the name encoded.
fn mailbox(address: &str) -> String {
    match address.rsplit_once('<') {
        Some((name, rest)) if !name.trim().is_empty() => format!("{} <{rest}", encoded(name.trim())),
        _ => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter() -> Letter {
        Letter {
            from: "José <jose@example.org>".into(),
            subject: "¿Qué pasa?".into(),
            text: Some("Hay una pelea.".into()),
            ..Letter::default()
        }
    }

    #[test]
    fn words_files_and_foreign_letters_survive() {
        let file = Attachment { name: "a.png".into(), content_type: "image/png".into(), data_base64: "iVBORw0KGgo=".into() };
        let raw = Letter { html: Some("<p>Hay</p>".into()), attachments: vec![file], ..letter() }.write("tips@example.org").unwrap();
        assert!(raw.is_ascii());
        let parsed = mail_parser::MessageParser::default().parse(&raw[..]).unwrap();
        assert_eq!(parsed.subject(), Some("¿Qué pasa?"));
        assert_eq!(parsed.from().unwrap().first().unwrap().name(), Some("José"));
        assert_eq!(parsed.body_text(0).unwrap(), "Hay una pelea.");
        assert_eq!(parsed.body_html(0).unwrap(), "<p>Hay</p>");
        assert_eq!(parsed.attachment(0).unwrap().contents().len(), 8);
    }

    #[test]
    fn headers_may_be_replaced_but_not_smuggled() {
        let mut letter = letter();
        letter.headers.insert("message-id".into(), "<own@example.org>".into());
        let raw = String::from_utf8(letter.write("tips@example.org").unwrap()).unwrap();
        assert_eq!(raw.to_lowercase().matches("message-id:").count(), 1);
        letter.subject = "a\r\nBcc: b@example.org".into();
        assert!(letter.write("tips@example.org").unwrap_err().contains("line break"));
        assert_eq!(bare("Robin <robin@example.org>"), "robin@example.org");
        assert_eq!(bare(" robin@example.org "), "robin@example.org");
    }
}

//! A mail as the SMTP server took it, parsed for reading, with the raw bytes beside it.
//! Links are found in the text so that a scanner's visits can be played.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One mail taken by the SMTP server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Mail {
    /// `ML..`.
    pub id: String,
    /// When the last byte came.
    pub at: Timestamp,
    /// `MAIL FROM`, empty for bounces.
    pub envelope_from: String,
    /// `RCPT TO`, in order.
    pub to: Vec<String>,
    /// The `From` header.
    pub from: String,
    /// The decoded subject.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The HTML part, when there is one.
    pub html: Option<String>,
    /// Header names and values as written.
    pub headers: Vec<(String, String)>,
    /// http and https addresses found in the text.
    pub links: Vec<String>,
    /// The bytes after dot-unstuffing.
    #[serde(skip)]
    pub raw: Vec<u8>,
}

impl Mail {
    /// Parses what came over the wire. A mail that cannot be parsed is kept with its raw text.
    pub fn parse(id: String, at: Timestamp, from: String, to: Vec<String>, raw: Vec<u8>) -> Self {
        let mut mail = Self {
            id,
            at,
            envelope_from: from,
            to,
            from: String::new(),
            subject: String::new(),
            text: String::from_utf8_lossy(&raw).into_owned(),
            html: None,
            headers: Vec::new(),
            links: Vec::new(),
            raw,
        };
        if let Some(parsed) = mail_parser::MessageParser::default().parse(&mail.raw) {
            mail.subject = parsed.subject().unwrap_or_default().to_owned();
            mail.text = parsed.body_text(0).unwrap_or_default().into_owned();
            if parsed.html_body_count() > 0 && parsed.parts.iter().any(|part| part.is_text_html()) {
                mail.html = parsed.body_html(0).map(std::borrow::Cow::into_owned);
            }
            mail.headers = parsed.headers_raw().map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect();
            mail.from = header(&mail.headers, "From").unwrap_or_default().to_owned();
        }
        mail.links = links(&mail.text);
        mail
    }
}

/// The first header of that name, compared without case.
pub fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// Most links taken from one mail.
const LINKS_KEPT: usize = 50;

/// The http and https addresses in a text, each once, in order.
pub fn links(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for word in text.split(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '(' | ')')) {
        let link = word.trim_end_matches(['.', ',', ';', ':', '!', '?']);
        let is_link = link.starts_with("http://") || link.starts_with("https://");
        if is_link && !found.iter().any(|seen| seen == link) && found.len() < LINKS_KEPT {
            found.push(link.to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lose_the_full_stop_and_the_brackets() {
        let text = "Open <https://example.org/r/abc>. Or http://example.org/x?a=1, now.";
        assert_eq!(links(text), ["https://example.org/r/abc", "http://example.org/x?a=1"]);
    }

    #[test]
    fn a_quoted_printable_mail_is_decoded() {
        let raw = b"From: Desk <desk@example.org>\r\nSubject: =?utf-8?q?R=C3=A9port?=\r\n\
            MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\
            Content-Transfer-Encoding: quoted-printable\r\n\r\nhttp://example.org/a=3Db\r\n"
            .to_vec();
        let mail = Mail::parse("ML1".into(), crate::clock::now(), String::new(), vec![], raw);
        assert_eq!(mail.subject, "R\u{e9}port");
        assert_eq!(mail.links, ["http://example.org/a=b"]);
        assert_eq!(mail.html, None);
    }
}

//! FETCH: what a client may ask of a message, and how it is written.
//! Fetching a body without PEEK marks the message as seen, as RFC 3501 has it, so that a client which forgets PEEK
//! shows in the flags.

use std::fmt::Write as _;

use jiff::tz::TimeZone;

use super::syntax::Word;
use crate::state::mailbox::Stored;

/// One thing asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// Its UID.
    Uid,
    /// Its flags.
    Flags,
    /// When it came.
    InternalDate,
    /// Its length.
    Size,
    /// A part of its bytes.
    Body {
        /// What the answer calls it.
        name: String,
        /// Which part.
        section: Section,
        /// First byte and most bytes.
        partial: Option<(usize, usize)>,
        /// Whether asking marks it as seen.
        peek: bool,
    },
}

/// A part of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Section {
    /// Everything.
    All,
    /// The headers with the empty line after them.
    Header,
    /// What follows them.
    Text,
    /// Only these headers.
    Fields(Vec<String>),
}

/// Reads what is asked for; the sentence names what is not known.
pub fn parse(word: &Word) -> Result<Vec<Item>, String> {
    let mut items = Vec::new();
    for word in word.all() {
        let text = word.text().ok_or("FETCH wants names")?;
        match text.to_ascii_uppercase().as_str() {
            "UID" => items.push(Item::Uid),
            "FLAGS" => items.push(Item::Flags),
            "INTERNALDATE" => items.push(Item::InternalDate),
            "RFC822.SIZE" => items.push(Item::Size),
            "FAST" => items.extend([Item::Flags, Item::InternalDate, Item::Size]),
            "RFC822" => items.push(whole("RFC822", Section::All, false)),
            "RFC822.HEADER" => items.push(whole("RFC822.HEADER", Section::Header, true)),
            "RFC822.TEXT" => items.push(whole("RFC822.TEXT", Section::Text, false)),
            other => items.push(body(other).ok_or_else(|| format!("this mock cannot fetch {other}"))?),
        }
    }
    Ok(items)
}

fn whole(name: &str, section: Section, peek: bool) -> Item {
    Item::Body { name: name.to_owned(), section, partial: None, peek }
}

/// `BODY[..]` and `BODY.PEEK[..]`, maybe with `<first.most>`.
fn body(text: &str) -> Option<Item> {
    let (name, rest) = text.split_once('[')?;
    let (inner, after) = rest.rsplit_once(']')?;
    let peek = match name {
        "BODY" => false,
        "BODY.PEEK" => true,
        _ => return None,
    };
    let section = match inner {
        "" => Section::All,
        "HEADER" => Section::Header,
        "TEXT" => Section::Text,
        fields => {
            let list = fields.strip_prefix("HEADER.FIELDS")?.trim().strip_prefix('(')?.strip_suffix(')')?;
            Section::Fields(list.split_whitespace().map(str::to_owned).collect())
        }
    };
    let partial = match after {
        "" => None,
        range => {
            let (first, most) = range.strip_prefix('<')?.strip_suffix('>')?.split_once('.')?;
            Some((first.parse().ok()?, most.parse().ok()?))
        }
    };
    let origin = partial.map_or_else(String::new, |(first, _): (usize, usize)| format!("<{first}>"));
    Some(Item::Body { name: format!("BODY[{inner}]{origin}"), section, partial, peek })
}

/// True when fetching this marks the message as seen.
pub fn marks_seen(items: &[Item]) -> bool {
    items.iter().any(|item| match item {
        Item::Body { peek, .. } => !peek,
        Item::Uid | Item::Flags | Item::InternalDate | Item::Size => false,
    })
}

/// The whole answer for one message.
pub fn answer(number: u32, mail: &Stored, items: &[Item]) -> Vec<u8> {
    let mut bytes = format!("* {number} FETCH (").into_bytes();
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            bytes.push(b' ');
        }
        match item {
            Item::Uid => bytes.extend_from_slice(format!("UID {}", mail.uid).as_bytes()),
            Item::Flags => bytes.extend_from_slice(flags(mail).as_bytes()),
            Item::InternalDate => bytes.extend_from_slice(internal_date(mail).as_bytes()),
            Item::Size => bytes.extend_from_slice(format!("RFC822.SIZE {}", mail.raw.len()).as_bytes()),
            Item::Body { name, section, partial, .. } => {
                let part = part(&mail.raw, section);
                let part = match partial {
                    Some((first, most)) => part.get(*first..).unwrap_or_default().iter().copied().take(*most).collect(),
                    None => part,
                };
                bytes.extend_from_slice(format!("{name} {{{}}}\r\n", part.len()).as_bytes());
                bytes.extend_from_slice(&part);
            }
        }
    }
    bytes.extend_from_slice(b")\r\n");
    bytes
}

/// `FLAGS (..)`.
pub fn flags(mail: &Stored) -> String {
    let flags: Vec<&str> = mail.flags.iter().map(String::as_str).collect();
    format!("FLAGS ({})", flags.join(" "))
}

fn internal_date(mail: &Stored) -> String {
    let at = mail.came.to_zoned(TimeZone::UTC);
    format!("INTERNALDATE \"{}\"", at.strftime("%e-%b-%Y %H:%M:%S +0000"))
}

fn part(raw: &[u8], section: &Section) -> Vec<u8> {
    let body = body_begins(raw);
    match section {
        Section::All => raw.to_vec(),
        Section::Header => raw.get(..body).unwrap_or_default().to_vec(),
        Section::Text => raw.get(body..).unwrap_or_default().to_vec(),
        Section::Fields(names) => {
            let parsed = mail_parser::MessageParser::default().parse_headers(raw);
            let headers = parsed.iter().flat_map(mail_parser::Message::headers_raw);
            let wanted = headers.filter(|(name, _)| names.iter().any(|wanted| wanted.eq_ignore_ascii_case(name)));
            let mut text = String::new();
            for (name, value) in wanted {
                let _ = write!(text, "{name}: {}\r\n", value.trim());
            }
            text.push_str("\r\n");
            text.into_bytes()
        }
    }
}

/// Where the text begins: after the first empty line.
fn body_begins(raw: &[u8]) -> usize {
    let crlf = raw.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
    let bare = raw.windows(2).position(|two| two == b"\n\n").map(|at| at + 2);
    crlf.into_iter().chain(bare).min().unwrap_or(raw.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_written_with_its_length() {
        let mail = Stored {
            uid: 7,
            came: "2026-11-02T05:06:07Z".parse().unwrap(),
            flags: ["\\Seen".to_owned()].into(),
            raw: b"Subject: a\r\nFrom: b@example.org\r\n\r\ntext".as_slice().into(),
        };
        let ask = |names: &[&str]| {
            let list = Word::List(names.iter().map(|name| Word::Atom((*name).to_owned())).collect());
            parse(&list).map(|items| String::from_utf8(answer(3, &mail, &items)).unwrap())
        };
        assert_eq!(
            ask(&["UID", "FLAGS", "INTERNALDATE", "RFC822.SIZE"]).unwrap(),
            "* 3 FETCH (UID 7 FLAGS (\\Seen) INTERNALDATE \" 2-Nov-2026 05:06:07 +0000\" RFC822.SIZE 39)\r\n"
        );
        assert_eq!(ask(&["BODY.PEEK[TEXT]"]).unwrap(), "* 3 FETCH (BODY[TEXT] {4}\r\ntext)\r\n");
        assert_eq!(ask(&["BODY.PEEK[]<1.3>"]).unwrap(), "* 3 FETCH (BODY[]<1> {3}\r\nubj)\r\n");
        assert!(ask(&["BODY.PEEK[HEADER.FIELDS (subject)]"]).unwrap().contains("{14}\r\nSubject: a\r\n\r\n)"));
        assert!(ask(&["ENVELOPE"]).unwrap_err().contains("ENVELOPE"));
        assert!(marks_seen(&parse(&Word::Atom("BODY[]".into())).unwrap()));
        assert!(!marks_seen(&parse(&Word::Atom("BODY.PEEK[]".into())).unwrap()));
    }
}

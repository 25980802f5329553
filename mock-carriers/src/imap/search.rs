//! SEARCH: which messages fit. Keys are joined by "and"; a key that this mock does not know is refused, so that a
//! client does not take an empty answer for "there are none".

use super::sequence::Set;
use super::syntax::Word;
use crate::state::mailbox::Stored;

/// One key.
#[derive(Debug, PartialEq, Eq)]
pub enum Key {
    /// Everything.
    All,
    /// By sequence number.
    Numbers(Set),
    /// By UID.
    Uids(Set),
    /// With this flag, or without.
    Flag(String, bool),
    /// With this text in this header.
    Header(String, String),
    /// Not this.
    Not(Box<Self>),
}

/// Reads the keys; the sentence names the one that is not known.
pub fn parse(words: &[Word]) -> Result<Vec<Key>, String> {
    let mut rest = words.iter();
    let mut keys = Vec::new();
    while let Some(word) = rest.next() {
        if word.text().is_some_and(|text| text.eq_ignore_ascii_case("CHARSET")) {
            rest.next();
            continue;
        }
        keys.push(key(word, &mut rest)?);
    }
    if keys.is_empty() { Err("SEARCH wants a key".to_owned()) } else { Ok(keys) }
}

fn key<'a>(word: &Word, rest: &mut impl Iterator<Item = &'a Word>) -> Result<Key, String> {
    let name = word.text().ok_or("a list of keys is not known")?.to_ascii_uppercase();
    let mut argument = || rest.next().and_then(Word::text).ok_or_else(|| format!("{name} wants an argument"));
    let flag = |flag: &str, there: bool| Ok(Key::Flag(flag.to_owned(), there));
    match name.as_str() {
        "ALL" | "OLD" => Ok(Key::All),
        "UID" => Set::parse(&argument()?).map(Key::Uids).ok_or_else(|| "UID wants a set".to_owned()),
        "SEEN" => flag("\\Seen", true),
        "UNSEEN" => flag("\\Seen", false),
        "DELETED" => flag("\\Deleted", true),
        "UNDELETED" => flag("\\Deleted", false),
        "ANSWERED" => flag("\\Answered", true),
        "UNANSWERED" => flag("\\Answered", false),
        "FLAGGED" => flag("\\Flagged", true),
        "UNFLAGGED" => flag("\\Flagged", false),
        "KEYWORD" => Ok(Key::Flag(argument()?, true)),
        "UNKEYWORD" => Ok(Key::Flag(argument()?, false)),
        "FROM" | "TO" | "SUBJECT" => Ok(Key::Header(name.clone(), argument()?)),
        "HEADER" => Ok(Key::Header(argument()?, argument()?)),
        "NOT" => {
            let word = rest.next().ok_or("NOT wants a key")?;
            Ok(Key::Not(Box::new(key(word, rest)?)))
        }
        other => Set::parse(other).map(Key::Numbers).ok_or_else(|| format!("this mock cannot search for {other}")),
    }
}

impl Key {
    /// True when a mail fits; `last` are the largest sequence number and the largest UID.
    pub fn fits(&self, number: u32, mail: &Stored, last: (u32, u32)) -> bool {
        match self {
            Self::All => true,
            Self::Numbers(set) => set.names(number, last.0),
            Self::Uids(set) => set.names(mail.uid, last.1),
            Self::Flag(flag, there) => mail.flags.iter().any(|own| own.eq_ignore_ascii_case(flag)) == *there,
            Self::Header(name, part) => header_has(&mail.raw, name, part),
            Self::Not(key) => !key.fits(number, mail, last),
        }
    }
}

fn header_has(raw: &[u8], name: &str, part: &str) -> bool {
    let parsed = mail_parser::MessageParser::default().parse_headers(raw);
    let part = part.to_lowercase();
    parsed.is_some_and(|parsed| {
        let mut named = parsed.headers_raw().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        named.any(|(_, value)| value.to_lowercase().contains(&part))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_and_unknown_ones_refused() {
        let words = |text: &str| text.split(' ').map(|word| Word::Atom(word.to_owned())).collect::<Vec<_>>();
        let mail = Stored {
            uid: 7,
            came: crate::clock::now(),
            flags: ["\\Seen".to_owned()].into(),
            raw: b"Subject: A fight\r\n\r\n".as_slice().into(),
        };
        for (text, fits) in [
            ("ALL", true),
            ("UID 8:*", true),
            ("UID 1:6", false),
            ("SEEN", true),
            ("NOT SEEN", false),
            ("UNSEEN", false),
            ("SUBJECT fight", true),
            ("HEADER subject quiet", false),
            ("1 SEEN", true),
        ] {
            let keys = parse(&words(text)).unwrap();
            assert_eq!(keys.iter().all(|key| key.fits(1, &mail, (1, 7))), fits, "{text}");
        }
        assert!(parse(&words("YOUNGER 60")).unwrap_err().contains("YOUNGER"));
    }
}

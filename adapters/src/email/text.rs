//! Which text of a mail is its words, and what stands beside it.
//!
//! Of alternatives the plain one counts, or the first that says anything; text that is not a file is read in order; a mail
//! inside the mail was forwarded to be read. What a report of delivery brings back is not the reporter's word.

use super::html;
use super::mime::{Body, MOST_TEXT_CHARS, Part, decoded, text};
use domain::exchange::MAX_MEDIA;

/// A file beside the text.
#[derive(Clone, PartialEq, Eq)]
pub struct Attachment {
    /// What the sender calls it, lower case, at most 100 characters; not to be believed.
    pub content_type: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Attachment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Attachment({} bytes)", self.bytes.len())
    }
}

/// What a mail says and brings.
#[derive(Default)]
pub(super) struct Said {
    /// The text, untrimmed.
    pub(super) text: String,
    /// Files, at most as many as are taken.
    pub(super) files: Vec<Attachment>,
    /// How many more there were.
    pub(super) dropped: u32,
    /// Whether text was left out for its length.
    pub(super) cut: bool,
    /// The texts of forwarded mails, which no trimming touches.
    pub(super) forwarded: String,
}

/// One of the places is the original's.
const MOST_FILES: usize = MAX_MEDIA - 1;
/// Kinds that are for programs: signatures, invitations beside a text, what a report brings back.
const FOR_PROGRAMS: [&str; 5] = [
    "application/pgp-signature",
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
    "text/rfc822-headers",
    "message/delivery-status",
];

impl Said {
    /// Reads a mail.
    pub(super) fn by(mail: &Part<'_>) -> Self {
        let mut said = Self::default();
        said.part(mail);
        said.limit();
        said
    }

    fn part(&mut self, part: &Part<'_>) {
        match &part.body {
            Body::Many(parts) if part.kind == "multipart/alternative" => self.alternatives(parts),
            // The first part is for people; the others say it to programs, or bring our own mail back.
            Body::Many(parts) if part.kind == "multipart/report" => parts.first().into_iter().for_each(|first| self.part(first)),
            Body::Many(parts) => parts.iter().for_each(|part| self.part(part)),
            Body::Mail(mail) => self.forwarded(mail),
            Body::Leaf(bytes) => self.leaf(part, bytes),
        }
    }

    fn alternatives(&mut self, parts: &[Part<'_>]) {
        let read = parts.iter().map(|part| {
            let mut said = Self::default();
            said.part(part);
            (has_plain_text(part), said)
        });
        let (mut plain, mut other) = (None, None);
        for (is_plain, mut said) in read {
            for file in said.files.drain(..) {
                self.file(file);
            }
            self.dropped += said.dropped;
            let place = if is_plain { &mut plain } else { &mut other };
            if place.is_none() && !(said.text.trim().is_empty() && said.forwarded.is_empty()) {
                *place = Some(said);
            }
        }
        if let Some(chosen) = plain.or(other) {
            self.add_text(&chosen.text);
            self.forwarded.push_str(&chosen.forwarded);
            self.cut |= chosen.cut;
        }
    }

    fn leaf(&mut self, part: &Part<'_>, bytes: &[u8]) {
        let html = part.kind == "text/html";
        // Text with a name is a file, unless it is all there is.
        let readable = html || part.kind == "text/plain" || part.kind.starts_with("multipart/");
        if FOR_PROGRAMS.contains(&part.kind.as_str()) {
            return;
        }
        if readable && !part.headers.is_file() {
            let (words, cut) = text(&part.headers, bytes);
            self.cut |= cut;
            let flowed = part.headers.parameter("format").is_some_and(|format| format.eq_ignore_ascii_case("flowed"));
            let joins_without_space = part.headers.parameter("delsp").is_some_and(|word| word.eq_ignore_ascii_case("yes"));
            self.add_text(&match (html, flowed) {
                (true, _) => html::text_of(&words),
                (false, true) => unflowed(&words, joins_without_space),
                (false, false) => words,
            });
        } else if !bytes.is_empty() {
            let content_type = part.kind.chars().filter(|c| c.is_ascii_graphic()).take(100).collect();
            if self.files.len() < MOST_FILES {
                let bytes = decoded(&part.headers, bytes).into_owned();
                self.file(Attachment { content_type, bytes });
            } else {
                self.dropped += 1;
            }
        }
    }

    fn file(&mut self, file: Attachment) {
        if file.bytes.is_empty() {
        } else if self.files.len() < MOST_FILES {
            self.files.push(file);
        } else {
            self.dropped += 1;
        }
    }

    /// A mail that was forwarded whole: who wrote it, about what, and its words.
    fn forwarded(&mut self, mail: &Part<'_>) {
        let inner = Self::by(mail);
        let line = |name: &str| mail.headers.raw(name).next().map(|value| format!("{name}: {value}\n")).unwrap_or_default();
        let subject = mail.headers.parsed().and_then(|parsed| parsed.subject()).map(|subject| format!("Subject: {subject}\n"));
        let text = format!("\n\n{}{}{}\n{}{}", line("From"), line("Date"), subject.unwrap_or_default(), inner.text.trim(), inner.forwarded);
        self.forwarded.push_str(&text);
        for file in inner.files {
            self.file(file);
        }
        self.dropped += inner.dropped;
        self.cut |= inner.cut;
    }

    fn add_text(&mut self, text: &str) {
        if !self.text.is_empty() && !text.trim().is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(text);
    }

    fn limit(&mut self) {
        for text in [&mut self.text, &mut self.forwarded] {
            if let Some((at, _)) = text.char_indices().nth(MOST_TEXT_CHARS) {
                text.truncate(at);
                self.cut = true;
            }
        }
    }
}

fn has_plain_text(part: &Part<'_>) -> bool {
    match &part.body {
        Body::Many(parts) => parts.first().is_some_and(has_plain_text),
        Body::Mail(_) => false,
        Body::Leaf(_) => part.kind == "text/plain",
    }
}

/// Joins the lines that a phone broke (RFC 3676): a line that ends with a space goes on in the next of the same quotation.
fn unflowed(text: &str, joins_without_space: bool) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut goes_on: Option<usize> = None;
    for line in text.lines() {
        let quotes = line.bytes().take_while(|byte| *byte == b'>').count();
        let words = &line[quotes..];
        let words = words.strip_prefix(' ').unwrap_or(words);
        let signature = words == "-- ";
        if goes_on == Some(quotes) && !signature {
            whole.push_str(words);
        } else {
            if goes_on.is_some() || !whole.is_empty() {
                whole.push('\n');
            }
            whole.extend(std::iter::repeat_n('>', quotes));
            if quotes > 0 {
                whole.push(' ');
            }
            whole.push_str(words);
        }
        goes_on = (words.ends_with(' ') && !signature).then_some(quotes);
        if goes_on.is_some() && joins_without_space {
            whole.pop();
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flowed_text_flows() {
        let table = [
            ("one \r\nline\r\n\r\ntwo", false, "one line\n\ntwo"),
            ("> quoted \r\n> on\r\nanswer", false, "> quoted on\nanswer"),
            ("words \r\n-- \r\nname", false, "words \n-- \nname"),
            (" >not quoted", false, ">not quoted"),
            ("وا \r\nحد", true, "واحد"),
        ];
        for (text, joins_without_space, expected) in table {
            assert_eq!(unflowed(text, joins_without_space), expected, "{text:?}");
        }
    }
}

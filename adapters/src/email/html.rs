//! Text of an HTML mail: what a reader would see, line by line. Nothing is fetched, run or kept of the markup.
//!
//! A quotation (`blockquote`) becomes lines with `> `, so that the same rules trim it as in a text mail. One pass, linear in
//! the input; markup that never ends is text that never was.

use super::mime::MOST_TEXT_CHARS;
use mail_parser::decoders::html::add_html_token;

/// The deepest quotation that is marked.
const MOST_QUOTES: usize = 20;
/// The longest address of a link that is written beside its words.
const MOST_LINK_BYTES: usize = 500;
/// The longest named or numbered character, `&CounterClockwiseContourIntegral;`.
const MOST_ENTITY_BYTES: usize = 36;

/// Turns HTML into text.
pub(super) fn text_of(html: &str) -> String {
    let mut page = Page::default();
    let mut rest = html;
    let mut tags_end = true;
    while let Some(at) = rest.find(['<', '&']).filter(|_| page.chars < MOST_TEXT_CHARS) {
        page.words(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with('&') {
            rest = page.entity(rest);
        } else if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
        } else if tags_end && let Some(end) = tag_end(rest) {
            rest = page.tag(&rest[1..end], &rest[end + 1..]);
        } else {
            // A lone "<", or a tag that never ends: looked for once only, so that many of them cost no more than one.
            tags_end &= !starts_tag(rest);
            page.words("<");
            rest = &rest[1..];
        }
    }
    if page.chars < MOST_TEXT_CHARS {
        page.words(rest);
    }
    page.text
}

/// Where a tag's `>` is, when this is one.
fn tag_end(text: &str) -> Option<usize> {
    if starts_tag(text) { text.find('>') } else { None }
}

fn starts_tag(text: &str) -> bool {
    text[1..].starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c))
}

/// The text so far, and where it stands.
#[derive(Default)]
struct Page {
    text: String,
    chars: usize,
    quotes: usize,
    /// Line ends that are due before the next word.
    breaks: usize,
    /// A space that is due before the next word.
    space: bool,
    verbatim: bool,
    /// Whether a head was seen.
    head: bool,
    link: Option<(String, usize)>,
}

impl Page {
    fn words(&mut self, text: &str) {
        for c in text.chars() {
            if c == '\n' && self.verbatim {
                self.breaks += 1;
            } else if c.is_whitespace() && c != '\u{a0}' && !self.verbatim {
                self.space = true;
            } else if c != '\r' {
                self.put(if c == '\u{a0}' { ' ' } else { c });
            }
        }
    }

    fn put(&mut self, c: char) {
        if self.chars >= MOST_TEXT_CHARS {
            return;
        }
        let begins = self.text.is_empty();
        if self.breaks > 0 || begins {
            let breaks = if begins { 0 } else { self.breaks.min(2) };
            for _ in 0..breaks {
                self.text.push('\n');
            }
            for _ in 0..self.quotes.min(MOST_QUOTES) {
                self.text.push_str("> ");
            }
            self.chars += breaks + 2 * self.quotes.min(MOST_QUOTES);
        } else if self.space {
            self.text.push(' ');
            self.chars += 1;
        }
        (self.breaks, self.space) = (0, false);
        self.text.push(c);
        self.chars += 1;
    }

    /// A named or numbered character, when it is one; gives what follows.
    fn entity<'a>(&mut self, text: &'a str) -> &'a str {
        let end = text.bytes().take(MOST_ENTITY_BYTES).position(|byte| byte == b';');
        match end.filter(|end| text[1..*end].bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'#')) {
            Some(end) => {
                let mut meant = String::new();
                add_html_token(&mut meant, &text.as_bytes()[..=end], false);
                self.words(&meant);
                &text[end + 1..]
            }
            None => {
                self.words("&");
                &text[1..]
            }
        }
    }

    /// A tag, without its brackets; gives what follows it.
    fn tag<'a>(&mut self, tag: &str, after: &'a str) -> &'a str {
        let closes = tag.starts_with('/');
        let name: String = tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).take(12).collect();
        match name.to_ascii_lowercase().as_str() {
            "script" | "style" | "title" | "template" | "noscript" if !closes => return behind(after, &name).unwrap_or(""),
            // A page whose head never ends is broken, but its body may be the tip. Looked for once.
            "head" if !closes && !self.head => {
                self.head = true;
                return behind(after, &name).unwrap_or(after);
            }
            "br" => self.breaks += 1,
            "hr" | "div" | "tr" | "section" | "article" | "header" | "footer" | "dt" | "dd" | "form" => self.breaks = self.breaks.max(1),
            "p" | "table" | "ul" | "ol" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.breaks = self.breaks.max(2),
            "td" | "th" => self.space = true,
            "li" if !closes => {
                self.breaks = self.breaks.max(1);
                self.put('-');
                self.space = true;
            }
            "pre" => {
                self.breaks = self.breaks.max(1);
                self.verbatim = !closes;
            }
            "blockquote" => {
                self.breaks = self.breaks.max(1);
                self.quotes = if closes { self.quotes.saturating_sub(1) } else { self.quotes + 1 };
            }
            "a" if closes => self.link_ends(),
            "a" => self.link = address(tag).map(|address| (address, self.text.len())),
            _ => {}
        }
        after
    }

    /// Writes a link's address behind its words, unless they are the address.
    fn link_ends(&mut self) {
        let Some((address, from)) = self.link.take() else { return };
        let plain = |text: &str| text.trim_end_matches('/').trim_start_matches("https://").trim_start_matches("http://").to_owned();
        if !self.text.get(from..).is_some_and(|said| said.contains(&plain(&address))) {
            self.space = true;
            self.words(&format!("<{address}>"));
        }
    }
}

/// What follows the end of an element whose content is not for readers.
fn behind<'a>(after: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = after;
    while let Some(at) = rest.find("</") {
        rest = &rest[at + 2..];
        if rest.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name)) {
            return Some(rest.find('>').map_or("", |end| &rest[end + 1..]));
        }
    }
    None
}

/// The web address of a link.
fn address(tag: &str) -> Option<String> {
    let at = tag.to_ascii_lowercase().find("href=")?;
    let value = &tag[at + 5..];
    let value = match value.chars().next()? {
        quote @ ('"' | '\'') => value[1..].split(quote).next()?,
        _ => value.split_ascii_whitespace().next()?,
    };
    let web = value.starts_with("http://") || value.starts_with("https://");
    (web && value.len() <= MOST_LINK_BYTES).then(|| value.replace("&amp;", "&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_would_see() {
        let table = [
            ("<p>He has a <b>gun</b>.</p><p>Room&nbsp;12 &amp; 13</p>", "He has a gun.\n\nRoom 12 & 13"),
            ("<html><head><title>x</title><style>p{}</style></head><body>Hi<br>there<script>no()</script></body></html>", "Hi\nthere"),
            ("<div>Yes</div><div><br></div><blockquote>old<blockquote>older</blockquote></blockquote>", "Yes\n\n> old\n> > older"),
            ("<ul><li>one</li><li>two</li></ul>", "- one\n- two"),
            ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
            ("see <a href=\"https://video.example.org/x?a=1&amp;b=2\">this</a>", "see this <https://video.example.org/x?a=1&b=2>"),
            ("<a href='https://video.example.org/'>video.example.org</a>", "video.example.org"),
            ("<a href=\"javascript:x\">x</a>", "x"),
            ("3 < 4 & 5 > 2 &unknown; &#x645;&#1585;", "3 < 4 & 5 > 2 &unknown; مر"),
            ("a<!-- <p>no</p> -->b<![endif]>c", "abc"),
            ("<head><body>never ended", "never ended"),
            ("before <script> never ends", "before"),
            ("<pre>a\n  b</pre>", "a\n  b"),
            ("half a tag <a href=", "half a tag <a href="),
            ("", ""),
        ];
        for (html, text) in table {
            assert_eq!(text_of(html), text, "{html}");
        }
    }

    #[test]
    fn bombs_cost_little() {
        for bomb in [
            "<",
            "<a",
            "<a href='https://x.example.org'>",
            "&",
            "&amp",
            "<!--",
            "<blockquote>",
            "<li>",
            "<script>",
            "</",
            "<br>",
            "<head>",
            "<title>",
            "<pre>\n",
        ] {
            let text = text_of(&bomb.repeat(200_000));
            assert!(text.chars().count() <= MOST_TEXT_CHARS + 600, "{bomb}");
        }
    }
}

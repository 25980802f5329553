//! The reporter's pages: where *Leave quickly* leads, and the numbers of the help page.
//!
//! The help page shows what is written here and nothing of the directory, whose numbers are endusers' and sealed.

use super::ConfigError;
use super::section::Section;

/// What the reporter's pages are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reporters {
    /// A page that says nothing about anybody who opens it.
    pub leave_to: String,
    /// Numbers for the help page, in the order written.
    pub help: Vec<HelpLine>,
}

/// A number or page where somebody helps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelpLine {
    /// The county it is for, as people write it; `None` is for everybody.
    pub county: Option<String>,
    /// Who helps there.
    pub name: String,
    /// What to dial, as people write it.
    pub phone: Option<String>,
    /// A page.
    pub url: Option<String>,
}

/// Longer texts do not fit the page.
const LONGEST: usize = 120;
const TEXT_FIX: &str = "write at most 120 characters on one line";
const URL_FIX: &str = "write an address that begins with https://";
const PHONE_FIX: &str = "write the number as people dial it, such as (555) 555-0142: digits, spaces, dashes, dots, + and brackets";

pub(super) fn read(root: &Section<'_>) -> Result<Reporters, ConfigError> {
    let leave_to = root.section("site", &["leave_to"])?.parsed("leave_to", URL_FIX, url)?;
    let mut help = Vec::new();
    for line in root.list("help", |_| &["county", "name", "phone", "url"])? {
        let entry = HelpLine {
            county: line.maybe("county", TEXT_FIX, text)?,
            name: line.parsed("name", TEXT_FIX, text)?,
            phone: line.maybe("phone", PHONE_FIX, phone)?,
            url: line.maybe("url", URL_FIX, url)?,
        };
        if entry.phone.is_none() && entry.url.is_none() {
            return Err(line.missing("phone", "write a phone or a url: otherwise nobody can be reached"));
        }
        help.push(entry);
    }
    Ok(Reporters { leave_to, help })
}

fn text(text: &str) -> Option<String> {
    (text.chars().count() <= LONGEST && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

fn url(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}');
    let host = text.strip_prefix("https://")?;
    (text.len() <= 300 && !host.is_empty() && text.chars().all(plain)).then(|| text.to_owned())
}

fn phone(text: &str) -> Option<String> {
    let dialled = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '-' | '.' | '+' | '(' | ')');
    let digits = text.chars().filter(char::is_ascii_digit).count();
    (text.chars().all(dialled) && (3..=15).contains(&digits)).then(|| text.to_owned())
}

//! Commands on folders: LIST, CREATE, STATUS, and what SELECT tells of one.

use std::fmt::Write as _;

use super::session::{Refusal, refuse_no};
use super::syntax::Word;
use crate::state::mailbox::{JUNK, Mailbox, NoFolder};

/// Flags that every mail may have.
pub const FLAGS: &str = "\\Answered \\Flagged \\Deleted \\Seen \\Draft";

/// What LIST answers.
pub fn list(mailbox: &Mailbox, reference: &str, pattern: &str) -> String {
    if pattern.is_empty() {
        return "* LIST (\\Noselect) \"/\" \"\"\r\n".to_owned();
    }
    let pattern = format!("{reference}{pattern}");
    let named = mailbox.names().into_iter().filter(|name| matches(&pattern, name));
    named.fold(String::new(), |mut text, name| {
        let special = if name == JUNK { " \\Junk" } else { "" };
        let _ = write!(text, "* LIST (\\HasNoChildren{special}) \"/\" \"{name}\"\r\n");
        text
    })
}

/// `*` and `%` stand for anything, the latter not across a `/`; INBOX is written in any case.
fn matches(pattern: &str, name: &str) -> bool {
    if pattern.eq_ignore_ascii_case(name) && name.eq_ignore_ascii_case("INBOX") {
        return true;
    }
    let Some((before, after)) = pattern.split_once(['*', '%']) else {
        return pattern == name;
    };
    let star = pattern.as_bytes().get(before.len()) == Some(&b'*');
    let Some(rest) = name.strip_prefix(before) else { return false };
    (0..=rest.len()).filter(|at| rest.is_char_boundary(*at)).any(|at| {
        let (skipped, left) = rest.split_at(at);
        (star || !skipped.contains('/')) && matches(after, left)
    })
}

/// What SELECT and EXAMINE tell before their end.
pub fn selected(mailbox: &Mailbox, name: &str) -> Option<String> {
    let folder = mailbox.folder(name)?;
    let mut text = format!("* FLAGS ({FLAGS})\r\n* OK [PERMANENTFLAGS ({FLAGS} \\*)] Kept\r\n");
    let _ = write!(text, "* {} EXISTS\r\n* 0 RECENT\r\n", folder.mails().len());
    if let Some(unseen) = folder.mails().iter().position(|mail| !mail.flags.contains("\\Seen")) {
        let _ = write!(text, "* OK [UNSEEN {}] First unseen\r\n", unseen + 1);
    }
    let _ = write!(text, "* OK [UIDVALIDITY {}] UIDs valid\r\n* OK [UIDNEXT {}] Next UID\r\n", folder.uid_validity, folder.uid_next);
    Some(text)
}

/// What STATUS answers.
pub fn status(mailbox: &Mailbox, name: &str, items: &[Word]) -> Result<String, Refusal> {
    let missing = || refuse_no("NONEXISTENT", "There is no such folder");
    let known = mailbox.name_of(name).ok_or_else(missing)?;
    let folder = mailbox.folder(&known).ok_or_else(missing)?;
    let mut values = Vec::new();
    for item in items.iter().filter_map(Word::text) {
        let item = item.to_ascii_uppercase();
        let value = match item.as_str() {
            "MESSAGES" => folder.mails().len().to_string(),
            "RECENT" => "0".to_owned(),
            "UIDNEXT" => folder.uid_next.to_string(),
            "UIDVALIDITY" => folder.uid_validity.to_string(),
            "UNSEEN" => folder.mails().iter().filter(|mail| !mail.flags.contains("\\Seen")).count().to_string(),
            _ => return Err(Refusal::Bad(format!("STATUS knows no {item}"))),
        };
        values.push(format!("{item} {value}"));
    }
    Ok(format!("* STATUS \"{name}\" ({})\r\n", values.join(" ")))
}

/// What CREATE does.
pub fn create(mailbox: &mut Mailbox, name: &str) -> Result<(), Refusal> {
    mailbox.create(name).map_err(|error| match error {
        NoFolder::Exists => refuse_no("ALREADYEXISTS", &error.to_string()),
        NoFolder::Name => refuse_no("CANNOT", &error.to_string()),
        NoFolder::TooMany => refuse_no("OVERQUOTA", &error.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_fit_names() {
        for (pattern, name, fits) in [
            ("*", "Done/2026", true),
            ("%", "Done/2026", false),
            ("Done/%", "Done/2026", true),
            ("inbox", "INBOX", true),
            ("Junk", "Done", false),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }
}

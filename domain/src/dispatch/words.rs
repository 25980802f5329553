//! What endusers hear and read: free of content about the tip (R6, R18), with a reference and where to turn to.
//!
//! Offices have student workers and answering machines have loudspeakers: nothing but "there is a report", the
//! organization's own name, the reference, and how to confirm. These functions take no tip, so they cannot leak one.

use crate::conversation::reference::Reference;
use crate::exchange::Mail;
use crate::language::Language;
use crate::level::Level;

/// What is said in the name of the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voice {
    /// The line's spoken name, "Safe2Help Illinois".
    pub line_name: String,
    /// The number to call back, as spoken: digits in groups.
    pub call_back: String,
}

/// What a mail needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailFacts<'a> {
    /// The line's name.
    pub line_name: &'a str,
    /// The organization told.
    pub organization_name: &'a str,
    /// The tip's reference.
    pub reference: &'a Reference,
    /// The level: decides "urgent" or not, nothing else.
    pub level: Level,
    /// The receipt page's address.
    pub link: &'a str,
    /// The code printed in the mail, asked for on the page.
    pub code: &'a str,
    /// The number to call.
    pub call_back: &'a str,
    /// Left part of the Message-ID.
    pub message_id: String,
    /// The reader's language.
    pub language: Language,
}

/// The mail: subject without content, three lines, reference, link, code.
pub fn mail(facts: MailFacts<'_>) -> Mail { let _ = facts; todo!() }

/// What the plan's preview shows for a call, with places for what is not known yet: "… press [code] …".
pub fn call_preview(line_name: &str, organization_name: &str, level: Level) -> String { let _ = (line_name, organization_name, level); todo!() }

/// What the plan's preview shows for a mail.
pub fn mail_preview(line_name: &str, organization_name: &str, level: Level) -> String { let _ = (line_name, organization_name, level); todo!() }

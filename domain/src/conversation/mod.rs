//! A tip: one two-way conversation with a reporter whom nobody here can name.
//!
//! Owns triage (R1, R22, R34, R35, R53), the alias, the reference, the return code and the first automatic words. The
//! reporter's address and words are sealed by the shell; here they are only passed through.

pub mod alias;
pub mod automatic;
pub mod canned;
pub mod code;
pub mod first_words;
#[cfg(test)]
mod fits;
pub mod keyword;
pub mod knows;
mod letters;
pub mod parts;
mod privacy;
pub mod reference;
pub mod similar;
pub mod triage;

use crate::channel::Channel;
use crate::id::{ConversationId, StaffId};
use crate::language::Language;
use jiff::Timestamp;
use reference::Reference;
use serde::{Deserialize, Serialize};
use triage::Triage;

/// A tip as the rules see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// What endusers are told to quote: `T-7K3-QM2`.
    pub reference: Reference,
    /// Two words in place of an identity (R47).
    pub alias: String,
    /// The channel of the first message.
    pub channel: Channel,
    /// The language that the reporter is answered in, as far as anybody knows (R48).
    pub language: Option<Language>,
    /// When the first message was durably received: every clock runs from here (R44).
    pub received_at: Timestamp,
    /// Whether it is open.
    pub state: State,
    /// Whether an answer can reach the reporter.
    pub way_back: WayBack,
    /// What the analysts made of it.
    pub triage: Triage,
    /// When it was first triaged (level and type known), for R44.
    pub triaged_at: Option<Timestamp>,
    /// When it was first dispatched.
    pub dispatched_at: Option<Timestamp>,
    /// The analyst who has it.
    pub claimed_by: Option<StaffId>,
    /// A drill: a test of who can be told, in no inbox, count or report of tips.
    pub drill: bool,
}

/// Whether a tip is being worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Being worked on.
    Open,
    /// Done; a new message opens it again.
    Closed,
}

impl State {
    /// `open` or `closed`.
    pub const fn as_str(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Closed => "closed",
        }
    }
    /// Reads the word back.
    pub fn parse(word: &str) -> Option<Self> {
        [State::Open, State::Closed].into_iter().find(|s| s.as_str() == word)
    }
}

/// Whether an answer can reach the reporter (R71).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WayBack {
    /// Yes.
    Open,
    /// The reporter texted STOP, or the carrier says so (21610).
    OptedOut,
    /// The address cannot be reached (unknown, landline).
    Unreachable,
}

impl WayBack {
    /// The word used in SQL and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            WayBack::Open => "open",
            WayBack::OptedOut => "opted_out",
            WayBack::Unreachable => "unreachable",
        }
    }
    /// Reads the word back.
    pub fn parse(word: &str) -> Option<Self> {
        [WayBack::Open, WayBack::OptedOut, WayBack::Unreachable].into_iter().find(|s| s.as_str() == word)
    }
}

/// Until when a tip must have been told, as far as is known now: twenty minutes from receipt while it is not triaged or
/// Critical (R44), and nothing more once it is dispatched or another level (the obligations then carry their own times).
pub fn first_deadline(conversation: &Conversation, critical_window: jiff::SignedDuration) -> Option<Timestamp> {
    use crate::level::Level;
    if conversation.dispatched_at.is_some() || conversation.state == State::Closed {
        return None;
    }
    match conversation.triage.level {
        None | Some(Level::Critical) => conversation.received_at.checked_add(critical_window).ok(),
        Some(Level::Standard | Level::Other) => None,
    }
}

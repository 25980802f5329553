//! What is written down about a call while it runs: its transcript, who answered, whether keys are waited for.
//! Also how long speech lasts, since a line carries the time of its words.

use std::time::Duration;

use super::session::Session;
use crate::clock;
use crate::state::call::{LINES_KEPT, Line, Listening, Speaker};

impl Session {
    pub(super) fn set_answered_by(&self, answered_by: &str) {
        self.exchange.with(|state| {
            if let Some(call) = state.calls.get_mut(&self.sid) {
                call.answered_by = Some(answered_by.to_owned());
            }
        });
    }

    /// How long a word lasts on this call, in milliseconds.
    pub(super) fn word_ms(&self) -> u64 {
        let tempo = self.exchange.options.tempo;
        if self.is_manual { tempo.handset_word_ms } else { tempo.word_ms }
    }

    /// So many seconds of TwiML on this call.
    pub(super) fn seconds(&self, seconds: u64) -> Duration {
        let each = if self.is_manual { self.exchange.options.handset_second_ms } else { self.exchange.options.tempo.second_ms };
        Duration::from_millis(each.saturating_mul(seconds))
    }

    /// How long a text takes to say.
    pub(super) fn speech(&self, text: &str) -> Duration {
        let words = u64::try_from(text.split_whitespace().count()).unwrap_or(u64::MAX);
        Duration::from_millis(words.saturating_mul(self.word_ms()))
    }

    /// Adds a transcript line.
    pub(super) fn note(&self, who: Speaker, text: Option<&str>, digits: Option<String>) {
        self.push_line(Line {
            at: clock::now(),
            who,
            text: text.map(str::to_owned),
            digits,
            language: None,
            word_ms: self.word_ms(),
            cut: false,
        });
    }

    pub(super) fn push_line(&self, line: Line) {
        self.exchange.with(|state| {
            if let Some(call) = state.calls.get_mut(&self.sid)
                && call.transcript.len() < LINES_KEPT
            {
                call.transcript.push(line);
            }
        });
        self.exchange.announce_call(&self.sid);
    }

    /// Marks the last line of the gateway as cut off.
    pub(super) fn cut_speech(&self) {
        self.exchange.with(|state| {
            let call = state.calls.get_mut(&self.sid);
            let lines = call.into_iter().flat_map(|call| call.transcript.iter_mut().rev());
            if let Some(line) = lines.into_iter().find(|line| line.who == Speaker::Gateway) {
                line.cut = true;
            }
        });
        self.exchange.announce_call(&self.sid);
    }

    pub(super) fn set_listening(&self, listening: Listening) {
        self.exchange.with(|state| {
            if let Some(call) = state.calls.get_mut(&self.sid) {
                call.listening = listening;
            }
        });
        self.exchange.announce_call(&self.sid);
    }
}

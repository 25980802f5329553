//! A call that came in: a reporter's, or an enduser's who calls back. One row each, whatever it turns out to be.
//!
//! Kept as the one or the other without a word that tells them apart, so that rows of reporters' calls that were written before there was a
//! call-back line are read as they are.

use super::call_back::CallBack;
use super::caller_call::CallerCall;
use crate::language::Language;
use serde::{Deserialize, Serialize};

/// Where a call that came in stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TakenCall {
    /// A reporter's.
    Reporter(CallerCall),
    /// An enduser's.
    CallBack(CallBack),
}

impl TakenCall {
    /// The number of the step that is awaited.
    pub fn step(&self) -> u32 {
        match self {
            TakenCall::Reporter(call) => call.step,
            TakenCall::CallBack(call) => call.step,
        }
    }
    /// The language chosen.
    pub fn language(&self) -> Language {
        match self {
            TakenCall::Reporter(call) => call.language,
            TakenCall::CallBack(call) => call.language,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voice::caller_call::CallerPhase;

    #[test]
    fn both_are_read_back_and_so_is_a_row_of_before() {
        let both = [TakenCall::Reporter(CallerCall::new()), TakenCall::CallBack(CallBack::new())];
        for call in both {
            let json = serde_json::to_string(&call).expect("writes");
            assert_eq!(serde_json::from_str::<TakenCall>(&json).expect("reads"), call, "{json}");
        }
        let before = r#"{"step":3,"language":"es","tip":"own","phase":{"phase":"telling","times":1,"lead":"recorded"}}"#;
        let read: TakenCall = serde_json::from_str(before).expect("reads");
        assert!(matches!(read, TakenCall::Reporter(CallerCall { step: 3, phase: CallerPhase::Telling { times: 1, .. }, .. })), "{read:?}");
    }
}

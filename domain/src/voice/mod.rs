//! Calls as carrier-neutral scripts: `decide(call state, what was heard) -> (call state, script, receipts)`.
//!
//! An adapter renders a [`script::Script`] as TwiML or TeXML. Each step's URL carries a one-time token, so a repeated or
//! stale step changes nothing; the shell compares the token with the state's step number before it asks here.

pub mod call_back;
mod call_back_phrases;
pub mod caller_call;
mod caller_phrases;
mod caller_table;
#[cfg(test)]
mod caller_tests;
pub mod enduser_call;
mod phrases;
pub mod script;
pub mod taken_call;

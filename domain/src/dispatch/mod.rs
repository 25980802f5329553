//! Telling the endusers: the plan, the obligations that come of it, the attempts at each, and what counts as evidence.
//!
//! An obligation is one thing promised to one enduser on one channel before one due time. It is closed only by evidence,
//! or by a recorded failure that started the next step. At all times an obligation is satisfied, failed-and-escalated,
//! released, or has a timer (architecture.md, invariant 3): [`obligation::Obligation::timer`] is `None` only when closed.

#[cfg(test)]
mod call_outcome_tests;
mod closing;
mod decide;
pub mod delivery;
mod draft;
pub mod drill;
pub mod evidence;
mod fallback;
#[cfg(test)]
mod history;
pub mod login_words;
pub mod obligation;
pub mod pace;
pub mod plan;
pub mod policy;
pub mod purpose;
pub mod retry;
pub mod sound;
mod step;
pub mod telling;
pub mod watch;
pub mod words;

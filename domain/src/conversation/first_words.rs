//! The first automatic answer (R67): true for its channel, names 911 and 988, never the word "anonymous" on SMS, voice
//! or mail, and fits two SMS segments.
//!
//! The stored text keeps [`CODE_PLACE`] instead of the return code, so that no page and no database shows the code; the
//! outbox fills it in at the moment of sending.

use super::code::ReturnCode;
use crate::channel::Channel;
use crate::language::Language;
use crate::sealed::Words;

/// Stands for the return code in a stored text.
pub const CODE_PLACE: &str = "{code}";

/// The first words for a channel and language, with [`CODE_PLACE`] where the code goes.
pub fn first_words(channel: Channel, language: Language) -> Words { let _ = (channel, language); todo!() }

/// The text as the reporter gets it.
pub fn with_code(stored: &Words, code: &ReturnCode) -> Words { Words::new(stored.reveal().replace(CODE_PLACE, &code.grouped())) }

//! Tokens that our own pages hand out and read back: nothing is kept for them, and any node can read them.
//!
//! A token is sealed, so it tells its holder nothing, and it has a time after which it is worth nothing. It stands in forms and frames,
//! never in a URL.

use super::{Vault, open, seal};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::id::ConversationId;
use jiff::{SignedDuration, Timestamp};

/// How long a page may be used to go on with a conversation without showing the code again: less than a school day's lesson, and
/// renewed by every page.
pub const VISIT_LASTS: SignedDuration = SignedDuration::from_mins(45);
/// How long a form that was opened may be sent: a frightened person may take hours.
pub const DRAFT_LASTS: SignedDuration = SignedDuration::from_hours(24);
/// How long a chat may go on from where it was cut.
pub const CHAT_LASTS: SignedDuration = SignedDuration::from_hours(24);
/// Longer tokens are not ours.
const LONGEST: usize = 200;

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// Going on with a conversation whose code was shown (or which was begun on this page).
    Visit,
    /// Sending a first message: the tip gets this id, so that sending twice gives one tip.
    Draft,
    /// Going on with a chat whose code was shown.
    Chat,
    /// Going on with a chat that began as one: it may be told its code again.
    ChatBegun,
}

impl Pass {
    const fn label(self) -> &'static [u8] {
        match self {
            Pass::Visit => b"visit",
            Pass::Draft => b"draft",
            Pass::Chat => b"chat",
            Pass::ChatBegun => b"chat begun",
        }
    }
    const fn lasts(self) -> SignedDuration {
        match self {
            Pass::Visit => VISIT_LASTS,
            Pass::Draft => DRAFT_LASTS,
            Pass::Chat | Pass::ChatBegun => CHAT_LASTS,
        }
    }
}

impl Vault {
    /// A token for this conversation, good from now on for as long as its kind lasts.
    pub fn pass(&self, pass: Pass, conversation: ConversationId, now: Timestamp) -> String {
        let until = now.saturating_add(pass.lasts()).unwrap_or(now).as_second();
        let clear = [conversation.uuid().as_bytes().as_slice(), &until.to_be_bytes()].concat();
        URL_SAFE_NO_PAD.encode(seal(&self.passes, self.entropy, pass.label(), &clear).0)
    }
    /// The conversation of a token, if it is ours, of this kind and not too old.
    pub fn read_pass(&self, pass: Pass, token: &str, now: Timestamp) -> Option<ConversationId> {
        let sealed = URL_SAFE_NO_PAD.decode(token.get(..token.len().min(LONGEST))?).ok()?;
        let clear = open(&self.passes, pass.label(), &sealed).ok()?;
        let (id, until) = clear.split_first_chunk::<16>()?;
        let until = i64::from_be_bytes(until.try_into().ok()?);
        (now.as_second() <= until).then(|| ConversationId::new(uuid::Uuid::from_bytes(*id)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Entropy;
    use crate::vault::keys::MasterKey;

    #[test]
    fn a_pass_is_for_one_thing_and_one_time() {
        let vault = Vault::new(&MasterKey::from_bytes([1; 32]), Entropy);
        let (id, now) = (ConversationId::new(uuid::Uuid::from_u128(7)), Timestamp::from_second(1_000_000).unwrap());
        let token = vault.pass(Pass::Visit, id, now);
        assert_eq!(vault.read_pass(Pass::Visit, &token, now + VISIT_LASTS), Some(id));
        assert_eq!(vault.read_pass(Pass::Visit, &token, now + VISIT_LASTS + SignedDuration::from_secs(1)), None);
        assert_eq!(vault.read_pass(Pass::Chat, &token, now), None, "another kind");
        for bad in ["", "x", "ééé", &token[1..], &"a".repeat(100_000)] {
            assert_eq!(vault.read_pass(Pass::Visit, bad, now), None, "{bad:.20}");
        }
        assert!(!token.contains('=') && token.is_ascii());
    }
}

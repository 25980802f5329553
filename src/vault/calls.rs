//! Names and tokens of reporters' calls: derived, not drawn, so that whatever a carrier tells of a call, however often and in whatever
//! order, leads to the same call and the same tip, also while the database is away.

use super::{Vault, hex, keyed};
use domain::exchange::StepToken;
use domain::id::{AccountKey, CallId, ConversationId};
use subtle::ConstantTimeEq;
use uuid::{Builder, Uuid};

/// The step of a script that was given while the store was away; no call gets as far by itself.
const AWAY: u32 = u32::MAX;

impl Vault {
    /// The call that a carrier's account calls by this id.
    pub fn call_id(&self, account: &AccountKey, provider_id: &str) -> CallId {
        CallId::new(uuid_of(keyed(&self.tokens, &[b"call", account.as_str().as_bytes(), provider_id.as_bytes()])))
    }
    /// The tip that a call opens, if it opens one.
    pub fn call_tip(&self, call: CallId) -> ConversationId {
        ConversationId::new(uuid_of(keyed(&self.tokens, &[b"call tip", call.uuid().as_bytes()])))
    }
    /// The token of a call's step.
    pub fn caller_token(&self, call: CallId, step: u32) -> StepToken {
        StepToken(hex(&keyed(&self.tokens, &[b"caller step", call.uuid().as_bytes(), &step.to_be_bytes()])[..12]))
    }
    /// Whether this is the token of that step, in constant time.
    pub fn is_caller_token(&self, call: CallId, step: u32, token: &StepToken) -> bool {
        self.caller_token(call, step).0.as_bytes().ct_eq(token.0.as_bytes()).into()
    }
    /// The token of the one step that is asked for while the store is away.
    pub fn away_token(&self, call: CallId) -> StepToken {
        self.caller_token(call, AWAY)
    }
    /// Whether this is that token.
    pub fn is_away_token(&self, call: CallId, token: &StepToken) -> bool {
        self.is_caller_token(call, AWAY, token)
    }
}

/// A UUID of version 8: its bits are ours.
fn uuid_of(hash: [u8; 32]) -> Uuid {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Entropy;
    use crate::vault::keys::MasterKey;

    #[test]
    fn a_call_has_one_name_one_tip_and_a_token_a_step() {
        let vault = Vault::new(&MasterKey::from_bytes([1; 32]), Entropy);
        let other = Vault::new(&MasterKey::from_bytes([2; 32]), Entropy);
        let (main, backup): (AccountKey, AccountKey) = ("main".parse().unwrap(), "backup".parse().unwrap());
        let call = vault.call_id(&main, "CA1");
        assert_eq!(call, vault.call_id(&main, "CA1"));
        for another in [vault.call_id(&main, "CA2"), vault.call_id(&backup, "CA1"), other.call_id(&main, "CA1")] {
            assert_ne!(call, another);
            assert_ne!(vault.call_tip(call), vault.call_tip(another));
        }
        assert_ne!(vault.call_tip(call).uuid(), call.uuid());
        let token = vault.caller_token(call, 3);
        assert!(vault.is_caller_token(call, 3, &token) && !vault.is_caller_token(call, 4, &token));
        assert!(!vault.is_away_token(call, &token) && vault.is_away_token(call, &vault.away_token(call)));
        assert!(!vault.is_caller_token(vault.call_id(&main, "CA2"), 3, &token));
    }
}

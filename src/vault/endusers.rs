//! The secrets of endusers: PINs, and the one-time codes of the portal. Both are short, so only a keyed hash of them is kept.
//!
//! Whoever has the database but not the master key cannot try them out. How often a guess may be made is their callers' to bound.

use super::{Vault, keyed};
use domain::id::{LoginCodeId, PersonKey};
use std::fmt;
use subtle::ConstantTimeEq;

/// Digits of a PIN that the program draws, and of a one-time code.
pub const DIGITS: usize = 6;

/// A PIN or one-time code in clear, for the one showing or sending. `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct ShortSecret(String);

impl ShortSecret {
    /// The digits.
    pub fn reveal(&self) -> &str {
        &self.0
    }
    /// The digits in two groups, as people read them: `482 913`.
    pub fn spaced(&self) -> String {
        let (left, right) = self.0.split_at(self.0.len() / 2);
        format!("{left} {right}")
    }
}

impl fmt::Debug for ShortSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ShortSecret(secret)")
    }
}

/// The digits of what was typed: spaces and dashes are forgiven; at most 16 are looked at.
pub fn digits_typed(typed: &str) -> String {
    typed.chars().filter(|c| !c.is_whitespace() && *c != '-').take(16).collect()
}

impl Vault {
    /// A secret of six digits. The remainder's bias is below one in a thousand millions.
    pub fn draw_short_secret(&self) -> ShortSecret {
        let number = u64::from_be_bytes(self.entropy.bytes()) % 1_000_000;
        ShortSecret(format!("{number:0DIGITS$}"))
    }
    /// What is kept of a person's PIN.
    pub fn pin_mac(&self, person: &PersonKey, pin: &str) -> [u8; 32] {
        keyed(&self.tokens, &[b"pin", person.as_str().as_bytes(), pin.as_bytes()])
    }
    /// Whether this is the person's PIN, in constant time.
    pub fn is_pin(&self, person: &PersonKey, pin: &str, kept: &[u8; 32]) -> bool {
        self.pin_mac(person, pin).ct_eq(kept).into()
    }
    /// What is kept of a one-time code.
    pub fn login_code_mac(&self, id: LoginCodeId, code: &str) -> [u8; 32] {
        keyed(&self.tokens, &[b"login code", id.uuid().as_bytes(), code.as_bytes()])
    }
    /// Whether this is that code, in constant time; spaces and dashes are forgiven.
    pub fn is_login_code(&self, id: LoginCodeId, typed: &str, kept: &[u8; 32]) -> bool {
        self.login_code_mac(id, &digits_typed(typed)).ct_eq(kept).into()
    }
    /// Ties an enduser's feedback to its row: they have one a tip.
    pub fn feedback_context(&self, person: &PersonKey) -> [u8; 16] {
        let mut context = [0; 16];
        context.copy_from_slice(&keyed(&self.index, &[b"feedback", person.as_str().as_bytes()])[..16]);
        context
    }
}

#[cfg(test)]
mod tests {
    use crate::entropy::Entropy;
    use crate::vault::Vault;
    use crate::vault::keys::MasterKey;
    use domain::id::{LoginCodeId, PersonKey};
    use uuid::Uuid;

    #[test]
    fn a_pin_fits_its_person_and_no_other() {
        let vault = Vault::new(&MasterKey::from_bytes([1; 32]), Entropy);
        let (principal, officer): (PersonKey, PersonKey) = ("principal".parse().unwrap(), "officer".parse().unwrap());
        let pin = vault.draw_short_secret();
        let kept = vault.pin_mac(&principal, pin.reveal());
        assert!(pin.reveal().len() == 6 && pin.reveal().bytes().all(|b| b.is_ascii_digit()));
        assert!(vault.is_pin(&principal, pin.reveal(), &kept));
        assert!(!vault.is_pin(&officer, pin.reveal(), &kept), "another person");
        assert!(!vault.is_pin(&principal, "", &kept));
        let other = Vault::new(&MasterKey::from_bytes([2; 32]), Entropy);
        assert!(!other.is_pin(&principal, pin.reveal(), &kept), "another master key");
        assert_eq!(format!("{pin:?}"), "ShortSecret(secret)");
    }

    #[test]
    fn a_code_fits_its_login_as_people_type_it() {
        let vault = Vault::new(&MasterKey::from_bytes([1; 32]), Entropy);
        let (id, other) = (LoginCodeId::new(Uuid::from_u128(1)), LoginCodeId::new(Uuid::from_u128(2)));
        let code = vault.draw_short_secret();
        let kept = vault.login_code_mac(id, code.reveal());
        for typed in [code.reveal().to_owned(), code.spaced(), format!(" {}-{} ", &code.reveal()[..3], &code.reveal()[3..])] {
            assert!(vault.is_login_code(id, &typed, &kept), "{typed}");
            assert!(!vault.is_login_code(other, &typed, &kept));
        }
        assert!(!vault.is_login_code(id, "", &kept));
    }
}

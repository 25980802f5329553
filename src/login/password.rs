//! Passwords: argon2id with 19 MiB, two passes, one lane (OWASP's first choice), hashed on blocking threads.
//!
//! Owns the hash's parameters and the rule for a new password. That a name is unknown must not be told by the time it takes:
//! then a password is hashed all the same.

use super::LoginError;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};

/// Memory in KiB, passes, lanes.
const COST: (u32, u32, u32) = (19_456, 2, 1);

/// The shortest password taken.
const SHORTEST: usize = 10;

/// The longest password looked at, in bytes: more is refused, so that nobody makes us hash a novel.
const LONGEST: usize = 512;

/// Why a new password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordRefused {
    /// Too short.
    #[error("the password has fewer than {SHORTEST} characters: choose a longer one, such as four unrelated words")]
    TooShort,
    /// Too long.
    #[error("the password is longer than {LONGEST} bytes: choose a shorter one")]
    TooLong,
    /// The library refused.
    #[error("the password could not be hashed")]
    Hashing,
}

/// The PHC string of a new password, for `StaffRow::password_hash`. Takes tens of milliseconds: call it outside the runtime.
pub fn new_password_hash(password: &str) -> Result<String, PasswordRefused> {
    if password.chars().count() < SHORTEST {
        return Err(PasswordRefused::TooShort);
    }
    if password.len() > LONGEST {
        return Err(PasswordRefused::TooLong);
    }
    hash(password).ok_or(PasswordRefused::Hashing)
}

/// Whether the password is right. `None` (an unknown name) is never right and takes as long.
pub(super) async fn check(stored: Option<String>, password: String) -> Result<bool, LoginError> {
    if password.len() > LONGEST {
        return Ok(false);
    }
    let checked = tokio::task::spawn_blocking(move || match stored {
        Some(phc) => match argon2() {
            Some(argon2) => argon2.verify_password(password.as_bytes(), phc.as_str()).map_or_else(wrong_or_broken, |()| Some(true)),
            None => None,
        },
        None => hash(&password).map(|_| false),
    });
    checked.await.ok().flatten().ok_or(LoginError::Hashing)
}

fn wrong_or_broken(error: argon2::password_hash::Error) -> Option<bool> {
    matches!(error, argon2::password_hash::Error::PasswordInvalid).then_some(false)
}

fn hash(password: &str) -> Option<String> {
    Some(argon2()?.hash_password(password.as_bytes()).ok()?.to_string())
}

fn argon2() -> Option<Argon2<'static>> {
    let (memory_kib, passes, lanes) = COST;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(memory_kib, passes, lanes, None).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_right_password_is_right_and_no_other() {
        let phc = new_password_hash("four calm blue herons").unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert!(check(Some(phc.clone()), "four calm blue herons".into()).await.unwrap());
        assert!(!check(Some(phc.clone()), "four calm blue heron".into()).await.unwrap());
        assert!(!check(None, "four calm blue herons".into()).await.unwrap());
        assert!(!check(Some(phc), "x".repeat(LONGEST + 1)).await.unwrap());
        assert!(matches!(check(Some("not a hash".into()), "anything".into()).await, Err(LoginError::Hashing)));
    }

    #[test]
    fn short_and_endless_passwords_are_refused() {
        assert_eq!(new_password_hash("short"), Err(PasswordRefused::TooShort));
        assert_eq!(new_password_hash(&"x".repeat(LONGEST + 1)), Err(PasswordRefused::TooLong));
    }
}

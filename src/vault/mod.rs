//! Sealing: the master key, per-conversation keys, blind indexes, and the tokens and codes that are derived instead of kept.
//!
//! A conversation's words and addresses are sealed by XChaCha20-Poly1305 under a key of its own, which is wrapped by the
//! master key; destroying the wrapped key deletes them. Everything else that must be secret and recomputable (step tokens,
//! receipt links, spoken codes) is a keyed hash, so there is nothing to leak from the database. A wrong master key is noticed
//! at the start, by [`Vault::check_value`], never later.

mod calls;
pub mod endusers;
pub mod keys;
pub mod loops;
pub mod mail;
pub mod sealed;
pub mod visit;

use crate::entropy::Entropy;
use chacha20poly1305::XChaCha20Poly1305;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use domain::channel::{Channel, Means};
use domain::conversation::code::ReturnCode;
use domain::exchange::StepToken;
use domain::id::{AttemptId, ConversationId, PersonKey};
use domain::sealed::{Address, Words};
use domain::voice::enduser_call::SpokenCode;
use hmac::{Hmac, Mac};
use keys::MasterKey;
use sealed::{BlindIndex, Sealed, WrappedKey};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// What stands where the words of a tip stood whose key was destroyed. In brackets, like everything that the program says in a message's place.
pub const DESTROYED: &str = "[destroyed]";

/// Bytes of an XChaCha20 nonce: long enough to draw at random (RFC draft irtf-cfrg-xchacha).
const NONCE_BYTES: usize = 24;

/// A sealed text that does not open: damaged, moved to another row, or sealed by another key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed text does not open: the row is damaged or the key is another one")]
pub struct DoesNotOpen;

/// Seals and opens.
pub struct Vault {
    wrapping: XChaCha20Poly1305,
    directory: XChaCha20Poly1305,
    passes: XChaCha20Poly1305,
    letters: XChaCha20Poly1305,
    index: Zeroizing<[u8; 32]>,
    tokens: Zeroizing<[u8; 32]>,
    check: String,
    entropy: Entropy,
}

/// The key of one conversation, in clear, while it is worked with.
#[derive(Clone)]
pub struct ConversationKey {
    cipher: XChaCha20Poly1305,
    bytes: Zeroizing<[u8; 32]>,
    destroyed: bool,
}

impl std::fmt::Debug for ConversationKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ConversationKey(sealed)")
    }
}
impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(sealed)")
    }
}

impl Vault {
    /// A vault of this master key.
    pub fn new(master: &MasterKey, entropy: Entropy) -> Self {
        let derive = |label: &str| Zeroizing::new(keyed(master.reveal(), &[label.as_bytes()]));
        Self {
            wrapping: XChaCha20Poly1305::new((&*derive("tipline wrap 1")).into()),
            directory: XChaCha20Poly1305::new((&*derive("tipline directory 1")).into()),
            passes: XChaCha20Poly1305::new((&*derive("tipline passes 1")).into()),
            letters: XChaCha20Poly1305::new((&*derive("tipline spool 1")).into()),
            index: derive("tipline index 1"),
            tokens: derive("tipline tokens 1"),
            check: hex(&keyed(master.reveal(), &[b"tipline check 1"])[..16]),
            entropy,
        }
    }
    /// Kept in the database: tells at the start whether this is the key that sealed it.
    pub fn check_value(&self) -> &str {
        &self.check
    }

    /// A new conversation's key, and the same wrapped.
    pub fn new_key(&self, id: ConversationId) -> (ConversationKey, WrappedKey) {
        let bytes = Zeroizing::new(self.entropy.bytes::<32>());
        let wrapped = seal(&self.wrapping, self.entropy, id.uuid().as_bytes(), &*bytes);
        (ConversationKey::new(bytes), WrappedKey(wrapped.0))
    }
    /// Opens a wrapped key.
    pub fn unwrap_key(&self, id: ConversationId, wrapped: &WrappedKey) -> Result<ConversationKey, DoesNotOpen> {
        let clear = Zeroizing::new(open(&self.wrapping, id.uuid().as_bytes(), &wrapped.0)?);
        let bytes: [u8; 32] = clear.as_slice().try_into().map_err(|_| DoesNotOpen)?;
        Ok(ConversationKey::new(Zeroizing::new(bytes)))
    }
    /// The same, for showing a tip whose key may have been destroyed: then every text of it opens as [`DESTROYED`].
    pub fn key_for_reading(&self, id: ConversationId, wrapped: &WrappedKey) -> Result<ConversationKey, DoesNotOpen> {
        if wrapped.is_destroyed() {
            return Ok(ConversationKey { destroyed: true, ..ConversationKey::new(Zeroizing::new(self.entropy.bytes::<32>())) });
        }
        self.unwrap_key(id, wrapped)
    }
    /// Seals under a conversation's key; `context` ties the text to its row.
    pub fn seal(&self, key: &ConversationKey, context: &[u8; 16], clear: &str) -> Sealed {
        seal(&key.cipher, self.entropy, context, clear.as_bytes())
    }
    /// Opens words.
    pub fn open_words(&self, key: &ConversationKey, context: &[u8; 16], sealed: &Sealed) -> Result<Words, DoesNotOpen> {
        if key.destroyed {
            return Ok(Words::new(DESTROYED));
        }
        text(open(&key.cipher, context, &sealed.0)?).map(Words::new)
    }
    /// Opens an address.
    pub fn open_address(&self, key: &ConversationKey, context: &[u8; 16], sealed: &Sealed) -> Result<Address, DoesNotOpen> {
        text(open(&key.cipher, context, &sealed.0)?).map(Address::new)
    }
    /// Seals bytes under a conversation's key.
    pub fn seal_bytes(&self, key: &ConversationKey, context: &[u8; 16], clear: &[u8]) -> Sealed {
        seal(&key.cipher, self.entropy, context, clear)
    }
    /// Opens bytes.
    pub fn open_bytes(&self, key: &ConversationKey, context: &[u8; 16], sealed: &Sealed) -> Result<Vec<u8>, DoesNotOpen> {
        open(&key.cipher, context, &sealed.0)
    }
    /// Seals a letter for the spool; `place` ties it to its place there.
    pub fn seal_letter(&self, place: &[u8], clear: &[u8]) -> Sealed {
        seal(&self.letters, self.entropy, place, clear)
    }
    /// Opens a letter of the spool.
    pub fn open_letter(&self, place: &[u8], sealed: &Sealed) -> Result<Vec<u8>, DoesNotOpen> {
        open(&self.letters, place, &sealed.0)
    }
    /// Seals an enduser's address.
    pub fn seal_enduser(&self, person: &PersonKey, means: Means, address: &Address) -> Sealed {
        seal(&self.directory, self.entropy, enduser_context(person, means).as_bytes(), address.reveal().as_bytes())
    }
    /// The index of an enduser's address, by which what comes from there is known as theirs. A number is one address, called or texted.
    pub fn enduser_index(&self, address: &Address) -> BlindIndex {
        BlindIndex(keyed(&self.index, &[b"enduser", address.reveal().to_lowercase().as_bytes()]))
    }
    /// Opens an enduser's address.
    pub fn open_enduser(&self, person: &PersonKey, means: Means, sealed: &Sealed) -> Result<Address, DoesNotOpen> {
        text(open(&self.directory, enduser_context(person, means).as_bytes(), &sealed.0)?).map(Address::new)
    }

    /// The index of a reporter's address on a channel.
    pub fn contact_index(&self, channel: Channel, address: &Address) -> BlindIndex {
        BlindIndex(keyed(&self.index, &[b"contact", channel.as_str().as_bytes(), address.reveal().as_bytes()]))
    }
    /// The index of a way into a conversation that has no address (our own pages): so that it, too, is one row.
    pub fn own_index(&self, channel: Channel, conversation: ConversationId) -> BlindIndex {
        BlindIndex(keyed(&self.index, &[b"own", channel.as_str().as_bytes(), conversation.uuid().as_bytes()]))
    }
    /// The index of a return code.
    pub fn code_index(&self, code: &ReturnCode) -> BlindIndex {
        BlindIndex(keyed(&self.index, &[b"code", code.reveal().as_bytes()]))
    }

    /// The token of a call's step.
    pub fn step_token(&self, attempt: AttemptId, step: u32) -> StepToken {
        StepToken(hex(&keyed(&self.tokens, &[b"step", attempt.uuid().as_bytes(), &step.to_be_bytes()])[..12]))
    }
    /// Whether this is the token of that step, in constant time.
    pub fn is_step_token(&self, attempt: AttemptId, step: u32, token: &StepToken) -> bool {
        self.step_token(attempt, step).0.as_bytes().ct_eq(token.0.as_bytes()).into()
    }
    /// The code spoken on a call.
    pub fn spoken_code(&self, attempt: AttemptId) -> SpokenCode {
        let bytes = keyed(&self.tokens, &[b"spoken", attempt.uuid().as_bytes()]);
        SpokenCode::from_bits(u16::from_be_bytes([bytes[0], bytes[1]]))
    }
    /// The code printed in a mail: six digits.
    pub fn mail_code(&self, attempt: AttemptId) -> String {
        let bytes = keyed(&self.tokens, &[b"mail code", attempt.uuid().as_bytes()]);
        format!("{:06}", u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) % 1_000_000)
    }
    /// The code of a text, which comes back as `OK 123456`: six digits, like a mail's, but others.
    pub fn text_code(&self, attempt: AttemptId) -> String {
        let bytes = keyed(&self.tokens, &[b"text code", attempt.uuid().as_bytes()]);
        format!("{:06}", u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) % 1_000_000)
    }
    /// Whether these digits are the code of that text.
    pub fn is_text_code(&self, attempt: AttemptId, digits: &str) -> bool {
        self.text_code(attempt).as_bytes().ct_eq(digits.as_bytes()).into()
    }
    /// Whether this is the code printed in that mail; spaces and dashes are forgiven.
    pub fn is_mail_code(&self, attempt: AttemptId, typed: &str) -> bool {
        let digits: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').take(16).collect();
        self.mail_code(attempt).as_bytes().ct_eq(digits.as_bytes()).into()
    }
    /// The last part of the receipt page's address: the attempt and a proof that we made it.
    pub fn receipt_token(&self, attempt: AttemptId) -> String {
        format!("{attempt}{}", hex(&keyed(&self.tokens, &[b"receipt", attempt.uuid().as_bytes()])[..16]))
    }
    /// The attempt of a receipt page's address, if we made it.
    pub fn receipt_attempt(&self, token: &str) -> Option<AttemptId> {
        let attempt: AttemptId = token.get(..32)?.parse().ok()?;
        bool::from(self.receipt_token(attempt).as_bytes().ct_eq(token.as_bytes())).then_some(attempt)
    }
}

impl ConversationKey {
    fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self { cipher: XChaCha20Poly1305::new((&*bytes).into()), bytes, destroyed: false }
    }
    /// The return code of this conversation: derived, so that it is kept nowhere and goes with the key.
    pub fn return_code(&self) -> ReturnCode {
        let bytes = keyed(&self.bytes, &[b"return code"]);
        ReturnCode::from_bits([bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]])
    }
}

/// HMAC-SHA256 over the parts, each preceded by its length so that no two lists of parts are the same input.
#[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
fn keyed(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).expect("HMAC takes any key");
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[expect(clippy::expect_used, reason = "encrypting in memory fails only above 256 GiB")]
fn seal(cipher: &XChaCha20Poly1305, entropy: Entropy, context: &[u8], clear: &[u8]) -> Sealed {
    let nonce = entropy.bytes::<NONCE_BYTES>();
    let body = cipher.encrypt((&nonce).into(), Payload { msg: clear, aad: context }).expect("sealing in memory");
    Sealed([nonce.as_slice(), &body].concat())
}

fn open(cipher: &XChaCha20Poly1305, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, DoesNotOpen> {
    let (nonce, body) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(DoesNotOpen)?;
    cipher.decrypt(nonce.into(), Payload { msg: body, aad: context }).map_err(|_| DoesNotOpen)
}

fn text(clear: Vec<u8>) -> Result<String, DoesNotOpen> {
    String::from_utf8(clear).map_err(|_| DoesNotOpen)
}

fn enduser_context(person: &PersonKey, means: Means) -> String {
    format!("{person}/{}", means.as_str())
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn vault(byte: u8) -> Vault {
        Vault::new(&MasterKey::from_bytes([byte; 32]), Entropy)
    }

    #[test]
    fn a_text_opens_only_with_its_key_and_in_its_row() {
        let (vault, id) = (vault(1), ConversationId::new(Uuid::from_u128(7)));
        let (key, wrapped) = vault.new_key(id);
        let sealed = vault.seal(&key, &[5; 16], "the words");
        let again = vault.unwrap_key(id, &wrapped).unwrap();
        assert_eq!(vault.open_words(&again, &[5; 16], &sealed).unwrap().reveal(), "the words");
        assert_eq!(vault.open_words(&key, &[6; 16], &sealed), Err(DoesNotOpen), "another row");
        assert!(vault.unwrap_key(ConversationId::new(Uuid::from_u128(8)), &wrapped).is_err(), "another conversation");
        assert!(super::tests::vault(2).unwrap_key(id, &wrapped).is_err(), "another master key");
        let mut bent = sealed.clone();
        bent.0[30] ^= 1;
        assert_eq!(vault.open_words(&key, &[5; 16], &bent), Err(DoesNotOpen), "a bent byte");
        assert_eq!(vault.open_words(&key, &[5; 16], &Sealed(vec![1, 2])), Err(DoesNotOpen), "too short");
    }

    #[test]
    fn a_tip_without_its_key_is_shown_as_destroyed_and_takes_nothing_more() {
        let (vault, id) = (vault(1), ConversationId::new(Uuid::from_u128(7)));
        let (key, wrapped) = vault.new_key(id);
        let sealed = vault.seal(&key, &[5; 16], "the words");
        let gone = vault.key_for_reading(id, &WrappedKey::default()).unwrap();
        assert_eq!(vault.open_words(&gone, &[5; 16], &sealed).unwrap().reveal(), DESTROYED);
        assert_eq!(vault.open_words(&gone, &[5; 16], &Sealed::default()).unwrap().reveal(), DESTROYED);
        assert_eq!(vault.open_address(&gone, &[5; 16], &sealed), Err(DoesNotOpen));
        assert!(vault.unwrap_key(id, &WrappedKey::default()).is_err(), "nothing is sealed under it");
        assert_eq!(vault.open_words(&vault.key_for_reading(id, &wrapped).unwrap(), &[5; 16], &sealed).unwrap().reveal(), "the words");
    }

    #[test]
    fn indexes_tell_channels_and_keys_apart() {
        let address = Address::new("+15555550101");
        let one = vault(1).contact_index(Channel::Text, &address);
        assert_eq!(one, vault(1).contact_index(Channel::Text, &address));
        assert_ne!(one, vault(1).contact_index(Channel::Whatsapp, &address));
        assert_ne!(one, vault(2).contact_index(Channel::Text, &address));
    }

    #[test]
    fn tokens_are_for_one_attempt_and_one_step() {
        let (vault, attempt) = (vault(1), AttemptId::new(Uuid::from_u128(3)));
        let token = vault.step_token(attempt, 1);
        assert!(vault.is_step_token(attempt, 1, &token));
        assert!(!vault.is_step_token(attempt, 2, &token));
        assert!(!vault.is_step_token(AttemptId::new(Uuid::from_u128(4)), 1, &token));
        let link = vault.receipt_token(attempt);
        assert_eq!(vault.receipt_attempt(&link), Some(attempt));
        for bad in ["", "x", &link[..40], &link.replace(&link[60..], "0000"), "ééééééééééééééééééééé"] {
            assert_eq!(vault.receipt_attempt(bad), None, "{bad}");
        }
        let code = vault.mail_code(attempt);
        assert!(vault.is_mail_code(attempt, &format!(" {}-{} ", &code[..3], &code[3..])));
        assert!(!vault.is_mail_code(attempt, ""));
    }

    #[test]
    fn debug_shows_nothing() {
        let vault = vault(1);
        let (key, wrapped) = vault.new_key(ConversationId::new(Uuid::from_u128(7)));
        assert_eq!(format!("{vault:?} {key:?} {wrapped:?}"), "Vault(sealed) ConversationKey(sealed) WrappedKey(sealed)");
    }
}

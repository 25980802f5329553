//! `telnyx-signature-ed25519`: Ed25519 over `{timestamp}|{body}` (carriers.md 3.2). The key is the mock's own and the same in every run, so
//! that a configuration can name its public half.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What the key is made of; fictional, and the same in every run.
const SEED: [u8; 32] = *b"mock-carriers telnyx signing 001";

/// Signs webhooks.
pub struct Signer(Ed25519KeyPair);

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer")
    }
}

impl Signer {
    /// The mock's key.
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self(Ed25519KeyPair::from_seed_unchecked(&SEED).map_err(|_| anyhow::anyhow!("the signing key cannot be made"))?))
    }

    /// The public key in base64, as the portal would show it.
    pub fn public_key(&self) -> String {
        STANDARD.encode(self.0.public_key().as_ref())
    }

    /// The signature of a body sent at this time.
    pub fn sign(&self, seconds: i64, body: &[u8]) -> String {
        let mut message = format!("{seconds}|").into_bytes();
        message.extend_from_slice(body);
        STANDARD.encode(self.0.sign(&message).as_ref())
    }
}

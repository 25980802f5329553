//! Signs our mails (DKIM, RFC 6376; Ed25519 by RFC 8463), so that the endusers' servers can tell them from forgeries.
//!
//! Owns the key, the canonical form (relaxed/relaxed) and the record for the DNS; who may send and where bounces go is others'.
//! Each header of the list is signed once more than it stands in the mail, so that nobody can add a second From or Subject to it. There is
//! no expiry: a mail that lay a week in a queue is still ours. Why no library does this: docs/decisions/dkim.md.

use crate::secret::Secret;
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// What is signed. Headers that a relay adds on the way (Received, Return-Path) are not.
const SIGNED: [&str; 14] = [
    "From",
    "To",
    "Cc",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
];

/// The shortest RSA key that is taken: what RFC 8301 recommends; receivers refuse less than half of it.
const LEAST_RSA_BITS: usize = 2048;

/// How long a line of the signature's header may be before it is folded.
const FOLD: usize = 72;

/// Signs for one domain with one key.
pub struct Signer {
    domain: String,
    selector: String,
    key: Key,
}

enum Key {
    Rsa(Box<rsa::KeyPair>),
    Ed25519(Box<Ed25519KeyPair>),
}

/// Why there is no signer: one sentence that names the thing and the fix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DkimError {
    /// Not a key in PEM.
    #[error("is no private key in PEM; make one with: openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048")]
    NotPem,
    /// A key of another kind, or damaged.
    #[error(
        "is neither an RSA nor an Ed25519 key that can be read; make one with: openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048"
    )]
    Key,
    /// Too short.
    #[error("is an RSA key of less than {LEAST_RSA_BITS} bits, which receivers distrust; make one of {LEAST_RSA_BITS}")]
    Short,
}

/// A mail could not be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the mail could not be signed")]
pub(super) struct NotSigned;

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").field("domain", &self.domain).field("selector", &self.selector).finish_non_exhaustive()
    }
}

impl Signer {
    /// Signs for `domain` with the private key in `pem` (PKCS#8, or PKCS#1 for RSA), whose public half is published under `selector`.
    pub fn new(domain: &str, selector: &str, pem: &Secret) -> Result<Self, DkimError> {
        let key = match PrivateKeyDer::from_pem_slice(pem.reveal().as_bytes()).map_err(|_| DkimError::NotPem)? {
            PrivateKeyDer::Pkcs8(der) => match Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der()) {
                Ok(pair) => Key::Ed25519(Box::new(pair)),
                Err(_) => Key::Rsa(Box::new(rsa::KeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(|_| DkimError::Key)?)),
            },
            PrivateKeyDer::Pkcs1(der) => Key::Rsa(Box::new(rsa::KeyPair::from_der(der.secret_pkcs1_der()).map_err(|_| DkimError::Key)?)),
            _ => return Err(DkimError::Key),
        };
        if let Key::Rsa(pair) = &key
            && pair.public_modulus_len() * 8 < LEAST_RSA_BITS
        {
            return Err(DkimError::Short);
        }
        Ok(Self { domain: domain.to_ascii_lowercase(), selector: selector.to_ascii_lowercase(), key })
    }

    /// The name of the TXT record in the DNS, such as `tips1._domainkey.example.org`.
    pub fn record_name(&self) -> String {
        format!("{}._domainkey.{}", self.selector, self.domain)
    }

    /// The text of that record. A zone file wants it in pieces of at most 255 characters.
    pub fn record(&self) -> String {
        let (kind, public) = match &self.key {
            // RFC 6376 names the bare key, everybody publishes the one with its algorithm, and verifiers read both.
            Key::Rsa(pair) => {
                let der: Result<PublicKeyX509Der<'_>, _> = pair.public_key().as_der();
                ("rsa", der.map_or_else(|_| STANDARD.encode(pair.public_key().as_ref()), |der| STANDARD.encode(der.as_ref())))
            }
            Key::Ed25519(pair) => ("ed25519", STANDARD.encode(pair.public_key().as_ref())),
        };
        format!("v=DKIM1; k={kind}; p={public}")
    }

    /// The header to stand before the mail, with its line's end. `at` is in seconds since 1970.
    pub(super) fn sign(&self, mail: &[u8], at: i64) -> Result<Vec<u8>, NotSigned> {
        let (headers, body) = parts(mail);
        let bh = STANDARD.encode(Sha256::digest(relaxed_body(body)));
        let mut by_name: HashMap<String, Vec<Vec<u8>>> = HashMap::new();
        for (name, value) in &headers {
            by_name.entry(name.to_ascii_lowercase()).or_default().push(relaxed_header(name, value));
        }
        let mut names: Vec<&str> = Vec::new();
        let mut signed: Vec<u8> = Vec::new();
        for name in SIGNED {
            // The lowest one first (RFC 6376, 5.4.2); then once more, as a header that is not there.
            for line in by_name.get(&name.to_ascii_lowercase()).into_iter().flatten().rev() {
                names.push(name);
                signed.extend_from_slice(line);
                signed.extend_from_slice(b"\r\n");
            }
            names.push(name);
        }
        let algorithm = match &self.key {
            Key::Rsa(_) => "rsa-sha256",
            Key::Ed25519(_) => "ed25519-sha256",
        };
        let tags = format!(
            " v=1; a={algorithm}; c=relaxed/relaxed;\r\n\td={}; s={}; t={at};\r\n\th={};\r\n\tbh={bh};\r\n\tb=",
            self.domain,
            self.selector,
            folded_names(&names)
        );
        signed.extend_from_slice(&relaxed_header("DKIM-Signature", tags.as_bytes()));
        let signature = STANDARD.encode(self.key.sign(&signed)?);
        let folded: Vec<&str> = signature.as_bytes().chunks(FOLD).filter_map(|piece| std::str::from_utf8(piece).ok()).collect();
        Ok(format!("DKIM-Signature:{tags}{}\r\n", folded.join("\r\n\t ")).into_bytes())
    }
}

impl Key {
    fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, NotSigned> {
        match self {
            Key::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), bytes, &mut signature).map_err(|_| NotSigned)?;
                Ok(signature)
            }
            // RFC 8463 signs the digest, not the text.
            Key::Ed25519(pair) => Ok(pair.try_sign(&Sha256::digest(bytes)).map_err(|_| NotSigned)?.as_ref().to_vec()),
        }
    }
}

/// Headers, each with its name and unchanged value, and the body.
fn parts(mail: &[u8]) -> (Vec<(String, Vec<u8>)>, &[u8]) {
    let end = mail.windows(4).position(|four| four == b"\r\n\r\n");
    let (head, body) = end.map_or((mail, &[][..]), |at| (&mail[..at], &mail[at + 4..]));
    let mut headers: Vec<(String, Vec<u8>)> = Vec::new();
    for line in lines(head) {
        match (line.first(), headers.last_mut()) {
            (Some(b' ' | b'\t'), Some((_, value))) => value.extend_from_slice(line),
            _ => {
                let at = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
                let name = String::from_utf8_lossy(&line[..at]).into_owned();
                headers.push((name, line.get(at + 1..).unwrap_or_default().to_vec()));
            }
        }
    }
    (headers, body)
}

/// Lines without their ends.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// `name:value` with the name in lower case, on one line, runs of blanks as one and none at the ends (RFC 6376, 3.4.2).
fn relaxed_header(name: &str, value: &[u8]) -> Vec<u8> {
    let mut out = format!("{}:", name.trim_end().to_ascii_lowercase()).into_bytes();
    out.extend(squeezed(value));
    out
}

/// The body with runs of blanks as one, none at the ends of lines, no empty lines at its end (RFC 6376, 3.4.4).
fn relaxed_body(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() + 2);
    let mut empty = 0;
    for line in lines(body) {
        let leading = line.first().is_some_and(|byte| b" \t".contains(byte));
        let line = squeezed(line);
        if line.is_empty() {
            empty += 1;
            continue;
        }
        for _ in 0..std::mem::take(&mut empty) {
            out.extend_from_slice(b"\r\n");
        }
        if leading {
            out.push(b' ');
        }
        out.extend_from_slice(&line);
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// Without line ends, runs of blanks as one, none at either end.
fn squeezed(text: &[u8]) -> Vec<u8> {
    let words = text.split(|byte| b" \t\r\n".contains(byte)).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(&b' ')
}

fn folded_names(names: &[&str]) -> String {
    let (mut out, mut length) = (String::new(), 0);
    for (nth, name) in names.iter().enumerate() {
        if nth > 0 {
            out.push(':');
        }
        if length + name.len() > FOLD {
            out.push_str("\r\n\t ");
            length = 0;
        }
        out.push_str(name);
        length += name.len() + 1;
    }
    out
}

#[cfg(test)]
#[path = "dkim_tests.rs"]
mod tests;

//! What may lead a mail to the tip it belongs to: tokens in Message-IDs and in the address it was sent to (carriers.md 5).
//!
//! Only what looks like a token of ours is handed on; whether it is one, its MAC tells, and that is not known here. Never
//! the subject: two children who write "help" have nothing in common.

use super::bounce;
use super::mime::Part;

/// The most tokens of a mail that are looked at.
const MOST_TOKENS: usize = 20;
/// The headers in which the address stands that a mail was sent to.
const ADDRESSED: [&str; 8] = ["To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To", "X-Rcpt-To"];

/// The mailbox that a mail came into.
#[derive(Debug, Clone)]
pub struct Own {
    local: String,
    domain: String,
    authserv: Option<String>,
}

impl Own {
    /// The mailbox of this address, such as `tips@example.org`; `authserv` is the name that its server puts into
    /// Authentication-Results (RFC 8601), when those of no other are to be believed.
    pub fn new(address: &str, authserv: Option<&str>) -> Self {
        let address = address.trim().to_ascii_lowercase();
        let (local, domain) = address.rsplit_once('@').unwrap_or((&address, ""));
        Self { local: local.to_owned(), domain: domain.to_owned(), authserv: authserv.map(str::to_ascii_lowercase) }
    }
    /// Whether an address, lower case, is this mailbox's, with or without a token.
    pub(super) fn is_ours(&self, address: &str) -> bool {
        let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
        domain == self.domain && local.split('+').next() == Some(self.local.as_str())
    }
    /// The tokens in a header such as To, in order.
    fn tokens(&self, header: &str) -> Vec<String> {
        let header = header.to_ascii_lowercase();
        let (begin, end) = (format!("{}+", self.local), format!("@{}", self.domain));
        let found = header.match_indices(&begin).filter_map(|(at, _)| {
            let rest = &header[at + begin.len()..];
            let token = &rest[..rest.find('@')?];
            let whole = rest[token.len()..].starts_with(&end);
            (whole && is_like_ours(token)).then(|| token.to_owned())
        });
        found.take(MOST_TOKENS).collect()
    }
    /// What our own server found out about the sender; headers of others are anybody's invention.
    pub(super) fn auth(&self, mail: &Part<'_>) -> Option<Auth> {
        let authserv = self.authserv.as_ref()?;
        let ours = mail.headers.raw("Authentication-Results").map(|value| value.to_ascii_lowercase()).find(|value| {
            let name = value.split(';').next().unwrap_or("").split_whitespace().next();
            name == Some(authserv.as_str())
        })?;
        let result = |method: &str| {
            let said = ours.split(';').skip(1).find_map(|part| part.trim().strip_prefix(method)?.trim_start().strip_prefix('='));
            said.map_or(Verdict::None, Verdict::of)
        };
        Some(Auth { spf: result("spf"), dkim: result("dkim"), dmarc: result("dmarc") })
    }
}

/// What our own mail server found out about a sender (RFC 8601). Never a reason to refuse a tip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Auth {
    /// Whether the sending server may send for the envelope's domain.
    pub spf: Verdict,
    /// Whether a domain signed it.
    pub dkim: Verdict,
    /// Whether one of both belongs to the sender that is shown.
    pub dmarc: Verdict,
}

/// One result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It held.
    Pass,
    /// It did not.
    Fail,
    /// Nothing can be said.
    None,
}

impl Verdict {
    fn of(text: &str) -> Self {
        match text.trim_start().split(|c: char| !c.is_ascii_alphabetic()).next() {
            Some("pass") => Verdict::Pass,
            Some("fail" | "hardfail" | "permerror") => Verdict::Fail,
            Some(_) | None => Verdict::None,
        }
    }
}

/// The tokens of a mail, the most telling first: In-Reply-To, References from the last to the first, the address; for news of a
/// mail of ours the address first, then what came back.
pub(super) fn tokens(mail: &Part<'_>, own: &Own, is_report: bool) -> Vec<String> {
    let mut by_id = mail.headers.ids("In-Reply-To");
    by_id.extend(mail.headers.ids("References").into_iter().rev());
    let mut by_address: Vec<String> =
        ADDRESSED.iter().flat_map(|name| mail.headers.raw(name)).flat_map(|value| own.tokens(&value)).collect();
    if is_report {
        by_address.extend(left_parts(bounce::returned_ids(mail)));
        by_address.extend(left_parts(by_id));
    } else {
        by_address.splice(0..0, left_parts(by_id));
    }
    let mut tokens: Vec<String> = Vec::new();
    for token in by_address {
        if tokens.len() < MOST_TOKENS && !tokens.contains(&token) {
            tokens.push(token);
        }
    }
    tokens
}

fn left_parts(ids: Vec<String>) -> Vec<String> {
    let left = ids.iter().map(|id| id.split('@').next().unwrap_or("").trim().to_ascii_lowercase());
    left.filter(|token| is_like_ours(token)).collect()
}

/// Letters and digits, a dot, letters and digits, and not long: `t3f…a9.07c1…`.
fn is_like_ours(token: &str) -> bool {
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    token.len() <= 80 && token.split_once('.').is_some_and(|(id, proof)| id.len() >= 32 && proof.len() >= 8 && plain(id) && plain(proof))
}

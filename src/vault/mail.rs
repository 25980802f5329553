//! What our mails carry so that an answer or a bounce finds back: ids with a proof that we made them (carriers.md 5).
//!
//! A Message-ID and a plus-address are chosen by whoever sends a mail, so nothing is threaded by one that does not hold
//! our MAC. An old mail stays good for ever: the proof is derived, not kept, and ends only with the master key.

use super::{Vault, hex, keyed};
use domain::id::{AttemptId, ConversationId, MessageId, ObligationId};
use subtle::ConstantTimeEq;

/// Hexadecimal digits of the proof: 64 bits, checked only here, so that guessing means mailing us.
const PROOF_DIGITS: usize = 16;

/// What a token of one of our mails names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailThread {
    /// A tip, by the address that answers to it come from.
    Tip(ConversationId),
    /// A message that we sent to a reporter.
    Message(MessageId),
    /// An attempt to tell an enduser, by the envelope's sender of its mail.
    Attempt(AttemptId),
    /// What an enduser was told, by the Message-ID that all its attempts share.
    Notice(ObligationId),
}

impl Vault {
    /// The part after the plus in the address that a tip's reporter is answered from: `t{id}.{proof}`.
    pub fn mail_token(&self, tip: ConversationId) -> String {
        format!("t{tip}.{}", self.proof(b"mail tip", tip.uuid().as_bytes()))
    }
    /// The tip of [`Self::mail_token`], if we made it. Upper case is forgiven: some mail servers change it.
    pub fn read_mail_token(&self, token: &str) -> Option<ConversationId> {
        let token = token.to_ascii_lowercase();
        let tip: ConversationId = token.strip_prefix('t')?.split_once('.')?.0.parse().ok()?;
        same(&self.mail_token(tip), &token).then_some(tip)
    }
    /// The left part of the Message-ID of a mail to a reporter: `{id}.{proof}`; the same for every attempt.
    pub fn mail_id(&self, message: MessageId) -> String {
        format!("{message}.{}", self.proof(b"mail message", message.uuid().as_bytes()))
    }
    /// The message of [`Self::mail_id`] or [`Self::mail_bounce_token`], if we made it.
    pub fn read_mail_id(&self, token: &str) -> Option<MessageId> {
        let token = token.to_ascii_lowercase();
        let id = token.strip_prefix('m').unwrap_or(&token);
        let message: MessageId = id.split_once('.')?.0.parse().ok()?;
        same(&self.mail_id(message), id).then_some(message)
    }
    /// The part after the plus in the envelope's sender of a mail to a reporter: a bounce to it names the message.
    pub fn mail_bounce_token(&self, message: MessageId) -> String {
        format!("m{}", self.mail_id(message))
    }
    /// The left part of the Message-ID of a mail to an enduser: the same for every attempt, so that a repeat shows once.
    pub fn mail_notice_id(&self, obligation: ObligationId) -> String {
        format!("n{obligation}.{}", self.proof(b"mail notice", obligation.uuid().as_bytes()))
    }
    /// The part after the plus in the envelope's sender of a mail to an enduser: a bounce to it names the attempt.
    pub fn mail_attempt_token(&self, attempt: AttemptId) -> String {
        format!("v{attempt}.{}", self.proof(b"mail attempt", attempt.uuid().as_bytes()))
    }
    /// What a token names, if we made it. Upper case is forgiven: some mail servers change it.
    pub fn read_mail_thread(&self, token: &str) -> Option<MailThread> {
        let token = token.to_ascii_lowercase();
        let id = |first: char| token.strip_prefix(first).and_then(|rest| rest.split_once('.')).map(|(id, _)| id);
        if let Some(obligation) = id('n').and_then(|id| id.parse().ok()) {
            return same(&self.mail_notice_id(obligation), &token).then_some(MailThread::Notice(obligation));
        }
        if let Some(attempt) = id('v').and_then(|id| id.parse().ok()) {
            return same(&self.mail_attempt_token(attempt), &token).then_some(MailThread::Attempt(attempt));
        }
        let message = self.read_mail_id(&token).map(MailThread::Message);
        message.or_else(|| self.read_mail_token(&token).map(MailThread::Tip))
    }

    fn proof(&self, what: &[u8], id: &[u8]) -> String {
        let mut digits = hex(&keyed(&self.tokens, &[what, id]));
        digits.truncate(PROOF_DIGITS);
        digits
    }
}

fn same(ours: &str, theirs: &str) -> bool {
    ours.as_bytes().ct_eq(theirs.as_bytes()).into()
}

/// `tips@example.org` with a token: `tips+{token}@example.org`. An address without a domain stays as it is.
pub fn plus_address(address: &str, token: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, domain)) => format!("{local}+{token}@{domain}"),
        None => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Entropy;
    use crate::vault::keys::MasterKey;
    use uuid::Uuid;

    #[test]
    fn only_what_we_made_is_read_back() {
        let vault = |byte: u8| Vault::new(&MasterKey::from_bytes([byte; 32]), Entropy);
        let (tip, message) = (ConversationId::new(Uuid::from_u128(7)), MessageId::new(Uuid::from_u128(7)));
        let (token, id, bounce) = (vault(1).mail_token(tip), vault(1).mail_id(message), vault(1).mail_bounce_token(message));
        assert_eq!(vault(1).read_mail_thread(&token), Some(MailThread::Tip(tip)));
        assert_eq!(vault(1).read_mail_thread(&token.to_uppercase()), Some(MailThread::Tip(tip)));
        assert_eq!(vault(1).read_mail_thread(&id), Some(MailThread::Message(message)));
        assert_eq!(vault(1).read_mail_thread(&bounce), Some(MailThread::Message(message)));
        let (attempt, obligation) = (AttemptId::new(Uuid::from_u128(7)), ObligationId::new(Uuid::from_u128(7)));
        let (verp, notice) = (vault(1).mail_attempt_token(attempt), vault(1).mail_notice_id(obligation));
        assert_eq!(vault(1).read_mail_thread(&verp.to_uppercase()), Some(MailThread::Attempt(attempt)));
        assert_eq!(vault(1).read_mail_thread(&notice), Some(MailThread::Notice(obligation)));
        assert_eq!(vault(1).read_mail_thread(&notice.replace('n', "v")), None, "one is not good for the other");
        assert!(bounce.len() < 60 && verp.len() < 60, "with the address before it, it fits the 64 characters of a local part");
        let one_off = |text: &str| format!("{}{}", &text[..text.len() - 1], if text.ends_with('0') { '1' } else { '0' });
        for strange in [
            "",
            "t",
            "m",
            "t.",
            ".",
            "x.y",
            "é.é",
            &token[1..],
            &id[1..],
            &one_off(&token),
            &one_off(&id),
            &one_off(&bounce),
            &one_off(&verp),
            &one_off(&notice),
        ] {
            assert_eq!(vault(1).read_mail_thread(strange), None, "{strange}");
        }
        assert_eq!(vault(2).read_mail_thread(&token), None, "another key");
        assert_eq!(plus_address("tips@example.org", "t1.2"), "tips+t1.2@example.org");
    }
}

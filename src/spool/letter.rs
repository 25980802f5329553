//! A letter: what waits in the spool, and how it is written there.
//!
//! Addresses and words have no `Serialize` on purpose, so the written form is a list of fields of its own, made here and sealed whole by
//! [`super::writer`]. Files that came with a message stand behind the fields as they are. Every field is named when a letter is taken
//! apart: a new field of a message does not compile until somebody has decided how it waits.

use crate::vault::sealed::WrappedKey;
use crate::vault::{ConversationKey, Vault};
use domain::channel::Channel;
use domain::conversation::knows::Knows;
use domain::dispatch::evidence::ReceiptKind;
use domain::exchange::*;
use domain::id::{AccountKey, AttemptId, ConversationId};
use domain::language::Language;
use domain::sealed::{Address, Words};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// What waits in the spool.
#[derive(Debug, Clone)]
pub enum Letter {
    /// A reporter's message, with the tip that it opens if it opens one.
    Message(Box<InboundMessage>, Box<NewTip>),
    /// News of something that we sent, and when it came.
    Receipt(Box<Receipt>, Timestamp),
}

/// A tip that may be opened: drawn before anything is stored, so that its code can be told even while the database is away.
#[derive(Debug, Clone)]
pub struct NewTip {
    /// Its id.
    pub id: ConversationId,
    /// Its key.
    pub key: ConversationKey,
    /// The same, wrapped.
    pub wrapped: WrappedKey,
    /// When the message came: every clock runs from here (R44).
    pub at: Timestamp,
}

/// A letter that was opened and is not understood: another version wrote it, or its tip's key does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a letter of the spool is not understood: another version of the program wrote it")]
pub struct NotALetter;

/// The fields, as JSON. A field that is added later needs `#[serde(default)]`: letters of the version before may wait.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Written {
    Message(Box<WrittenMessage>),
    Receipt { account: AccountKey, attempt: AttemptId, provider_id: ProviderId, once: String, kind: ReceiptKind, at: Timestamp },
}

#[derive(Serialize, Deserialize)]
struct WrittenMessage {
    tip: ConversationId,
    key: Vec<u8>,
    at: Timestamp,
    account: AccountKey,
    provider_id: ProviderId,
    channel: Channel,
    from: Option<String>,
    to: String,
    sent_at: Option<Timestamp>,
    words: String,
    language: Option<Language>,
    part: Option<Part>,
    joins: WrittenJoins,
    nature: Nature,
    #[serde(default)]
    fate: Option<Fate>,
    carrier_answered: bool,
    knows: Knows,
    claims: Claims,
    source: Option<String>,
    media: Vec<WrittenMedium>,
    media_dropped: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WrittenJoins {
    ByAddress,
    Threads(Vec<String>),
    Conversation(ConversationId),
    New(ConversationId),
}

#[derive(Serialize, Deserialize)]
struct WrittenMedium {
    body: WrittenBody,
    content_type: String,
    role: MediaRole,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WrittenBody {
    Waiting(String),
    /// So many bytes, behind the fields and behind the files named before.
    Here(usize),
}

impl Letter {
    /// The account it came through.
    pub fn account(&self) -> &AccountKey {
        match self {
            Letter::Message(message, _) => &message.account,
            Letter::Receipt(receipt, _) => &receipt.account,
        }
    }
    /// When it came.
    pub fn at(&self) -> Timestamp {
        match self {
            Letter::Message(_, tip) => tip.at,
            Letter::Receipt(_, at) => *at,
        }
    }

    /// As it is written: the length of the fields, the fields, the files.
    pub(super) fn write(&self) -> Result<Zeroizing<Vec<u8>>, serde_json::Error> {
        let (written, files) = match self {
            Letter::Message(message, tip) => {
                let (written, files) = taken_apart(message, tip);
                (Written::Message(Box::new(written)), files)
            }
            Letter::Receipt(receipt, at) => {
                let Receipt { account, attempt, provider_id, once, kind } = (**receipt).clone();
                (Written::Receipt { account, attempt, provider_id, once, kind, at: *at }, Vec::new())
            }
        };
        let fields = Zeroizing::new(serde_json::to_vec(&written)?);
        let length = u32::try_from(fields.len()).unwrap_or(u32::MAX).to_le_bytes();
        let mut all = Zeroizing::new(Vec::with_capacity(4 + fields.len() + files.iter().map(|file| file.len()).sum::<usize>()));
        all.extend_from_slice(&length);
        all.extend_from_slice(&fields);
        files.iter().for_each(|file| all.extend_from_slice(file));
        Ok(all)
    }

    /// Reads it back.
    pub(super) fn read(bytes: &[u8], vault: &Vault) -> Result<Self, NotALetter> {
        let (length, rest) = bytes.split_first_chunk::<4>().ok_or(NotALetter)?;
        let (fields, files) = rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or(NotALetter)?;
        match serde_json::from_slice(fields).map_err(|_| NotALetter)? {
            Written::Message(written) => {
                let (message, tip) = put_together(*written, files, vault)?;
                Ok(Letter::Message(Box::new(message), Box::new(tip)))
            }
            Written::Receipt { account, attempt, provider_id, once, kind, at } => {
                Ok(Letter::Receipt(Box::new(Receipt { account, attempt, provider_id, once, kind }), at))
            }
        }
    }
}

fn taken_apart<'a>(message: &'a InboundMessage, tip: &NewTip) -> (WrittenMessage, Vec<&'a [u8]>) {
    let InboundMessage {
        account,
        provider_id,
        channel,
        from,
        to,
        sent_at,
        words,
        language,
        part,
        joins,
        nature,
        fate,
        carrier_answered,
        knows,
        claims,
        source,
        media,
        media_dropped,
    } = message;
    let mut files = Vec::new();
    let mut medium = |medium: &'a MediaRef| {
        let body = match &medium.body {
            MediaBody::Waiting(url) => WrittenBody::Waiting(url.reveal().to_owned()),
            MediaBody::Here(bytes) => {
                files.push(bytes.as_slice());
                WrittenBody::Here(bytes.len())
            }
        };
        WrittenMedium { body, content_type: medium.content_type.clone(), role: medium.role }
    };
    let media = media.iter().map(&mut medium).collect();
    let written = WrittenMessage {
        tip: tip.id,
        key: tip.wrapped.0.clone(),
        at: tip.at,
        account: account.clone(),
        provider_id: provider_id.clone(),
        channel: *channel,
        from: from.as_ref().map(|address| address.reveal().to_owned()),
        to: to.reveal().to_owned(),
        sent_at: *sent_at,
        words: words.reveal().to_owned(),
        language: *language,
        part: part.clone(),
        joins: match joins {
            Joins::ByAddress => WrittenJoins::ByAddress,
            Joins::Threads(tokens) => WrittenJoins::Threads(tokens.clone()),
            Joins::Conversation(id) => WrittenJoins::Conversation(*id),
            Joins::New(id) => WrittenJoins::New(*id),
        },
        nature: *nature,
        fate: *fate,
        carrier_answered: *carrier_answered,
        knows: *knows,
        claims: claims.clone(),
        source: source.as_ref().map(|words| words.reveal().to_owned()),
        media,
        media_dropped: *media_dropped,
    };
    (written, files)
}

fn put_together(written: WrittenMessage, mut files: &[u8], vault: &Vault) -> Result<(InboundMessage, NewTip), NotALetter> {
    let wrapped = WrappedKey(written.key);
    let key = vault.unwrap_key(written.tip, &wrapped).map_err(|_| NotALetter)?;
    let mut media = Vec::with_capacity(written.media.len());
    for WrittenMedium { body, content_type, role } in written.media {
        let body = match body {
            WrittenBody::Waiting(url) => MediaBody::Waiting(Words::new(url)),
            WrittenBody::Here(length) => {
                let (file, rest) = files.split_at_checked(length).ok_or(NotALetter)?;
                files = rest;
                MediaBody::Here(file.to_vec())
            }
        };
        media.push(MediaRef { body, content_type, role });
    }
    let message = InboundMessage {
        account: written.account,
        provider_id: written.provider_id,
        channel: written.channel,
        from: written.from.map(Address::new),
        to: Address::new(written.to),
        sent_at: written.sent_at,
        words: Words::new(written.words),
        language: written.language,
        part: written.part,
        joins: match written.joins {
            WrittenJoins::ByAddress => Joins::ByAddress,
            WrittenJoins::Threads(tokens) => Joins::Threads(tokens),
            WrittenJoins::Conversation(id) => Joins::Conversation(id),
            WrittenJoins::New(id) => Joins::New(id),
        },
        nature: written.nature,
        fate: written.fate,
        carrier_answered: written.carrier_answered,
        knows: written.knows,
        claims: written.claims,
        source: written.source.map(Words::new),
        media,
        media_dropped: written.media_dropped,
    };
    Ok((message, NewTip { id: written.tip, key, wrapped, at: written.at }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Entropy;
    use crate::spool::tests::{message, new_tip, vault};
    use uuid::Uuid;

    #[test]
    fn every_field_comes_back() {
        let vault = vault();
        let id = ConversationId::new(Uuid::from_u128(3));
        for joins in [Joins::ByAddress, Joins::Threads(vec!["a".into(), "b".into()]), Joins::Conversation(id), Joins::New(id)] {
            let full = InboundMessage {
                sent_at: Some("2026-11-20T21:04:12Z".parse().unwrap()),
                language: Some(Language::Ar),
                part: Some(Part { whole: "7".into(), number: 2, of: 3 }),
                joins,
                nature: Nature::Bounce,
                fate: Some(Fate::Failed { permanent: true }),
                carrier_answered: true,
                claims: Claims { school: Some("delta-high".parse().unwrap()), in_progress: true },
                source: Some(Words::new("id@example.org")),
                media: vec![
                    MediaRef { body: MediaBody::Here(vec![0, 1, 255]), content_type: "image/png".into(), role: MediaRole::Shown },
                    MediaRef {
                        body: MediaBody::Waiting(Words::new("https://media.example.org/1")),
                        content_type: "audio/ogg".into(),
                        role: MediaRole::Recording,
                    },
                    MediaRef { body: MediaBody::Here(vec![9; 1000]), content_type: "message/rfc822".into(), role: MediaRole::Raw },
                ],
                media_dropped: 4,
                ..message("+15555550142", "SM1", "words \u{1f600} \u{0} \"quoted\"")
            };
            let tip = new_tip(&vault);
            let bytes = Letter::Message(Box::new(full.clone()), Box::new(tip.clone())).write().unwrap();
            let Letter::Message(read, back) = Letter::read(&bytes, &vault).unwrap() else { panic!("another kind") };
            assert_eq!(*read, full);
            assert_eq!((back.id, &back.wrapped, back.at), (tip.id, &tip.wrapped, tip.at));
            assert_eq!(back.key.return_code().reveal(), tip.key.return_code().reveal(), "the code that was told");
            for cut in 0..bytes.len() {
                assert!(Letter::read(&bytes[..cut], &vault).is_err(), "cut at {cut}");
            }
        }
    }

    #[test]
    fn a_receipt_comes_back() {
        let (vault, at) = (vault(), "2026-11-20T21:04:12.123456Z".parse().unwrap());
        let receipt = Receipt {
            account: "main".parse().unwrap(),
            attempt: Entropy.attempt(),
            provider_id: ProviderId("SM1".into()),
            once: "SM1:failed".into(),
            kind: ReceiptKind::Unrecognised("partly".into()),
        };
        let bytes = Letter::Receipt(Box::new(receipt.clone()), at).write().unwrap();
        let Letter::Receipt(read, came) = Letter::read(&bytes, &vault).unwrap() else { panic!("another kind") };
        assert_eq!((*read, came), (receipt, at));
    }
}

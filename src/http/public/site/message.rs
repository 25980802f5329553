//! A form as a message: the words with the other fields as labelled lines under them, the pictures, and what makes it one message.
//!
//! The provider's id is a hash of the page's token and of everything that was sent: pressing twice, or loading the answer again, is one
//! message; what was changed in between is another one of the same tip.

use super::form::{Field, Form};
use super::phrases::Phrases;
use super::{Here, schools};
use crate::vault::hex;
use domain::channel::Channel;
use domain::conversation::knows::Knows;
use domain::directory::Directory;
use domain::exchange::{Claims, InboundMessage, Joins, ProviderId};
use domain::id::{AccountKey, ConversationId};
use domain::sealed::Words;
use sha2::{Digest, Sha256};
use tokio::sync::OwnedSemaphorePermit;

/// A message, and the memory that its pictures take as long as it is in hand.
pub(super) struct Composed {
    pub(super) message: InboundMessage,
    pub(super) room: Vec<OwnedSemaphorePermit>,
}

/// Our own pages are no carrier; this stands where an account's name does.
#[expect(clippy::expect_used, reason = "the key is well formed, as every test shows")]
fn account() -> AccountKey {
    "web".parse().expect("a key")
}

impl Here {
    /// The first message of a tip.
    pub(super) fn tip(&self, form: &mut Form, draft: ConversationId, directory: &Directory) -> Composed {
        let county = schools::county(directory, form.get(Field::County));
        let school = schools::meant(directory, form.get(Field::School), form.get(Field::Place), county.as_ref());
        let words = all_words(self.words(), form, directory);
        let claims = Claims { school: school.or(county), in_progress: form.get(Field::Now) == "yes" };
        let mut composed = self.composed("form", draft, "", words, form);
        composed.message.joins = Joins::New(draft);
        composed.message.claims = claims;
        composed
    }

    /// A further message of a conversation that was opened.
    pub(super) fn further(&self, form: &mut Form, conversation: ConversationId) -> Composed {
        let (words, nonce) = (form.get(Field::What).trim().to_owned(), form.get(Field::Nonce).to_owned());
        let mut composed = self.composed("return", conversation, &nonce, words, form);
        composed.message.joins = Joins::Conversation(conversation);
        composed
    }

    fn composed(&self, kind: &str, of: ConversationId, nonce: &str, words: String, form: &mut Form) -> Composed {
        let dropped = u32::try_from(form.left_out.len()).unwrap_or(u32::MAX);
        let mut hash = Sha256::new();
        let of = of.uuid();
        let parts = [of.as_bytes().as_slice(), nonce.as_bytes(), words.as_bytes()];
        for part in parts.into_iter().chain(form.pictures.iter().map(|picture| picture.bytes.as_slice())) {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let id = ProviderId(format!("{kind}:{}", hex(&hash.finalize()[..16])));
        let (media, room) = form.take_pictures();
        let message = InboundMessage {
            language: Some(self.language),
            media,
            media_dropped: dropped,
            ..InboundMessage::plain(account(), id, Channel::Web, Knows::VISIT, Words::new(words))
        };
        Composed { message, room }
    }
}

/// What happened, and under it the other fields, each on a line with its label.
fn all_words(words: &Phrases, form: &Form, directory: &Directory) -> String {
    let (t, line) = (&words.write, |field| form.get(field).trim().to_owned());
    let chosen = schools::meant(directory, form.get(Field::School), "", None).map(|key| schools::name(directory, &key));
    let place = match (line(Field::Place), chosen) {
        (typed, Some(name)) if typed.is_empty() || schools::folded(&name).contains(&schools::folded(&typed)) => name,
        (typed, Some(name)) => format!("{typed} ({name})"),
        (typed, None) => typed,
    };
    let county = schools::county(directory, form.get(Field::County)).map(|key| schools::name(directory, &key)).unwrap_or_default();
    let now = match form.get(Field::Now) {
        "yes" => t.yes,
        "no" => t.no,
        _ => "",
    };
    let lines = [
        (t.line_place, place),
        (t.line_county, county),
        (t.line_who, line(Field::Who)),
        (t.line_when, line(Field::When)),
        (t.line_now, now.to_owned()),
    ];
    let lines: Vec<String> =
        lines.into_iter().filter(|(_, value)| !value.is_empty()).map(|(label, value)| format!("{label}: {value}")).collect();
    let what = line(Field::What);
    [what, lines.join("\n")].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
}

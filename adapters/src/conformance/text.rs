//! Reporters' texts: what becomes of their words, pictures, keywords and pieces.
//!
//! The rig words and signs what the carrier would send; what is expected is written out here as the contract has it.

use super::way::{Way, same_words};
use super::{ID, OURS, REPORTER, Rig, only};
use crate::contract::Reply;
use domain::channel::Channel;
use domain::conversation::knows::Knows;
use domain::exchange::{Inbound, InboundMessage, MAX_MEDIA, MediaBody, MediaRef, MediaRole, Part, ProviderId};
use domain::sealed::{Address, Words};

/// Senders, and the channels that their addresses name (R46).
const SENDERS: [(&str, Channel); 5] = [
    (REPORTER, Channel::Text),
    ("whatsapp:+15555550142", Channel::Whatsapp),
    ("messenger:8675309", Channel::Messenger),
    ("anonymous", Channel::Text),
    ("73529", Channel::Text),
];

/// What a text from a sender has to become.
pub(super) fn expected(rig: &dyn Rig, from: &str, words: &str, pictures: &[&str]) -> InboundMessage {
    let channel = SENDERS.iter().find(|(sender, _)| *sender == from).map_or(Channel::Text, |(_, channel)| *channel);
    let knows = if channel == Channel::Text { Knows::PHONE } else { Knows::APP };
    let medium =
        |url: &&str| MediaRef { body: MediaBody::Waiting(Words::new(*url)), content_type: "image/jpeg".to_owned(), role: MediaRole::Shown };
    InboundMessage {
        from: Some(Address::new(from)),
        to: Address::new(OURS),
        media: pictures.iter().take(MAX_MEDIA).map(medium).collect(),
        media_dropped: u32::try_from(pictures.len().saturating_sub(MAX_MEDIA)).unwrap(),
        carrier_answered: words == "STOP" && rig.answers_stop(),
        ..InboundMessage::plain(rig.account(), ProviderId(ID.to_owned()), channel, knows, Words::new(words))
    }
}

/// The webhook's message.
fn read(rig: &dyn Rig, from: &str, words: &str, pictures: &[&str]) -> InboundMessage {
    match only(rig.webhook().accept(&rig.message(from, words, pictures).raw()).unwrap()) {
        Inbound::Message(message) => *message,
        other => panic!("a message is expected, not {other:?}"),
    }
}

struct Sender<'a>(&'a dyn Rig, &'static str, Channel);

impl Way for Sender<'_> {
    fn channel(&self) -> Channel {
        self.2
    }
    fn knows(&self) -> Knows {
        if self.2 == Channel::Text { Knows::PHONE } else { Knows::APP }
    }
    fn read(&self, words: &str) -> InboundMessage {
        read(self.0, self.1, words, &[])
    }
}

pub(super) fn same_words_same_event(rig: &dyn Rig) {
    for (from, channel) in SENDERS {
        same_words(&Sender(rig, from, channel));
    }
    let webhook = rig.webhook();
    let long = "word ".repeat(320);
    // Texts keep even what mail cannot: nothing is trimmed, nothing added.
    let texts =
        ["help", "", " \t two\nlines\r\n ", "¡Tengo miedo! 😟", "STOP", "ALTO", "HELP", "STOP it", long.as_str(), "\u{1F600}\u{200D}é"];
    for words in texts {
        let request = rig.message(REPORTER, words, &[]);
        let first = webhook.accept(&request.raw()).unwrap();
        assert_eq!(first, webhook.accept(&request.raw()).unwrap(), "a replay is read like the first time");
        let debug = format!("{first:?}");
        assert!(!debug.contains("0142") && !debug.contains("0100"), "an event's Debug shows no number");
        assert!(matches!(&first.reply, Reply::Fixed(answer) if answer.status.is_success()), "a text is answered at once");
        assert_eq!(only(first), Inbound::Message(Box::new(expected(rig, REPORTER, words, &[]))));
    }
    for (from, _) in SENDERS {
        assert_eq!(read(rig, from, "hi", &[]), expected(rig, from, "hi", &[]));
    }
}

pub(super) fn pictures(rig: &dyn Rig) {
    let urls: Vec<String> = (0..12).map(|n| format!("https://carrier.example.org/media/{n}?x=1&y=2")).collect();
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    for count in [1, 2, 10, 12] {
        for words in ["look", ""] {
            assert_eq!(read(rig, REPORTER, words, &urls[..count]), expected(rig, REPORTER, words, &urls[..count]), "{count} pictures");
        }
    }
}

/// A carrier that leaves the joining to us says which piece it is; one that joins says nothing, however long the text.
pub(super) fn parts(rig: &dyn Rig) {
    let whole: Vec<Part> = (1..=3).map(|number| Part { whole: "77".to_owned(), number, of: 3 }).collect();
    for part in &whole {
        let id = format!("{ID}-{}", part.number);
        let Some(request) = rig.part(&id, part, "a third") else { return };
        let piece = InboundMessage { part: Some(part.clone()), provider_id: ProviderId(id), ..expected(rig, REPORTER, "a third", &[]) };
        assert_eq!(only(rig.webhook().accept(&request.raw()).unwrap()), Inbound::Message(Box::new(piece)));
    }
}

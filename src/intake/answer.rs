//! What the program says by itself to a message: the honest first words (R67), and the answers to STOP, HELP, START and WEB (R71).
//!
//! Each is a message of the conversation like any other: sent by the outbox where something can be sent, kept where not. A stored text
//! holds a place for the code, never the code.

use super::Intake;
use super::message::{Composed, believed};
use crate::audit::{Action, Actor, Entry};
use crate::progress::routes::{message_turn, rank};
use crate::store::Write;
use crate::store::rows::*;
use domain::channel::Channel;
use domain::conversation::WayBack;
use domain::conversation::automatic::{Automatic, automatic};
use domain::conversation::first_words::first_words;
use domain::conversation::keyword::Keyword;
use domain::dispatch::delivery::Delivery;
use domain::exchange::{InboundMessage, Nature};
use domain::language::Language;
use domain::sealed::Words;
use jiff::SignedDuration;

/// A webhook brings a text within this time, with the carrier's own repeats.
const LATE: SignedDuration = SignedDuration::from_secs(15);

impl Intake {
    /// Adds the answer that a message calls for, if it calls for one, and opens or closes the way back.
    ///
    /// The message itself is in the letter already, whatever it says: a keyword is stored like any other message.
    pub(super) fn answer(&self, letter: &mut Composed, message: &InboundMessage) {
        if message.nature != Nature::Person {
            return;
        }
        let keyword = keyword(message, letter.entry.opted_out);
        let was_closed = letter.entry.opted_out;
        if was_closed && keyword != Some(Keyword::Stop) && is_late(message, letter) {
            return;
        }
        letter.entry.opted_out = keyword == Some(Keyword::Stop);
        self.way_back(letter, was_closed);
        match keyword {
            // The way back is closed: nothing but the one confirmation is sent, and no second one to a second STOP.
            Some(Keyword::Stop) if was_closed => {}
            Some(Keyword::Stop) => self.say_unless_answered(letter, message, Automatic::Stopped),
            Some(Keyword::Help) if !letter.is_new => self.say_unless_answered(letter, message, Automatic::Help),
            Some(Keyword::Start) if !letter.is_new => self.say_unless_answered(letter, message, Automatic::Started),
            Some(Keyword::Web) => {
                self.greet(letter, message);
                self.say_unless_answered(letter, message, Automatic::Web);
            }
            Some(Keyword::Help | Keyword::Start) | None => self.greet(letter, message),
        }
    }

    /// The first words, to the first message of a tip. A call speaks them itself.
    fn greet(&self, letter: &mut Composed, message: &InboundMessage) {
        if letter.is_new && message.channel != Channel::Voice {
            self.say(letter, message, &first_words(message.knows, message.channel, self.language_of(letter)));
            letter.record(Actor::System, Action::FirstWords);
        }
    }

    fn say_unless_answered(&self, letter: &mut Composed, message: &InboundMessage, kind: Automatic) {
        if !message.carrier_answered {
            let language = self.language_of(letter);
            self.say(letter, message, &automatic(kind, message.knows, language, &self.line.voice.line_name, &self.line.origin));
        }
    }

    fn language_of(&self, letter: &Composed) -> Language {
        letter.language.unwrap_or(self.line.language)
    }

    /// Who writes can perhaps be answered again; if the carrier still refuses, its answer closes the way back again. STOP closes it, and
    /// the analyst is told at once by the tip's change.
    fn way_back(&self, letter: &mut Composed, was_closed: bool) {
        let to = if letter.entry.opted_out { WayBack::OptedOut } else { WayBack::Open };
        letter.commit.writes.push(Write::WayBack(letter.entry.conversation, to));
        if was_closed != letter.entry.opted_out {
            letter.record(Actor::Reporter, Action::WayBack { to });
        }
    }

    fn say(&self, letter: &mut Composed, message: &InboundMessage, words: &Words) {
        let (id, at) = (self.entropy.message(letter.at), letter.at);
        let lane = self.progress.routes.for_reply(&message.account, message.channel).filter(|_| message.from.is_some());
        let delivery = match lane {
            Some(_) => Delivery::Waiting { next_at: at, made: 0 },
            None => Delivery::Kept { since: at },
        };
        if let Some(lane) = lane {
            letter.commit.writes.push(Write::Work(WorkRow {
                id: WorkId::Message(id),
                lane: lane.key.clone(),
                rank: rank(None, message_turn(Author::System, &delivery), 0),
                due_at: at,
                run_at: at,
            }));
        }
        let row = MessageRow {
            body: self.vault.seal(&letter.entry.key, id.uuid().as_bytes(), words.reveal()),
            delivery: Some(delivery),
            ..MessageRow::new(id, letter.entry.conversation, Author::System, message.channel, at)
        };
        letter.commit.writes.push(Write::Message(Box::new(row)));
    }
}

/// The keyword that a text is, if it is one; other ways in have none.
fn keyword(message: &InboundMessage, opted_out: bool) -> Option<Keyword> {
    match message.channel {
        Channel::Text | Channel::Whatsapp | Channel::Messenger => Keyword::of(message.words.reveal(), opted_out),
        Channel::Voice | Channel::Mail | Channel::Chat | Channel::Web => None,
    }
}

/// Whether a text was found by asking the carrier, long after it was sent: it may be older than the STOP that closed the way back, so it
/// opens nothing and is answered by nothing.
fn is_late(message: &InboundMessage, letter: &Composed) -> bool {
    let is_text = matches!(message.channel, Channel::Text | Channel::Whatsapp | Channel::Messenger);
    is_text && believed(message.sent_at, letter.at).is_some_and(|sent| letter.at.duration_since(sent) > LATE)
}

impl Composed {
    /// Adds to the record.
    pub(super) fn record(&mut self, actor: Actor, action: Action) {
        self.commit.audit.push(Entry { conversation: self.entry.conversation, at: self.at, actor, action });
    }
}

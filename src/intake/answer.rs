//! What the program says by itself to a message: the honest first words (R67), and the answers to STOP, HELP, START and WEB (R71).
//!
//! Each is a message of the conversation like any other: sent by the outbox where something can be sent, kept where not. A stored text
//! holds a place for the code, never the code.

use super::message::Composed;
use super::{Intake, IntakeError};
use crate::audit::{Action, Actor, Entry};
use crate::progress::routes::{message_turn, rank};
use crate::store::Write;
use crate::store::rows::*;
use domain::channel::Channel;
use domain::conversation::WayBack;
use domain::conversation::first_words::first_words;
use domain::dispatch::delivery::Delivery;
use domain::exchange::{InboundMessage, Nature};
use domain::sealed::Words;

impl Intake {
    /// Adds the answer that a message calls for, if it calls for one.
    pub(super) async fn answer(&self, letter: &mut Composed, message: &InboundMessage) -> Result<(), IntakeError> {
        self.way_back(letter, WayBack::Open);
        if message.nature == Nature::Person && letter.is_new && message.channel != Channel::Voice {
            let language = letter.language.unwrap_or_else(|| self.default_language());
            self.say(letter, message, &first_words(message.knows, message.channel, language));
            letter.record(Actor::System, Action::FirstWords);
        }
        Ok(())
    }

    /// Who writes can perhaps be answered again; if the carrier still refuses, its answer closes the way back again.
    fn way_back(&self, letter: &mut Composed, to: WayBack) {
        letter.commit.writes.push(Write::WayBack(letter.entry.conversation, to));
    }

    fn say(&self, letter: &mut Composed, message: &InboundMessage, words: &Words) {
        let (id, at) = (self.entropy.message(letter.at), letter.at);
        let lane = self.progress.routes.for_reply(&message.account, message.channel);
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

impl Composed {
    /// Adds to the record.
    pub(super) fn record(&mut self, actor: Actor, action: Action) {
        self.commit.audit.push(Entry { conversation: self.entry.conversation, at: self.at, actor, action });
    }
}

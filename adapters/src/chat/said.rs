//! What was said in a chat as a message like any other (R2), and the id by which it is one message however often it is said.

use super::Say;
use super::frame::is_client_id;
use domain::channel::Channel;
use domain::conversation::knows::Knows;
use domain::exchange::{InboundMessage, Joins, MediaRef, ProviderId};
use domain::id::{AccountKey, ConversationId};
use domain::language::Language;

/// What chats come in by, where other ways have a carrier's account.
#[expect(clippy::expect_used, reason = "the key is well formed, as the test shows")]
pub fn account() -> AccountKey {
    "chat".parse().expect("an account's key")
}

/// The message that a `say` becomes. It opens the conversation or joins it, whichever is so: the chat drew its id before it was opened.
pub fn message(
    conversation: ConversationId,
    say: &Say,
    language: Option<Language>,
    media: Vec<MediaRef>,
    media_dropped: u32,
) -> InboundMessage {
    let id = ProviderId(format!("chat:{conversation}:{}", say.id));
    let plain = InboundMessage::plain(account(), id, Channel::Chat, Knows::VISIT, say.text.clone());
    InboundMessage { joins: Joins::New(conversation), language, media, media_dropped, ..plain }
}

/// The client's own id in a message's id, if it was said in a chat.
pub fn client_id(provider_id: &str) -> Option<&str> {
    let (_, id) = provider_id.strip_prefix("chat:")?.split_once(':')?;
    is_client_id(id).then_some(id)
}

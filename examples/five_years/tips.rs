//! Tips that are read: sealed by the deployment's own vault, committed through its own store, closed, and spread over the five years.

use super::filler::MESSAGES;
use anyhow::{Context, bail};
use domain::channel::Channel;
use domain::conversation::reference::Reference;
use domain::conversation::triage::Triage;
use domain::conversation::{Conversation, State, WayBack};
use domain::id::{ContactHandle, ConversationId, MessageId};
use domain::level::Level;
use domain::sealed::Address;
use jiff::Timestamp;
use tipline::audit::{Action, Actor, Entry};
use tipline::entropy::Entropy;
use tipline::store::rows::{Author, ContactRow, ConversationRow, MessageRow};
use tipline::store::{Commit, Outcome, Store, Write};
use tipline::vault::Vault;

/// What is said, in turn.
const WORDS: [&str; 2] = [
    "He keeps saying that nobody would miss him, and today he gave his things away. I do not know whom to tell.",
    "Thank you for telling us. Is he at school now, and is anybody with him?",
];

/// Commits the `n`-th of them as it was received then; its id.
pub async fn commit(store: &dyn Store, vault: &Vault, n: u32, at: Timestamp) -> anyhow::Result<ConversationId> {
    let id = ConversationId::new(Entropy.uuid());
    let (key, wrapped) = vault.new_key(id);
    let conversation = Conversation {
        drill: false,
        id,
        reference: Reference::from_bits(Entropy.bytes()),
        alias: "Quiet Heron".to_owned(),
        channel: Channel::Text,
        language: None,
        received_at: at,
        state: State::Open,
        way_back: WayBack::Open,
        triage: Triage { level: Some(Level::Standard), ..Triage::default() },
        triaged_at: Some(at),
        dispatched_at: None,
        claimed_by: None,
    };
    let row = ConversationRow {
        conversation,
        version: 0,
        code_index: vault.code_index(&key.return_code()),
        key: wrapped,
        last_seq: 0,
        unread: 0,
        updated_at: at,
    };
    let handle = ContactHandle::new(Entropy.uuid());
    let context = *handle.uuid().as_bytes();
    let number = format!("+1888{n:07}");
    let contact = ContactRow {
        handle,
        conversation: id,
        account: "main".parse().context("an account's key")?,
        channel: Channel::Text,
        index: vault.contact_index(Channel::Text, &Address::new(number.clone())),
        address: vault.seal(&key, &context, &number),
        ours: vault.seal(&key, &context, "+15555550100"),
        created_at: at,
        current: false,
    };
    let mut writes = vec![Write::Conversation(Box::new(row.clone())), Write::Contact(Box::new(contact))];
    let mut audit = vec![Entry { conversation: id, at, actor: Actor::Reporter, action: Action::TipReceived { channel: Channel::Text } }];
    for place in 0..MESSAGES as usize {
        let said_at = Timestamp::from_second(at.as_second() + 97 * place as i64)?;
        let author = if place % 2 == 0 { Author::Reporter } else { Author::System };
        let message = MessageId::new(Entropy.ordered(said_at));
        let body = vault.seal(&key, message.uuid().as_bytes(), WORDS[place % 2]);
        writes.push(Write::Message(Box::new(MessageRow { body, ..MessageRow::new(message, id, author, Channel::Text, said_at) })));
        audit.push(Entry {
            conversation: id,
            at: said_at,
            actor: Actor::Reporter,
            action: Action::MessageReceived { channel: Channel::Text },
        });
    }
    must(store, Commit { once: None, writes, audit }).await?;
    let mut closed = store.conversation(id).await?.context("a tip that was just committed")?;
    closed.conversation.state = State::Closed;
    must(store, Commit { once: None, writes: vec![Write::Conversation(Box::new(closed)), Write::MarkRead(id)], audit: Vec::new() }).await?;
    Ok(id)
}

/// Commits what nobody else can have touched.
pub async fn must(store: &dyn Store, commit: Commit) -> anyhow::Result<()> {
    match store.commit(commit).await? {
        Outcome::Committed(_) => Ok(()),
        other => bail!("a commit was refused: {other:?}"),
    }
}

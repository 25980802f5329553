//! One conversation behind every way in (R2, R68, R69): the same words give the same record but for the channel.

use super::fixture::Fixture;
use crate::intake::Taken;
use crate::store::rows::{AttachmentState, SafeCopy};
use domain::channel::Channel;
use domain::dispatch::delivery::Delivery;
use domain::exchange::{InboundMessage, Joins, MediaBody, MediaRef, MediaRole, Nature};
use domain::id::ConversationId;

const STUDENT: &str = "+15555550142";

#[tokio::test]
async fn the_same_words_give_the_same_record_whatever_way_they_come() {
    let fixture = Fixture::start().await;
    for (channel, from) in [
        (Channel::Text, Some(STUDENT)),
        (Channel::Whatsapp, Some("whatsapp:+15555550142")),
        (Channel::Messenger, Some("messenger:8675309")),
        (Channel::Mail, Some("student@example.org")),
        (Channel::Chat, None),
        (Channel::Web, None),
        (Channel::Voice, Some(STUDENT)),
    ] {
        let id = fixture.take(fixture.message(channel, from, "He has a gun in his backpack")).await;
        let row = fixture.tip(id).await;
        assert_eq!((row.conversation.channel, row.unread, row.conversation.received_at), (channel, 1, fixture.clock.now()));
        let said = fixture.said(id).await;
        assert_eq!(said[0], "reporter: He has a gun in his backpack", "{channel:?}");
        let answered = usize::from(channel != Channel::Voice);
        assert_eq!(said.len(), 1 + answered, "{channel:?}: the first words, which a call speaks itself");
        let contact = fixture.store.contact_of(id).await.unwrap().unwrap();
        assert_eq!(contact.channel, channel);
        assert_eq!(contact.current, !matches!(channel, Channel::Voice | Channel::Chat | Channel::Web), "{channel:?}");
    }
}

#[tokio::test]
async fn a_conversation_goes_on_by_text_then_web_then_phone_then_text_again() {
    let fixture = Fixture::start().await;
    let id = fixture.text(STUDENT, "one").await;
    let by_code = |channel, from, words| InboundMessage { joins: Joins::Conversation(id), ..fixture.message(channel, from, words) };
    assert_eq!(fixture.take(by_code(Channel::Web, None, "two")).await, id);
    assert_eq!(fixture.store.contact_of(id).await.unwrap().unwrap().channel, Channel::Web, "answers go where they wrote last");
    assert_eq!(fixture.take(by_code(Channel::Voice, Some("+15555550199"), "three")).await, id);
    assert_eq!(fixture.take(by_code(Channel::Web, None, "four")).await, id);
    assert_eq!(fixture.text(STUDENT, "five").await, id, "the number still leads here");
    assert_eq!(fixture.store.contact_of(id).await.unwrap().unwrap().channel, Channel::Text);
    assert_eq!(fixture.store.contacts(id).await.unwrap().len(), 3, "one for each way, however often it was used");
    let said: Vec<_> = fixture.said(id).await.into_iter().filter_map(|line| Some(line.strip_prefix("reporter: ")?.to_owned())).collect();
    assert_eq!(said, ["one", "two", "three", "four", "five"]);
    let other = fixture.take(fixture.message(Channel::Voice, Some("+15555550199"), "another child")).await;
    assert_ne!(other, id, "a phone is shared: its number joins nothing");
}

#[tokio::test]
async fn a_first_message_sent_twice_opens_one_tip() {
    let fixture = Fixture::start().await;
    let message = fixture.message(Channel::Web, None, "help us");
    let id = fixture.take(message.clone()).await;
    assert_eq!(fixture.intake.message(message.clone()).await.unwrap(), Taken::Known);
    let again = InboundMessage { provider_id: domain::exchange::ProviderId("form:2".to_owned()), ..message };
    assert_eq!(fixture.take(again).await, id, "the same form with other words is a second message of the same tip");
    assert_eq!(fixture.said(id).await.len(), 3);
}

#[tokio::test]
async fn a_mail_joins_by_our_own_proof_and_by_nothing_else() {
    let fixture = Fixture::start().await;
    let id = fixture.take(fixture.message(Channel::Mail, Some("student@example.org"), "one")).await;
    let threaded = |token: String, from: &str| {
        let joins = Joins::Threads(vec!["unknown".to_owned(), token]);
        InboundMessage { joins, ..fixture.message(Channel::Mail, Some(from), "two") }
    };
    let own = fixture.store.contact_of(id).await.unwrap().unwrap();
    let from_another = threaded(fixture.vault.mail_token(id), "student.home@example.org");
    assert_eq!(fixture.take(from_another).await, id);
    assert_eq!(fixture.store.contacts(id).await.unwrap().len(), 2);
    assert_eq!(fixture.store.contact_of(id).await.unwrap().unwrap(), own, "whoever else got hold of a mail draws no answers to themself");
    let again = threaded(fixture.vault.mail_token(id), "student.home@example.org");
    assert_eq!(fixture.take(again).await, id);
    assert_eq!(fixture.store.contact_of(id).await.unwrap().unwrap(), own, "nor with a second mail");
    let forged = threaded(fixture.vault.mail_token(id).replace('.', ".0"), "stranger@example.org");
    assert_ne!(fixture.take(forged).await, id);
    let automatic = InboundMessage { nature: Nature::Automatic, ..fixture.message(Channel::Mail, Some("robot@example.org"), "away") };
    let robot = fixture.take(automatic).await;
    assert_eq!(fixture.said(robot).await, ["reporter: away"], "kept, never answered");
}

#[tokio::test]
async fn files_that_come_along_are_sealed_before_the_message_is_durable() {
    let fixture = Fixture::start().await;
    let medium = |bytes: &[u8], role| MediaRef { body: MediaBody::Here(bytes.to_vec()), content_type: "image/jpeg".to_owned(), role };
    let media = vec![medium(b"\x89PNG\r\n\x1a\nrest", MediaRole::Shown), medium(b"From: somebody", MediaRole::Raw)];
    let id = fixture.take(InboundMessage { media, ..fixture.message(Channel::Web, None, "look") }).await;
    let rows = fixture.store.attachments(id).await.unwrap();
    let state = |kind: &str, bytes, copy| AttachmentState::Kept { kind: kind.to_owned(), bytes, copy };
    assert_eq!(rows[0].state, state("image/png", 12, SafeCopy::Pending), "by its bytes, not by its name");
    assert!(matches!(&rows[1].state, AttachmentState::Kept { copy: SafeCopy::Impossible { .. }, .. }));
    assert_eq!(fixture.store.health(fixture.clock.now()).await.unwrap().without_timer, 0);
}

#[tokio::test]
async fn a_code_comes_back_and_what_was_kept_is_seen() {
    let fixture = Fixture::start().await;
    let id = fixture.take(fixture.message(Channel::Web, None, "help us")).await;
    let key = fixture.vault.unwrap_key(id, &fixture.tip(id).await.key).unwrap();
    let code = key.return_code().grouped();
    let found = fixture.intake.open_by_code(&format!("  {} ", code.replace(' ', "-"))).await.unwrap().unwrap();
    assert_eq!(found.conversation.id, id);
    assert!(fixture.intake.open_by_code("0000 0000 0000 0000").await.unwrap().is_none());
    assert!(fixture.intake.open_by_code("not a code").await.unwrap().is_none());
    let first_words = || async { fixture.store.messages(id, 1, 10).await.unwrap().remove(0).delivery.unwrap() };
    assert!(matches!(first_words().await, Delivery::Kept { .. }));
    fixture.intake.progress.seen(id, 1..=2).await.unwrap();
    assert!(matches!(first_words().await, Delivery::Delivered { .. }));
    fixture.intake.progress.seen(ConversationId::new(uuid::Uuid::nil()), 1..=9).await.unwrap();
}

#[tokio::test]
async fn pieces_of_a_long_text_come_late_double_and_out_of_order_and_are_one_message() {
    let fixture = Fixture::start().await;
    let part = |number, words: &str| {
        let part = Some(domain::exchange::Part { whole: "77".to_owned(), number, of: 3 });
        InboundMessage { part, ..fixture.message(Channel::Text, Some(STUDENT), words) }
    };
    let (third, first, second) = (part(3, "on the bus"), part(1, "He has "), part(2, "a gun "));
    let id = fixture.take(third.clone()).await;
    assert_eq!(fixture.intake.message(third).await.unwrap(), Taken::Known);
    assert_eq!(fixture.take(first).await, id);
    assert_eq!(fixture.take(second).await, id);
    let rows = fixture.store.messages(id, 0, 10).await.unwrap();
    assert_eq!(rows.iter().filter_map(|row| Some(row.part.as_ref()?.number)).collect::<Vec<_>>(), [3, 1, 2], "each is kept as it came");
    assert_eq!(fixture.tip(id).await.unread, 3);
}

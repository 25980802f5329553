//! STOP, HELP, START and WEB: the words are kept, and each is answered once or not at all (R71).

use super::fixture::Fixture;
use crate::entropy::Entropy;
use crate::store::rows::{Author, MessageRow};
use crate::store::{Commit, Write};
use domain::channel::Channel;
use domain::conversation::WayBack;
use domain::dispatch::delivery::Delivery;
use domain::exchange::InboundMessage;
use domain::id::StaffId;
use jiff::SignedDuration;

const STUDENT: &str = "+15555550142";

async fn way_back(fixture: &Fixture, id: domain::id::ConversationId) -> WayBack {
    fixture.tip(id).await.conversation.way_back
}

#[tokio::test]
async fn stop_closes_only_the_way_back_and_is_confirmed_once() {
    let fixture = Fixture::start().await;
    let id = fixture.text(STUDENT, "He has a gun").await;
    assert_eq!(fixture.text(STUDENT, "STOP").await, id);
    assert_eq!(way_back(&fixture, id).await, WayBack::OptedOut);
    fixture.text(STUDENT, "stop.").await;
    let said = fixture.said(id).await;
    assert_eq!(said.len(), 5, "two texts and their answers, and a second STOP without one: {said:?}");
    assert_eq!((said[2].as_str(), said[4].as_str()), ("reporter: STOP", "reporter: stop."));
    assert!(said[3].starts_with("system:"), "the one confirmation");
    assert_eq!(fixture.tip(id).await.unread, 3, "the analyst sees each");
    fixture.text(STUDENT, "stop bullying me").await;
    assert_eq!(way_back(&fixture, id).await, WayBack::Open, "whoever writes wants to be answered");
}

#[tokio::test]
async fn yes_means_start_only_after_stop() {
    let fixture = Fixture::start().await;
    let id = fixture.text(STUDENT, "He has a gun").await;
    fixture.text(STUDENT, "yes").await;
    assert_eq!(fixture.said(id).await.len(), 3, "an answer to a question gets no automatic words");
    fixture.text(STUDENT, "STOP").await;
    fixture.text(STUDENT, "YES").await;
    assert_eq!(way_back(&fixture, id).await, WayBack::Open);
    assert_eq!(fixture.said(id).await.len(), 7, "STOP, its confirmation, YES, its confirmation");
}

#[tokio::test]
async fn what_the_carrier_has_answered_is_not_answered_again() {
    let fixture = Fixture::start().await;
    let id = fixture.text(STUDENT, "He has a gun").await;
    let message = fixture.message(Channel::Text, Some(STUDENT), "STOP");
    fixture.take(InboundMessage { carrier_answered: true, ..message }).await;
    assert_eq!(way_back(&fixture, id).await, WayBack::OptedOut);
    assert_eq!(fixture.said(id).await.len(), 3);
}

#[tokio::test]
async fn a_keyword_alone_opens_a_conversation_too() {
    let fixture = Fixture::start().await;
    let help = fixture.said(fixture.text("+15555550143", "HELP").await).await;
    assert!(help.len() == 2 && help[1].contains("988"), "{help:?}");
    let stop = fixture.text("+15555550144", "STOP").await;
    assert_eq!(fixture.said(stop).await.len(), 2, "the word and the one confirmation, no first words");
    assert_eq!(way_back(&fixture, stop).await, WayBack::OptedOut);
    let web = fixture.said(fixture.text("+15555550145", "web").await).await;
    assert!(web.len() == 3 && web[2].contains("https://example.org"), "{web:?}");
}

#[tokio::test]
async fn automatic_words_are_in_the_reporters_language() {
    let fixture = Fixture::start().await;
    let spanish = fixture.text("+15555550146", "Mi amiga dice que se quiere hacer daño y no sé qué hacer").await;
    assert!(fixture.said(spanish).await[1].contains("Recibimos tu mensaje"));
    fixture.text("+15555550146", "AYUDA").await;
    let said = fixture.said(spanish).await;
    assert!(said[3].contains("988") && !said[3].contains("You"), "{said:?}");
    let arabic = fixture.text("+15555550147", "صديقي يريد أن يؤذي نفسه").await;
    assert!(fixture.said(arabic).await[1].contains("وصلتنا رسالتك"));
    assert_eq!(fixture.tip(arabic).await.conversation.language, Some(domain::language::Language::Ar));
}

#[tokio::test]
async fn an_answer_that_still_waits_is_held_back_by_stop_and_kept() {
    let fixture = Fixture::start().await;
    let id = fixture.text(STUDENT, "He has a gun").await;
    let key = fixture.vault.unwrap_key(id, &fixture.tip(id).await.key).unwrap();
    let (answer, at) = (Entropy.message(fixture.clock.now()), fixture.clock.now());
    let row = MessageRow {
        body: fixture.vault.seal(&key, answer.uuid().as_bytes(), "Where is he?"),
        delivery: Some(Delivery::Waiting { next_at: at, made: 1 }),
        ..MessageRow::new(answer, id, Author::Staff(StaffId::new(Entropy.uuid())), Channel::Text, at)
    };
    fixture.store.commit(Commit { writes: vec![Write::Message(Box::new(row))], ..Commit::default() }).await.unwrap();
    fixture.text(STUDENT, "توقف").await;
    assert!(fixture.intake.progress.message_timer(answer).await.unwrap().is_empty(), "nothing is sent");
    let kept = fixture.store.message(answer).await.unwrap().unwrap().delivery.unwrap();
    assert!(matches!(kept, Delivery::Kept { .. }), "{kept:?}");
    let confirmation = fixture.store.messages(id, 0, 10).await.unwrap().pop().unwrap();
    assert_eq!(fixture.intake.progress.message_timer(confirmation.id).await.unwrap().len(), 1, "the one confirmation goes out");
}

#[tokio::test]
async fn a_text_found_long_after_it_was_sent_does_not_undo_stop() {
    let fixture = Fixture::start().await;
    let id = fixture.text(STUDENT, "He has a gun").await;
    fixture.text(STUDENT, "STOP").await;
    let sent_at = Some(fixture.clock.now() - SignedDuration::from_secs(90));
    fixture.take(InboundMessage { sent_at, ..fixture.message(Channel::Text, Some(STUDENT), "on the bus") }).await;
    assert_eq!(way_back(&fixture, id).await, WayBack::OptedOut);
    assert_eq!(fixture.tip(id).await.unread, 3, "and it is read all the same");
}

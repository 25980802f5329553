//! Several numbers of ours, at several carriers: one tip whichever is written to, answered from there; and tests among them that are no tips.

use super::fixture::{Fixture, OURS};
use crate::intake::Taken;
use domain::channel::Channel;
use domain::conversation::WayBack;
use domain::exchange::Inbound;
use domain::id::{AccountKey, ConversationId, LaneKey};

const STUDENT: &str = "+15555550142";

async fn text_by(fixture: &Fixture, account: &str, words: &str) -> ConversationId {
    let mut message = fixture.message(Channel::Text, Some(STUDENT), words);
    message.account = account.parse().unwrap();
    fixture.take(message).await
}

async fn answered_by(fixture: &Fixture, id: ConversationId) -> AccountKey {
    fixture.store.contact_of(id).await.unwrap().unwrap().account
}

#[tokio::test]
async fn an_answer_comes_from_the_number_that_was_written_to_last() {
    let fixture = Fixture::start().await;
    let id = text_by(&fixture, "main", "He has a gun").await;
    for account in ["backup", "main", "backup", "backup"] {
        assert_eq!(text_by(&fixture, account, "on bus 12").await, id, "one tip");
        assert_eq!(answered_by(&fixture, id).await.as_str(), account);
    }
    let contacts = fixture.store.contacts(id).await.unwrap();
    assert_eq!(contacts.len(), 2, "one address a number, however often it is used");
    assert_eq!(contacts.iter().filter(|contact| contact.current).count(), 1);
}

#[tokio::test]
async fn a_stop_at_one_number_closes_the_way_back_at_all() {
    let fixture = Fixture::start().await;
    let id = text_by(&fixture, "main", "He has a gun").await;
    assert_eq!(text_by(&fixture, "backup", "STOP").await, id);
    assert_eq!(fixture.tip(id).await.conversation.way_back, WayBack::OptedOut);
}

#[tokio::test]
async fn a_link_test_is_no_tip_and_nothing_else_is_one() {
    let fixture = Fixture::start().await;
    let lane: LaneKey = "main-text".parse().unwrap();
    let words = fixture.vault.loop_words(&lane, fixture.clock.now());
    let came = |from: &str, words: &str| Inbound::Message(Box::new(fixture.message(Channel::Text, Some(from), words)));
    assert_eq!(fixture.intake.submit(came(OURS, &words)).await.unwrap(), Taken::Known);
    assert_eq!(fixture.store.tips_since(jiff::Timestamp::MIN, 9).await.unwrap(), []);
    for (from, words) in [(STUDENT, words.as_str()), (OURS, "Test of the line"), (OURS, "He has a gun")] {
        let taken = fixture.intake.submit(came(from, words)).await.unwrap();
        assert!(matches!(taken, Taken::Stored(_)), "{from} {words}: {taken:?}");
    }
}

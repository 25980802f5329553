//! Mail: what no person wrote changes nobody's address, and a bounce is believed only with our proof in it.

use super::fixture::Fixture;
use crate::intake::Taken;
use crate::store::Write;
use crate::store::commit::Commit;
use crate::store::rows::{AttemptRow, Author, MessageRow, Owner};
use adapters::contract::{Cursor, Intake as _};
use domain::channel::{Channel, Means};
use domain::dispatch::delivery::Delivery;
use domain::dispatch::evidence::{Evidence, ReceiptKind};
use domain::exchange::{Inbound, InboundMessage, Joins, Nature};
use domain::id::{AttemptId, ConversationId, MessageId};
use uuid::Uuid;

const STUDENT: &str = "student@mail.example.org";
const DAEMON: &str = "mailer-daemon@mx.example.org";

/// The first words of the tip, as if their mail had been taken by the server.
async fn sent(fixture: &Fixture, tip: ConversationId) -> (MessageId, AttemptId) {
    let rows = fixture.store.messages(tip, 0, 10).await.unwrap();
    let row = rows.into_iter().find(|row| row.author == Author::System).unwrap();
    let (now, attempt) = (fixture.clock.now(), AttemptId::new(Uuid::from_u128(0x0192_f0c1)));
    let mut evidence = Evidence::default();
    evidence.merge(&ReceiptKind::Submitted, now);
    let sent = MessageRow { delivery: Some(Delivery::Sent { attempt, at: now, check_at: now }), ..row.clone() };
    let attempt_row = AttemptRow {
        point: 0,
        id: attempt,
        owner: Owner::Message(row.id),
        conversation: tip,
        lane: "mail-mail".parse().unwrap(),
        account: "mail".parse().unwrap(),
        means: Means::Mail,
        intended_at: now,
        provider_id: None,
        answer: Some("accepted".to_owned()),
        evidence,
        call: None,
        version: 0,
    };
    let writes = vec![Write::Delivery(Box::new(sent)), Write::Attempt(Box::new(attempt_row))];
    fixture.store.commit(Commit { writes, ..Commit::default() }).await.unwrap();
    (row.id, attempt)
}

fn bounce(fixture: &Fixture, token: String) -> InboundMessage {
    let message = fixture.message(Channel::Mail, Some(DAEMON), "your mail could not be delivered");
    InboundMessage { nature: Nature::Bounce, joins: Joins::Threads(vec![token]), ..message }
}

async fn delivery(fixture: &Fixture, id: MessageId) -> Delivery {
    fixture.store.message(id).await.unwrap().unwrap().delivery.unwrap()
}

#[tokio::test]
async fn a_bounce_with_our_proof_marks_what_did_not_arrive() {
    let fixture = Fixture::start().await;
    let tip = fixture.take(fixture.message(Channel::Mail, Some(STUDENT), "help")).await;
    let (id, _) = sent(&fixture, tip).await;
    let news = bounce(&fixture, fixture.vault.mail_bounce_token(id));
    assert_eq!(fixture.take(news.clone()).await, tip, "it is shown in the tip that it is about");
    assert!(matches!(delivery(&fixture, id).await, Delivery::Failed { .. }));
    assert_eq!(fixture.intake.message(news).await.unwrap(), Taken::Known, "a second time it changes nothing");
    let contact = fixture.store.contact_of(tip).await.unwrap().unwrap();
    let address = fixture.vault.open_address(
        &fixture.vault.unwrap_key(tip, &fixture.tip(tip).await.key).unwrap(),
        contact.handle.uuid().as_bytes(),
        &contact.address,
    );
    assert_eq!(address.unwrap().reveal(), STUDENT, "the mail server is not the reporter now");
    assert_eq!(fixture.store.contacts(tip).await.unwrap().len(), 1);
    let next = fixture.take(fixture.message(Channel::Mail, Some(DAEMON), "about something else")).await;
    assert_ne!(next, tip, "its next mail is about something else");
}

#[tokio::test]
async fn a_forged_bounce_is_kept_and_believed_in_nothing() {
    let fixture = Fixture::start().await;
    let tip = fixture.take(fixture.message(Channel::Mail, Some(STUDENT), "help")).await;
    let (id, _) = sent(&fixture, tip).await;
    for forged in [fixture.vault.mail_bounce_token(id).replace('.', ".0"), format!("m{id}.0123456789abcdef"), String::new()] {
        let taken = fixture.take(bounce(&fixture, forged)).await;
        assert_ne!(taken, tip);
    }
    // A delay, or an autoresponder, is no failure although it has the proof.
    let mut delayed = bounce(&fixture, fixture.vault.mail_bounce_token(id));
    delayed.nature = Nature::Automatic;
    assert_eq!(fixture.take(delayed).await, tip);
    assert!(matches!(delivery(&fixture, id).await, Delivery::Sent { .. }));
}

#[tokio::test]
async fn who_cannot_be_answered_is_not_tried() {
    let fixture = Fixture::start().await;
    let nobody = InboundMessage { from: None, joins: Joins::Threads(Vec::new()), ..fixture.message(Channel::Mail, Some(STUDENT), "help") };
    let tip = fixture.take(nobody.clone()).await;
    let rows = fixture.store.messages(tip, 0, 10).await.unwrap();
    let words = rows.iter().find(|row| row.author == Author::System).unwrap();
    assert!(matches!(words.delivery, Some(Delivery::Kept { .. })));
    let again = InboundMessage { provider_id: domain::exchange::ProviderId("other".to_owned()), ..nobody };
    assert_ne!(fixture.take(again).await, tip, "two who name no sender have nothing in common");
}

#[tokio::test]
async fn a_mailbox_hands_in_and_is_told_where_it_stood() {
    let fixture = Fixture::start().await;
    let account = "tips".parse().unwrap();
    assert_eq!(fixture.intake.cursor(&account, "INBOX").await, Ok(None));
    let event = Inbound::Message(Box::new(fixture.message(Channel::Mail, Some(STUDENT), "help")));
    let listener: &dyn adapters::contract::Intake = &fixture.intake;
    assert_eq!((listener.submit(event.clone()).await, listener.submit(event).await), (Ok(()), Ok(())));
    for uid in [4, 9] {
        let cursor = Cursor { validity: 77, uid };
        fixture.intake.advance(&account, "INBOX", cursor).await.unwrap();
        assert_eq!(fixture.intake.cursor(&account, "INBOX").await, Ok(Some(cursor)));
    }
    assert_eq!(fixture.intake.cursor(&account, "Junk").await, Ok(None), "each folder has its own");
}

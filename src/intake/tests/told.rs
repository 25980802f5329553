//! What comes back from those who were told: bounces, answers, absence notes, codes, STOP. No machine and no forgery confirms anything.

use super::fixture::Fixture;
use crate::http::public::receipt::{Confirmation, ReceiptDesk};
use crate::intake::Taken;
use crate::intake::receipt_page::MOST_TRIES;
use crate::portal::MOST_NOTES;
use crate::progress::Todo;
use crate::store::endusers::{EnduserNoteRow, EnduserWrite, NoteAuthor};
use crate::store::rows::*;
use crate::store::{Commit, Write};
use domain::channel::{Channel, Means};
use domain::directory::{ContactPoint, ContentAccepted, Kind, Organization, Person};
use domain::dispatch::evidence::{ConfirmedBy, ReceiptKind};
use domain::dispatch::obligation::{Obligation, SendOutcome, State};
use domain::dispatch::plan::{Session, Start, Step, StepContent};
use domain::dispatch::purpose::{PageReason, Purpose};
use domain::exchange::{Fate, InboundMessage, Joins, Nature};
use domain::id::{AttemptId, ConversationId, DispatchId, ObligationId};
use domain::language::Language;
use domain::level::Level;
use domain::sealed::Address;

const PRINCIPAL: &str = "principal@school.example.org";
const PHONE: &str = "+15555550131";
const OTHER: &str = "+15555550132";

/// A tip whose principal has been told by this means.
struct Told {
    fixture: Fixture,
    tip: ConversationId,
    obligation: ObligationId,
    attempt: AttemptId,
}

impl Told {
    async fn by(means: Means) -> Self {
        let fixture = Fixture::start().await;
        let tip = fixture.text("+15555550142", "He has a knife").await;
        fixture.store.commit(Commit { writes: vec![directory(&fixture)], ..Commit::default() }).await.unwrap();
        let mut told = Self { fixture, tip, obligation: ObligationId::new(uuid::Uuid::nil()), attempt: AttemptId::new(uuid::Uuid::nil()) };
        told.again(means).await;
        told
    }

    /// Another dispatch, whose attempt the carrier has taken.
    async fn again(&mut self, means: Means) {
        self.fixture.clock.step(jiff::SignedDuration::from_secs(60));
        self.told(means, Purpose::Tip).await;
    }

    async fn told(&mut self, means: Means, purpose: Purpose) {
        let (intake, now) = (&self.fixture.intake, self.fixture.clock.now());
        let id = DispatchId::new(intake.entropy.uuid());
        let dispatch = DispatchRow {
            id,
            conversation: self.tip,
            level: Level::Critical,
            started_at: now,
            due_at: now,
            started_by: None,
            purpose,
            summary: None,
            excluded: Vec::new(),
        };
        let obligation =
            Obligation::new(intake.entropy.obligation(now), id, self.tip, Level::Critical, step(means, now), now).for_purpose(purpose);
        self.obligation = obligation.id;
        let lane = intake.progress.routes.for_means(means).key.clone();
        let writes = vec![Write::Dispatch(dispatch), Write::Obligation(Box::new(ObligationRow { obligation, place: 0, version: 0 }))];
        self.fixture.store.commit(Commit { writes, ..Commit::default() }).await.unwrap();
        let todo = intake.progress.obligation_timer(self.obligation, &lane).await.unwrap().pop().unwrap();
        let Todo::SendObligation(_, attempt) = todo else { panic!("{todo:?}") };
        self.attempt = attempt.id;
        intake.progress.obligation_sent(attempt.id, SendOutcome::Accepted, None, String::new()).await.unwrap();
    }

    async fn state(&self) -> State {
        self.fixture.store.obligation(self.obligation).await.unwrap().unwrap().obligation.state
    }
    async fn kinds(&self) -> Vec<ReceiptKind> {
        let receipts = self.fixture.store.receipts(self.tip).await.unwrap();
        receipts.into_iter().map(|row| row.kind).filter(|kind| *kind != ReceiptKind::Submitted).collect()
    }
    async fn tasks(&self) -> Vec<TaskRow> {
        self.fixture.store.open_tasks(Some(self.tip), 50).await.unwrap()
    }
    /// A mail to the mailbox that is read, with these tokens.
    fn mail(&self, nature: Nature, fate: Option<Fate>, tokens: &[String], words: &str) -> InboundMessage {
        let message = self.fixture.message(Channel::Mail, Some(PRINCIPAL), words);
        InboundMessage { nature, fate, joins: Joins::Threads(tokens.to_vec()), ..message }
    }
    async fn takes(&self, message: InboundMessage) -> Taken {
        self.fixture.intake.message(message).await.unwrap()
    }
    async fn texts(&self, from: &str, words: &str) -> Taken {
        self.takes(self.fixture.message(Channel::Text, Some(from), words)).await
    }
    fn code(&self) -> String {
        self.fixture.vault.text_code(self.attempt)
    }
    fn wrong_code(&self) -> String {
        if self.code() == "000000" { "111111".to_owned() } else { "000000".to_owned() }
    }
}

fn directory(fixture: &Fixture) -> Write {
    let organization = Organization {
        key: "delta-high".parse().unwrap(),
        kind: Kind::School,
        name: "Delta High".to_owned(),
        county: None,
        district: None,
        psap: None,
        police: None,
        hotline: None,
        calendar: "school".parse().unwrap(),
        content: ContentAccepted::default(),
    };
    let person = Person {
        key: "pat".parse().unwrap(),
        organization: "delta-high".parse().unwrap(),
        name: "Pat Example".to_owned(),
        role: "Principal".to_owned(),
        order: 1,
        language: Language::En,
        points: [Means::Call, Means::Text, Means::Mail].map(|means| ContactPoint::plain(means, "…31".to_owned())).to_vec(),
        attested_on: None,
    };
    let address = |means: Means, text: &str| AddressRow {
        person: person.key.clone(),
        means,
        point: 0,
        sealed: fixture.vault.seal_enduser(&person.key, means, &Address::new(text)),
        index: Some(fixture.vault.enduser_index(&Address::new(text))),
    };
    let addresses = vec![address(Means::Call, PHONE), address(Means::Text, PHONE), address(Means::Mail, PRINCIPAL)];
    Write::Directory(Box::new(DirectoryRows { organizations: vec![organization], persons: vec![person.clone()], addresses }))
}

fn step(means: Means, now: jiff::Timestamp) -> Step {
    Step {
        organization: "delta-high".parse().unwrap(),
        organization_name: "Delta High".to_owned(),
        kind: Kind::School,
        person: "pat".parse().unwrap(),
        person_name: "Pat Example".to_owned(),
        role: "Principal".to_owned(),
        means,
        tail: "…31".to_owned(),
        says: String::new(),
        due_at: now + jiff::SignedDuration::from_mins(20),
        start: Start::Now(1),
        content: StepContent::Nothing,
        session: Session::Unsaid,
    }
}

#[tokio::test]
async fn a_bounce_ends_the_attempt_that_it_proves() {
    for by_id in [false, true] {
        let told = Told::by(Means::Mail).await;
        let vault = &told.fixture.vault;
        let token = if by_id { vault.mail_notice_id(told.obligation) } else { vault.mail_attempt_token(told.attempt) };
        let bounce = told.mail(Nature::Bounce, Some(Fate::Failed { permanent: true }), &[token], "not delivered");
        assert_eq!(told.takes(bounce.clone()).await, Taken::Merged);
        assert!(matches!(told.state().await, State::Failed { .. }), "{:?}", told.state().await);
        assert_eq!(told.tasks().await.len(), 1, "a person takes over");
        assert_eq!(told.takes(bounce).await, Taken::Known, "the same bounce again");
        assert_eq!(told.kinds().await.len(), 1);
    }
}

#[tokio::test]
async fn what_is_no_failure_or_no_proof_ends_nothing() {
    let told = Told::by(Means::Mail).await;
    let token = told.fixture.vault.mail_attempt_token(told.attempt);
    let forged = format!("{}0000", &token[..token.len() - 4]);
    let failed = Some(Fate::Failed { permanent: true });
    let taken = told.takes(told.mail(Nature::Bounce, failed, &[forged], "not delivered")).await;
    assert!(matches!(taken, Taken::Stored(id) if id != told.tip), "kept, and believed in nothing: {taken:?}");
    for fate in [Fate::Delayed, Fate::HandedOn] {
        assert_eq!(told.takes(told.mail(Nature::Automatic, Some(fate), std::slice::from_ref(&token), "later")).await, Taken::Merged);
    }
    assert!(told.kinds().await.is_empty());
    told.takes(told.mail(Nature::Automatic, Some(Fate::Delivered), std::slice::from_ref(&token), "there")).await;
    assert_eq!(told.kinds().await, [ReceiptKind::Delivered]);
    assert!(matches!(told.state().await, State::Satisfied { .. }), "and nobody has confirmed");
    assert!(told.fixture.store.obligation(told.obligation).await.unwrap().unwrap().obligation.confirmed_at.is_none());
}

#[tokio::test]
async fn what_is_answered_by_mail_is_a_note_and_never_a_confirmation() {
    let told = Told::by(Means::Mail).await;
    let token = told.fixture.vault.mail_notice_id(told.obligation);
    told.takes(told.mail(Nature::ReadReceipt, None, std::slice::from_ref(&token), "displayed")).await;
    told.takes(told.mail(Nature::Automatic, None, std::slice::from_ref(&token), "I am away until Monday")).await;
    assert!(told.tasks().await.is_empty(), "nobody is called away for a machine");
    let answer = told.mail(Nature::Person, None, std::slice::from_ref(&token), "We have him in the office. Received!");
    assert_eq!(told.takes(answer.clone()).await, Taken::Stored(told.tip));
    assert_eq!(told.takes(answer).await, Taken::Known);
    let tasks = told.tasks().await;
    assert!(
        tasks.len() == 1 && tasks[0].kind == TaskKind::Look && tasks[0].what.starts_with("Principal of Delta High answered"),
        "{tasks:?}"
    );
    let notes = told.fixture.store.enduser_notes(told.tip).await.unwrap();
    let key = told.fixture.vault.unwrap_key(told.tip, &told.fixture.tip(told.tip).await.key).unwrap();
    let mut words: Vec<String> = notes
        .iter()
        .map(|note| told.fixture.vault.open_words(&key, note.id.uuid().as_bytes(), &note.body).unwrap().reveal().to_owned())
        .collect();
    words.sort();
    assert!(words.len() == 2 && words[0].contains("away until") && words[1].contains("in the office"), "{words:?}");
    assert!(told.kinds().await.is_empty(), "no receipt of any kind");
    assert_eq!(told.fixture.said(told.tip).await.len(), 2, "and the reporter's conversation is as it was");
}

#[tokio::test]
async fn what_a_supervisor_answers_to_a_page_is_for_the_desk_alone() {
    let mut told = Told::by(Means::Mail).await;
    told.told(Means::Mail, Purpose::Page(PageReason::Unsorted)).await;
    let token = told.fixture.vault.mail_notice_id(told.obligation);
    told.takes(told.mail(Nature::Person, None, &[token], "I think it is about the officer; keep it from them")).await;
    let notes = told.fixture.store.enduser_notes(told.tip).await.unwrap();
    assert!(matches!(&notes[..], [note] if matches!(note.author, NoteAuthor::Line { .. })), "{notes:?}");
}

#[tokio::test]
async fn ok_and_the_code_confirms_once_and_only_from_their_number() {
    let told = Told::by(Means::Text).await;
    let ok = format!("ok {}", told.code());
    let stranger = told.texts(OTHER, &ok).await;
    assert!(matches!(stranger, Taken::Stored(id) if id != told.tip), "from another number it is a tip's words: {stranger:?}");
    assert!(told.kinds().await.is_empty());
    let message = told.fixture.message(Channel::Text, Some(PHONE), &ok);
    assert_eq!(told.takes(message.clone()).await, Taken::Merged);
    assert_eq!(told.takes(message).await, Taken::Known, "the carrier brings it again");
    assert_eq!(told.texts(PHONE, &ok.to_uppercase()).await, Taken::Merged, "and they send it again");
    assert_eq!(told.kinds().await, [ReceiptKind::Confirmed(ConfirmedBy::Text)]);
    assert!(told.fixture.store.obligation(told.obligation).await.unwrap().unwrap().obligation.confirmed_at.is_some());
    let report = told.texts(PHONE, "There is a fight in the gym").await;
    assert!(matches!(report, Taken::Stored(_)), "a principal may report too: {report:?}");
}

#[tokio::test]
async fn after_ten_wrong_codes_none_is_taken_until_another_text() {
    let mut told = Told::by(Means::Text).await;
    for _ in 0..12 {
        told.texts(PHONE, &format!("OK {}", told.wrong_code())).await;
    }
    assert_eq!(told.kinds().await, vec![ReceiptKind::WrongKey; 10]);
    assert_eq!(told.tasks().await.len(), 1, "one person is told that they may believe to have confirmed");
    told.texts(PHONE, &format!("OK {}", told.code())).await;
    assert!(!told.kinds().await.contains(&ReceiptKind::Confirmed(ConfirmedBy::Text)), "not even the right one");
    told.again(Means::Text).await;
    assert_eq!(told.texts(PHONE, &format!("OK {}", told.code())).await, Taken::Merged);
    assert!(told.kinds().await.contains(&ReceiptKind::Confirmed(ConfirmedBy::Text)), "the code of a new text is");
}

#[tokio::test]
async fn stop_from_an_enduser_forbids_texts_and_opens_no_tip() {
    let told = Told::by(Means::Text).await;
    let (store, index) = (&told.fixture.store, told.fixture.vault.enduser_index(&Address::new(PHONE)));
    let stop = told.fixture.message(Channel::Text, Some(PHONE), "STOP");
    assert_eq!(told.takes(stop.clone()).await, Taken::Merged);
    assert_eq!(told.takes(stop).await, Taken::Known);
    assert!(store.texts_forbidden(index).await.unwrap().is_some());
    let tasks = told.tasks().await;
    assert!(tasks.len() == 1 && tasks[0].kind == TaskKind::Directory && tasks[0].what.contains("STOP"), "{tasks:?}");
    store.commit(Commit { writes: vec![directory(&told.fixture)], ..Commit::default() }).await.unwrap();
    assert!(store.texts_forbidden(index).await.unwrap().is_some(), "an import of the directory does not lift it");
    assert_eq!(told.texts(PHONE, "Start").await, Taken::Merged);
    assert!(store.texts_forbidden(index).await.unwrap().is_none());
    let reporter = told.texts(OTHER, "STOP").await;
    assert!(matches!(reporter, Taken::Stored(_)), "from another number it is a reporter's: {reporter:?}");
}

#[tokio::test]
async fn who_reports_and_is_told_stops_both() {
    let told = Told::by(Means::Text).await;
    let Taken::Stored(own) = told.texts(PHONE, "There is a fight in the gym").await else { panic!("a tip") };
    assert_eq!(told.texts(PHONE, "STOP").await, Taken::Stored(own), "the word is in their own tip");
    assert!(told.fixture.store.texts_forbidden(told.fixture.vault.enduser_index(&Address::new(PHONE))).await.unwrap().is_some());
    assert_eq!(told.fixture.tip(own).await.conversation.way_back, domain::conversation::WayBack::OptedOut);
}

#[tokio::test]
async fn who_reports_and_is_told_loses_no_words_to_what_looks_like_a_code() {
    let told = Told::by(Means::Text).await;
    let Taken::Stored(own) = told.texts(PHONE, "There is a fight").await else { panic!("a tip") };
    for _ in 0..12 {
        assert_eq!(told.texts(PHONE, "ok 1204").await, Taken::Stored(own), "the room that the analyst asked for");
    }
    assert_eq!(told.kinds().await, vec![ReceiptKind::WrongKey; 10], "and as wrong codes they count all the same");
}

#[tokio::test]
async fn many_posts_at_once_have_no_more_tries_than_one_after_the_other() {
    let told = Told::by(Means::Mail).await;
    let (intake, vault) = (&told.fixture.intake, &told.fixture.vault);
    let (token, code) = (vault.receipt_token(told.attempt), vault.mail_code(told.attempt));
    let wrong = if code == "000000" { "111111" } else { "000000" };
    let posts = (0..40).map(|_| ReceiptDesk::confirm(intake, &token, wrong));
    let answers = futures_util::future::join_all(posts).await;
    let counted = answers.iter().filter(|answer| matches!(answer, Confirmation::WrongCode { .. })).count();
    assert_eq!(counted, MOST_TRIES as usize);
    assert!(answers.iter().all(|answer| matches!(answer, Confirmation::WrongCode { .. } | Confirmation::TooManyTries)), "{answers:?}");
    assert_eq!(ReceiptDesk::confirm(intake, &token, &code).await, Confirmation::TooManyTries, "not even the right one");
    assert_eq!(told.kinds().await.len(), MOST_TRIES as usize);
    assert!(ReceiptDesk::look(intake, &token).await.is_some_and(|view| view.confirmed_at.is_none()), "looking confirms nothing");
}

#[tokio::test]
async fn notes_by_mail_end_where_notes_do_and_one_task_says_so() {
    let told = Told::by(Means::Mail).await;
    let (tip, at) = (told.tip, told.fixture.clock.now());
    let note = |n: u128| EnduserNoteRow {
        id: domain::id::MessageId::new(uuid::Uuid::from_u128(n + 1)),
        conversation: tip,
        author: NoteAuthor::Line { role: "Supervisor".to_owned(), organization: "The Line".to_owned() },
        at,
        body: crate::vault::sealed::Sealed(vec![1; 40]),
    };
    let writes = (0..MOST_NOTES as u128).map(|n| Write::Enduser(Box::new(EnduserWrite::Note(note(n))))).collect();
    told.fixture.store.commit(Commit { writes, ..Commit::default() }).await.unwrap();
    let token = told.fixture.vault.mail_notice_id(told.obligation);
    for (words, taken) in [("one more", Taken::Stored(tip)), ("and one more", Taken::Known)] {
        assert_eq!(told.takes(told.mail(Nature::Person, None, std::slice::from_ref(&token), words)).await, taken);
    }
    assert_eq!(told.fixture.store.enduser_notes(tip).await.unwrap().len(), MOST_NOTES);
    let tasks = told.tasks().await;
    assert!(tasks.len() == 1 && tasks[0].what.contains("in the mailbox itself"), "{tasks:?}");
}

//! Reporters' calls through intake and a real store (R70, R51): what is said, what is kept, and what repeats and a closed store do.

use super::fixture::{Fixture, OURS};
use crate::audit::Action;
use crate::intake::Taken;
use crate::store::Write;
use crate::store::commit::Commit;
use crate::store::rows::{AttachmentState, Author, MessageRow};
use domain::channel::Channel;
use domain::dispatch::delivery::Delivery;
use domain::exchange::{CallRef, CallerEvent, CallerHeard, CallerNews, Inbound, MediaRole, ProviderId, StepToken};
use domain::id::{CallId, ConversationId, StaffId};
use domain::sealed::{Address, Words};
use domain::voice::script::{Script, Step};
use uuid::Uuid;

const STUDENT: &str = "+15555550142";

/// A phone in the middle of a call.
struct Phone<'a> {
    fixture: &'a Fixture,
    sid: &'static str,
    script: Script,
}

impl<'a> Phone<'a> {
    async fn calls(fixture: &'a Fixture, sid: &'static str) -> Self {
        let mut phone = Self { fixture, sid, script: Script::default() };
        phone.tell(CallerNews::Started).await;
        phone
    }
    fn call(&self) -> CallId {
        self.fixture.vault.call_id(&"main".parse().unwrap(), self.sid)
    }
    fn own_tip(&self) -> ConversationId {
        self.fixture.vault.call_tip(self.call())
    }
    fn event(&self, news: CallerNews) -> Inbound {
        let provider_id = ProviderId(self.sid.to_owned());
        Inbound::Caller(CallerEvent {
            account: "main".parse().unwrap(),
            provider_id,
            from: Address::new(STUDENT),
            to: Address::new(OURS),
            news,
        })
    }
    async fn tell(&mut self, news: CallerNews) -> Taken {
        let taken = self.fixture.intake.submit(self.event(news)).await.unwrap();
        if let Taken::Script(call, script) = &taken {
            assert_eq!(*call, CallRef::Caller(self.call()));
            self.script = script.clone();
        }
        taken
    }
    fn token(&self) -> StepToken {
        let token = |step: &Step| match step {
            Step::Ask { then, .. } | Step::Continue { then } | Step::Record { then, .. } | Step::Dial { then, .. } => Some(then.clone()),
            Step::Say { .. } | Step::Pause { .. } | Step::HangUp => None,
        };
        self.script.steps.iter().find_map(token).expect("the script asks for something")
    }
    async fn step(&mut self, token: StepToken, heard: CallerHeard) -> String {
        self.tell(CallerNews::Step { call: self.call(), token, heard }).await;
        self.words()
    }
    async fn keys(&mut self, keys: &str) -> String {
        self.step(self.token(), CallerHeard::Digits(keys.to_owned())).await
    }
    fn recording(&self, id: &str) -> CallerNews {
        let url = Words::new(format!("https://carrier.example.org/{id}"));
        CallerNews::Recording { recording: ProviderId(id.to_owned()), url, seconds: 7 }
    }
    /// As the adapter tells it: the recording, then the step.
    async fn speaks(&mut self, id: &str) -> String {
        let (token, news) = (self.token(), self.recording(id));
        self.tell(news).await;
        self.step(token, CallerHeard::Recorded { empty: false }).await
    }
    fn words(&self) -> String {
        let mut all = String::new();
        collect(&self.script.steps, &mut all);
        all
    }
}

fn collect(steps: &[Step], all: &mut String) {
    for step in steps {
        match step {
            Step::Say { words, .. } => all.push_str(&format!("{words}\n")),
            Step::Ask { prompt, .. } => collect(prompt, all),
            Step::Record { .. } => all.push_str("[tone]\n"),
            Step::Dial { to, .. } => all.push_str(&format!("[dials {}]\n", to.reveal())),
            Step::HangUp => all.push_str("[hangs up]\n"),
            Step::Pause { .. } | Step::Continue { .. } => {}
        }
    }
}

impl Fixture {
    async fn code(&self, id: ConversationId) -> String {
        self.vault.unwrap_key(id, &self.tip(id).await.key).unwrap().return_code().reveal().to_owned()
    }
    /// An analyst answers; it is kept until the reporter comes back.
    async fn answer(&self, id: ConversationId, words: &str) {
        let (now, row) = (self.clock.now(), self.tip(id).await);
        let key = self.vault.unwrap_key(id, &row.key).unwrap();
        let message = crate::entropy::Entropy.message(now);
        let row = MessageRow {
            body: self.vault.seal(&key, message.uuid().as_bytes(), words),
            delivery: Some(Delivery::Kept { since: now }),
            ..MessageRow::new(message, id, Author::Staff(StaffId::new(Uuid::from_u128(1))), Channel::Voice, now)
        };
        self.store.commit(Commit { writes: vec![Write::Message(Box::new(row))], ..Commit::default() }).await.unwrap();
    }
    async fn deliveries(&self, id: ConversationId) -> Vec<bool> {
        let rows = self.store.messages(id, 0, 1000).await.unwrap();
        let answers = rows.iter().filter(|row| matches!(row.author, Author::Staff(_)));
        answers.map(|row| matches!(row.delivery, Some(Delivery::Delivered { .. }))).collect()
    }
}

#[tokio::test]
async fn a_message_a_code_and_a_second_call_are_one_conversation() {
    let fixture = Fixture::start().await;
    let mut phone = Phone::calls(&fixture, "CA1").await;
    assert!(phone.words().contains("dial nine, one, one") && !phone.words().contains("[tone]"));
    assert!(phone.keys("1").await.contains("court order"));
    assert!(phone.keys("1").await.contains("[tone]"));
    let tip = phone.own_tip();
    assert!(fixture.store.conversation(tip).await.unwrap().is_none(), "nothing was said yet");
    let told = phone.speaks("RE1").await;
    let code = fixture.code(tip).await;
    let spoken = domain::conversation::code::ReturnCode::parse(&code).unwrap().spoken_groups(domain::language::Language::En);
    assert!(spoken.iter().all(|group| told.matches(group.as_str()).count() >= 2), "the code is read twice");
    assert_eq!(fixture.said(tip).await, ["reporter: "]);
    let recording = fixture.store.attachments(tip).await.unwrap().remove(0);
    assert_eq!((recording.role, recording.state), (MediaRole::Recording, AttachmentState::Waiting { tried: 0 }));
    assert!(phone.keys("").await.contains("[hangs up]"));

    fixture.answer(tip, "Are you safe now?").await;
    let mut phone = Phone::calls(&fixture, "CA2").await;
    phone.keys("1").await;
    assert!(phone.keys("3").await.contains("sixteen digits"));
    assert!(phone.keys("0000000000000000").await.contains("could not find"));
    assert!(phone.keys(&code).await.contains("Are you safe now?"));
    assert_eq!(fixture.deliveries(tip).await, [false], "being read out is not heard yet");
    assert!(phone.keys("1").await.contains("[tone]"));
    assert_eq!(fixture.deliveries(tip).await, [true]);
    assert!(phone.speaks("RE2").await.contains("added your message"));
    assert_eq!(fixture.said(tip).await, ["reporter: ", "system: Are you safe now?", "reporter: "]);
    assert!(fixture.store.conversation(phone.own_tip()).await.unwrap().is_none(), "the second call opened no tip of its own");
    let record = fixture.store.record(tip, 0, 100).await.unwrap();
    assert!(record.iter().any(|row| row.action == Action::CameBack { channel: Channel::Voice }));
    assert!(record.iter().any(|row| row.action == Action::FirstWords));
}

#[tokio::test]
async fn whatever_order_the_news_of_a_recording_comes_in_it_is_one_message() {
    let fixture = Fixture::start().await;
    // The step alone, then the recording twice.
    let mut phone = Phone::calls(&fixture, "CA1").await;
    phone.keys("2").await;
    phone.keys("1").await;
    let (token, recording) = (phone.token(), phone.recording("RE1"));
    assert!(phone.step(token, CallerHeard::Recorded { empty: false }).await.contains("Apúntala"));
    assert_eq!(phone.tell(recording.clone()).await, Taken::Stored(phone.own_tip()));
    assert_eq!(phone.tell(recording).await, Taken::Known);
    assert_eq!(fixture.said(phone.own_tip()).await, ["reporter: [A caller left a message. The recording is on its way.]", "reporter: "]);
    assert_eq!(fixture.tip(phone.own_tip()).await.conversation.language, Some(domain::language::Language::Es));
    // Hung up while speaking: only the recording's own news.
    let mut phone = Phone::calls(&fixture, "CA2").await;
    phone.keys("1").await;
    phone.keys("1").await;
    let recording = phone.recording("RE2");
    assert_eq!(phone.tell(recording).await, Taken::Stored(phone.own_tip()));
    let transcript = || CallerNews::Transcript { call: phone.call(), recording: ProviderId("RE2".into()), words: Words::new("a knife") };
    let (first, second) = (phone.event(transcript()), phone.event(transcript()));
    assert_eq!(fixture.intake.submit(first).await.unwrap(), Taken::Stored(phone.own_tip()));
    assert_eq!(fixture.intake.submit(second).await.unwrap(), Taken::Known);
    let said = fixture.said(phone.own_tip()).await;
    assert_eq!(said[1], "system: What a machine understood of the recording, perhaps wrongly: a knife");
    assert_eq!(said.len(), 2);
}

#[tokio::test]
async fn a_transcript_that_is_quicker_than_its_recording_opens_the_tip() {
    let fixture = Fixture::start().await;
    let mut phone = Phone::calls(&fixture, "CA1").await;
    phone.keys("1").await;
    phone.keys("1").await;
    let transcript = CallerNews::Transcript { call: phone.call(), recording: ProviderId("RE1".into()), words: Words::new("a knife") };
    assert_eq!(phone.tell(transcript).await, Taken::Stored(phone.own_tip()));
    let recording = phone.recording("RE1");
    assert_eq!(phone.tell(recording).await, Taken::Stored(phone.own_tip()));
    assert_eq!(fixture.said(phone.own_tip()).await.len(), 3);
}

#[tokio::test]
async fn a_step_that_is_over_gets_the_present_words_and_changes_nothing() {
    let fixture = Fixture::start().await;
    let mut phone = Phone::calls(&fixture, "CA1").await;
    let greeting = phone.words();
    assert_eq!(Phone::calls(&fixture, "CA1").await.words(), greeting, "the same call, told of twice");
    let first = phone.token();
    let menu = phone.keys("2").await;
    let version = async || fixture.store.caller(phone.call()).await.unwrap().unwrap().version;
    let before = version().await;
    let mut repeat = Phone { fixture: &fixture, sid: "CA1", script: Script::default() };
    assert_eq!(repeat.step(first.clone(), CallerHeard::Digits("3".into())).await, menu);
    assert_eq!(repeat.step(StepToken("nonsense".into()), CallerHeard::Digits("1".into())).await, menu);
    assert_eq!(version().await, before);
    let mut another = Phone::calls(&fixture, "CA2").await;
    assert_eq!(another.step(first, CallerHeard::Digits("2".into())).await, greeting, "another call's token");
}

#[tokio::test]
async fn who_wants_to_speak_with_somebody_is_seen_at_once() {
    let fixture = Fixture::start().await;
    let mut phone = Phone::calls(&fixture, "CA1").await;
    phone.keys("1").await;
    assert!(phone.keys("2").await.contains("[dials +15555550110]"));
    let tip = phone.own_tip();
    assert_eq!(fixture.said(tip).await, ["reporter: [A caller wants to speak with somebody.]"]);
    assert_eq!(fixture.tip(tip).await.unread, 1);
    let token = phone.token();
    assert!(phone.step(token, CallerHeard::Dialled { answered: false }).await.contains("[tone]"));
    assert!(phone.speaks("RE1").await.contains("This is your code"));
    assert_eq!(fixture.said(tip).await[1..], ["system: Nobody at the desk came to the phone.", "reporter: "]);
    let mut phone = Phone::calls(&fixture, "CA2").await;
    phone.keys("1").await;
    phone.keys("2").await;
    let token = phone.token();
    assert!(phone.step(token, CallerHeard::Dialled { answered: true }).await.contains("This is your code"));
    assert_eq!(fixture.said(phone.own_tip()).await[1], "system: The caller was connected with the desk.");
    let mut phone = Phone::calls(&fixture, "CA3").await;
    phone.keys("1").await;
    assert!(phone.keys("4").await.contains("[dials +15555550120]"));
    assert!(fixture.store.conversation(phone.own_tip()).await.unwrap().is_none(), "a call passed on is no tip");
}

#[tokio::test]
async fn a_shared_phone_joins_no_tips() {
    let fixture = Fixture::start().await;
    for (sid, recording) in [("CA1", "RE1"), ("CA2", "RE2")] {
        let mut phone = Phone::calls(&fixture, sid).await;
        phone.keys("1").await;
        phone.keys("1").await;
        phone.speaks(recording).await;
        assert_eq!(fixture.said(phone.own_tip()).await.len(), 1);
        let contact = fixture.store.contact_of(phone.own_tip()).await.unwrap().unwrap();
        assert!(!contact.current);
    }
}

#[tokio::test]
async fn with_the_store_away_a_message_can_be_left_and_goes_on_where_it_is_back() {
    let fixture = Fixture::start().await;
    let mut before = Phone::calls(&fixture, "CA1").await;
    before.keys("1").await;
    let vault = fixture.vault.clone();
    let away = vault.away_token(before.call());
    // As if the store had been away for the answer only: the caller was led to the tone and spoke.
    let recording =
        CallerNews::Recording { recording: ProviderId("RE1".into()), url: Words::new("https://carrier.example.org/RE1"), seconds: 3 };
    assert_eq!(before.tell(recording).await, Taken::Stored(before.own_tip()));
    let told = before.step(away.clone(), CallerHeard::Recorded { empty: false }).await;
    assert!(told.contains("This is your code"));
    assert_eq!(before.step(away, CallerHeard::Recorded { empty: false }).await, told, "single-use like every token");
    fixture.store.close().await;
    let mut phone = Phone::calls(&fixture, "CA2").await;
    assert!(phone.words().contains("court order") && phone.words().contains("juez") && phone.words().contains("[tone]"));
    assert_eq!(phone.token(), vault.away_token(phone.call()));
    let token = phone.token();
    assert!(phone.step(token.clone(), CallerHeard::Recorded { empty: true }).await.contains("[tone]"));
    assert!(phone.step(token, CallerHeard::Recorded { empty: false }).await.contains("[hangs up]"));
    assert!(before.keys("1").await.contains("[tone]"), "in the middle of a call, too");
}

//! The adapter against the mock carrier, over real sockets: the mock was written apart from this crate, from the carrier's documents.

use crate::conformance::{OURS, REPORTER as THEIRS, attempt};
use crate::contract::{Inbox, Media, RawRequest, Reply, SendError, Sender, Webhook};
use crate::media::Allowance;
use crate::secret::Secret;
use crate::stub_server::read;
use crate::telnyx::{Clock, Config, TelnyxInbox, TelnyxMedia, TelnyxSender, TelnyxWebhook};
use domain::channel::Means;
use domain::dispatch::evidence::{End, ReceiptKind};
use domain::exchange::{AnsweredBy, CallRef, Content, Detection, Heard, Inbound, Outbound, Search, StepToken};
use domain::language::Language;
use domain::sealed::{Address, Words};
use domain::voice::script::{Script, Step};
use jiff::Timestamp;
use mock_carriers::voice::behaviour::{Answer, Behaviour};
use mock_carriers::{Control, MockCarriers, NumberRoute, Options, SaidMedia, Say, TelnyxOptions, Tempo};
use std::io::Write;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const WITHIN: Duration = Duration::from_secs(20);

/// The mock, and a gateway that is nothing but the adapter.
struct World {
    _mock: MockCarriers,
    control: Control,
    config: Arc<Config>,
    seen: Arc<Mutex<Vec<Inbound>>>,
}

#[expect(clippy::disallowed_methods, reason = "the mock signs with the machine's time")]
fn machines() -> Clock {
    Clock::new(Timestamp::now)
}

impl World {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let route = NumberRoute { number: OURS.to_owned(), sms_url: Some(format!("{origin}/webhooks/backup/messages")), voice_url: None };
        let telnyx = TelnyxOptions { numbers: vec![route], answer_ms: 20_000, ..TelnyxOptions::default() };
        let tempo = Tempo { word_ms: 1, ring_ms: 5, second_ms: 5, message_ms: 5, ..Tempo::default() };
        let (account_sid, application) = (telnyx.account_sid.clone(), telnyx.application_id.clone());
        let api_key = Secret::new(telnyx.api_key.clone());
        let mock = MockCarriers::start(Options { telnyx, tempo, ..Options::default() }).await.unwrap();
        let mut config = Config::new("backup".parse().unwrap(), api_key, mock.telnyx_public_key(), account_sid, origin);
        config.api_base = mock.telnyx_url();
        config.application_id = Some(application);
        config.request_timeout = WITHIN;
        config.allow_private_media = vec![Allowance::parse("127.0.0.1").unwrap()];
        let config = Arc::new(config);
        let webhook = TelnyxWebhook::new(config.clone(), machines()).unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let events = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                serve(&webhook, &events, stream.unwrap());
            }
        });
        Self { control: mock.control(), _mock: mock, config, seen }
    }

    fn sender(&self) -> TelnyxSender {
        TelnyxSender::new(self.config.clone(), machines()).unwrap()
    }

    async fn sees(&self, what: &str, test: impl Fn(&Inbound) -> bool + Copy) {
        let seen = || self.seen.lock().unwrap().iter().any(test);
        assert!(self.control.wait_until(WITHIN, |_| async { seen() }).await, "{what} was not seen, but {:?}", self.seen.lock().unwrap());
    }

    async fn sees_news(&self, kind: ReceiptKind) {
        let kind = &kind;
        self.sees("news", |event| matches!(event, Inbound::Receipt(receipt) if receipt.kind == *kind && receipt.attempt == attempt()))
            .await;
    }

    async fn hears(&self, heard: Heard) {
        let heard = &heard;
        self.sees("a step", |event| matches!(event, Inbound::CallStep(step) if step.heard == *heard)).await;
    }

    async fn fault(&self, fault: &str) {
        let fault = serde_json::json!({"match": {"kind": "rest", "to": THEIRS}, "fault": fault, "times": 1});
        self.control.set_fault(serde_json::from_value(fault).unwrap()).await.unwrap();
    }
}

/// One request through the adapter; a call's steps are answered by the smallest script that uses them all.
fn serve(webhook: &TelnyxWebhook, events: &Mutex<Vec<Inbound>>, stream: std::net::TcpStream) {
    let (asked, mut stream) = read(stream);
    let (method, path_and_query) = asked.line.split_once(' ').unwrap();
    let mut headers = http::HeaderMap::new();
    for line in &asked.headers {
        let (name, value) = line.split_once(": ").unwrap();
        headers.append(http::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
    }
    let method = method.parse().unwrap();
    let request = RawRequest { method: &method, path_and_query, headers: &headers, body: asked.body.as_bytes() };
    let verified = webhook.accept(&request).unwrap_or_else(|refused| panic!("{refused}: {path_and_query}"));
    let script = verified.events.iter().find_map(next_script);
    events.lock().unwrap().extend(verified.events);
    let answer = match (verified.reply, script) {
        (Reply::Fixed(answer), _) => answer,
        (Reply::Script, script) => webhook.render(CallRef::Attempt(attempt()), &script.unwrap()),
    };
    let length = answer.body.len();
    let head = format!("HTTP/1.1 {} Word\r\ncontent-type: {}\r\ncontent-length: {length}\r\n", answer.status.as_u16(), answer.content_type);
    let _ = write!(stream, "{head}connection: close\r\n\r\n{}", answer.body);
}

fn next_script(event: &Inbound) -> Option<Script> {
    let Inbound::CallStep(step) = event else { return None };
    let say = |words: &str| Step::Say { words: words.to_owned(), language: Language::En };
    let steps = match &step.heard {
        Heard::Answered(_) => {
            let prompt = vec![say("To confirm, press 4 7."), Step::Pause { seconds: 1 }];
            vec![Step::Ask { prompt, digits: 2, finish_on_hash: false, wait_seconds: 5, then: StepToken("t2".to_owned()) }]
        }
        Heard::Digits(_) | Heard::Spoken | Heard::Steered => vec![say("Good-bye."), Step::HangUp],
    };
    Some(Script { steps })
}

fn outbound(content: Content) -> Outbound {
    Outbound { attempt: attempt(), from: Address::new(OURS), to: Address::new(THEIRS), content }
}

fn text() -> Outbound {
    outbound(Content::Text(Words::new("Estamos aquí. ¿Estás a salvo? & <ok>")))
}

fn call(extension: &str) -> Outbound {
    outbound(Content::Call { first: StepToken("t1".to_owned()), extension: extension.to_owned(), detection: Detection::Beside })
}

fn search(means: Means) -> Search {
    let intended_at = "2020-01-01T00:00:00Z".parse().unwrap();
    Search { attempt: attempt(), means, from: Address::new(OURS), to: Address::new(THEIRS), intended_at, provider_id: None }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_goes_out_is_delivered_and_is_found() {
    let world = World::start().await;
    let sender = world.sender();
    let accepted = sender.send(&text()).await.unwrap();
    world.sees_news(ReceiptKind::Submitted).await;
    world.sees_news(ReceiptKind::Delivered).await;
    assert_eq!(sender.send(&text()).await.unwrap(), accepted, "the same attempt is the same text");
    assert_eq!(world.control.messages(THEIRS).await.len(), 1);
    let found = sender.find(&search(Means::Text)).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0].provider_id, found[0].news.last()), (&accepted.provider_id, Some(&ReceiptKind::Delivered)));
    let by_id = Search { provider_id: Some(accepted.provider_id.clone()), ..search(Means::Text) };
    assert_eq!(sender.find(&by_id).await.unwrap()[0].news, found[0].news);
    let elsewhere = Search { to: Address::new("+15555550143"), ..search(Means::Text) };
    assert_eq!(sender.find(&elsewhere).await.unwrap(), Vec::new());
    assert_eq!(sender.probe().await, Ok(()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_whose_answer_is_lost_is_sent_once() {
    let world = World::start().await;
    world.fault("accept_then_timeout").await;
    let hasty = Config { request_timeout: Duration::from_secs(5), ..(*world.config).clone() };
    let accepted = TelnyxSender::new(Arc::new(hasty), machines()).unwrap().send(&text()).await.unwrap();
    let messages = world.control.messages(THEIRS).await;
    assert_eq!((messages.len(), &messages[0].sid), (1, &accepted.provider_id.0), "its key gave the answer that was lost");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_students_text_comes_in_with_its_picture_and_is_listed() {
    let world = World::start().await;
    let inbox = TelnyxInbox::new(world.config.clone(), vec![Address::new(OURS)]).unwrap();
    for (words, pictures) in [("I'm scared & 100% serious + more", 0), ("¡Ayuda! 😟\n2", 1)] {
        let media = (0..pictures).map(|_| SaidMedia { content_type: "image/png".to_owned(), data_base64: "iVBORw0KGgo=".to_owned() });
        let say = Say { from: THEIRS.to_owned(), to: OURS.to_owned(), body: words.to_owned(), media: media.collect(), ..Say::default() };
        let said = world.control.say(say).await.unwrap();
        assert_eq!(said.webhook.status, Some(204));
        let told = world.seen.lock().unwrap().iter().rev().find_map(|event| match event {
            Inbound::Message(message) if message.provider_id.0 == said.sid => Some((**message).clone()),
            _ => None,
        });
        let told = told.expect("the text was told of before its webhook was answered");
        assert_eq!((told.words.reveal(), told.media.len()), (words, pictures));
        let listed = inbox.since("2020-01-01T00:00:00Z".parse().unwrap(), 100).await.unwrap();
        let listed = listed.into_iter().find(|one| one.provider_id == told.provider_id).expect("it is listed");
        assert_eq!(inbox.complete(listed).await.unwrap(), told, "a listed text completed is the webhook's");
        for medium in &told.media {
            let domain::exchange::MediaBody::Waiting(url) = &medium.body else { panic!("it waits at the carrier") };
            let fetched = TelnyxMedia::new(world.config.clone()).unwrap().fetch(url, 1000).await.unwrap();
            assert_eq!((fetched.bytes.len(), &fetched.content_type[..]), (8, "image/png"));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_keys_the_code() {
    let world = World::start().await;
    world.control.behave(THEIRS, vec![Behaviour::human("heard_code")]).await.unwrap();
    let accepted = world.sender().send(&call("")).await.unwrap();
    world.hears(Heard::Answered(AnsweredBy::Unknown)).await;
    world.hears(Heard::Answered(AnsweredBy::Human)).await;
    world.hears(Heard::Digits("47".to_owned())).await;
    world.sees_news(ReceiptKind::Rang).await;
    world.sees_news(ReceiptKind::Ended(End::Completed)).await;
    let found = world.sender().find(&search(Means::Call)).await.unwrap();
    assert_eq!((found.len(), &found[0].provider_id), (1, &accepted.provider_id));
    let expected = [ReceiptKind::Submitted, ReceiptKind::Answered, ReceiptKind::HumanAnswered, ReceiptKind::Ended(End::Completed)];
    assert_eq!(found[0].news, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_is_told_of_beside_the_call_which_can_be_steered() {
    let world = World::start().await;
    let sender = world.sender();
    world.control.behave(THEIRS, vec![Behaviour::of(Answer::Machine)]).await.unwrap();
    let accepted = sender.send(&call("")).await.unwrap();
    let aside =
        |event: &Inbound| matches!(event, Inbound::CallStep(step) if step.aside && step.heard == Heard::Answered(AnsweredBy::MachineReady));
    world.sees("the machine", aside).await;
    // It may have hung up meanwhile, which is no fault of the road.
    let steered = sender.steer(&accepted.provider_id, attempt(), &StepToken("t9".to_owned())).await;
    if steered.is_ok() {
        world.hears(Heard::Steered).await;
    }
    world.sees_news(ReceiptKind::Ended(End::Completed)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_ends_of_a_call_and_an_extension() {
    let world = World::start().await;
    for (answer, end) in [(Answer::Busy, End::Busy), (Answer::NoAnswer, End::NoAnswer)] {
        world.control.behave(THEIRS, vec![Behaviour::of(answer)]).await.unwrap();
        world.sender().send(&call("")).await.unwrap();
        world.sees_news(ReceiptKind::Ended(end)).await;
    }
    world.control.behave(THEIRS, vec![Behaviour::human("none")]).await.unwrap();
    let accepted = world.sender().send(&call("ww12")).await.unwrap();
    world.hears(Heard::Answered(AnsweredBy::Unknown)).await;
    world.hears(Heard::Digits(String::new())).await;
    let call = world.control.wait_end(&accepted.provider_id.0, WITHIN).await.unwrap();
    assert!(call.transcript.iter().any(|line| line.digits.as_deref() == Some("ww12")), "{:?}", call.transcript);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_land_in_their_classes() {
    let world = World::start().await;
    let sender = world.sender();
    for outbound in [text(), call("")] {
        let is_text = matches!(outbound.content, Content::Text(_));
        for (fault, class) in
            [("429", "throttled"), ("500", "unknown"), ("401", "misconfigured"), ("21610", "permanent"), ("21211", "permanent")]
        {
            world.fault(fault).await;
            if fault == "500" && is_text {
                // The repeat must fail as well, or it would be sent.
                world.fault(fault).await;
            }
            let error = sender.send(&outbound).await.unwrap_err();
            let found = match error {
                SendError::Transient { .. } => "transient",
                SendError::Throttled { .. } => "throttled",
                SendError::Permanent { .. } => "permanent",
                SendError::Misconfigured { .. } => "misconfigured",
                SendError::Unknown { .. } => "unknown",
            };
            assert_eq!(found, class, "{fault}");
        }
    }
    assert_eq!(sender.find(&search(Means::Text)).await.unwrap(), Vec::new(), "nothing of this was sent");
    world.fault("30003").await;
    sender.send(&text()).await.unwrap();
    world.sees_news(ReceiptKind::Ended(End::Undelivered(Some(30003)))).await;
}

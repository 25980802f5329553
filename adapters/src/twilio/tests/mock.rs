//! The adapters against the mock carriers, over real sockets: the mock was written apart from this crate, from the
//! carriers' own documents, so what both understand alike is likely to be right.

use super::super::{Config, TwilioSender, TwilioWebhook};
use crate::contract::{RawRequest, Reply, SendError, Sender, Webhook};
use crate::email::{self, SmtpSender, Tls};
use crate::secret::Secret;
use crate::stub_server::read;
use domain::channel::Means;
use domain::dispatch::evidence::{End, ReceiptKind};
use domain::exchange::{AnsweredBy, CallRef, Content, Detection, Heard, Inbound, Mail, Outbound, Search, StepToken};
use domain::id::AttemptId;
use domain::language::Language;
use domain::sealed::{Address, Words};
use domain::voice::script::{Script, Step};
use mock_carriers::voice::behaviour::{Answer, Behaviour};
use mock_carriers::{Control, House, MockCarriers, NumberRoute, Options, Say, Tempo};
use std::io::Write;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const OURS: &str = "+15555550100";
pub(super) const THEIRS: &str = "+15555550142";
const WITHIN: Duration = Duration::from_secs(20);

/// The mock, and a gateway that is nothing but the adapter.
pub(super) struct World {
    mock: MockCarriers,
    pub(super) control: Control,
    pub(super) config: Config,
    pub(super) seen: Arc<Mutex<Vec<Inbound>>>,
}

impl World {
    pub(super) async fn start() -> Self {
        Self::start_as(Options::default(), |_| {}).await
    }

    /// SignalWire: ids that are UUIDs, a path before the version, a header and a signing key of its own (carriers.md 4).
    async fn signalwire() -> Self {
        let account = "5ca1ab1e-0000-4000-8000-000000000002";
        let house = House {
            prefix: "/api/laml".to_owned(),
            signature_header: "X-SignalWire-Signature".to_owned(),
            signing_key: Some("PSK-fictional".to_owned()),
        };
        let options = Options { account_sid: account.to_owned(), auth_token: "PT-fictional".to_owned(), house, ..Options::default() };
        Self::start_as(options, |config| {
            config.api_base.push_str("/api/laml");
            config.signature_header = "X-SignalWire-Signature".to_owned();
            config.secrets = vec![Secret::new("PSK-fictional")];
            config.api_user = Some(account.to_owned());
            config.api_secret = Some(Secret::new("PT-fictional"));
        })
        .await
    }

    async fn start_as(options: Options, differ: impl FnOnce(&mut Config)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let sms_url = Some(format!("{origin}/webhooks/main/messages"));
        let numbers = vec![NumberRoute { number: OURS.to_owned(), sms_url, voice_url: None }];
        let tempo = Tempo { word_ms: 1, ring_ms: 5, second_ms: 5, message_ms: 5, ..Tempo::default() };
        let mock = MockCarriers::start(Options { numbers, tempo, ..options }).await.unwrap();
        let mut config = Config::new("main".parse().unwrap(), mock.account_sid(), Secret::new(mock.auth_token()), origin);
        config.api_base = mock.base_url();
        config.request_timeout = WITHIN;
        differ(&mut config);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let webhook = TwilioWebhook::new(Arc::new(config.clone())).unwrap();
        let events = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                serve(&webhook, &events, stream.unwrap());
            }
        });
        Self { control: mock.control(), mock, config, seen }
    }

    fn sender(&self) -> TwilioSender {
        TwilioSender::new(Arc::new(self.config.clone())).unwrap()
    }

    /// Waits until the adapter has read an event of this kind.
    pub(super) async fn sees(&self, what: &str, test: impl Fn(&Inbound) -> bool + Copy) {
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
fn serve(webhook: &TwilioWebhook, events: &Mutex<Vec<Inbound>>, stream: std::net::TcpStream) {
    let (asked, mut stream) = read(stream);
    let (method, path_and_query) = asked.line.split_once(' ').unwrap();
    let mut headers = http::HeaderMap::new();
    for line in &asked.headers {
        let (name, value) = line.split_once(": ").unwrap();
        headers.append(http::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
    }
    let method = method.parse().unwrap();
    let request = RawRequest { method: &method, path_and_query, headers: &headers, body: asked.body.as_bytes() };
    let answer = match webhook.accept(&request) {
        Ok(verified) => {
            let script = verified.events.iter().find_map(next_script);
            events.lock().unwrap().extend(verified.events);
            match (verified.reply, script) {
                (Reply::Fixed(answer), _) => answer,
                (Reply::Script, script) => webhook.render(CallRef::Attempt(attempt()), &script.unwrap()),
            }
        }
        Err(refused) => panic!("{refused}: {path_and_query}"),
    };
    let length = answer.body.len();
    let head = format!("HTTP/1.1 {} Word\r\ncontent-type: {}\r\ncontent-length: {length}\r\n", answer.status.as_u16(), answer.content_type);
    let _ = write!(stream, "{head}connection: close\r\n\r\n{}", answer.body);
}

fn next_script(event: &Inbound) -> Option<Script> {
    let Inbound::CallStep(step) = event else { return None };
    let say = |words: &str| Step::Say { words: words.to_owned(), language: Language::En };
    let steps = match &step.heard {
        Heard::Answered(AnsweredBy::MachineReady | AnsweredBy::MachineSpeaking) => {
            vec![say("Please call back."), Step::Continue { then: StepToken("t3".to_owned()) }]
        }
        Heard::Answered(AnsweredBy::Human | AnsweredBy::Fax | AnsweredBy::Unknown) => {
            let prompt = vec![say("To confirm, press 4 7."), Step::Pause { seconds: 1 }];
            vec![Step::Ask { prompt, digits: 2, finish_on_hash: false, wait_seconds: 5, then: StepToken("t2".to_owned()) }]
        }
        Heard::Steered => vec![say("Please call back."), Step::Continue { then: StepToken("t3".to_owned()) }],
        Heard::Digits(_) | Heard::Spoken => vec![say("Good-bye."), Step::HangUp],
    };
    Some(Script { steps })
}

fn attempt() -> AttemptId {
    "0192f0c1b2c37d4e8f5a6b7c8d9e0f10".parse().unwrap()
}

fn outbound(content: Content) -> Outbound {
    Outbound { attempt: attempt(), from: Address::new(OURS), to: Address::new(THEIRS), content }
}

fn text() -> Outbound {
    outbound(Content::Text(Words::new("Estamos aquí. ¿Estás a salvo? & <ok>")))
}

fn call(extension: &str) -> Outbound {
    outbound(Content::Call { first: StepToken("t1".to_owned()), extension: extension.to_owned(), detection: Detection::Before })
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
    world.sees_news(ReceiptKind::Delivered).await;
    assert_eq!(world.control.messages(THEIRS).await.len(), 1);
    let found = sender.find(&search(Means::Text)).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0].provider_id, found[0].news.last()), (&accepted.provider_id, Some(&ReceiptKind::Delivered)));
    let by_id = Search { provider_id: Some(accepted.provider_id.clone()), ..search(Means::Text) };
    assert_eq!(sender.find(&by_id).await.unwrap(), found);
    let elsewhere = Search { to: Address::new("+15555550143"), ..search(Means::Text) };
    assert_eq!(sender.find(&elsewhere).await.unwrap(), Vec::new());
    sender.client().delete_message(&accepted.provider_id.0).await.unwrap();
    assert_eq!(sender.find(&search(Means::Text)).await.unwrap(), Vec::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_students_text_comes_in() {
    let world = World::start().await;
    for words in ["I'm scared & 100% serious + more", "¡Ayuda! 😟\n2", ""] {
        let said = world.control.text(THEIRS, OURS, words).await.unwrap();
        assert_eq!(said.webhook.status, Some(200));
        let is_it = |event: &Inbound| {
            matches!(event, Inbound::Message(message) if message.provider_id.0 == said.sid
                && message.words.reveal() == words && message.from.as_ref().is_some_and(|from| from.reveal() == THEIRS) && message.to.reveal() == OURS)
        };
        world.sees("the text", is_it).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_keys_the_code() {
    let world = World::start().await;
    world.control.behave(THEIRS, vec![Behaviour::human("heard_code")]).await.unwrap();
    let accepted = world.sender().send(&call("")).await.unwrap();
    world.hears(Heard::Answered(AnsweredBy::Human)).await;
    world.hears(Heard::Digits("47".to_owned())).await;
    world.sees_news(ReceiptKind::Ended(End::Completed)).await;
    world.sees_news(ReceiptKind::Rang).await;
    let found = world.sender().find(&search(Means::Call)).await.unwrap();
    assert_eq!((found.len(), &found[0].provider_id), (1, &accepted.provider_id));
    let expected = [ReceiptKind::Submitted, ReceiptKind::Answered, ReceiptKind::HumanAnswered, ReceiptKind::Ended(End::Completed)];
    assert_eq!(found[0].news, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_is_spoken_to_its_end() {
    let world = World::start().await;
    world.control.behave(THEIRS, vec![Behaviour::of(Answer::Machine)]).await.unwrap();
    world.sender().send(&call("")).await.unwrap();
    world.hears(Heard::Answered(AnsweredBy::MachineReady)).await;
    world.hears(Heard::Spoken).await;
    world.sees_news(ReceiptKind::Ended(End::Completed)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_that_is_found_beside_the_call_is_steered_to_its_voicemail() {
    let world = World::start().await;
    world.control.behave(THEIRS, vec![Behaviour { amd_after_ms: 20, ..Behaviour::of(Answer::Machine) }]).await.unwrap();
    let beside = Content::Call { first: StepToken("t1".to_owned()), extension: String::new(), detection: Detection::Beside };
    let accepted = world.sender().send(&outbound(beside)).await.unwrap();
    world.hears(Heard::Answered(AnsweredBy::Unknown)).await;
    world.hears(Heard::Answered(AnsweredBy::MachineReady)).await;
    let aside = |event: &Inbound| matches!(event, Inbound::CallStep(step) if step.aside && step.provider_id == accepted.provider_id);
    world.sees("the news from beside", aside).await;
    world.sender().steer(&accepted.provider_id, attempt(), &StepToken("t9".to_owned())).await.unwrap();
    world.hears(Heard::Steered).await;
    world.hears(Heard::Spoken).await;
    world.sees_news(ReceiptKind::Ended(End::Completed)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_ends_of_a_call() {
    let world = World::start().await;
    for (answer, end) in [(Answer::Busy, End::Busy), (Answer::NoAnswer, End::NoAnswer)] {
        world.control.behave(THEIRS, vec![Behaviour::of(answer)]).await.unwrap();
        world.sender().send(&call("")).await.unwrap();
        world.sees_news(ReceiptKind::Ended(end)).await;
    }
    world.control.behave(THEIRS, vec![Behaviour::of(Answer::Failed)]).await.unwrap();
    world.sender().send(&call("")).await.unwrap();
    let failed = |event: &Inbound| matches!(event, Inbound::Receipt(receipt) if matches!(receipt.kind, ReceiptKind::Ended(End::Failed(_))));
    world.sees("a failed call", failed).await;
    // Nothing is detected behind a switchboard, so whoever answers is treated as a person.
    world.control.behave(THEIRS, vec![Behaviour::human("none")]).await.unwrap();
    world.sender().send(&call("12")).await.unwrap();
    world.hears(Heard::Answered(AnsweredBy::Unknown)).await;
    world.hears(Heard::Digits(String::new())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_land_in_their_classes() {
    let world = World::start().await;
    let sender = world.sender();
    for outbound in [text(), call("")] {
        for (fault, class) in
            [("429", "throttled"), ("500", "unknown"), ("401", "misconfigured"), ("21610", "permanent"), ("21211", "permanent")]
        {
            world.fault(fault).await;
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
    world.fault("accept_then_timeout").await;
    let hasty = TwilioSender::new(Arc::new(Config { request_timeout: Duration::from_secs(1), ..world.config.clone() })).unwrap();
    assert!(matches!(hasty.send(&text()).await.unwrap_err(), SendError::Unknown { .. }));
    assert_eq!(sender.find(&search(Means::Text)).await.unwrap().len(), 1, "the answer was lost, and the text is found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_is_taken() {
    let world = World::start().await;
    let mut config = email::Config::new("mail".parse().unwrap(), "127.0.0.1", "reports@example.org");
    config.port = world.mock.smtp_addr().port();
    config.tls = Tls::Opportunistic;
    config.timeout = WITHIN;
    let sender = SmtpSender::new(Arc::new(config)).unwrap();
    let mail = Mail {
        message_id: "0192f0c1".to_owned(),
        subject: "يوجد بلاغ".to_owned(),
        text: "Hay un informe: código 4711.\nhttps://tips.example.org/e/abc\n".to_owned(),
        language: Language::Es,
        answers: None,
        kind: domain::exchange::MailKind::Notice { bounces_to: None },
        tls_required: false,
    };
    let to = "principal@school.example.org";
    let outbound = Outbound { from: Address::new("reports@example.org"), to: Address::new(to), ..outbound(Content::Mail(mail)) };
    for _ in 0..2 {
        sender.send(&outbound).await.unwrap();
    }
    let mails = world.control.mails(Some(to)).await;
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[0].subject, "يوجد بلاغ");
    assert_eq!(mails[0].text.trim_end().replace("\r\n", "\n"), "Hay un informe: código 4711.\nhttps://tips.example.org/e/abc");
    for (fault, unknown) in [("drop_after_data", true), ("reject", false)] {
        let fault = serde_json::json!({"match": {"kind": "smtp"}, "fault": fault, "times": 1});
        world.control.set_fault(serde_json::from_value(fault).unwrap()).await.unwrap();
        let error = sender.send(&outbound).await.unwrap_err();
        assert_eq!(matches!(error, SendError::Unknown { .. }), unknown, "{error:?}");
        assert_eq!(matches!(error, SendError::Permanent { code: Some(550), .. }), !unknown, "{error:?}");
    }
}

/// The other house of the dialect: the same adapter, another configuration.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signalwire_is_a_configuration() {
    let world = World::signalwire().await;
    let sender = world.sender();
    assert_eq!(sender.probe().await, Ok(()));
    let accepted = sender.send(&text()).await.unwrap();
    world.sees_news(ReceiptKind::Delivered).await;
    let found = sender.find(&search(Means::Text)).await.unwrap();
    assert_eq!((found.len(), &found[0].provider_id), (1, &accepted.provider_id));
    let sid = "0b7c3c9e-90a5-4a44-9f5f-2f4b3f1f0001";
    let say = Say { from: THEIRS.to_owned(), to: OURS.to_owned(), body: "help".to_owned(), sid: Some(sid.to_owned()), ..Say::default() };
    assert_eq!(world.control.say(say).await.unwrap().webhook.status, Some(200));
    world.sees("the text", |event| matches!(event, Inbound::Message(message) if message.provider_id.0 == sid)).await;
    world.control.behave(THEIRS, vec![Behaviour::human("heard_code")]).await.unwrap();
    sender.send(&call("")).await.unwrap();
    world.hears(Heard::Answered(AnsweredBy::Human)).await;
    world.hears(Heard::Digits("47".to_owned())).await;
    world.sees_news(ReceiptKind::Ended(End::Completed)).await;
    let asked = world.control.webhooks().await;
    assert!(asked.iter().all(|hook| hook.status.is_some_and(|status| status < 300)), "none was refused");
}

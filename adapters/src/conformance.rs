//! What every text and call adapter has to pass, whatever its wire looks like.
//!
//! A provider brings a [`Rig`], which speaks the carrier's side: it signs requests as the carrier does and words the
//! carrier's answers. The suite speaks only the contract: the same words give the same event, nothing unsigned gets in, a
//! replay changes nothing, and each way of failing lands in its class. It never uses the adapter's own encoder.

pub(crate) mod caller;
pub(crate) mod inbox;
pub(crate) mod media;
pub(crate) mod text;
pub(crate) mod way;

use crate::contract::{RawRequest, Refused, Reply, SendError, Sender, Verified, Webhook};
use crate::stub_server::{Stub, Turn};
use domain::channel::Means;
use domain::dispatch::evidence::{End, ReceiptKind};
use domain::exchange::{AnsweredBy, CallStep, Content, Detection, Heard, Inbound, Outbound, Part, Receipt, Search, StepToken};
use domain::id::{AccountKey, AttemptId};
use domain::sealed::{Address, Words};
use jiff::Timestamp;
use std::time::Duration;

/// The reporter of every test.
pub(crate) const REPORTER: &str = "+15555550142";
/// Our number.
pub(crate) const OURS: &str = "+15555550100";
/// An id as no carrier makes it: adapters may not look into ids.
pub(crate) const ID: &str = "b0c9-Opaque.id";

/// How long an answer is waited for that will come, also on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Waiting for an answer that never comes should not take long.
fn patience(turn: &Turn) -> Duration {
    if matches!(turn, Turn::Silence) { Duration::from_millis(200) } else { PATIENCE }
}

/// A request of the carrier, signed.
#[derive(Debug, Clone)]
pub(crate) struct Signed {
    /// The method.
    pub(crate) method: http::Method,
    /// Path and query.
    pub(crate) path_and_query: String,
    /// Headers, with the signature.
    pub(crate) headers: http::HeaderMap,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Signed {
    /// As the gateway receives it.
    pub(crate) fn raw(&self) -> RawRequest<'_> {
        RawRequest { method: &self.method, path_and_query: &self.path_and_query, headers: &self.headers, body: &self.body }
    }
}

/// How the carrier's API answers one request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Outcome {
    /// It takes what is sent, under [`ID`].
    Accepted,
    /// Too fast; wait 7 seconds.
    Throttled,
    /// The address is wrong.
    WrongAddress,
    /// The recipient opted out.
    OptedOut,
    /// The credentials are wrong.
    WrongCredentials,
    /// The sender is not ours.
    WrongSender,
}

/// The carrier's side of one provider.
pub(crate) trait Rig {
    /// The account under test.
    fn account(&self) -> AccountKey;
    /// The adapter's reader.
    fn webhook(&self) -> Box<dyn Webhook>;
    /// The adapter's sender, pointed at `base`, which waits this long for an answer.
    fn sender(&self, base: &str, patience: Duration) -> Box<dyn Sender>;
    /// A text to [`OURS`] under [`ID`], with pictures at these addresses, each said to be `image/JPEG`.
    fn message(&self, from: &str, words: &str, pictures: &[&str]) -> Signed;
    /// Whether the carrier itself answers a STOP, so that we must not (R71).
    fn answers_stop(&self) -> bool;
    /// A piece of a long text from [`REPORTER`] under this id; `None` when the carrier joins the pieces before it tells us (R72).
    fn part(&self, _id: &str, _part: &Part, _words: &str) -> Option<Signed> {
        None
    }
    /// News of a text; `word` is one of `sent`, `delivered`, `undelivered 30003`.
    fn text_news(&self, attempt: AttemptId, word: &str) -> Signed;
    /// News of a call, the `nth`; `word` is one of `ringing`, `answered machine`, `busy`, `completed`.
    fn call_news(&self, attempt: AttemptId, nth: u32, word: &str) -> Signed;
    /// A call asks for its next script at `url`, which the adapter made.
    fn step(&self, url: &str, fields: &[(&str, &str)]) -> Signed;
    /// How the API words an outcome.
    fn answer(&self, outcome: Outcome) -> Turn;
    /// How the API words a list of messages with these ids and statuses, all from the given time.
    fn messages(&self, ids: &[(&str, &str)], created_at: Timestamp) -> Turn;
}

/// The attempt of every test.
pub(crate) fn attempt() -> AttemptId {
    "0192f0c1b2c37d4e8f5a6b7c8d9e0f10".parse().unwrap()
}

/// Reading webhooks.
pub(crate) fn webhooks(rig: &dyn Rig) {
    text::same_words_same_event(rig);
    text::pictures(rig);
    text::parts(rig);
    nothing_unsigned_gets_in(rig);
    news_of_texts(rig);
    news_of_calls(rig);
}

fn only(verified: Verified) -> Inbound {
    assert_eq!(verified.events.len(), 1, "one event is expected");
    verified.events.into_iter().next().unwrap()
}

fn nothing_unsigned_gets_in(rig: &dyn Rig) {
    let webhook = rig.webhook();
    let good = rig.message(REPORTER, "help", &[]);
    let refused = |request: &Signed| webhook.accept(&request.raw()).expect_err("this must be refused");
    let mut body = good.clone();
    body.body.push(b'x');
    let mut path = good.clone();
    path.path_and_query.push_str("?x=1");
    let mut bare = good.clone();
    bare.headers.clear();
    let mut other = good.clone();
    other.body = rig.message(REPORTER, "never mind", &[]).body;
    for request in [&body, &path, &bare, &other] {
        assert_eq!(refused(request).status(), http::StatusCode::FORBIDDEN);
    }
    assert_eq!(refused(&bare), Refused::Unsigned);
}

fn news_of_texts(rig: &dyn Rig) {
    let webhook = rig.webhook();
    let table = [
        ("sent", ReceiptKind::Submitted),
        ("delivered", ReceiptKind::Delivered),
        ("undelivered 30003", ReceiptKind::Ended(End::Undelivered(Some(30003)))),
    ];
    let mut seen = Vec::new();
    for (word, kind) in table {
        let request = rig.text_news(attempt(), word);
        let verified = webhook.accept(&request.raw()).unwrap();
        assert_eq!(verified, webhook.accept(&request.raw()).unwrap());
        let receipt = receipt(only(verified));
        assert_eq!((receipt.attempt, &receipt.provider_id.0[..], &receipt.kind), (attempt(), ID, &kind));
        assert!(!seen.contains(&receipt.once), "each piece of news is another one");
        seen.push(receipt.once);
    }
}

fn news_of_calls(rig: &dyn Rig) {
    let webhook = rig.webhook();
    let table: [(&str, &[ReceiptKind]); 4] = [
        ("ringing", &[ReceiptKind::Rang]),
        ("answered machine", &[ReceiptKind::Answered, ReceiptKind::MachineAnswered]),
        ("busy", &[ReceiptKind::Ended(End::Busy)]),
        ("completed", &[ReceiptKind::Ended(End::Completed)]),
    ];
    let mut seen = Vec::new();
    for (nth, (word, kinds)) in (0..).zip(table) {
        let verified = webhook.accept(&rig.call_news(attempt(), nth, word).raw()).unwrap();
        let receipts: Vec<Receipt> = verified.events.into_iter().map(receipt).collect();
        assert_eq!(receipts.iter().map(|receipt| receipt.kind.clone()).collect::<Vec<_>>(), kinds);
        for receipt in receipts {
            assert!(!seen.contains(&receipt.once), "each piece of news is another one");
            seen.push(receipt.once);
        }
    }
}

fn receipt(event: Inbound) -> Receipt {
    match event {
        Inbound::Receipt(receipt) => receipt,
        Inbound::Message(_) | Inbound::CallStep(_) | Inbound::Caller(_) => panic!("news of an attempt is expected"),
    }
}

/// The steps of a call: the URL that the sender gave brings the answer, the URLs of the script bring keys and the end of words.
pub(crate) fn steps(rig: &dyn Rig, first_url: &str, keys_url: &str, spoken_url: &str) {
    let webhook = rig.webhook();
    let heard = |url: &str, fields: &[(&str, &str)]| {
        let verified = webhook.accept(&rig.step(url, fields).raw()).unwrap();
        assert_eq!(verified.reply, Reply::Script);
        match only(verified) {
            Inbound::CallStep(CallStep { attempt: of, heard, .. }) if of == attempt() => heard,
            other => panic!("a call's step is expected, not {other:?}"),
        }
    };
    for (word, by) in [
        ("human", AnsweredBy::Human),
        ("machine_start", AnsweredBy::MachineSpeaking),
        ("machine_end_beep", AnsweredBy::MachineReady),
        ("fax", AnsweredBy::Fax),
        ("unknown", AnsweredBy::Unknown),
    ] {
        assert_eq!(heard(first_url, &[("AnsweredBy", word)]), Heard::Answered(by));
    }
    assert_eq!(heard(first_url, &[]), Heard::Answered(AnsweredBy::Unknown));
    assert_eq!(heard(keys_url, &[("Digits", "4711")]), Heard::Digits("4711".to_owned()));
    assert_eq!(heard(keys_url, &[]), Heard::Digits(String::new()));
    assert_eq!(heard(spoken_url, &[]), Heard::Spoken);
}

/// Who picked up, told beside the call: no script is wanted, no token is needed, and a step that was steered to is one.
pub(crate) fn beside_the_call(rig: &dyn Rig, detection_url: &str, steered_url: &str) {
    let webhook = rig.webhook();
    for (word, by) in [
        ("human", AnsweredBy::Human),
        ("machine_start", AnsweredBy::MachineSpeaking),
        ("machine_end_beep", AnsweredBy::MachineReady),
        ("fax", AnsweredBy::Fax),
        ("unknown", AnsweredBy::Unknown),
    ] {
        let verified = webhook.accept(&rig.step(detection_url, &[("AnsweredBy", word)]).raw()).unwrap();
        assert!(matches!(&verified.reply, Reply::Fixed(answer) if answer.status.is_success()), "nobody waits for a script here");
        let Inbound::CallStep(step) = only(verified) else { panic!("a call's step is expected") };
        assert_eq!((step.attempt, &step.heard, step.aside), (attempt(), &Heard::Answered(by), true));
    }
    let verified = webhook.accept(&rig.step(steered_url, &[]).raw()).unwrap();
    assert_eq!(verified.reply, Reply::Script);
    let Inbound::CallStep(step) = only(verified) else { panic!("a call's step is expected") };
    assert_eq!((step.attempt, step.heard, step.aside), (attempt(), Heard::Steered, false));
}

/// A text to send.
pub(crate) fn a_text() -> Outbound {
    let content = Content::Text(Words::new("We read this. Are you safe?"));
    Outbound { attempt: attempt(), from: Address::new(OURS), to: Address::new(REPORTER), content }
}

/// A call to make.
pub(crate) fn a_call(extension: &str) -> Outbound {
    let content =
        Content::Call { first: StepToken("first-token".to_owned()), extension: extension.to_owned(), detection: Detection::Before };
    Outbound { content, ..a_text() }
}

/// Sending, and every way in which it fails.
pub(crate) async fn sending(rig: &dyn Rig) {
    for outbound in [a_text(), a_call("")] {
        let with = async |turn: Turn| {
            let stub = Stub::start(vec![turn.clone()]);
            rig.sender(&stub.base, patience(&turn)).send(&outbound).await
        };
        let accepted = with(rig.answer(Outcome::Accepted)).await.unwrap();
        assert_eq!(accepted.provider_id.0, ID);
        let throttled = with(rig.answer(Outcome::Throttled)).await.unwrap_err();
        assert_eq!(throttled, SendError::Throttled { retry_after: Some(Duration::from_secs(7)) });
        for outcome in [Outcome::WrongAddress, Outcome::OptedOut] {
            let error = with(rig.answer(outcome)).await.unwrap_err();
            assert!(matches!(error, SendError::Permanent { code: Some(_), .. }), "{outcome:?}: {error:?}");
        }
        for outcome in [Outcome::WrongCredentials, Outcome::WrongSender] {
            let error = with(rig.answer(outcome)).await.unwrap_err();
            assert!(matches!(error, SendError::Misconfigured { .. }), "{outcome:?}: {error:?}");
        }
        let lost = [
            Turn::Answer(500, "", String::new()),
            Turn::Answer(503, "", "busy".to_owned()),
            Turn::Answer(200, "", "<html>welcome</html>".to_owned()),
            Turn::HangUp,
            Turn::Silence,
            Turn::BreakOff(201),
        ];
        for turn in lost {
            let error = with(turn.clone()).await.unwrap_err();
            assert!(matches!(error, SendError::Unknown { .. }), "{turn:?} leaves the outcome unknown, not {error:?}");
        }
        let nobody = format!("http://{}", std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
        let error = rig.sender(&nobody, PATIENCE).send(&outbound).await.unwrap_err();
        assert!(matches!(error, SendError::Transient { .. }), "nothing left when nobody listens: {error:?}");
        assert!(!format!("{error:?} {error}").contains("0142"), "an error names nobody");
    }
}

/// Looking for a text whose outcome is unknown.
pub(crate) async fn finding(rig: &dyn Rig) {
    let intended_at: Timestamp = "2026-11-20T15:00:00Z".parse().unwrap();
    let search = Search {
        attempt: attempt(),
        means: Means::Text,
        from: Address::new(OURS),
        to: Address::new(REPORTER),
        intended_at,
        provider_id: None,
    };
    let with = async |turn: Turn| {
        let stub = Stub::start(vec![turn.clone()]);
        rig.sender(&stub.base, patience(&turn)).find(&search).await
    };
    let later = intended_at + jiff::SignedDuration::from_secs(3);
    let earlier = intended_at - jiff::SignedDuration::from_secs(30);
    assert_eq!(with(rig.messages(&[], later)).await.unwrap(), Vec::new(), "no trace is an empty list");
    assert_eq!(with(rig.messages(&[("old", "delivered")], earlier)).await.unwrap(), Vec::new(), "an older one is not it");
    let found = with(rig.messages(&[(ID, "delivered")], later)).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0].provider_id.0[..], found[0].created_at), (ID, later));
    assert_eq!(found[0].news, [ReceiptKind::Submitted, ReceiptKind::Delivered]);
    for turn in [Turn::Silence, Turn::Answer(500, "", String::new()), Turn::Answer(200, "", "{}".to_owned())] {
        assert!(with(turn).await.is_err(), "what was not asked is not said to be without trace");
    }
}

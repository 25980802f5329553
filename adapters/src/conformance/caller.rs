//! What every adapter for calls has to pass for a reporter's call to us.
//!
//! The rig words what the carrier tells; the URLs are those that the adapter itself wrote into a script. So a step that the adapter asks
//! for is a step that it understands, a recording told of twice is one recording, and nothing of the caller but the number gets in.

use super::{ID, OURS, REPORTER, Rig, Signed};
use crate::contract::{Refused, Reply};
use domain::exchange::{CallRef, CallerEvent, CallerHeard, CallerNews, Inbound, ProviderId, StepToken};
use domain::id::CallId;
use domain::language::Language;
use domain::sealed::{Address, Words};
use domain::voice::script::{Script, Step};

/// Where the carrier keeps the recording of every test.
pub(crate) const RECORDING_URL: &str = "https://carrier.example.org/recordings/7?x=1&y=2";
/// The carrier's id of it, as no carrier makes it.
pub(crate) const RECORDING: &str = "re-0pa.que";

/// What happens on the caller's line.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Line {
    /// These keys are pressed.
    Keys(&'static str),
    /// Nothing is pressed in time.
    NoKeys,
    /// The words were spoken.
    Spoken,
    /// So many seconds were recorded, under [`RECORDING`].
    Recorded(u32),
    /// As `Recorded`, and the caller hung up.
    RecordedAndHungUp(u32),
    /// Nothing was said.
    Silence,
    /// The dialled number answered.
    Answered,
    /// It was busy.
    Busy,
    /// The caller hung up instead of pressing a key.
    HungUp,
}

/// The carrier's side of a reporter's call.
pub(crate) trait CallerRig: Rig {
    /// A call under [`ID`] from this number to [`OURS`].
    fn calls_in(&self, from: &str) -> Signed;
    /// A step's URL is called.
    fn caller_step(&self, url: &str, line: Line) -> Signed;
    /// A recording of so many seconds is ready; does not name the caller.
    fn recording_news(&self, url: &str, seconds: u32) -> Signed;
    /// A machine understood this of it.
    fn transcript(&self, url: &str, words: &str) -> Signed;
    /// The URLs of a rendered script by place: keys, spoken, recorded, recording news, transcript, dialled.
    fn urls(&self, body: &str) -> [String; 6];
}

/// The call of every test.
fn call() -> CallId {
    "0192f0c1b2c37d4e8f5a6b7c8d9e0fab".parse().unwrap()
}

fn token() -> StepToken {
    StepToken("once-7".to_owned())
}

/// A script with every step that asks for something.
fn script() -> Script {
    let then = token;
    Script {
        steps: vec![
            Step::Ask { prompt: Vec::new(), digits: 16, finish_on_hash: false, wait_seconds: 8, then: then() },
            Step::Continue { then: then() },
            Step::Record { most_seconds: 180, silence_seconds: 8, language: Language::En, then: then() },
            Step::Dial { to: Address::new("+15555550110"), from: Address::new(OURS), ring_seconds: 25, then: then() },
        ],
    }
}

/// Reading a reporter's call.
pub(crate) fn calls_of_reporters(rig: &dyn CallerRig) {
    comes_in(rig);
    steps(rig);
    recordings(rig);
}

fn event(rig: &dyn CallerRig, from: &str, news: CallerNews) -> Inbound {
    Inbound::Caller(CallerEvent {
        account: rig.account(),
        provider_id: ProviderId(ID.to_owned()),
        from: Address::new(from),
        to: Address::new(OURS),
        news,
    })
}

fn comes_in(rig: &dyn CallerRig) {
    let webhook = rig.webhook();
    for from in [REPORTER, "anonymous", "+266696687", ""] {
        let request = rig.calls_in(from);
        let verified = webhook.accept(&request.raw()).unwrap();
        assert_eq!(verified, webhook.accept(&request.raw()).unwrap(), "a replay is read like the first time");
        assert_eq!((&verified.events, &verified.reply), (&vec![event(rig, from, CallerNews::Started)], &Reply::Script));
        assert!(!format!("{verified:?}").contains("0142"), "an event's Debug shows no number");
        let mut unsigned = request.clone();
        unsigned.headers.clear();
        assert_eq!(webhook.accept(&unsigned.raw()), Err(Refused::Unsigned));
    }
}

fn recorded(seconds: u32) -> CallerNews {
    let (recording, url) = (ProviderId(RECORDING.to_owned()), Words::new(RECORDING_URL));
    CallerNews::Recording { recording, url, seconds }
}

fn steps(rig: &dyn CallerRig) {
    let webhook = rig.webhook();
    let rendered = webhook.render(CallRef::Caller(call()), &script());
    assert!(!rendered.body.contains("0142"), "the script shows nobody the caller's number");
    let [keys, spoken, recorded_at, _, _, dialled] = rig.urls(&rendered.body);
    let step = |heard| CallerNews::Step { call: call(), token: token(), heard };
    let digits = |digits: &str| step(CallerHeard::Digits(digits.to_owned()));
    let table: [(&str, Line, Vec<CallerNews>); 10] = [
        (&keys, Line::Keys("1"), vec![digits("1")]),
        (&keys, Line::Keys("4821093755261840"), vec![digits("4821093755261840")]),
        (&keys, Line::NoKeys, vec![digits("")]),
        (&spoken, Line::Spoken, vec![step(CallerHeard::Spoken)]),
        (&recorded_at, Line::Recorded(7), vec![recorded(7), step(CallerHeard::Recorded { empty: false })]),
        (&recorded_at, Line::RecordedAndHungUp(2), vec![recorded(2), step(CallerHeard::Recorded { empty: false })]),
        (&recorded_at, Line::Recorded(0), vec![step(CallerHeard::Recorded { empty: true })]),
        (&recorded_at, Line::Silence, vec![step(CallerHeard::Recorded { empty: true })]),
        (&dialled, Line::Answered, vec![step(CallerHeard::Dialled { answered: true })]),
        (&dialled, Line::Busy, vec![step(CallerHeard::Dialled { answered: false })]),
    ];
    for (url, line, news) in table {
        let verified = webhook.accept(&rig.caller_step(url, line).raw()).unwrap();
        let expected: Vec<Inbound> = news.into_iter().map(|news| event(rig, REPORTER, news)).collect();
        assert_eq!((verified.events, verified.reply), (expected, Reply::Script), "{line:?}");
    }
    for url in [&keys, &spoken] {
        let verified = webhook.accept(&rig.caller_step(url, Line::HungUp).raw()).unwrap();
        assert_eq!(verified.events, [], "who has hung up pressed nothing");
    }
}

fn recordings(rig: &dyn CallerRig) {
    let webhook = rig.webhook();
    let rendered = webhook.render(CallRef::Caller(call()), &script());
    let [_, _, _, news, transcript, _] = rig.urls(&rendered.body);
    let told = |request: Signed| {
        let verified = webhook.accept(&request.raw()).unwrap();
        assert!(matches!(&verified.reply, Reply::Fixed(answer) if answer.status.is_success()), "no script is wanted");
        verified.events
    };
    let [Inbound::Caller(CallerEvent { news: told_of, from, .. })] = &told(rig.recording_news(&news, 7))[..] else {
        panic!("one recording is expected")
    };
    assert_eq!((told_of, from.reveal()), (&recorded(7), ""), "the same as the step tells, so that one of the two may be lost");
    assert_eq!(told(rig.recording_news(&news, 0)), [], "an empty recording is none");
    let [Inbound::Caller(CallerEvent { news: CallerNews::Transcript { call: of, recording, words }, .. })] =
        &told(rig.transcript(&transcript, "they have a knife"))[..]
    else {
        panic!("a transcript is expected")
    };
    assert_eq!((*of, &recording.0[..], words.reveal()), (call(), RECORDING, "they have a knife"));
    assert_eq!(told(rig.transcript(&transcript, "")), [], "nothing understood is nothing");
}

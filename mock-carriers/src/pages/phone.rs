//! One phone as its page shows it: messages, the call that rings or runs, the last call, the choices.
//! Only what reached the handset is shown: a message that was never delivered is not there.

use crate::clock;
use crate::letter::bare;
use crate::options::channel;
use crate::pages::shell;
use crate::state::State;
use crate::state::call::{Call, CallDirection, CallStatus, Line, Listening, Speaker};
use crate::state::mail::Mail;
use crate::state::message::{Direction, Message, MessageStatus};
use crate::twilio::json::formatted;
use crate::voice::behaviour::{Answer, Behaviour, Keys};

/// Most messages shown.
const MESSAGES: usize = 100;
/// Most voicemails shown.
const VOICEMAILS: usize = 10;
/// Most mails shown.
const MAILS: usize = 30;

/// A phone.
pub struct Phone {
    pub id: String,
    pub number: String,
    pub label: String,
    pub formatted: String,
    pub back: String,
    pub now_ms: i64,
    pub messages: Vec<Bubble>,
    pub call: Option<ShownCall>,
    pub last: Option<LastCall>,
    /// What was said to its machine after the beep, newest first.
    pub voicemails: Vec<Voicemail>,
    pub choices: Vec<Choice>,
    /// What the next call meets, in words.
    pub next: String,
    /// The mail address of its owner.
    pub mail: String,
    /// Mails to and from that address, newest first.
    pub mails: Vec<Letter>,
    /// The gateway's public pages; empty when they are not known.
    pub site: String,
}

/// A mail of the phone's owner.
pub struct Letter {
    pub id: String,
    pub own: bool,
    pub subject: String,
    pub text: String,
    pub time: String,
}

/// A message.
pub struct Bubble {
    pub own: bool,
    pub channel: &'static str,
    pub body: String,
    pub time: String,
    pub pictures: Vec<String>,
}

/// A call that rings or runs.
pub struct ShownCall {
    pub sid: String,
    pub state: &'static str,
    pub other: String,
    pub title: String,
    pub ringing: bool,
    pub scripted: bool,
    pub lines: Vec<ShownLine>,
}

/// A call that is over.
pub struct LastCall {
    pub title: String,
    pub lines: Vec<ShownLine>,
}

/// What a machine recorded.
pub struct Voicemail {
    /// Who called, to be called back.
    pub from: String,
    pub other: String,
    pub words: String,
    pub time: String,
}

/// A transcript line.
pub struct ShownLine {
    pub who: &'static str,
    pub text: String,
    pub language: String,
    pub at_ms: i64,
    pub word_ms: u64,
    pub cut: bool,
}

/// A behaviour that can be chosen on the page.
pub struct Choice {
    pub value: String,
    pub name: String,
    pub chosen: bool,
}

/// The behaviours a page offers: value, name, behaviour.
pub fn offered() -> [(&'static str, &'static str, Behaviour); 10] {
    [
        ("manual", "Ring here, you decide", Behaviour::manual()),
        ("heard_code", "Answered, the code is keyed", Behaviour::human("heard_code")),
        ("wrong", "Answered, a wrong code is keyed", Behaviour::human("wrong")),
        ("none", "Answered, nothing is keyed", Behaviour::human("none")),
        ("machine", "A machine answers", Behaviour::of(Answer::Machine)),
        ("busy", "Busy", Behaviour::of(Answer::Busy)),
        ("no_answer", "Nobody answers", Behaviour::of(Answer::NoAnswer)),
        ("decline", "Declined", Behaviour::of(Answer::Decline)),
        ("hangup_after_answer", "Answered, hung up at once", Behaviour::of(Answer::HangupAfterAnswer)),
        ("fax", "A fax machine", Behaviour::of(Answer::Fax)),
    ]
}

/// Draws a phone from the memory.
pub fn draw(state: &State, number: &str, label: &str, back: &str, site: Option<&str>) -> Phone {
    let own = |call: &&Call| match call.direction {
        CallDirection::Inbound => call.from == number,
        CallDirection::OutboundApi | CallDirection::OutboundDial => call.to == number,
    };
    let running = state.calls.iter().rev().filter(own).find(|call| matches!(call.status, CallStatus::Ringing | CallStatus::InProgress));
    let last = state.calls.iter().rev().filter(own).find(|call| call.status.is_over());
    let choices = choices(state, number);
    let next = choices.iter().find(|choice| choice.chosen);
    let mail = mail_address(label, number);
    Phone {
        mails: mails(state, &mail),
        mail,
        site: site.unwrap_or_default().to_owned(),
        next: next.map(|choice| choice.name.clone()).unwrap_or_default(),
        id: number.chars().filter(char::is_ascii_digit).collect(),
        number: number.to_owned(),
        label: label.to_owned(),
        formatted: formatted(number),
        back: back.to_owned(),
        now_ms: clock::now().as_millisecond(),
        messages: messages(state, number),
        call: running.map(show_call),
        voicemails: state.calls.iter().rev().filter(own).filter_map(voicemail).take(VOICEMAILS).collect(),
        last: last.map(|call| LastCall { title: outcome(call), lines: lines(&call.transcript) }),
        choices,
    }
}

fn messages(state: &State, number: &str) -> Vec<Bubble> {
    let reached = |message: &&Message| match message.direction {
        Direction::Inbound => message.from.as_deref().is_some_and(|from| is_phone(from, number)),
        Direction::OutboundApi | Direction::OutboundReply => is_phone(&message.to, number) && message.status == MessageStatus::Delivered,
    };
    let mut shown: Vec<Bubble> = state
        .messages
        .iter()
        .rev()
        .filter(reached)
        .take(MESSAGES)
        .map(|message| Bubble {
            own: message.direction == Direction::Inbound,
            channel: channel_name(if message.direction == Direction::Inbound {
                &message.to
            } else {
                message.from.as_deref().unwrap_or_default()
            }),
            body: message.body.clone(),
            time: shell::hour(message.created),
            pictures: message.media.clone(),
        })
        .collect();
    shown.reverse();
    shown
}

/// True when an address is this phone's: its number, on WhatsApp or Messenger as well.
fn is_phone(address: &str, number: &str) -> bool {
    address == number || !channel(address).is_empty() && address == own_address(number, address)
}

/// How this phone is addressed on the channel of another address.
pub fn own_address(number: &str, other: &str) -> String {
    match channel(other) {
        "whatsapp" => format!("whatsapp:{number}"),
        "messenger" => format!("messenger:{}", number.trim_start_matches('+')),
        _ => number.to_owned(),
    }
}

fn channel_name(address: &str) -> &'static str {
    match channel(address) {
        "whatsapp" => "WhatsApp",
        "messenger" => "Messenger",
        _ => "",
    }
}

/// The fictional mail address of a phone's owner: the name and the last four digits.
pub fn mail_address(label: &str, number: &str) -> String {
    let mut name = String::new();
    for c in label.chars() {
        if c.is_ascii_alphanumeric() {
            name.push(c.to_ascii_lowercase());
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    let digits = number.get(number.len().saturating_sub(4)..).unwrap_or_default();
    format!("{}.{digits}@example.org", if name.is_empty() { "phone" } else { name.trim_end_matches('-') })
}

fn mails(state: &State, address: &str) -> Vec<Letter> {
    let own = |mail: &Mail| bare(&mail.from).eq_ignore_ascii_case(address);
    let to = |mail: &Mail| mail.to.iter().any(|to| to.eq_ignore_ascii_case(address));
    let shown = state.mails.iter().rev().filter(|mail| own(mail) || to(mail)).take(MAILS);
    shown
        .map(|mail| Letter {
            id: mail.id.clone(),
            own: own(mail),
            subject: Some(mail.subject.clone()).filter(|subject| !subject.is_empty()).unwrap_or_else(|| "(no subject)".to_owned()),
            text: mail.text.clone(),
            time: shell::hour(mail.at),
        })
        .collect()
}

fn show_call(call: &Call) -> ShownCall {
    let dialled_here = call.direction == CallDirection::Inbound;
    let ringing = call.status == CallStatus::Ringing && !dialled_here;
    let title = match (ringing, dialled_here, call.status) {
        (true, ..) => "is calling",
        (false, true, CallStatus::Ringing) => "Calling\u{2026}",
        _ => match call.listening {
            Listening::Prompt | Listening::Keys => "On the call. Keys are waited for.",
            Listening::Words => "Recording. Say something, then press # or hang up.",
            Listening::Talk => "Connected. Say something.",
            Listening::Nothing => "On the call",
        },
    };
    ShownCall {
        sid: call.sid.clone(),
        state: if ringing { "ringing" } else { "running" },
        other: formatted(if dialled_here { &call.to } else { &call.from }),
        title: title.to_owned(),
        ringing,
        scripted: !call.manual,
        lines: lines(&call.transcript),
    }
}

/// What was said after the machine's beep; none when nothing was.
fn voicemail(call: &Call) -> Option<Voicemail> {
    let is_beep = |line: &Line| line.who == Speaker::Carrier && line.text.as_deref() == Some("(beep)");
    let beep = call.transcript.iter().position(is_beep).filter(|_| call.direction != CallDirection::Inbound)?;
    let said = call.transcript[beep..].iter().filter(|line| line.who == Speaker::Gateway && !line.cut);
    let words: Vec<&str> = said.filter_map(|line| line.text.as_deref()).collect();
    let time = shell::hour(call.created_at);
    (!words.is_empty()).then(|| Voicemail { from: call.from.clone(), other: formatted(&call.from), words: words.join(" "), time })
}

fn lines(transcript: &[Line]) -> Vec<ShownLine> {
    transcript
        .iter()
        .map(|line| ShownLine {
            who: match line.who {
                Speaker::Gateway => "gateway",
                Speaker::Callee => "callee",
                Speaker::Carrier => "carrier",
                Speaker::Other => "other",
            },
            text: match (&line.text, &line.digits) {
                (Some(text), _) => text.clone(),
                (None, Some(digits)) => format!("keyed {digits}"),
                (None, None) => String::new(),
            },
            language: line.language.clone().unwrap_or_else(|| "en".to_owned()),
            at_ms: line.at.as_millisecond(),
            word_ms: line.word_ms,
            cut: line.cut,
        })
        .collect()
}

fn outcome(call: &Call) -> String {
    let time = shell::hour(call.created_at);
    let keyed: String =
        call.transcript.iter().filter(|line| line.who == Speaker::Callee).filter_map(|line| line.digits.as_deref()).collect();
    let how = match call.status {
        CallStatus::Completed if call.behaviour == "machine" => "a machine answered".to_owned(),
        CallStatus::Completed if keyed.is_empty() => "answered, nothing keyed".to_owned(),
        CallStatus::Completed => format!("answered, keyed {keyed}"),
        CallStatus::Busy => "busy".to_owned(),
        CallStatus::NoAnswer => "not answered".to_owned(),
        CallStatus::Canceled => "taken back".to_owned(),
        CallStatus::Failed => "failed".to_owned(),
        CallStatus::Queued | CallStatus::Ringing | CallStatus::InProgress => "running".to_owned(),
    };
    format!("{time}, {how}")
}

fn choices(state: &State, number: &str) -> Vec<Choice> {
    let queue = state.behaviours.get(number);
    let single = queue.filter(|queue| queue.len() == 1).and_then(|queue| queue.front());
    let mut choices: Vec<Choice> = offered()
        .into_iter()
        .map(|(value, name, behaviour)| Choice {
            value: value.to_owned(),
            name: name.to_owned(),
            chosen: match single {
                Some(scripted) => same(scripted, &behaviour),
                None => queue.is_none() && value == "manual",
            },
        })
        .collect();
    if !choices.iter().any(|choice| choice.chosen) {
        let steps = queue.map_or(0, std::collections::VecDeque::len);
        let name = format!("As scripted ({steps} to come)");
        choices.insert(0, Choice { value: "keep".to_owned(), name, chosen: true });
    }
    choices
}

/// The same for a person who chooses: timing and greetings do not matter.
fn same(one: &Behaviour, other: &Behaviour) -> bool {
    let key = |behaviour: &Behaviour| match &behaviour.key {
        Keys::One(key) => key.clone(),
        Keys::Each(keys) => keys.join(","),
    };
    one.answer == other.answer && (one.answer != Answer::Human || key(one) == key(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_voicemail_is_what_was_said_after_the_beep() {
        let line = |who, text: &str, cut| Line {
            at: clock::now(),
            who,
            text: Some(text.to_owned()),
            digits: None,
            language: None,
            word_ms: 1,
            cut,
        };
        let mut call = Call::new(CallDirection::OutboundApi, "+15555550100", "+15555550106");
        call.transcript = vec![line(Speaker::Gateway, "press four", true), line(Speaker::Carrier, "(beep)", false)];
        assert!(voicemail(&call).is_none(), "nothing was said after the beep");
        call.transcript.push(line(Speaker::Gateway, "press four, se", true));
        call.transcript.push(line(Speaker::Gateway, "Please call back.", false));
        let kept = voicemail(&call).unwrap();
        assert_eq!((&kept.words[..], &kept.from[..]), ("Please call back.", "+15555550100"));
        call.direction = CallDirection::Inbound;
        assert!(voicemail(&call).is_none(), "who dialled has no machine");
    }

    #[test]
    fn a_phone_has_addresses_on_every_channel() {
        assert_eq!(mail_address("911 desk", "+15555550150"), "911-desk.0150@example.org");
        assert_eq!(mail_address("", "+15555550150"), "phone.0150@example.org");
        for address in ["+15555550142", "whatsapp:+15555550142", "messenger:15555550142"] {
            assert!(is_phone(address, "+15555550142"), "{address}");
        }
        assert!(!is_phone("whatsapp:+15555550143", "+15555550142"));
    }
}

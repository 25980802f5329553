//! The words that pages use for what is kept as one word: channels, means, kinds, deliveries.
//!
//! Sentences of the record are the desk's; states of obligations are in `told::ladder`.

use super::moment::PageClock;
use crate::desk::view::Answers;
use crate::store::endusers::Did;
use domain::channel::{Channel, Means};
use domain::conversation::WayBack;
use domain::directory::Kind;
use domain::dispatch::delivery::Delivery;
use domain::dispatch::evidence::End;
use domain::dispatch::purpose::Purpose;
use domain::exchange::Nature;

pub(super) fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Text => "Text message",
        Channel::Whatsapp => "WhatsApp",
        Channel::Messenger => "Messenger",
        Channel::Voice => "Phone call",
        Channel::Mail => "E-mail",
        Channel::Chat => "Chat",
        Channel::Web => "Web form",
    }
}

pub(super) fn means(means: Means) -> &'static str {
    match means {
        Means::Call => "Call",
        Means::Mail => "Mail",
        Means::Text => "Text",
    }
}

pub(super) fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::County => "county",
        Kind::District => "district",
        Kind::School => "school",
        Kind::Psap => "911 center",
        Kind::Police => "police",
        Kind::Hotline => "hotline",
        Kind::Line => "tip line",
    }
}

/// The end of a number, for recognising an office's line; that of a mail address says nothing, so it is left out.
pub(super) fn tail(means: Means, tail: &str) -> String {
    match means {
        Means::Call | Means::Text => tail.to_owned(),
        Means::Mail => String::new(),
    }
}

/// A person's role, unless their listed name begins with it ("Principal of Delta High").
pub(super) fn role(name: &str, role: &str) -> String {
    if name.to_lowercase().starts_with(&role.to_lowercase()) { String::new() } else { role.to_owned() }
}

/// Why an answer cannot reach the reporter; `None` when it can.
pub(super) fn way_back_closed(way_back: WayBack) -> Option<&'static str> {
    match way_back {
        WayBack::Open => None,
        WayBack::OptedOut => Some(
            "The reporter texted STOP: nothing can be sent to their phone until they write again. They can still come back with their code, on the web page, in the chat or by calling; an answer is kept for that.",
        ),
        WayBack::Unreachable => Some(
            "The reporter's line cannot be reached. They can still come back with their code, on the web page, in the chat or by calling; an answer is kept for that.",
        ),
    }
}

/// How an answer reaches the reporter, for the line above the field.
pub(super) fn answers(answers: &Answers) -> String {
    let way = match answers.channel {
        Channel::Text => "as a text",
        Channel::Whatsapp => "by WhatsApp",
        Channel::Messenger => "by Messenger",
        Channel::Mail => "by mail",
        Channel::Chat => "in the chat",
        Channel::Web => "on the web page, when they look there",
        Channel::Voice => "when they call again and key their code",
    };
    if answers.sent || matches!(answers.channel, Channel::Chat | Channel::Web | Channel::Voice) {
        format!("They get exactly this, {way}.")
    } else {
        "It is kept: they find it when they come back with their code, on the web page, in the chat or by calling.".to_owned()
    }
}

/// Where an answer to the reporter stands, in words, and whether it failed.
pub(super) fn delivery(delivery: &Delivery, clock: &PageClock) -> (String, bool) {
    let at = |time| clock.moment(time).text().to_owned();
    match delivery {
        Delivery::Waiting { made: 0, .. } => ("waiting to be sent".to_owned(), false),
        Delivery::Waiting { next_at, .. } => (format!("not sent yet; tries again at {}", at(*next_at)), false),
        Delivery::InFlight { .. } => ("being sent".to_owned(), false),
        Delivery::Sent { at: time, .. } => (format!("sent {}", at(*time)), false),
        Delivery::Kept { .. } => ("kept; the reporter sees it when they come back".to_owned(), false),
        Delivery::Delivered { at: time } => (format!("delivered {}", at(*time)), false),
        Delivery::Unconfirmed { .. } => ("sent; the carrier never said whether it arrived".to_owned(), false),
        Delivery::Unknown { .. } => ("perhaps sent: the carrier's answer was lost. It is not sent again by itself".to_owned(), true),
        Delivery::Failed { end, .. } => (format!("failed: {}", ended(end)), true),
    }
}

/// How an attempt ended, in words.
pub(super) fn ended(end: &End) -> String {
    let with_code = |words: &str, code: &Option<i64>| match code {
        Some(21610) => "the reporter texted STOP".to_owned(),
        Some(code) => format!("{words} (carrier's code {code})"),
        None => words.to_owned(),
    };
    match end {
        End::Completed => "hung up".to_owned(),
        End::Busy => "busy".to_owned(),
        End::NoAnswer => "no answer".to_owned(),
        End::Canceled => "canceled".to_owned(),
        End::Failed(code) => with_code("the carrier could not", code),
        End::Undelivered(code) => with_code("it did not arrive", code),
    }
}

/// What a message is besides a person's words; empty for those.
pub(super) const fn nature(nature: Nature) -> &'static str {
    match nature {
        Nature::Person => "",
        Nature::Automatic => "Looks as if a program wrote it; it was not answered",
        Nature::Bounce => "News that a mail did not arrive",
        Nature::ReadReceipt => "A read receipt: a mail program says that a mail was shown",
        Nature::Unreadable => "This could not be read. Its original is kept sealed; tell the operator",
    }
}

/// Why people were told.
pub(super) const fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Tip => "Dispatch",
        Purpose::Update => "News",
        Purpose::Page(_) => "Page to supervisors",
        Purpose::Drill => "Drill",
        Purpose::Feedback => "Question afterwards",
    }
}

/// What an enduser says came of it.
pub(super) fn did(did: Did) -> &'static str {
    match did {
        Did::Helped => "Somebody was helped or protected",
        Did::LookedInto => "Looked into; nothing more is needed",
        Did::HandedOn => "Handed to somebody else",
        Did::Known => "Known already",
        Did::Unfounded => "Not theirs, or not so",
        Did::GoesOn => "Still being worked on",
    }
}

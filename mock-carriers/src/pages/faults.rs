//! The faults page: what is set, ready-made faults with what they do, and a form for any other.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::shell;
use crate::carrier::Carrier;
use crate::control::Control;
use crate::exchange::Exchange;
use crate::state::fault::{Fault, FaultMatch, Kind};

#[derive(Template)]
#[template(path = "faults.html")]
struct Page {
    here: &'static str,
    problem: String,
    set: Vec<Row>,
    groups: Vec<Group>,
}

struct Row {
    id: String,
    name: String,
    strikes: String,
    left: String,
    hits: u32,
}

struct Group {
    kind: &'static str,
    title: &'static str,
    presets: Vec<Preset>,
}

struct Preset {
    fault: &'static str,
    name: &'static str,
    does: &'static str,
    delay_ms: u64,
}

const fn preset(fault: &'static str, name: &'static str, does: &'static str, delay_ms: u64) -> Preset {
    Preset { fault, name, does, delay_ms }
}

/// The groups that are a whole carrier.
const CARRIERS: [(&str, Carrier); 2] = [("twilio", Carrier::Twilio), ("telnyx", Carrier::Telnyx)];

const KINDS: [Kind; 6] = [Kind::Rest, Kind::Callback, Kind::Webhook, Kind::Smtp, Kind::Imap, Kind::Media];

fn whole() -> Vec<Preset> {
    vec![
        preset("refuse", "Dead", "Its API closes every connection; its webhooks and callbacks are lost.", 0),
        preset("delay", "Slow", "Everything of it comes three seconds later.", 3_000),
    ]
}

fn groups() -> Vec<Group> {
    vec![
        Group { kind: "twilio", title: "The first carrier, all of it", presets: whole() },
        Group { kind: "telnyx", title: "The second carrier, all of it", presets: whole() },
        Group {
            kind: "rest",
            title: "Requests to the API",
            presets: vec![
                preset("429", "Too many requests", "Refused with 429 and code 20429. Nothing is done; repeating is safe.", 0),
                preset("500", "Server error", "Refused with 500. Nothing is done.", 0),
                preset(
                    "accept_then_timeout",
                    "Accepted, never answered",
                    "The message or call is made and its callbacks come, but the answer does not.",
                    0,
                ),
                preset("refuse", "Connection closed", "The connection ends without an answer. Nothing is done.", 0),
                preset("delay", "Slow", "The answer comes after three seconds.", 3_000),
                preset("21610", "Recipient opted out", "Refused with 400 and code 21610.", 0),
                preset("30003", "Handset unreachable", "A message is accepted, sent, then undelivered with code 30003.", 0),
            ],
        },
        Group {
            kind: "callback",
            title: "Status callbacks",
            presets: vec![
                preset("drop", "Lost", "The callback is never sent.", 0),
                preset("double", "Doubled", "The callback is sent twice with the same token.", 0),
                preset("delay", "Late", "The callback is sent five seconds later and may be overtaken.", 5_000),
                preset("reorder", "Out of order", "The callback is held back and sent after the next one.", 0),
            ],
        },
        Group {
            kind: "webhook",
            title: "Inbound texts and call instructions",
            presets: vec![
                preset("drop", "Lost", "The webhook is never sent. The text can still be found by listing messages.", 0),
                preset("double", "Doubled", "The webhook is sent twice with the same token.", 0),
                preset("delay", "Late", "The webhook is sent three seconds later.", 3_000),
            ],
        },
        Group {
            kind: "smtp",
            title: "Mail",
            presets: vec![
                preset("reject", "Refused for good", "The recipient is refused with 550.", 0),
                preset("temporary", "Refused for now", "The recipient is refused with 451.", 0),
                preset("drop_after_data", "Taken, never answered", "The mail is taken, then the connection ends before the answer.", 0),
                preset("delay", "Slow", "The answer to a mail comes after three seconds.", 3_000),
            ],
        },
        Group {
            kind: "imap",
            title: "The tip line's mailbox",
            presets: vec![
                preset("drop", "Cut off", "The connection ends in the middle of a mail that is fetched.", 0),
                preset("cut_between", "Cut off between", "The connection ends after the first mail that is fetched.", 0),
                preset("drop_after_data", "Moved, never answered", "A mail is moved, then the connection ends before the answer.", 0),
                preset("temporary", "Refused for now", "A command is refused with NO.", 0),
                preset("401", "Wrong password", "The next login is refused.", 0),
                preset("refuse", "Connection closed", "The next connection ends before the greeting.", 0),
                preset("delay", "Slow", "A command is done three seconds later.", 3_000),
            ],
        },
        Group {
            kind: "media",
            title: "Pictures and recordings",
            presets: vec![
                preset("redirect_metadata", "Led to a cloud's secrets", "The redirect leads to 169.254.169.254.", 0),
                preset("redirect_private", "Led into a private network", "The redirect leads to 10.0.0.1.", 0),
                preset(
                    "redirect_loopback",
                    "Led to 127.0.0.1",
                    "The redirect leads to a trap on this machine; the debugger tells if it is entered.",
                    0,
                ),
                preset("endless", "Endless", "The file never ends.", 0),
                preset("wrong_type", "Wrong type", "A web page comes instead of the file.", 0),
                preset("stall", "Stalls", "The file begins and goes silent.", 0),
                preset("delay", "Slow", "The file comes after three seconds.", 3_000),
            ],
        },
    ]
}

/// `GET /faults`.
pub async fn show(State(exchange): State<Arc<Exchange>>) -> Response {
    page(exchange, String::new()).await
}

async fn page(exchange: Arc<Exchange>, problem: String) -> Response {
    let set = Control::new(exchange).faults().await.into_iter().map(row).collect();
    shell::render(&Page { here: "faults", problem, set, groups: groups() })
}

fn row(fault: Fault) -> Row {
    let traffic = match fault.matches.kind {
        None => "everything",
        Some(Kind::Rest) => "requests to the API",
        Some(Kind::Callback) => "status callbacks",
        Some(Kind::Webhook) => "webhooks",
        Some(Kind::Smtp) => "mail",
        Some(Kind::Imap) => "the mailbox",
        Some(Kind::Media) => "pictures and recordings",
    };
    let mut strikes = match fault.matches.carrier {
        Some(Carrier::Twilio) => format!("{traffic} of the first carrier"),
        Some(Carrier::Telnyx) => format!("{traffic} of the second carrier"),
        None => traffic.to_owned(),
    };
    let details =
        [("to", &fault.matches.to), ("with method", &fault.matches.method), ("where the address contains", &fault.matches.path_contains)];
    for (word, detail) in details {
        if let Some(detail) = detail.as_deref().filter(|detail| !detail.is_empty()) {
            strikes = format!("{strikes} {word} {detail}");
        }
    }
    let named = groups()
        .into_iter()
        .filter(|group| {
            let whole = CARRIERS.into_iter().find(|(_, carrier)| Some(*carrier) == fault.matches.carrier).map(|(word, _)| word);
            fault.matches.kind.map(kind_word).or(whole) == Some(group.kind)
        })
        .flat_map(|group| group.presets)
        .find(|preset| preset.fault == fault.fault);
    Row {
        name: named.map_or_else(|| fault.fault.clone(), |preset| preset.name.to_owned()),
        id: fault.id,
        strikes,
        left: fault.times.map_or_else(|| "always".to_owned(), |times| times.to_string()),
        hits: fault.hits,
    }
}

fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Rest => "rest",
        Kind::Callback => "callback",
        Kind::Webhook => "webhook",
        Kind::Smtp => "smtp",
        Kind::Imap => "imap",
        Kind::Media => "media",
    }
}

/// The form; empty fields mean "any" or "always".
#[derive(Debug, Deserialize)]
pub struct Set {
    kind: String,
    fault: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    path_contains: String,
    #[serde(default)]
    delay_ms: String,
    #[serde(default)]
    times: String,
}

/// `POST /faults`.
pub async fn set(State(exchange): State<Arc<Exchange>>, Form(form): Form<Set>) -> Response {
    let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let fault = Fault {
        id: String::new(),
        matches: FaultMatch {
            kind: KINDS.into_iter().find(|kind| kind_word(*kind) == form.kind),
            path_contains: some(&form.path_contains),
            method: None,
            to: some(&form.to),
            carrier: CARRIERS.into_iter().find(|(word, _)| *word == form.kind).map(|(_, carrier)| carrier),
        },
        fault: form.fault.trim().to_owned(),
        delay_ms: form.delay_ms.trim().parse().unwrap_or(0),
        times: form.times.trim().parse().ok(),
        hits: 0,
    };
    match Control::new(Arc::clone(&exchange)).set_fault(fault).await {
        Ok(_) => Redirect::to("/faults").into_response(),
        Err(error) => page(exchange, error.to_string()).await,
    }
}

/// The form of one fault's button.
#[derive(Debug, Deserialize)]
pub struct Remove {
    id: String,
}

/// `POST /faults/remove`.
pub async fn remove(State(exchange): State<Arc<Exchange>>, Form(form): Form<Remove>) -> Redirect {
    // A fault that is used up already is gone as wished.
    let _ = Control::new(exchange).remove_fault(&form.id).await;
    Redirect::to("/faults")
}

/// `POST /faults/clear`.
pub async fn clear(State(exchange): State<Arc<Exchange>>) -> Redirect {
    Control::new(exchange).clear_faults().await;
    Redirect::to("/faults")
}

//! The index: what this is, the account's numbers, the handsets to open, and how much was seen.

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::shell;
use crate::exchange::Exchange;
use crate::state;
use crate::twilio::json::formatted;

/// Most handsets offered.
const OFFERED: usize = 24;
/// Messages and calls looked through for numbers to offer.
const LOOKED_THROUGH: usize = 500;

#[derive(Template)]
#[template(path = "index.html")]
struct Page {
    here: &'static str,
    numbers: Vec<Number>,
    handsets: Vec<Handset>,
    counts: Counts,
}

struct Number {
    formatted: String,
    sms: String,
    voice: String,
}

struct Handset {
    number: String,
    encoded: String,
    formatted: String,
    label: String,
}

struct Counts {
    messages: usize,
    calls: usize,
    mails: usize,
    requests: usize,
    webhooks: usize,
    debugger: usize,
    faults: usize,
}

/// `GET /`.
pub async fn show(State(exchange): State<Arc<Exchange>>) -> Response {
    let page = exchange.with(|state| Page {
        here: "index",
        numbers: state
            .numbers
            .iter()
            .map(|route| Number {
                formatted: formatted(&route.number),
                sms: route.sms_url.clone().unwrap_or_else(|| "nobody".to_owned()),
                voice: route.voice_url.clone().unwrap_or_default(),
            })
            .collect(),
        handsets: handsets(state),
        counts: Counts {
            messages: state.messages.len(),
            calls: state.calls.len(),
            mails: state.mails.len(),
            requests: state.requests.len(),
            webhooks: state.deliveries.len(),
            debugger: state.debugger.len(),
            faults: state.faults.list().len(),
        },
    });
    shell::render(&page)
}

/// Named phones first, then scripted ones, then whoever texted or was called lately.
fn handsets(state: &state::State) -> Vec<Handset> {
    let mut named: Vec<&String> = state.labels.keys().collect();
    let mut scripted: Vec<&String> = state.behaviours.keys().collect();
    named.sort_unstable();
    scripted.sort_unstable();
    let messages = state.messages.iter().rev().take(LOOKED_THROUGH);
    let texted = messages.flat_map(|message| message.from.iter().chain([&message.to]));
    let calls = state.calls.iter().rev().take(LOOKED_THROUGH);
    let called = calls.flat_map(|call| [&call.to, &call.from]);
    let mut seen = BTreeSet::new();
    named
        .into_iter()
        .chain(scripted)
        .chain(texted)
        .chain(called)
        .filter(|number| !number.is_empty() && state.route(number).is_none())
        .filter(|number| seen.insert((*number).clone()))
        .take(OFFERED)
        .map(|number| Handset {
            number: number.clone(),
            encoded: shell::encode(number),
            formatted: formatted(number),
            label: state.labels.get(number).cloned().unwrap_or_else(|| "Phone".to_owned()),
        })
        .collect()
}

//! The log: requests, webhooks, calls, messages and the debugger, newest first, each with its details.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::shell;
use crate::exchange::Exchange;
use crate::state::State as Memory;
use crate::state::call::{Call, CallStatus, Speaker};
use crate::state::log::{Delivered, RequestSeen};
use crate::twilio::json::formatted;

/// Most rows shown.
const MOST: usize = 200;

const TABS: [(&str, &str); 5] =
    [("webhooks", "Webhooks sent"), ("requests", "API requests"), ("calls", "Calls"), ("messages", "Messages"), ("debugger", "Debugger")];

#[derive(Template)]
#[template(path = "log.html")]
struct Page {
    here: &'static str,
    show: &'static str,
    tabs: [(&'static str, &'static str); 5],
    columns: [&'static str; 3],
    rows: Vec<Row>,
    most: usize,
}

#[derive(Default)]
struct Row {
    time: String,
    what: String,
    details: String,
    outcome: String,
    good: bool,
    bad: bool,
}

/// Which log.
#[derive(Debug, Deserialize)]
pub struct Which {
    #[serde(default)]
    show: String,
}

/// `GET /log`.
pub async fn show(State(exchange): State<Arc<Exchange>>, Query(which): Query<Which>) -> Response {
    let show = TABS.iter().find(|tab| tab.0 == which.show).map_or("webhooks", |tab| tab.0);
    let rows = exchange.with(|state| rows(state, show));
    shell::render(&Page { here: "log", show, tabs: TABS, columns: ["Time", "What", "Outcome"], rows, most: MOST })
}

fn rows(state: &Memory, show: &str) -> Vec<Row> {
    match show {
        "requests" => state.requests.iter().rev().take(MOST).map(request).collect(),
        "calls" => state.calls.iter().rev().take(MOST).map(call).collect(),
        "messages" => state.messages.iter().rev().take(MOST).map(message).collect(),
        "debugger" => state
            .debugger
            .iter()
            .rev()
            .take(MOST)
            .map(|entry| Row {
                time: shell::second(entry.at),
                what: entry.message.clone(),
                details: format!("{}\n{}", entry.sid, entry.url),
                outcome: entry.code.to_string(),
                bad: true,
                ..Row::default()
            })
            .collect(),
        _ => state.deliveries.iter().rev().take(MOST).map(webhook).collect(),
    }
}

fn pairs(pairs: &[(String, String)]) -> String {
    pairs.iter().map(|(key, value)| format!("{key}: {value}\n")).collect()
}

fn request(seen: &RequestSeen) -> Row {
    let fault = seen.fault.as_deref().map_or(String::new(), |fault| format!("Fault: {fault}\n"));
    Row {
        time: shell::second(seen.at),
        what: format!("{} {}", seen.method, seen.path),
        details: format!("{fault}{}{}", pairs(&seen.query), pairs(&seen.form)),
        outcome: if seen.status == 0 { "no answer".to_owned() } else { seen.status.to_string() },
        good: (200..400).contains(&seen.status),
        bad: !(200..400).contains(&seen.status),
    }
}

fn webhook(sent: &Delivered) -> Row {
    let ok = sent.status.is_some_and(|status| (200..300).contains(&status));
    let fault = sent.fault.as_deref().map_or(String::new(), |fault| format!("Fault: {fault}\n"));
    let error = sent.error.as_deref().map_or(String::new(), |error| format!("Error: {error}\n"));
    Row {
        time: shell::second(sent.at),
        what: format!("{} {}", sent.method, sent.url),
        details: format!("{fault}{error}{} tries, {} ms\n\n{}\n{}", sent.attempts, sent.took_ms, pairs(&sent.params), sent.body),
        outcome: match (sent.done, sent.status) {
            (false, _) => "under way".to_owned(),
            (true, Some(status)) => status.to_string(),
            (true, None) => "no answer".to_owned(),
        },
        good: ok,
        bad: sent.done && !ok,
    }
}

fn call(call: &Call) -> Row {
    let who = |who: Speaker| match who {
        Speaker::Gateway => "Gateway",
        Speaker::Callee => "Callee",
        Speaker::Carrier => "Carrier",
        Speaker::Other => "Other party",
    };
    let transcript: String = call
        .transcript
        .iter()
        .map(|line| {
            let keyed = line.digits.as_deref().map(|digits| format!("keyed {digits}"));
            let said = line.text.clone().or(keyed).unwrap_or_default();
            format!("{} {}: {said}\n", shell::second(line.at), who(line.who))
        })
        .collect();
    Row {
        time: shell::second(call.created_at),
        what: format!("{} to {}", formatted(&call.from), formatted(&call.to)),
        details: format!("{}\n{transcript}", call.sid),
        outcome: match &call.answered_by {
            Some(answered_by) => format!("{}, {answered_by}", call.status.as_str()),
            None => call.status.as_str().to_owned(),
        },
        good: call.status == CallStatus::Completed,
        bad: call.status == CallStatus::Failed,
    }
}

fn message(message: &crate::state::message::Message) -> Row {
    let from = message.from.as_deref().unwrap_or("not yet chosen");
    Row {
        time: shell::second(message.created),
        what: format!("{} to {}", formatted(from), formatted(&message.to)),
        details: format!("{}\n{}", message.sid, message.body),
        outcome: match message.error_code {
            Some(code) => format!("{}, {code}", message.status.as_str()),
            None => message.status.as_str().to_owned(),
        },
        good: message.error_code.is_none(),
        bad: message.error_code.is_some(),
    }
}

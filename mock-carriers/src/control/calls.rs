//! The control of calls: dial in, answer, key, speak, hang up, and wait until a call listens.
//! A test that waits with [`Control::wait_prompt`] needs no sleep: it returns when the prompt was spoken to its end and
//! everything keyed or said before was acted on. [`Control::press`] waits like that and keys at once, so that a busy
//! machine does not let the call's patience run out in between.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::time::Instant;

use super::{Control, ControlError, Filter, Outcome, Shared, body, number};
use crate::exchange::Exchange;
use crate::state::call::{Call, CallDirection, Listening, Recording};
use crate::voice::order::{CallOrder, CallbackOrder, Instructions};
use crate::voice::session::{self, Command};

/// How long a prompt is waited for when nothing else is said.
const PROMPT_MS: u64 = 20_000;
/// Longest wait for a prompt.
const MOST_PROMPT_MS: u64 = 120_000;
/// Longest thing that is said at once, in bytes.
const WORDS_BYTES: usize = 8 * 1024;

pub(super) fn routes() -> Router<Arc<Exchange>> {
    Router::new()
        .route("/control/calls", get(calls))
        .route("/control/calls/{sid}", get(call))
        .route("/control/calls/{sid}/prompt", get(prompt))
        .route("/control/calls/{sid}/{action}", post(act))
        .route("/control/dial", post(dial))
        .route("/control/recordings", get(recordings))
}

/// A call that waits for the person.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Prompt {
    /// What it waits for.
    pub listening: Listening,
    /// What the gateway said since the person last keyed or said something, line by line.
    pub heard: String,
}

impl Control {
    /// Calls from or to a number, or all, oldest first.
    pub async fn calls(&self, number: Option<&str>) -> Vec<Call> {
        self.exchange.with(|state| {
            let calls = state.calls.iter();
            let wanted = |call: &&Call| number.is_none_or(|number| call.to == number || call.from == number);
            calls.filter(wanted).cloned().collect()
        })
    }

    /// One call.
    pub async fn call(&self, sid: &str) -> Result<Call, ControlError> {
        let call = self.exchange.with(|state| state.calls.get(sid).cloned());
        call.ok_or_else(|| ControlError::Missing(format!("there is no call `{sid}`")))
    }

    fn command(&self, sid: &str, command: Command) -> Result<(), ControlError> {
        if self.exchange.with(|state| session::command(state, sid, command)) {
            Ok(())
        } else {
            Err(ControlError::Missing(format!("there is no running call `{sid}`")))
        }
    }

    /// Accepts a ringing call at the handset.
    pub async fn answer(&self, sid: &str) -> Result<(), ControlError> {
        self.command(sid, Command::Answer)
    }

    /// Declines a ringing call.
    pub async fn decline(&self, sid: &str) -> Result<(), ControlError> {
        self.command(sid, Command::Decline)
    }

    /// Keys digits now, whether or not the call listens.
    ///
    /// # Errors
    /// When these are no keys, or the call does not run.
    pub async fn digits(&self, sid: &str, digits: &str) -> Result<(), ControlError> {
        must_be_keys(digits)?;
        self.command(sid, Command::Digits(digits.to_owned()))
    }

    /// Keys digits in the moment in which the call listens.
    ///
    /// # Errors
    /// When these are no keys, the call ends first, or the time is over; the sentence holds what was said.
    pub async fn press(&self, sid: &str, digits: &str, within: Duration) -> Result<(), ControlError> {
        must_be_keys(digits)?;
        let deadline = Instant::now() + within;
        loop {
            self.wait_prompt(sid, deadline.saturating_duration_since(Instant::now())).await?;
            let pressed = self.exchange.with(|state| {
                let waits = state.calls.get(sid).is_some_and(Call::waits);
                waits && session::command(state, sid, Command::Digits(digits.to_owned()))
            });
            if pressed {
                return Ok(());
            }
        }
    }

    /// Says words into the call: into its recording, to the other party, or into the void. They last as long as given,
    /// or as long as words usually do.
    pub async fn speak(&self, sid: &str, words: &str, seconds: Option<u32>) -> Result<(), ControlError> {
        let words = words.trim();
        if words.is_empty() || words.len() > WORDS_BYTES {
            return Err(ControlError::Wrong(format!("`words` must be 1 to {WORDS_BYTES} bytes of text")));
        }
        self.command(sid, Command::Speak { words: words.to_owned(), seconds })
    }

    /// Hangs up at the handset.
    pub async fn hang_up(&self, sid: &str) -> Result<(), ControlError> {
        self.command(sid, Command::HangUp)
    }

    /// Lets a machine answer a ringing call.
    pub async fn be_machine(&self, sid: &str) -> Result<(), ControlError> {
        self.command(sid, Command::BeMachine)
    }

    /// Dials one of the account's numbers from a handset; returns the call's SID.
    pub async fn dial(&self, from: &str, to: &str) -> Result<String, ControlError> {
        if from.is_empty() {
            return Err(ControlError::Wrong("`from` is empty: give the handset's number, or anonymous".to_owned()));
        }
        let (route, options) = self.exchange.with(|state| (state.route(to).cloned(), state.options_of(to)));
        let url = route
            .ok_or_else(|| ControlError::Wrong(format!("`{to}` is not one of the account's numbers")))?
            .voice_url
            .ok_or_else(|| ControlError::Wrong(format!("`{to}` has no voice_url")))?;
        let at = |url: String| Instructions::Url { url, method: "POST".to_owned() };
        let order = CallOrder {
            fallback: options.voice_fallback_url.map(at),
            status: options.voice_status_url.map(|url| CallbackOrder {
                url,
                method: "POST".to_owned(),
                events: vec!["completed".to_owned()],
            }),
            ..CallOrder::of(at(url))
        };
        let mut call = Call::new(CallDirection::Inbound, from, to);
        call.manual = true;
        call.carrier = self.exchange.with(|state| state.carrier_of(to));
        let sid = call.sid.clone();
        session::start(&self.exchange, call, order);
        Ok(sid)
    }

    /// Waits until the call listens: for keys, for a recording's words, or to the other party.
    ///
    /// # Errors
    /// When the call ends first, or the time is over; the sentence holds what was said.
    pub async fn wait_prompt(&self, sid: &str, within: Duration) -> Result<Prompt, ControlError> {
        let ready = |call: &Call| call.waits() || call.status.is_over();
        self.wait_until(within, |control| {
            let sid = sid.to_owned();
            async move { control.call(&sid).await.is_ok_and(|call| ready(&call)) }
        })
        .await;
        let call = self.call(sid).await?;
        if call.waits() && !call.status.is_over() {
            return Ok(Prompt { listening: call.listening, heard: call.last_heard() });
        }
        let state = if call.status.is_over() { "ended" } else { "did not listen in time" };
        Err(ControlError::Missing(format!("the call `{sid}` {state}; it is {}. Heard: {}", call.status.as_str(), call.last_heard())))
    }

    /// Waits until the call is over.
    ///
    /// # Errors
    /// When there is no such call, or the time is over.
    pub async fn wait_end(&self, sid: &str, within: Duration) -> Result<Call, ControlError> {
        self.wait_until(within, |control| {
            let sid = sid.to_owned();
            async move { control.call(&sid).await.is_ok_and(|call| call.status.is_over()) }
        })
        .await;
        let call = self.call(sid).await?;
        if call.status.is_over() { Ok(call) } else { Err(ControlError::Missing(format!("the call `{sid}` did not end in time"))) }
    }

    /// Waits until a call of this number rings or runs; returns its SID. For the person whom somebody else calls.
    ///
    /// # Errors
    /// When the time is over.
    pub async fn wait_ringing(&self, number: &str, within: Duration) -> Result<String, ControlError> {
        let running = |call: &Call| call.to == number && !call.status.is_over() && call.direction != CallDirection::Inbound;
        self.wait_until(within, |control| async move { control.calls(Some(number)).await.iter().any(running) }).await;
        let calls = self.calls(Some(number)).await;
        let call = calls.into_iter().rev().find(running);
        call.map(|call| call.sid).ok_or_else(|| ControlError::Missing(format!("nobody calls `{number}`")))
    }

    /// Every recording that was not deleted, oldest first, with what was said.
    pub async fn recordings(&self) -> Vec<Recording> {
        self.exchange.with(|state| state.recordings.iter().cloned().collect())
    }
}

fn must_be_keys(digits: &str) -> Result<(), ControlError> {
    let known = |c: char| c.is_ascii_digit() || matches!(c, '*' | '#');
    if digits.is_empty() || digits.len() > 64 || !digits.chars().all(known) {
        return Err(ControlError::Wrong("`digits` must be 1 to 64 of 0-9, * and #".to_owned()));
    }
    Ok(())
}

async fn calls(State(ex): Shared, Query(filter): Query<Filter>) -> Json<impl Serialize> {
    Json(Control::new(ex).calls(filter.number.as_deref().map(number).as_deref()).await)
}

async fn call(State(ex): Shared, Path(sid): Path<String>) -> Outcome<impl Serialize> {
    Ok(Json(Control::new(ex).call(&sid).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Within {
    #[serde(default)]
    within_ms: Option<u64>,
}

async fn prompt(State(ex): Shared, Path(sid): Path<String>, Query(within): Query<Within>) -> Outcome<impl Serialize> {
    let within = Duration::from_millis(within.within_ms.unwrap_or(PROMPT_MS).min(MOST_PROMPT_MS));
    Ok(Json(Control::new(ex).wait_prompt(&sid, within).await?))
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Given {
    #[serde(default)]
    digits: String,
    #[serde(default)]
    words: String,
    #[serde(default)]
    seconds: Option<u32>,
    #[serde(default)]
    within_ms: Option<u64>,
}

async fn act(State(ex): Shared, Path((sid, action)): Path<(String, String)>, bytes: axum::body::Bytes) -> Outcome<impl Serialize> {
    let given: Given = if bytes.is_empty() { Given::default() } else { body(&bytes)? };
    let control = Control::new(ex);
    let within = Duration::from_millis(given.within_ms.unwrap_or(PROMPT_MS).min(MOST_PROMPT_MS));
    match action.as_str() {
        "answer" => control.answer(&sid).await?,
        "decline" => control.decline(&sid).await?,
        "digits" => control.digits(&sid, &given.digits).await?,
        "press" => control.press(&sid, &given.digits, within).await?,
        "speak" => control.speak(&sid, &given.words, given.seconds).await?,
        "hangup" => control.hang_up(&sid).await?,
        "be_machine" => control.be_machine(&sid).await?,
        other => {
            let sentence = format!("`{other}` cannot be done to a call: use answer, decline, digits, press, speak, hangup or be_machine");
            return Err(ControlError::Missing(sentence));
        }
    }
    Ok(Json(json!({ "sid": sid })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DialOut {
    from: String,
    to: String,
}

async fn dial(State(ex): Shared, bytes: axum::body::Bytes) -> Outcome<impl Serialize> {
    let DialOut { from, to } = body(&bytes)?;
    let sid = Control::new(ex).dial(&from, &to).await?;
    Ok(Json(json!({ "sid": sid })))
}

async fn recordings(State(ex): Shared) -> Json<impl Serialize> {
    Json(Control::new(ex).recordings().await)
}

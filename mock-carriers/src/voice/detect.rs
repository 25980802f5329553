//! Machine detection: what the carrier hears after the answer, and what it tells the gateway.
//! Synchronous detection delays the first instructions; asynchronous detection reports aside.
//! A machine's beep comes when its greeting is over, whether or not anyone waits for it.

use std::sync::Arc;
use std::time::{Duration, Instant as StdInstant};

use tokio::time::Instant;

use super::behaviour::Answer;
use super::order::Amd;
use super::session::{Break, Session};
use crate::state::call::Speaker;
use crate::state::fault::Kind;
use crate::webhook::deliver::{Delivery, deliver};

const GREETING: &str = "You have reached the voicemail of this number. Please leave a message after the tone.";
/// How long detection listens to a person, in words.
const LISTEN_WORDS: u32 = 2;

impl Session {
    /// Plays the answering side's first sounds; returns the parameters that the first request carries.
    pub(super) async fn detect(&mut self) -> Result<Vec<(String, String)>, Break> {
        let word = Duration::from_millis(self.word_ms());
        let mut greeting_time = Duration::ZERO;
        match self.conduct.answer {
            Answer::Machine => {
                let greeting = self.conduct.greeting.clone().unwrap_or_else(|| GREETING.to_owned());
                greeting_time = self.speech(&greeting);
                self.note(Speaker::Callee, Some(&greeting), None);
                self.beep_at = Some(Instant::now() + greeting_time);
            }
            Answer::Fax => self.note(Speaker::Callee, Some("(fax tone)"), None),
            Answer::Human | Answer::HangupAfterAnswer => self.note(Speaker::Callee, Some("Hello?"), None),
            Answer::Manual | Answer::Busy | Answer::NoAnswer | Answer::Decline | Answer::Failed => {}
        }
        let Some(amd) = self.order.amd else {
            return Ok(Vec::new());
        };
        let (answered_by, takes) = self.conclusion(amd, greeting_time, word * LISTEN_WORDS);
        if self.order.async_amd {
            self.report_later(answered_by, takes);
            return Ok(Vec::new());
        }
        let began = StdInstant::now();
        // One millisecond more, so that the beep is heard before the message begins.
        self.wait(takes + Duration::from_millis(1)).await?;
        self.set_answered_by(&answered_by);
        let millis = began.elapsed().as_millis().to_string();
        Ok(vec![("AnsweredBy".to_owned(), answered_by), ("MachineDetectionDuration".to_owned(), millis)])
    }

    fn conclusion(&self, amd: Amd, greeting: Duration, listen: Duration) -> (String, Duration) {
        let (truth, takes) = match (self.conduct.answer, amd) {
            (Answer::Machine, Amd::Enable) => ("machine_start", listen),
            (Answer::Machine, Amd::DetectMessageEnd) => ("machine_end_beep", greeting),
            (Answer::Fax, _) => ("fax", listen),
            (
                Answer::Human
                | Answer::Manual
                | Answer::HangupAfterAnswer
                | Answer::Busy
                | Answer::NoAnswer
                | Answer::Decline
                | Answer::Failed,
                _,
            ) => ("human", listen),
        };
        let said = self.conduct.answered_by.clone();
        (said.unwrap_or_else(|| truth.to_owned()), takes + Duration::from_millis(self.conduct.amd_after_ms))
    }

    /// Asynchronous detection: the result goes to its own callback, while the call goes on.
    fn report_later(&self, answered_by: String, takes: Duration) {
        let exchange = Arc::clone(&self.exchange);
        let callback = self.order.async_amd_callback.clone();
        let sid = self.sid.clone();
        self.exchange.run(async move {
            tokio::time::sleep(takes).await;
            exchange.with(|state| {
                if let Some(call) = state.calls.get_mut(&sid) {
                    call.answered_by = Some(answered_by.clone());
                }
            });
            exchange.announce_call(&sid);
            let Some(callback) = callback else {
                return;
            };
            let params = [
                ("CallSid", sid.clone()),
                ("AccountSid", exchange.options.account_sid.clone()),
                ("AnsweredBy", answered_by),
                ("MachineDetectionDuration", takes.as_millis().to_string()),
            ];
            let params = params.map(|(key, value)| (key.to_owned(), value)).to_vec();
            let delivery = Delivery::post(Kind::Callback, &callback.url, &sid, params);
            deliver(&exchange, &delivery.method(&callback.method)).await;
        });
    }
}

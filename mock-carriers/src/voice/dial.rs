//! `<Dial>`: calls the numbers one after the other and reports the outcome; the conversation itself is not played.
//! The dialled number's scripted behaviour decides; each attempt is a call of its own with a parent.

use std::time::Duration;

use super::behaviour::Answer;
use super::order::Instructions;
use super::perform::{Flow, resolve};
use super::session::{Break, Session};
use super::twiml::Dial;
use crate::clock;
use crate::ids;
use crate::state::call::{Call, CallDirection, CallStatus, Speaker};

impl Session {
    pub(super) async fn dial(&mut self, dial: &Dial, address: &str) -> Result<Flow, Break> {
        let mut outcome = ("failed", String::new());
        for number in dial.numbers.iter().take(10) {
            self.note(Speaker::Carrier, Some(&format!("(dials {number})")), None);
            self.wait(Duration::from_millis(self.exchange.options.tempo.ring_ms)).await?;
            let (word, sid) = self.place_child(number, dial.caller_id.as_deref());
            outcome = (word, sid);
            if word == "completed" {
                break;
            }
        }
        let (word, child) = outcome;
        let Some(action) = &dial.action else {
            return Ok(Flow::On);
        };
        let connected = word == "completed";
        let extra = [
            ("DialCallStatus", word.to_owned()),
            ("DialCallSid", child),
            ("DialCallDuration", if connected { "1" } else { "0" }.to_owned()),
            ("DialBridged", connected.to_string()),
        ];
        let extra = extra.map(|(key, value)| (key.to_owned(), value)).to_vec();
        let next: Instructions = resolve(action, address);
        Ok(Flow::To(next, extra))
    }

    /// Makes the dialled call, already over.
    fn place_child(&self, number: &str, caller_id: Option<&str>) -> (&'static str, String) {
        let now = clock::now();
        let own = self.call();
        let sid = ids::sid("CA");
        let status = self.exchange.with(|state| {
            let behaviour = state.next_behaviour(number);
            let status = match behaviour.answer {
                Answer::Human | Answer::Machine | Answer::Fax | Answer::HangupAfterAnswer => CallStatus::Completed,
                Answer::Busy | Answer::Decline => CallStatus::Busy,
                Answer::NoAnswer | Answer::Manual => CallStatus::NoAnswer,
                Answer::Failed => CallStatus::Failed,
            };
            let connected = status == CallStatus::Completed;
            let from = caller_id.map(str::to_owned).or(own.map(|call| call.from));
            let child = Call {
                sid: sid.clone(),
                to: number.to_owned(),
                from: from.unwrap_or_default(),
                direction: CallDirection::OutboundDial,
                status,
                answered_by: None,
                parent_call_sid: Some(self.sid.clone()),
                send_digits: None,
                behaviour: behaviour.answer.as_str().to_owned(),
                created_at: now,
                updated_at: now,
                answered_at: connected.then_some(now),
                ended_at: Some(now),
                transcript: Vec::new(),
                callbacks: Vec::new(),
                manual: false,
                gathering: false,
            };
            state.calls.put(sid.clone(), child);
            status
        });
        self.exchange.announce_call(&sid);
        (status.as_str(), sid)
    }
}

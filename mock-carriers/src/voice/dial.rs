//! `<Dial>`: calls the numbers one after the other until one answers, lets both talk, and reports how it went.
//! Each number is a call of its own with a parent; its script or its handset page decides how it is met. What one side
//! says or keys, the other hears. A `url` on `<Number>` is performed for the called party before the two are joined;
//! who hangs up during it was never joined, which is reported as `no-answer` and `DialBridged=false`.

use std::time::Duration;

use tokio::time::Instant;

use super::behaviour::Answer;
use super::order::{CallOrder, CallbackOrder, Instructions};
use super::perform::{After, Flow, resolve};
use super::session::{Break, Command, Session};
use super::twiml::{Dial, DialNumber};
use crate::state::call::{Call, CallDirection, CallStatus, Listening, Speaker};
use crate::twilio::json::duration_s;

/// Numbers tried by one `<Dial>`.
const NUMBERS: usize = 10;
/// How long a scripted person stays on a bridged call, in words.
const SCRIPTED_TALK_WORDS: u64 = 20;
/// Longest bridged call, in seconds of TwiML.
const TALK_SECONDS: u64 = 1_800;
/// Longest performance for the called party before the two are joined, in seconds of TwiML.
const WHISPER_SECONDS: u64 = 600;

/// How one attempt went.
struct Outcome {
    status: CallStatus,
    sid: String,
    seconds: i64,
    bridged: bool,
}

impl Session {
    pub(super) async fn dial(&mut self, dial: &Dial, address: &str) -> Result<Flow, Break> {
        let mut outcome = Outcome { status: CallStatus::Failed, sid: String::new(), seconds: 0, bridged: false };
        for number in dial.numbers.iter().take(NUMBERS) {
            self.note(Speaker::Carrier, Some(&format!("(dials {})", number.number)), None);
            outcome = self.try_number(dial, number, address).await?;
            if outcome.bridged {
                break;
            }
        }
        let Some(action) = &dial.action else {
            return Ok(Flow::On);
        };
        let extra = [
            ("DialCallStatus", outcome.status.as_str().to_owned()),
            ("DialCallSid", outcome.sid),
            ("DialCallDuration", outcome.seconds.to_string()),
            ("DialBridged", outcome.bridged.to_string()),
        ];
        let extra = extra.map(|(key, value)| (key.to_owned(), value)).to_vec();
        Ok(Flow::To(resolve(action, address), extra))
    }

    /// One number: rings, maybe listens to its own instructions, talks. The other leg always ends with a final status.
    async fn try_number(&mut self, dial: &Dial, number: &DialNumber, address: &str) -> Result<Outcome, Break> {
        let mut leg = self.leg(dial, number, address);
        let met = self.meet(&mut leg, number, address).await;
        let (status, bridged) = match &met {
            Ok(CallStatus::InProgress) => (CallStatus::Completed, true),
            Ok(status) => (*status, false),
            Err(_) if leg.was_answered() => (CallStatus::Completed, false),
            Err(_) => (CallStatus::Canceled, false),
        };
        leg.finish(if leg.was_answered() { CallStatus::Completed } else { status }).await;
        met?;
        let seconds = leg.call().as_ref().and_then(duration_s).unwrap_or(0);
        Ok(Outcome { status, sid: leg.sid.clone(), seconds, bridged })
    }

    fn leg(&self, dial: &Dial, number: &DialNumber, address: &str) -> Self {
        let own = self.call();
        let from = dial.caller_id.clone().or(own.map(|call| call.from)).unwrap_or_default();
        let mut call = Call::new(CallDirection::OutboundDial, &from, &number.number);
        call.parent_call_sid = Some(self.sid.clone());
        let status = number.status_callback.as_ref().map(|action| resolve(action, address));
        let status = status.and_then(|instructions| match instructions {
            Instructions::Url { url, method } => Some(CallbackOrder { url, method, events: number.status_events.clone() }),
            Instructions::Twiml(_) => None,
        });
        let order = CallOrder { status, timeout_s: dial.timeout_s, ..CallOrder::of(Instructions::Twiml(String::new())) };
        Self::open(&self.exchange, call, order)
    }

    /// Up to the end of the conversation; `InProgress` when there was one.
    async fn meet(&mut self, leg: &mut Self, number: &DialNumber, address: &str) -> Result<CallStatus, Break> {
        if leg.conduct.answer == Answer::Failed {
            return Ok(CallStatus::Failed);
        }
        leg.rings().await;
        let rung = {
            let ringing = leg.ring_for(leg.seconds(leg.order.timeout_s));
            tokio::select! {
                rung = ringing => rung,
                broken = self.wait_for_break() => return Err(broken),
            }
        };
        if let Err(status) = rung {
            return Ok(status);
        }
        leg.answered();
        leg.reports_answer().await;
        if let Some(action) = &number.url {
            let instructions = resolve(action, address);
            let limit = leg.seconds(WHISPER_SECONDS);
            let after = tokio::select! {
                after = leg.follow_boxed(instructions) => after,
                () = tokio::time::sleep(limit) => After::Over,
                broken = self.wait_for_break() => return Err(broken),
            };
            if after == After::Over {
                return Ok(CallStatus::NoAnswer);
            }
        }
        self.note(Speaker::Carrier, Some("(connected)"), None);
        self.set_listening(Listening::Talk);
        leg.set_listening(Listening::Talk);
        let ended = self.talk(leg).await;
        self.set_listening(Listening::Nothing);
        leg.set_listening(Listening::Nothing);
        ended.map(|()| CallStatus::InProgress)
    }

    /// Both talk until one hangs up.
    async fn talk(&mut self, leg: &mut Self) -> Result<(), Break> {
        let stays = leg.greet(self);
        let limit = Instant::now() + self.seconds(TALK_SECONDS);
        let end = stays.map_or(limit, |stays| limit.min(Instant::now() + stays));
        loop {
            tokio::select! {
                command = self.next_command() => {
                    let Some(command) = command else { return Err(Break::Ended) };
                    leg.overhear(&command);
                    self.obey(command)?;
                }
                command = leg.next_command() => {
                    let Some(command) = command else { return Ok(()) };
                    self.overhear(&command);
                    if leg.obey(command).is_err() {
                        return Ok(());
                    }
                }
                () = tokio::time::sleep_until(end) => {
                    leg.note(Speaker::Callee, Some("(hangs up)"), None);
                    return Ok(());
                }
            }
        }
    }

    /// What whoever answers by script says, and how long they stay; none for a person at a handset.
    fn greet(&self, other: &Self) -> Option<Duration> {
        let words = match self.conduct.answer {
            Answer::Manual => return None,
            Answer::HangupAfterAnswer => return Some(Duration::ZERO),
            Answer::Machine => {
                self.conduct.greeting.clone().unwrap_or_else(|| "You have reached a voicemail. Please leave a message.".to_owned())
            }
            Answer::Fax => "(fax tone)".to_owned(),
            Answer::Human | Answer::Busy | Answer::NoAnswer | Answer::Decline | Answer::Failed => {
                format!("Hello? {}", self.conduct.say.as_deref().unwrap_or_default()).trim().to_owned()
            }
        };
        self.note(Speaker::Callee, Some(&words), None);
        other.note(Speaker::Other, Some(&words), None);
        Some(self.speech(&words) + Duration::from_millis(self.word_ms() * SCRIPTED_TALK_WORDS))
    }

    /// Writes down what the other party says or keys.
    fn overhear(&self, command: &Command) {
        match command {
            Command::Speak { words, .. } => self.note(Speaker::Other, Some(words), None),
            Command::Digits(digits) => self.note(Speaker::Other, None, Some(digits.clone())),
            Command::HangUp | Command::Decline => self.note(Speaker::Carrier, Some("(the other party hung up)"), None),
            Command::Answer | Command::BeMachine | Command::Complete(_) | Command::Cancel(_) | Command::Redirect(..) | Command::Forget => {}
        }
    }

    /// Obeys commands until one of them breaks the call.
    async fn wait_for_break(&mut self) -> Break {
        loop {
            match self.next_command().await {
                None => return Break::Ended,
                Some(command) => {
                    if let Err(broken) = self.obey(command) {
                        return broken;
                    }
                }
            }
        }
    }

    fn was_answered(&self) -> bool {
        self.call().is_some_and(|call| call.answered_at.is_some())
    }
}

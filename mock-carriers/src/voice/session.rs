//! One call from its order to its end: ringing, answering, machine detection, instructions, the last callback.
//! A session is a task that owns its call; everybody else changes the call by sending it a [`Command`].
//! Whatever happens, a session that began ends its call with a final status and reports it once.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::behaviour::{Answer, Behaviour};
use super::order::{CallOrder, Instructions};
use super::params;
use crate::clock;
use crate::exchange::Exchange;
use crate::state::State;
use crate::state::call::{Call, CallDirection, CallStatus, CallbackSent, Listening, Speaker};
use crate::state::fault::Kind;
use crate::webhook::callbacks::CallbackLine;
use crate::webhook::deliver::Delivery;

/// Commands that may wait for one call.
const COMMANDS_WAITING: usize = 64;
/// A scripted call that nobody answers rings this many times as long as one that is answered.
const NO_ANSWER_RINGS: u64 = 4;
/// What a person who hangs up at once hears, in words.
const HANGUP_AFTER_WORDS: u64 = 3;

/// Something done to a live call from outside.
#[derive(Debug)]
pub enum Command {
    /// The handset accepts.
    Answer,
    /// The handset declines.
    Decline,
    /// The handset lets a machine answer.
    BeMachine,
    /// The handset keys digits.
    Digits(String),
    /// Words are said at the handset.
    Speak {
        /// Which.
        words: String,
        /// How long they last; as long as usual when not given.
        seconds: Option<u32>,
    },
    /// The handset hangs up.
    HangUp,
    /// The REST API ends the call; answered when done.
    Complete(oneshot::Sender<()>),
    /// The REST API takes back a call that was not answered; answered when done.
    Cancel(oneshot::Sender<()>),
    /// The REST API gives other instructions; answered when taken.
    Redirect(Instructions, oneshot::Sender<()>),
    /// Everything is being forgotten.
    Forget,
}

/// Sends a command to a call's session; false when the call is over.
pub fn command(state: &mut State, sid: &str, command: Command) -> bool {
    let taken = state.live_calls.get(sid).is_some_and(|line| line.try_send(command).is_ok());
    if let Some(call) = state.calls.get_mut(sid).filter(|_| taken) {
        call.commands.sent += 1;
    }
    taken
}

/// Why the ordinary course of a call stops.
#[derive(Debug)]
pub(super) enum Break {
    /// It is over.
    Ended,
    /// It goes on with these instructions.
    Redirected(Instructions),
}

/// How a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waited {
    /// The time is over.
    Elapsed,
    /// A key was pressed, and keys were listened for.
    Keyed,
    /// Something was said, and words were listened for.
    Spoken,
}

/// A running call.
#[derive(Debug)]
pub struct Session {
    pub(super) exchange: Arc<Exchange>,
    pub(super) sid: String,
    pub(super) order: CallOrder,
    pub(super) conduct: Behaviour,
    pub(super) commands: mpsc::Receiver<Command>,
    /// Commands read so far.
    pub(super) read: u64,
    line: Option<CallbackLine>,
    sequence: u32,
    /// Digits keyed while a gather listens.
    pub(super) keyed: String,
    pub(super) listening: bool,
    /// Words said while a recording listens, with their seconds where they were given.
    pub(super) spoken: Vec<(String, Option<u32>)>,
    pub(super) hearing: bool,
    /// Prompts heard so far.
    pub(super) prompts: usize,
    /// When a machine's greeting is over.
    pub(super) beep_at: Option<Instant>,
    pub(super) hang_up_at: Option<Instant>,
    pub(super) is_manual: bool,
}

/// Puts a call in the memory and starts its session.
pub fn start(exchange: &Arc<Exchange>, call: Call, order: CallOrder) {
    let inbound = call.direction == CallDirection::Inbound;
    let session = Session::open(exchange, call, order);
    exchange.run(session.run(inbound));
}

impl Session {
    /// Puts a call in the memory; the session runs when it is told to.
    pub(super) fn open(exchange: &Arc<Exchange>, mut call: Call, order: CallOrder) -> Self {
        let (sender, commands) = mpsc::channel(COMMANDS_WAITING);
        let sid = call.sid.clone();
        let conduct = exchange.with(|state| {
            let conduct = match (call.direction, state.behaviours.contains_key(&call.from)) {
                (CallDirection::Inbound, true) => state.next_behaviour(&call.from),
                (CallDirection::Inbound, false) => Behaviour::manual(),
                (CallDirection::OutboundApi | CallDirection::OutboundDial, _) => state.next_behaviour(&call.to),
            };
            call.behaviour = conduct.answer.as_str().to_owned();
            call.manual = conduct.answer == Answer::Manual;
            state.calls.put(sid.clone(), call);
            state.live_calls.insert(sid.clone(), sender);
            conduct
        });
        exchange.announce_call(&sid);
        Self {
            line: order.status.as_ref().map(|_| CallbackLine::start(exchange)),
            exchange: Arc::clone(exchange),
            sid,
            order,
            is_manual: conduct.answer == Answer::Manual,
            conduct,
            commands,
            read: 0,
            sequence: 0,
            keyed: String::new(),
            listening: false,
            spoken: Vec::new(),
            hearing: false,
            prompts: 0,
            beep_at: None,
            hang_up_at: None,
        }
    }

    async fn run(mut self, inbound: bool) {
        let last = if inbound { self.take_inbound().await } else { self.place().await };
        self.finish(last).await;
    }

    /// Shows and reports the final status.
    pub(super) async fn finish(&mut self, last: CallStatus) {
        self.exchange.with(|state| {
            state.live_calls.remove(&self.sid);
            if let Some(call) = state.calls.get_mut(&self.sid) {
                call.status = last;
                call.ended_at = Some(clock::now());
                call.updated_at = clock::now();
                call.manual = false;
                call.listening = Listening::Nothing;
            }
        });
        self.exchange.announce_call(&self.sid);
        self.report("completed", last.as_str()).await;
    }

    /// An outbound call up to its final status.
    async fn place(&mut self) -> CallStatus {
        self.report("initiated", "initiated").await;
        if self.conduct.answer == Answer::Failed {
            return CallStatus::Failed;
        }
        self.rings().await;
        if let Err(status) = self.ring_for(Duration::from_secs(self.order.timeout_s)).await {
            return status;
        }
        self.answered();
        self.reports_answer().await;
        match self.converse().await {
            Ok(()) | Err(_) => CallStatus::Completed,
        }
    }

    pub(super) async fn rings(&mut self) {
        self.set_status(CallStatus::Ringing);
        self.report("ringing", "ringing").await;
    }

    pub(super) async fn reports_answer(&mut self) {
        self.report("answered", "in-progress").await;
    }

    /// An inbound call up to its final status.
    async fn take_inbound(&mut self) -> CallStatus {
        self.set_status(CallStatus::Ringing);
        let first = self.order.instructions.clone();
        self.follow_inbound(first).await
    }

    /// From the answer to the hang-up.
    async fn converse(&mut self) -> Result<(), Break> {
        if let Some(digits) = self.order.send_digits.clone() {
            self.note(Speaker::Gateway, None, Some(digits));
        }
        let detected = match self.detect().await {
            Ok(detected) => detected,
            Err(Break::Redirected(instructions)) => {
                self.follow(instructions, Vec::new()).await;
                return Ok(());
            }
            Err(Break::Ended) => return Err(Break::Ended),
        };
        let first = self.order.instructions.clone();
        self.follow(first, detected).await;
        Ok(())
    }

    /// Rings until somebody answers or the call is over unanswered.
    pub(super) async fn ring_for(&mut self, timeout: Duration) -> Result<(), CallStatus> {
        let tempo = self.exchange.options.tempo;
        let usual = self.conduct.ring_ms.unwrap_or(tempo.ring_ms);
        let (wait, end) = match self.conduct.answer {
            Answer::Manual => (timeout, Err(CallStatus::NoAnswer)),
            Answer::NoAnswer => (Duration::from_millis(usual * NO_ANSWER_RINGS).min(timeout), Err(CallStatus::NoAnswer)),
            Answer::Busy | Answer::Decline => (Duration::from_millis(usual), Err(CallStatus::Busy)),
            Answer::Failed => (Duration::ZERO, Err(CallStatus::Failed)),
            Answer::Human | Answer::Machine | Answer::Fax | Answer::HangupAfterAnswer => (Duration::from_millis(usual), Ok(())),
        };
        let deadline = Instant::now() + wait;
        loop {
            match tokio::time::timeout_at(deadline, self.next_command()).await {
                Err(_) => return end,
                Ok(Some(Command::Answer)) => {
                    if !self.answers_like_a_person() {
                        self.conduct = Behaviour::manual();
                        self.is_manual = true;
                    }
                    return Ok(());
                }
                Ok(Some(Command::BeMachine)) => {
                    self.conduct = Behaviour::of(Answer::Machine);
                    self.is_manual = false;
                    return Ok(());
                }
                Ok(Some(Command::Decline | Command::HangUp)) => return Err(CallStatus::Busy),
                Ok(Some(Command::Cancel(obeyed) | Command::Complete(obeyed))) => {
                    self.end_early(CallStatus::Canceled);
                    let _ = obeyed.send(());
                    return Err(CallStatus::Canceled);
                }
                Ok(Some(Command::Forget) | None) => return Err(CallStatus::Canceled),
                Ok(Some(Command::Digits(_) | Command::Speak { .. } | Command::Redirect(..))) => {}
            }
        }
    }

    fn answers_like_a_person(&self) -> bool {
        matches!(self.conduct.answer, Answer::Human | Answer::Manual)
    }

    pub(super) fn answered(&mut self) {
        self.exchange.with(|state| {
            if let Some(call) = state.calls.get_mut(&self.sid) {
                call.status = CallStatus::InProgress;
                call.answered_at = Some(clock::now());
                call.updated_at = clock::now();
                call.manual = self.is_manual;
                call.behaviour = self.conduct.answer.as_str().to_owned();
            }
        });
        if self.conduct.answer == Answer::HangupAfterAnswer {
            let words = self.word_ms() * HANGUP_AFTER_WORDS;
            self.hang_up_at = Some(Instant::now() + Duration::from_millis(words));
        }
        self.exchange.announce_call(&self.sid);
    }

    /// The call as it stands.
    pub(super) fn call(&self) -> Option<Call> {
        self.exchange.with(|state| state.calls.get(&self.sid).cloned())
    }

    fn set_status(&self, status: CallStatus) {
        self.exchange.with(|state| {
            if let Some(call) = state.calls.get_mut(&self.sid) {
                call.status = status;
                call.updated_at = clock::now();
            }
        });
        self.exchange.announce_call(&self.sid);
    }

    /// Sends a status callback when this event was asked for. Sequence numbers count what is sent.
    async fn report(&mut self, event: &str, status: &str) {
        let Some(order) = self.order.status.as_ref() else {
            return;
        };
        if !order.events.iter().any(|wanted| wanted == event) {
            return;
        }
        let (Some(call), Some(line)) = (self.call(), &self.line) else {
            return;
        };
        let sequence = self.sequence;
        self.sequence += 1;
        let sent = CallbackSent { status: status.to_owned(), sequence_number: sequence, at: clock::now() };
        self.exchange.with(|state| {
            if let Some(call) = state.calls.get_mut(&self.sid) {
                call.callbacks.push(sent);
            }
        });
        let params = params::status(&self.exchange, &call, status, sequence);
        let delivery = Delivery::post(Kind::Callback, &order.url, &self.sid, params).method(&order.method);
        line.send(delivery).await;
    }
}

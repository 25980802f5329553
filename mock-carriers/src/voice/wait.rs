//! Waiting on a call: for a time to pass, a key, a beep, a hang-up, or a change through the REST API.
//! Every wait of a call goes through here, so that no command is ever left unread.

use std::time::Duration;

use tokio::time::Instant;

use super::session::{Break, Command, Session, Waited};
use crate::clock;
use crate::state::call::{CallStatus, Speaker};

impl Session {
    /// The next command; none when the session is cut off. While it waits, everything before is known to be dealt with.
    pub(super) async fn next_command(&mut self) -> Option<Command> {
        self.settle();
        let command = self.commands.recv().await?;
        self.read += 1;
        Some(command)
    }

    /// Notes how many commands were dealt with, for whoever waits for a prompt.
    fn settle(&self) {
        let changed = self.exchange.with(|state| {
            let call = state.calls.get_mut(&self.sid).filter(|call| call.commands.settled != self.read);
            call.map(|call| call.commands.settled = self.read).is_some()
        });
        if changed {
            self.exchange.announce_call(&self.sid);
        }
    }

    /// Waits, obeying commands. Keys end the wait only while `listening`.
    pub(super) async fn wait(&mut self, duration: Duration) -> Result<Waited, Break> {
        let end = Instant::now() + duration;
        loop {
            let next = [self.beep_at, self.hang_up_at].into_iter().flatten().fold(end, Instant::min);
            match tokio::time::timeout_at(next, self.next_command()).await {
                Ok(Some(command)) => match self.obey(command)? {
                    Waited::Elapsed => {}
                    heard @ (Waited::Keyed | Waited::Spoken) => return Ok(heard),
                },
                Ok(None) => return Err(Break::Ended),
                Err(_) => {
                    let now = Instant::now();
                    if self.hang_up_at.is_some_and(|at| at <= now) {
                        self.note(Speaker::Callee, Some("(hangs up)"), None);
                        return Err(Break::Ended);
                    }
                    if self.beep_at.is_some_and(|at| at <= now) {
                        self.beep_at = None;
                        self.note(Speaker::Carrier, Some("(beep)"), None);
                    }
                    if end <= now {
                        return Ok(Waited::Elapsed);
                    }
                }
            }
        }
    }

    /// Obeys what came without waiting for more.
    pub(super) fn obey_waiting(&mut self) -> Result<(), Break> {
        while let Ok(command) = self.commands.try_recv() {
            self.read += 1;
            self.obey(command)?;
        }
        Ok(())
    }

    pub(super) fn obey(&mut self, command: Command) -> Result<Waited, Break> {
        match command {
            Command::Digits(digits) => {
                self.note(Speaker::Callee, None, Some(digits.clone()));
                if self.listening {
                    self.keyed.push_str(&digits);
                    return Ok(Waited::Keyed);
                }
                Ok(Waited::Elapsed)
            }
            Command::Speak { words, seconds } => {
                self.note(Speaker::Callee, Some(&words), None);
                if self.hearing {
                    self.spoken.push((words, seconds));
                    return Ok(Waited::Spoken);
                }
                Ok(Waited::Elapsed)
            }
            Command::HangUp | Command::Decline => {
                self.note(Speaker::Callee, Some("(hangs up)"), None);
                Err(Break::Ended)
            }
            Command::Complete(obeyed) | Command::Cancel(obeyed) => {
                self.end_early(CallStatus::Completed);
                let _ = obeyed.send(());
                Err(Break::Ended)
            }
            Command::Redirect(instructions, obeyed) => {
                let _ = obeyed.send(());
                Err(Break::Redirected(instructions))
            }
            Command::Forget => Err(Break::Ended),
            Command::Answer | Command::BeMachine => Ok(Waited::Elapsed),
        }
    }

    /// Shows the final status at once, for the REST answer that waits for it.
    pub(super) fn end_early(&self, status: CallStatus) {
        self.exchange.with(|state| {
            if let Some(call) = state.calls.get_mut(&self.sid) {
                call.status = status;
                call.ended_at = Some(clock::now());
            }
        });
    }
}

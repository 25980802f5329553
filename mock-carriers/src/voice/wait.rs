//! Waiting on a call: for a time to pass, a key, a beep, a hang-up, or a change through the REST API.
//! Every wait of a call goes through here, so that no command is ever left unread.

use std::time::Duration;

use tokio::time::Instant;

use super::session::{Break, Command, Session, Waited};
use crate::clock;
use crate::state::call::{CallStatus, Speaker};

impl Session {
    /// Waits, obeying commands. Keys end the wait only while `listening`.
    pub(super) async fn wait(&mut self, duration: Duration) -> Result<Waited, Break> {
        let end = Instant::now() + duration;
        loop {
            let next = [self.beep_at, self.hang_up_at].into_iter().flatten().fold(end, Instant::min);
            match tokio::time::timeout_at(next, self.commands.recv()).await {
                Ok(Some(command)) => {
                    if self.obey(command)? == Waited::Keyed {
                        return Ok(Waited::Keyed);
                    }
                }
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
            self.obey(command)?;
        }
        Ok(())
    }

    fn obey(&mut self, command: Command) -> Result<Waited, Break> {
        match command {
            Command::Digits(digits) => {
                self.note(Speaker::Callee, None, Some(digits.clone()));
                if self.listening {
                    self.keyed.push_str(&digits);
                    return Ok(Waited::Keyed);
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

//! Making a call that is under way ask anew, when something was learnt beside it (asynchronous detection of machines).
//!
//! Only after what was learnt is durable, and never waited for by a webhook: the carrier is asked by a task of its own. A request that is lost
//! costs nothing but time, for the call's next step gets the present words in any case; it proves nothing.

use crate::lifecycle::Tasks;
use crate::store::rows::AttemptRow;
use adapters::contract::Sender;
use domain::exchange::{ProviderId, StepToken};
use domain::id::LaneKey;
use std::collections::HashMap;
use std::sync::Arc;

/// Steers calls by the senders that made them.
#[derive(Clone, Default)]
pub struct Steering {
    senders: Arc<HashMap<LaneKey, Arc<dyn Sender>>>,
    tasks: Tasks,
}

impl Steering {
    /// By these senders, in tasks that are seen to end.
    pub fn new(senders: Arc<HashMap<LaneKey, Arc<dyn Sender>>>, tasks: Tasks) -> Self {
        Self { senders, tasks }
    }

    /// Makes the call of this attempt ask at this token.
    pub(super) fn steer(&self, attempt: &AttemptRow, call: ProviderId, then: StepToken) {
        let Some(sender) = self.senders.get(&attempt.lane).cloned() else { return };
        let id = attempt.id;
        self.tasks.spawn_piece("steering of a call", async move {
            let result = match sender.steer(&call, id, &then).await {
                Ok(()) => "taken",
                Err(error) => {
                    tracing::warn!(error = %error, "a call was not steered: it goes on, and its next step gets the present words");
                    "lost"
                }
            };
            metrics::counter!(crate::telemetry::metric::CALLS_STEERED, "result" => result).increment(1);
        });
    }
}

//! Hands spans over to the collector, some together, and never waits for it: what it does not take is counted and gone.
//!
//! Traces are for looking at, nothing depends on them; so nothing is repeated, nothing is kept on disk, and what waits is bounded.

use super::{Together, otlp};
use crate::client::client;
use crate::lifecycle::Tasks;
use crate::telemetry::metric;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// How many roots go into one request.
const TOGETHER_MOST: usize = 128;
/// How long the first of them waits for others.
const GATHER: Duration = Duration::from_secs(1);
/// How long a request may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Hands spans over once it is started.
#[derive(Debug)]
pub struct Exporter {
    url: String,
    waiting: mpsc::Receiver<Together>,
}

impl Exporter {
    pub(super) fn new(endpoint: &str, waiting: mpsc::Receiver<Together>) -> Self {
        Self { url: format!("{}/v1/traces", endpoint.trim_end_matches('/')), waiting }
    }

    /// Starts the task. It ends with what ends last, so that the spans of the end are told too.
    pub fn start(self, node: String, tasks: &Tasks, over: CancellationToken) -> Result<(), reqwest::Error> {
        let client = client(&self.url, PATIENCE)?;
        tasks.spawn("traces", self.run(node, client, over));
        Ok(())
    }

    /// What waits next, without waiting.
    #[cfg(test)]
    pub(super) fn waiting_now(&mut self) -> Option<Together> {
        self.waiting.try_recv().ok()
    }

    async fn run(mut self, node: String, client: reqwest::Client, over: CancellationToken) {
        let mut refused = false;
        loop {
            let mut all = Vec::new();
            let ending = tokio::select! {
                count = self.waiting.recv_many(&mut all, TOGETHER_MOST) => count == 0,
                () = over.cancelled() => true,
            };
            if !ending && all.len() < TOGETHER_MOST {
                let more = async {
                    while all.len() < TOGETHER_MOST {
                        let room = TOGETHER_MOST - all.len();
                        if self.waiting.recv_many(&mut all, room).await == 0 {
                            break;
                        }
                    }
                };
                let _ = tokio::time::timeout(GATHER, more).await;
            }
            while let Ok(one) = self.waiting.try_recv() {
                all.push(one);
                if all.len() >= TOGETHER_MOST {
                    break;
                }
            }
            if !all.is_empty() {
                self.hand_over((&client, &node), &all, &mut refused).await;
            }
            if ending {
                return;
            }
        }
    }

    async fn hand_over(&self, (client, node): (&reqwest::Client, &str), all: &[Together], refused: &mut bool) {
        let spans = all.iter().map(|together| together.spans.len() as u64).sum();
        let answer = client.post(&self.url).json(&otlp::body(node, all)).send().await;
        let problem = match answer.and_then(reqwest::Response::error_for_status) {
            Ok(_) => None,
            Err(error) => Some(error.without_url()),
        };
        let result = if problem.is_none() { "sent" } else { "refused" };
        metrics::counter!(metric::SPANS, "result" => result).increment(spans);
        // Said once, not every second.
        if let (Some(error), false) = (&problem, *refused) {
            tracing::warn!(error = %error, "the collector of traces takes no spans; they are lost until it does");
        }
        *refused = problem.is_some();
    }
}

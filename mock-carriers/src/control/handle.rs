//! The typed control handle: everything the control API can do, for tests that run the mock in-process.
//! Methods are async so that a handle over HTTP could take this one's place.

use std::collections::BTreeMap;
use std::sync::Arc;

use thiserror::Error;
use tokio::time::Instant;

use crate::carrier::Carrier;
use crate::exchange::{Announcement, Exchange};
use crate::ids;
use crate::options::{NumberOptions, NumberRoute, check_url, is_e164};
use crate::state::fault::{Fault, FaultMatch};
use crate::state::log::{Debugged, Delivered, RequestSeen};
use crate::state::mail::Mail;
use crate::state::message::HandsetMessage;
use crate::state::{BEHAVIOURS_KEPT, SCRIPTED_NUMBERS_KEPT};
use crate::twilio::inbound::{self, Said, Say, WebhookAnswer};
use crate::voice::behaviour::Behaviour;

/// Why a control request was not done.
#[derive(Debug, Error)]
pub enum ControlError {
    /// The request is wrong; the sentence says how to mend it.
    #[error("{0}")]
    Wrong(String),
    /// What it names is not there.
    #[error("{0}")]
    Missing(String),
}

/// Scripts and inspects a running mock.
#[derive(Debug, Clone)]
pub struct Control {
    pub(super) exchange: Arc<Exchange>,
}

impl Control {
    pub(crate) fn new(exchange: Arc<Exchange>) -> Self {
        Self { exchange }
    }

    /// The account's numbers with their webhooks.
    pub async fn numbers(&self) -> Vec<NumberRoute> {
        self.exchange.with(|state| state.numbers.clone())
    }

    /// Adds a number or changes its webhooks.
    pub async fn set_number(&self, route: NumberRoute) -> Result<NumberRoute, ControlError> {
        route.check().map_err(|error| ControlError::Wrong(error.to_string()))?;
        self.exchange.with(|state| state.set_route(route.clone()));
        Ok(route)
    }

    /// Adds a number of the second carrier or changes its webhooks.
    pub async fn set_telnyx_number(&self, route: NumberRoute) -> Result<NumberRoute, ControlError> {
        route.check().map_err(|error| ControlError::Wrong(error.to_string()))?;
        self.exchange.with(|state| state.set_telnyx_route(route.clone()));
        Ok(route)
    }

    /// Lets a whole carrier die, or live again: its API closes every connection, its webhooks and callbacks are lost.
    pub async fn set_dead(&self, carrier: Carrier, dead: bool) -> Result<(), ControlError> {
        let id = format!("dead-{carrier:?}").to_lowercase();
        if !dead {
            self.exchange.with(|state| state.faults.remove(&id));
            self.exchange.announce(Announcement::Faults);
            return Ok(());
        }
        let matches = FaultMatch { carrier: Some(carrier), ..FaultMatch::default() };
        let fault = Fault { id, matches, fault: "refuse".to_owned(), delay_ms: 0, times: None, hits: 0 };
        self.set_fault(fault).await.map(drop)
    }

    /// Sets what a number has besides its webhooks, such as advanced opt-out.
    pub async fn set_number_options(&self, number: &str, options: NumberOptions) -> Result<(), ControlError> {
        for url in [&options.voice_status_url, &options.voice_fallback_url].into_iter().flatten() {
            check_url(url).map_err(|error| ControlError::Wrong(error.to_string()))?;
        }
        self.exchange.with(|state| {
            if state.number_options.len() >= SCRIPTED_NUMBERS_KEPT && !state.number_options.contains_key(number) {
                return Err(ControlError::Wrong("too many numbers have options".to_owned()));
            }
            state.number_options.insert(number.to_owned(), options);
            Ok(())
        })
    }

    /// Texts as a handset and waits for the webhook's answer.
    pub async fn say(&self, say: Say) -> Result<Said, ControlError> {
        inbound::say(&self.exchange, say).await.map_err(ControlError::Wrong)
    }

    /// Texts a plain message as a handset.
    pub async fn text(&self, from: &str, to: &str, body: &str) -> Result<Said, ControlError> {
        let say = Say { from: from.to_owned(), to: to.to_owned(), body: body.to_owned(), ..Say::default() };
        self.say(say).await
    }

    /// Sends an inbound message's webhook again.
    pub async fn replay(&self, sid: &str, same_token: bool) -> Result<WebhookAnswer, ControlError> {
        inbound::replay(&self.exchange, sid, same_token).await.map_err(ControlError::Missing)
    }

    /// Every message from or to a number, in order.
    pub async fn messages(&self, number: &str) -> Vec<HandsetMessage> {
        self.exchange.with(|state| state.messages_of(number))
    }

    /// What the next calls to each scripted number will meet.
    pub async fn behaviours(&self) -> BTreeMap<String, Vec<Behaviour>> {
        self.exchange.with(|state| {
            let queues = state.behaviours.iter();
            queues.map(|(number, queue)| (number.clone(), queue.iter().cloned().collect())).collect()
        })
    }

    /// Scripts the next calls to a number; the last behaviour repeats. Replaces an earlier script.
    pub async fn behave(&self, number: &str, calls: Vec<Behaviour>) -> Result<(), ControlError> {
        if calls.is_empty() || calls.len() > BEHAVIOURS_KEPT {
            return Err(ControlError::Wrong(format!("`calls` must have 1 to {BEHAVIOURS_KEPT} behaviours")));
        }
        if !is_e164(number) {
            return Err(ControlError::Wrong(format!("`{number}` is not a phone number")));
        }
        for behaviour in &calls {
            behaviour.check().map_err(ControlError::Wrong)?;
        }
        self.exchange.with(|state| {
            if state.behaviours.len() >= SCRIPTED_NUMBERS_KEPT && !state.behaviours.contains_key(number) {
                return Err(ControlError::Wrong("too many numbers are scripted: reset first".to_owned()));
            }
            state.behaviours.insert(number.to_owned(), calls.into());
            Ok(())
        })
    }

    /// Takes away one number's script, or all.
    pub async fn stop_behaving(&self, number: Option<&str>) {
        self.exchange.with(|state| match number {
            Some(number) => {
                state.behaviours.remove(number);
            }
            None => state.behaviours.clear(),
        });
    }

    /// Mails, all or to one address, oldest first.
    pub async fn mails(&self, to: Option<&str>) -> Vec<Mail> {
        self.exchange.with(|state| {
            let wanted = |mail: &&Mail| to.is_none_or(|to| mail.to.iter().any(|other| other.eq_ignore_ascii_case(to)));
            state.mails.iter().filter(wanted).cloned().collect()
        })
    }

    /// One mail.
    pub async fn mail(&self, id: &str) -> Result<Mail, ControlError> {
        let mail = self.exchange.with(|state| state.mails.get(id).cloned());
        mail.ok_or_else(|| ControlError::Missing(format!("there is no mail `{id}`")))
    }

    /// Empties the inbox.
    pub async fn clear_mails(&self) {
        self.exchange.with(|state| state.mails.clear());
        self.exchange.announce(Announcement::Reset);
    }

    /// The faults that are set.
    pub async fn faults(&self) -> Vec<Fault> {
        self.exchange.with(|state| state.faults.list().to_vec())
    }

    /// Sets a fault; returns its id.
    pub async fn set_fault(&self, mut fault: Fault) -> Result<String, ControlError> {
        if fault.id.is_empty() {
            fault.id = format!("fault-{}", ids::hex32().get(..8).unwrap_or_default());
        }
        let id = fault.id.clone();
        self.exchange.with(|state| state.faults.set(fault)).map_err(ControlError::Wrong)?;
        self.exchange.announce(Announcement::Faults);
        Ok(id)
    }

    /// Removes a fault.
    pub async fn remove_fault(&self, id: &str) -> Result<(), ControlError> {
        let removed = self.exchange.with(|state| state.faults.remove(id));
        self.exchange.announce(Announcement::Faults);
        if removed { Ok(()) } else { Err(ControlError::Missing(format!("there is no fault `{id}`"))) }
    }

    /// Removes every fault.
    pub async fn clear_faults(&self) {
        self.exchange.with(|state| state.faults.clear());
        self.exchange.announce(Announcement::Faults);
    }

    /// Every REST request, oldest first.
    pub async fn requests(&self) -> Vec<RequestSeen> {
        self.exchange.with(|state| state.requests.iter().cloned().collect())
    }

    /// The same, and forgets them: nothing that comes between is missed.
    pub async fn take_requests(&self) -> Vec<RequestSeen> {
        self.exchange.with(|state| {
            let taken = state.requests.iter().cloned().collect();
            state.requests.clear();
            taken
        })
    }

    /// Forgets the REST requests.
    pub async fn clear_requests(&self) {
        self.exchange.with(|state| state.requests.clear());
    }

    /// Every webhook and callback with its outcome, oldest first.
    pub async fn webhooks(&self) -> Vec<Delivered> {
        self.exchange.with(|state| state.deliveries.iter().cloned().collect())
    }

    /// The same, and forgets them: nothing that comes between is missed.
    pub async fn take_webhooks(&self) -> Vec<Delivered> {
        self.exchange.with(|state| {
            let taken = state.deliveries.iter().cloned().collect();
            state.deliveries.clear();
            taken
        })
    }

    /// Forgets the webhooks and callbacks.
    pub async fn clear_webhooks(&self) {
        self.exchange.with(|state| state.deliveries.clear());
    }

    /// What the gateway did wrong.
    pub async fn debugger(&self) -> Vec<Debugged> {
        self.exchange.with(|state| state.debugger.iter().cloned().collect())
    }

    /// Forgets everything but the numbers; running calls end.
    pub async fn reset(&self) {
        self.exchange.with(crate::state::State::reset);
        self.exchange.announce(Announcement::Reset);
    }

    /// Waits until `test` holds, looking again at every change; false when the time is over.
    pub async fn wait_until<F, T>(&self, within: std::time::Duration, mut test: F) -> bool
    where
        F: FnMut(Self) -> T,
        T: Future<Output = bool>,
    {
        let deadline = Instant::now() + within;
        let mut changes = self.exchange.listen();
        loop {
            if test(self.clone()).await {
                return true;
            }
            // A lagging listener has seen a change as well.
            if tokio::time::timeout_at(deadline, changes.recv()).await.is_err() {
                return test(self.clone()).await;
            }
        }
    }
}

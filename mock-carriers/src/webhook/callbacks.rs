//! A line of status callbacks for one message or call: sent one after the other, in the documented order.
//! A delayed callback steps out of the line and may be overtaken; a reordered one is held and sent after the
//! next. The line is bounded, and what is held is sent when the line ends.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::deliver::{Delivery, deliver_struck, strike};
use crate::exchange::Exchange;
use crate::state::fault::{Effect, Strike};

/// Callbacks that may wait in one line; a call makes four.
const LINE_LENGTH: usize = 32;

/// The sending end of one line. The line ends when it is dropped and everything is sent.
#[derive(Debug)]
pub struct CallbackLine(mpsc::Sender<Delivery>);

impl CallbackLine {
    /// Starts a line.
    pub fn start(exchange: &Arc<Exchange>) -> Self {
        let (sender, receiver) = mpsc::channel(LINE_LENGTH);
        exchange.run(work(Arc::clone(exchange), receiver));
        Self(sender)
    }

    /// Puts a callback in the line.
    pub async fn send(&self, delivery: Delivery) {
        // The receiver only goes away when the mock stops.
        let _ = self.0.send(delivery).await;
    }
}

async fn work(exchange: Arc<Exchange>, mut receiver: mpsc::Receiver<Delivery>) {
    let mut held: Option<(Delivery, Strike)> = None;
    while let Some(delivery) = receiver.recv().await {
        match strike(&exchange, &delivery) {
            Some(strike) if strike.effect == Effect::Reorder && held.is_none() => {
                held = Some((delivery, strike));
                continue;
            }
            Some(strike) if strike.delay_ms > 0 => {
                let aside = Arc::clone(&exchange);
                exchange.run(async move {
                    deliver_struck(&aside, &delivery, Some(strike)).await;
                });
            }
            strike => {
                deliver_struck(&exchange, &delivery, strike).await;
            }
        }
        if let Some((late, strike)) = held.take() {
            deliver_struck(&exchange, &late, Some(strike)).await;
        }
    }
    if let Some((late, strike)) = held {
        deliver_struck(&exchange, &late, Some(strike)).await;
    }
}

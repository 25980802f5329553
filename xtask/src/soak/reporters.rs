//! Students who text one after the other, each as its carrier would bring it: again with the same id until it got a 2xx.

use super::doors::{Doors, Fields};
use super::tally::Tally;
use crate::bench::deployment::{ACCOUNT_SID, TEXT_NUMBER};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Students who text at the same time.
pub const REPORTERS: u64 = 6;
/// Texts of one number before the next number begins.
const TEXTS_EACH: u64 = 15;
/// How soon a text that got no 2xx is brought again.
const AGAIN_AFTER: Duration = Duration::from_millis(50);
/// Where texts are brought.
const PATH: &str = "/webhooks/main/messages";

/// Writes until told to stop; what was begun then is brought until it is taken.
pub async fn write(doors: Doors, tally: Arc<Tally>, (seed, me): (u64, u64), every: Duration, mut stopped: watch::Receiver<bool>) {
    let mut random = fastrand::Rng::with_seed(seed ^ (me + 1));
    for n in 0_u64.. {
        super::pause(&mut stopped, every.mul_f64(0.5 + random.f64())).await;
        if *stopped.borrow() {
            return;
        }
        // Words of their own, so that nothing is taken for the same thing.
        let words = format!("soak {me} says {n}, {:x} {:x}.", random.u32(..), random.u32(..));
        let fields = text(&format!("+1888{me}{:06}", n / TEXTS_EACH), &format!("SM{seed:016x}{me:04x}{n:012x}"), &words);
        let signature = doors.signature(PATH, &fields);
        loop {
            match doors.bring(PATH, &fields, &signature).await {
                Some(status) if (200..300).contains(&status) => break,
                Some(503) => Tally::add(&tally.refused),
                Some(_) | None => {}
            }
            Tally::add(&tally.again);
            tokio::time::sleep(AGAIN_AFTER).await;
        }
        tally.accept(words);
    }
}

/// The fields of a text as the carrier brings it.
fn text(from: &str, sid: &str, words: &str) -> Fields {
    let fields = [
        ("AccountSid", ACCOUNT_SID),
        ("Body", words),
        ("From", from),
        ("MessageSid", sid),
        ("NumMedia", "0"),
        ("SmsSid", sid),
        ("SmsStatus", "received"),
        ("To", TEXT_NUMBER),
    ];
    fields.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec()
}

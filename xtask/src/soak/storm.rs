//! Webhooks that come again: what the carriers brought is kept, and in a storm brought doubled, stale, out of order and badly signed.
//!
//! The same task counts what the carriers were asked for: nobody may call or text faster than the lane's pace, or call twice for
//! one attempt.

use super::doors::{Doors, Fields};
use super::tally::Tally;
use crate::bench::clock::most_in_a_second;
use reqwest::Method;
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// How often the carriers are asked what they did.
const LOOKS_EVERY: Duration = Duration::from_secs(1);
/// The most webhooks that are kept to come again.
const KEPT_MOST: usize = 4000;
/// What a carrier is asked for in a second, as the demo's configuration says: of calls, of texts.
const PACES: (u64, u64) = (5, 10);
/// A request takes unequal time from the gate to the carrier, so the edge of the second is blurred by so much, in microseconds.
const BLUR_US: i64 = 150_000;
/// Times of calls that are looked at together.
const TIMES_KEPT: usize = 500;
/// Requests of a storm that are under way at the same time.
const AT_ONCE: usize = 16;

/// A webhook as it was brought.
#[derive(Debug, Clone)]
struct Webhook {
    path: String,
    fields: Fields,
    signature: String,
}

/// What was brought, the latest last.
#[derive(Debug, Clone, Default)]
pub struct Captured {
    webhooks: Arc<Mutex<VecDeque<Webhook>>>,
}

impl Captured {
    fn keep(&self, webhook: Webhook) {
        let mut all = self.webhooks.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() == KEPT_MOST {
            all.pop_front();
        }
        all.push_back(webhook);
    }

    fn all(&self) -> Vec<Webhook> {
        self.webhooks.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

/// Keeps what is brought and counts what is asked, until told to stop.
pub async fn watch(doors: Doors, tally: Arc<Tally>, captured: Captured, mut stopped: watch::Receiver<bool>) {
    let mut seen = Asked::default();
    loop {
        let last = *stopped.borrow();
        if let Ok(Value::Array(brought)) = doors.carriers(Method::POST, "webhooks/take", None).await {
            brought.iter().filter_map(|one| webhook(one, &doors.origin)).for_each(|one| captured.keep(one));
        }
        if let Ok(Value::Array(asked)) = doors.carriers(Method::POST, "requests/take", None).await {
            seen.look(&asked, &tally);
        }
        if last {
            return;
        }
        super::pause(&mut stopped, LOOKS_EVERY).await;
    }
}

/// The first carrier's; the other's are signed with a time and refused when they are stale.
fn webhook(brought: &Value, origin: &str) -> Option<Webhook> {
    let path = brought["url"].as_str()?.strip_prefix(origin)?.to_owned();
    if !path.starts_with("/webhooks/main/") || brought["method"] != "POST" {
        return None;
    }
    let pair = |pair: &Value| Some((pair[0].as_str()?.to_owned(), pair[1].as_str()?.to_owned()));
    let fields = brought["params"].as_array()?.iter().filter_map(pair).collect();
    Some(Webhook { path, fields, signature: brought["signature"].as_str()?.to_owned() })
}

/// Brings so many webhooks that came before: doubled, stale, in any order, each tenth badly signed.
pub async fn blow(doors: &Doors, tally: &Arc<Tally>, captured: &Captured, number: usize, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut all = captured.all();
    random.shuffle(&mut all);
    let chosen: Vec<(Webhook, bool)> = all.into_iter().cycle().take(number).map(|one| (one, random.u8(..10) == 0)).collect();
    let brought = chosen.into_iter().map(|(mut webhook, forged)| async move {
        if forged {
            webhook.fields.push(("Forged".to_owned(), "yes".to_owned()));
            Tally::add(&tally.forged);
        }
        let status = doors.bring(&webhook.path, &webhook.fields, &webhook.signature).await;
        Tally::add(&tally.stormed);
        match status {
            Some(status) if forged && status < 400 => tally.wrong(format!("a badly signed webhook was answered with {status}")),
            Some(500) => tally.wrong("a webhook was answered with 500".to_owned()),
            Some(_) | None => {}
        }
    });
    use futures_util::StreamExt;
    futures_util::stream::iter(brought).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
}

/// What is paced by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Lane {
    FirstCalls,
    FirstTexts,
    SecondCalls,
    SecondTexts,
}

impl Lane {
    /// The one whose requests go to this path.
    fn of(path: &str) -> Option<Self> {
        match path {
            _ if path.ends_with("/Calls.json") => Some(Lane::FirstCalls),
            _ if path.ends_with("/Messages.json") => Some(Lane::FirstTexts),
            _ if path.ends_with("/Calls") => Some(Lane::SecondCalls),
            _ if path.ends_with("/v2/messages") => Some(Lane::SecondTexts),
            _ => None,
        }
    }

    fn is_of_calls(self) -> bool {
        matches!(self, Lane::FirstCalls | Lane::SecondCalls)
    }
}

/// What the carriers were asked for.
#[derive(Debug, Default)]
struct Asked {
    by_attempt: BTreeMap<String, u64>,
    times: BTreeMap<Lane, VecDeque<i64>>,
}

impl Asked {
    fn look(&mut self, asked: &[Value], tally: &Tally) {
        for request in asked.iter().filter(|request| request["method"] == "POST") {
            let Some(lane) = Lane::of(request["path"].as_str().unwrap_or("")) else { continue };
            Tally::add(if lane.is_of_calls() { &tally.calls } else { &tally.texts });
            let times = self.times.entry(lane).or_default();
            times.push_back(request["arrived_us"].as_i64().unwrap_or(0));
            if times.len() > TIMES_KEPT {
                times.pop_front();
            }
            let done = request["fault"].is_null() || request["fault"] == "accept_then_timeout";
            if let Some(attempt) = attempt(request).filter(|_| done && lane.is_of_calls()) {
                let number = self.by_attempt.entry(attempt).or_default();
                *number += 1;
                if *number == 2 {
                    tally.wrong("a carrier was asked twice to make the call of one attempt".to_owned());
                }
            }
        }
        for (lane, times) in &self.times {
            let mut times: Vec<i64> = times.iter().copied().collect();
            times.sort_unstable();
            // The second is shortened by the blur: stretched times have the same count.
            let stretched: Vec<i64> = times.iter().map(|at| at * 1_000_000 / (1_000_000 - BLUR_US)).collect();
            let most = most_in_a_second(&stretched) as u64;
            let (counter, pace, what) = match lane.is_of_calls() {
                true => (&tally.most_calls_in_a_second, PACES.0, "calls"),
                false => (&tally.most_texts_in_a_second, PACES.1, "texts"),
            };
            if counter.fetch_max(most, Ordering::Relaxed) < most && most > pace {
                tally.wrong(format!("{most} {what} of one carrier in a second; the pace is {pace}"));
            }
        }
    }
}

/// The attempt that a call is made for: its id is in the addresses that the carrier is to ask.
fn attempt(request: &Value) -> Option<String> {
    let form = request["form"].as_array()?;
    let rest = form.iter().find_map(|pair| pair[1].as_str()?.split_once("/calls/").map(|(_, rest)| rest.to_owned()))?;
    rest.get(..32).map(str::to_owned)
}

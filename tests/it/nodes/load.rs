//! What comes in while things break: texts that the carrier brings until they are taken, and Critical dispatches.

use super::a_while;
use super::checks::{self, Seen};
use super::deployment::Several;
use crate::gateway::{LINE, until};
use crate::kill::obligations;
use mock_carriers::Control;
use mock_carriers::voice::behaviour::Behaviour;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

/// How many reporters write at the same time, and how long each waits between two texts: a load that the three nodes carry on a machine that
/// has other things to do, so that what is looked at is what breaks and not how fast it goes.
const WRITERS: usize = 4;
const PAUSE_MS: u64 = 25;
/// Texts that one reporter writes before the next one begins.
const TEXTS_EACH: u64 = 50;

/// The load.
pub struct Load {
    stop: Arc<AtomicBool>,
    accepted: Arc<Mutex<BTreeSet<String>>>,
    writers: JoinSet<()>,
    dispatched: Vec<String>,
}

impl Load {
    /// Begins to write. People answer their phones in one way or another; the PSAP keys what it hears.
    pub async fn start(several: &Several) -> Self {
        let control = several.gateway.control();
        for suffix in 1..=99 {
            let behaviour: Behaviour = serde_json::from_value(checks::answers(suffix)).expect("a behaviour");
            control.behave(&format!("+155555501{suffix:02}"), vec![behaviour]).await.expect("a behaviour");
        }
        let (stop, number): (Arc<AtomicBool>, Arc<AtomicU64>) = Default::default();
        let accepted: Arc<Mutex<BTreeSet<String>>> = Arc::default();
        let mut writers = JoinSet::new();
        for _ in 0..WRITERS {
            writers.spawn(texts(control.clone(), stop.clone(), number.clone(), accepted.clone()));
        }
        Self { stop, accepted, writers, dispatched: Vec::new() }
    }

    /// This was taken, too, by another way.
    pub async fn also_accepted(&self, text: String) {
        self.accepted.lock().await.insert(text);
    }

    /// Waits until so many more texts were taken.
    pub async fn more(&self, texts: usize) {
        let goal = self.accepted.lock().await.len() + texts;
        until("texts are taken", || async { (self.accepted.lock().await.len() >= goal).then_some(()) }).await;
    }

    /// A Critical tip, triaged and dispatched at whichever node answers.
    pub async fn dispatch(&mut self, several: &Several) {
        let n = self.dispatched.len();
        let words = format!("gun on the bus {n}.");
        bring(&several.gateway.control(), &format!("+1333555{n:04}"), &words).await;
        let id = until("the tip is there", || find(several, &words)).await;
        until("it is dispatched", || async {
            let read = several.ask(Method::GET, &format!("/tips/{id}"), None).await?;
            if !obligations(&read).is_empty() {
                return Some(());
            }
            let version = json!({"version": read["version"]});
            let triage = json!({"version": read["version"], "types": ["possession-of-a-weapon"], "school": "bravo-middle"});
            if read["triage"]["school"].is_null() && read["school"].is_null() {
                several.ask(Method::PUT, &format!("/tips/{id}/triage"), Some(&triage)).await;
            } else {
                several.ask(Method::POST, &format!("/tips/{id}/dispatches"), Some(&version)).await;
            }
            None
        })
        .await;
        self.dispatched.push(id);
    }

    /// Waits until the PSAP has been called for every dispatch.
    pub async fn the_psap_is_called(&self, several: &Several) {
        for id in &self.dispatched {
            until("the PSAP is called", || async {
                let read = several.ask(Method::GET, &format!("/tips/{id}"), None).await?;
                let is_call = |one: &&Value| one["kind"] == "psap" && one["means"] == "call";
                obligations(&read).iter().find(is_call).filter(|one| !one["first_attempt_at"].is_null()).map(|_| ())
            })
            .await;
        }
    }

    /// Stops writing, waits for every promise, ends the nodes in good order and looks at everything.
    pub async fn end(mut self, several: Several) -> Seen {
        self.stop.store(true, Ordering::SeqCst);
        while let Some(ended) = self.writers.join_next().await {
            ended.expect("a writer ends");
        }
        let accepted = self.accepted.lock().await.clone();
        checks::all(several, &accepted, &self.dispatched).await
    }
}

/// Texts until told to stop; one that got no 2xx is brought again by the carrier, with the same id, until it gets one.
async fn texts(control: Control, stop: Arc<AtomicBool>, number: Arc<AtomicU64>, accepted: Arc<Mutex<BTreeSet<String>>>) {
    while !stop.load(Ordering::SeqCst) {
        a_while(PAUSE_MS).await;
        let n = number.fetch_add(1, Ordering::SeqCst);
        let body = format!("text number {n}.");
        bring(&control, &format!("+1444555{:04}", n / TEXTS_EACH), &body).await;
        accepted.lock().await.insert(body);
    }
}

/// A text, until it is taken.
async fn bring(control: &Control, from: &str, body: &str) {
    let said = control.text(from, LINE, body).await.expect("the mock says it");
    let mut status = said.webhook.status.unwrap_or(0);
    while !(200..300).contains(&status) {
        a_while(PAUSE_MS).await;
        status = control.replay(&said.sid, true).await.map_or(0, |answer| answer.status.unwrap_or(0));
    }
}

/// The open tip whose first words these are.
async fn find(several: &Several, words: &str) -> Option<String> {
    for page in 0.. {
        let read = several.ask(Method::GET, &format!("/tips?filter=open&page={page}"), None).await?;
        let is = |tip: &&Value| tip["first_words"].as_str().is_some_and(|text| text.contains(words));
        if let Some(tip) = read["tips"].as_array()?.iter().find(is) {
            return tip["id"].as_str().map(str::to_owned);
        }
        if read["more"] != true {
            break;
        }
    }
    None
}

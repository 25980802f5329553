//! What operators see of a running gateway: metrics that are the documented ones, readiness that tells why, a watchdog, spans for a collector.

use crate::away::Away;
use crate::canary::{EVERYTHING, found};
use crate::gateway::{TestGateway, until};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::any;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use tipline::telemetry::metric::{self, Kind, Values};

/// Takes whatever it is sent, and keeps it: a watchdog, or a collector of traces.
pub struct Listener {
    /// Where it listens: `http://127.0.0.1:NNNN`.
    pub url: String,
    kept: Arc<Mutex<Vec<Bytes>>>,
}

impl Listener {
    /// Starts it.
    #[expect(clippy::disallowed_methods, reason = "a test's own listener ends with the test")]
    pub async fn start() -> Self {
        let kept: Arc<Mutex<Vec<Bytes>>> = Arc::default();
        let keep = async |State(kept): State<Arc<Mutex<Vec<Bytes>>>>, body: Bytes| {
            kept.lock().unwrap_or_else(PoisonError::into_inner).push(body);
            "{}"
        };
        let router = Router::new().fallback(any(keep)).with_state(kept.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, kept }
    }
    /// Everything it was sent.
    pub fn kept(&self) -> Vec<Bytes> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
    /// The spans among it: name, trace, and the value of each attribute.
    pub fn spans(&self) -> Vec<Span> {
        let bodies = self.kept();
        let bodies = bodies.iter().map(|body| serde_json::from_slice::<Value>(body).expect("OTLP in JSON"));
        bodies
            .flat_map(|body| body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().cloned().unwrap_or_default())
            .map(|span| Span {
                name: span["name"].as_str().expect("a name").to_owned(),
                trace: span["traceId"].as_str().expect("a trace").to_owned(),
                keys: span["attributes"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(|one| one["key"].as_str())
                    .map(str::to_owned)
                    .collect(),
            })
            .collect()
    }
}

/// A span that came to the collector.
#[derive(Debug)]
pub struct Span {
    /// What was done.
    pub name: String,
    /// About which tip: its id without hyphens.
    pub trace: String,
    /// The keys of its attributes.
    pub keys: Vec<String>,
}

/// The spans of one tip, from its first word to the last receipt, under the tip's id; nothing in any that is not on the list.
pub fn tells_of(collector: &Listener, tip: &str) {
    let spans = collector.spans();
    let trace = tip.replace('-', "");
    let names: BTreeSet<&str> = spans.iter().filter(|span| span.trace == trace).map(|span| span.name.as_str()).collect();
    for name in ["accept", "commit", "claim", "attempt", "send", "receipt"] {
        assert!(names.contains(name), "no span {name} of the tip: {names:?}");
    }
    let allowed = ["tip", "attempt", "account", "lane", "means", "outcome", "answer", "level", "writes"];
    for span in &spans {
        let known = |key: &String| key.strip_prefix("tipline.").is_some_and(|key| allowed.contains(&key));
        assert!(span.keys.iter().all(known), "{span:?}");
    }
    for body in collector.kept() {
        assert_eq!(found(&body, &EVERYTHING), Vec::<String>::new(), "a span");
    }
}

/// What a scrape holds: kinds and help by name, and every label's values.
#[derive(Default)]
struct Scrape {
    kinds: BTreeMap<String, String>,
    help: BTreeMap<String, String>,
    labels: Vec<(String, String, String)>,
}

impl Scrape {
    async fn of(gateway: &TestGateway) -> Self {
        let text = gateway.client.get(format!("{}/metrics", gateway.ops)).send().await.expect("metrics").text().await.expect("metrics");
        let mut scrape = Self::default();
        for line in text.lines() {
            if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) {
                assert!(scrape.kinds.insert(name.to_owned(), kind.to_owned()).is_none(), "{name} is there twice");
            } else if let Some((name, help)) = line.strip_prefix("# HELP ").and_then(|rest| rest.split_once(' ')) {
                scrape.help.insert(name.to_owned(), help.to_owned());
            } else if let Some((name, rest)) = line.split_once('{') {
                let pairs = rest.split_once('}').expect("labels end").0;
                for pair in pairs.split("\",").filter(|pair| !pair.is_empty()) {
                    let (key, value) = pair.split_once("=\"").expect("a label");
                    scrape.labels.push((name.to_owned(), key.to_owned(), value.trim_end_matches('"').to_owned()));
                }
            }
        }
        scrape
    }

    /// Everything that is here is in the list as it is here.
    fn is_documented(&self) {
        for (name, kind) in &self.kinds {
            let metric = metric::of(name).unwrap_or_else(|| panic!("{name} is in no list"));
            assert_eq!(metric.kind.word(), kind, "{name}");
            assert_eq!(self.help.get(name).map(String::as_str), Some(metric.help.trim()), "{name}");
        }
        for (name, key, value) in &self.labels {
            let whole = ["_bucket", "_sum", "_count"].iter().find_map(|part| name.strip_suffix(part));
            let metric = metric::of(name).or(whole.and_then(metric::of)).unwrap_or_else(|| panic!("{name} is in no list"));
            if key == "le" && matches!(metric.kind, Kind::Histogram(_)) {
                continue;
            }
            let values = metric.labels.iter().find(|(label, _)| label == key).unwrap_or_else(|| panic!("{name} has a label {key}")).1;
            if let Values::Words(words) = values {
                assert!(words.contains(&value.as_str()), "{name}: {key} is {value}");
            }
            let digits = value.split(|c: char| !c.is_ascii_digit()).map(str::len).max();
            assert!(digits.is_none_or(|most| most < 7), "{name}: {key} is {value}, which could be somebody's");
        }
    }
}

/// After a run with much in it, every metric is a documented one.
pub async fn metrics_are_documented(gateway: &TestGateway) {
    Scrape::of(gateway).await.is_documented();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_metric_is_documented_and_every_documented_one_is_there() {
    let gateway = TestGateway::start_with(&[("TIPLINE__LINKS__PROBE_EVERY", "1")]).await;
    assert_eq!(gateway.text("+15555550142", "they hit me").await, 200);
    // What is looked at by turns (mailboxes, links, files) has had its first turn when all are there.
    until("every metric of the list is there", || async {
        let scrape = Scrape::of(&gateway).await;
        scrape.is_documented();
        let missing: Vec<&str> = metric::ALL.iter().map(|metric| metric.name).filter(|name| !scrape.kinds.contains_key(*name)).collect();
        if missing.is_empty() {
            return Some(());
        }
        println!("not yet: {missing:?}");
        None
    })
    .await;
    assert_eq!(gateway.metric("tipline_database_up").await, 1.0);
    assert!(gateway.metric("tipline_accepts_total").await >= 1.0);
    assert!(gateway.metric("tipline_accept_seconds_count").await >= 1.0);
    assert!(gateway.metric("tipline_commit_batch_count").await >= 1.0);
    until("every lane is held", || async {
        let lanes = Scrape::of(&gateway).await.labels.into_iter().filter(|(name, ..)| name == "tipline_lane_lease_held").count();
        (gateway.metric("tipline_lane_lease_held").await >= lanes as f64).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_says_that_it_stops_before_it_stops() {
    let mut gateway = TestGateway::start_with(&[("TIPLINE__SHUTDOWN__DRAIN_SECONDS", "60")]).await;
    let ready = format!("{}/readyz", gateway.ops);
    let ask = || async { gateway.client.get(&ready).header("Accept", "application/json").send().await.expect("an answer") };
    until("all is well", || async {
        let read: Value = ask().await.json().await.expect("JSON");
        (read["sound"] == true).then_some(())
    })
    .await;
    let text = gateway.client.get(&ready).send().await.expect("an answer").text().await.expect("text");
    assert!(text.starts_with("ready\nstopping: ready\ndatabase: ready\n"), "{text}");
    gateway.signal("-TERM");
    until("it is not ready", || async { (ask().await.status() == 503).then_some(()) }).await;
    let read: Value = ask().await.json().await.expect("JSON");
    assert_eq!((&read["ready"], &read["says"]), (&json!(false), &json!("not ready: stopping")));
    assert_eq!(read["parts"]["stopping"], json!({"ready": false, "why": "this node was told to stop"}));
    assert_eq!(read["parts"]["database"], json!({"ready": true, "why": null}));
    let alive = gateway.client.get(format!("{}/healthz", gateway.ops)).send().await.expect("an answer");
    assert_eq!(alive.status(), 200, "it lives, and");
    assert_eq!(gateway.text("+15555550142", "they hit me").await, 200, "whoever comes is still taken in");
    until("is still worked for", || async { (gateway.control().messages("+15555550142").await.len() == 2).then_some(()) }).await;
    // The second signal ends the wait.
    assert_eq!(gateway.terminate().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_watchdog_hears_as_long_as_all_is_well() {
    let watchdog = Listener::start().await;
    let url = format!("{}/beat/of-ours", watchdog.url);
    let mut gateway = TestGateway::start_with(&[
        ("TIPLINE__HEARTBEAT__URL", &url),
        ("TIPLINE__HEARTBEAT__EVERY_SECONDS", "1"),
        ("TIPLINE__OUTBOX__LANE_LEASE_SECONDS", "3"),
    ])
    .await;
    until("it is heard", || std::future::ready((watchdog.kept().len() >= 2).then_some(()))).await;
    assert!(watchdog.kept().iter().all(|body| body.is_empty()), "there is nothing in it");
    let away = Away::take(&gateway).await;
    until("it is withheld", || async { (gateway.metric_of("tipline_heartbeats_total{result=\"withheld\"}").await >= 1.0).then_some(()) })
        .await;
    let heard = watchdog.kept().len();
    let withheld = gateway.metric_of("tipline_heartbeats_total{result=\"withheld\"}").await;
    until("more turns", || async { (gateway.metric_of("tipline_heartbeats_total{result=\"withheld\"}").await > withheld).then_some(()) })
        .await;
    assert_eq!(watchdog.kept().len(), heard, "and not heard meanwhile");
    away.back().await;
    until("it is heard again", || std::future::ready((watchdog.kept().len() > heard).then_some(()))).await;
    assert_eq!(gateway.terminate().await, 0);
    let log = gateway.log();
    assert!(log.contains("the watchdog gets no heartbeat until it is mended") && log.contains("all is well again"), "both are said");
    assert!(!log.contains("of-ours"), "the watchdog's address is a secret");
}

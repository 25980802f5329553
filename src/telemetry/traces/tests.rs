//! Spans of a root come together under their tip, and nothing that is not on the list comes with them.

use super::*;
use domain::id::ConversationId;
use tracing::Instrument;
use tracing_subscriber::layer::SubscriberExt;
use uuid::Uuid;

fn parsed<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

const TIP: &str = "018f3c2e-1111-7222-8333-444455556666";

#[tokio::test]
async fn what_ends_within_a_root_goes_with_it_under_the_tips_id() {
    let (traces, mut exporter) = Traces::to("http://127.0.0.1:1", Clock::System);
    let subscriber = tracing_subscriber::registry().with(traces.layer());
    let _held = tracing::subscriber::set_default(subscriber);
    let root = accept(&parsed("main"));
    async {
        async { about(parsed::<ConversationId>(TIP)) }.instrument(receipt(AttemptId::new(Uuid::from_u128(7)))).await;
        async {}.instrument(commit(3)).await;
        tracing::info_span!("of a library", number = "+15555550142").in_scope(|| {});
        tracing::info_span!(target: TARGET, "attempt", number = "+15555550142", account = "+15555550142").in_scope(|| {});
    }
    .instrument(root.clone())
    .await;
    root.record("outcome", "merged");
    drop(root);
    let together = exporter.waiting_now().expect("the root has ended");
    assert_eq!(together.trace, Uuid::parse_str(TIP).unwrap().as_u128());
    let names: Vec<_> = together.spans.iter().map(|span| span.name).collect();
    assert_eq!(names, ["receipt", "commit", "attempt", "accept"]);
    let root = &together.spans[3];
    assert!(together.spans[..3].iter().all(|span| span.parent == Some(root.id)) && root.parent.is_none());
    assert_eq!(root.attributes, [("account", "main".to_owned()), ("outcome", "merged".to_owned())]);
    assert!(together.spans.iter().all(|span| span.start_nanos <= span.end_nanos && span.start_nanos > 0));
    let body = otlp::body("node", &[together]).to_string();
    assert!(body.contains("\"traceId\":\"018f3c2e111172228333444455556666\"") && !body.contains("5555550142"), "{body}");
    assert!(exporter.waiting_now().is_none());
}

#[tokio::test]
async fn a_root_gathers_so_many_and_what_waits_is_bounded() {
    let (traces, mut exporter) = Traces::to("http://127.0.0.1:1", Clock::System);
    let subscriber = tracing_subscriber::registry().with(traces.layer());
    let _held = tracing::subscriber::set_default(subscriber);
    claim(&parsed("main-text")).in_scope(|| (0..500).for_each(|writes| drop(commit(writes))));
    assert_eq!(exporter.waiting_now().unwrap().spans.len(), 65);
    (0..5_000).for_each(|_| drop(commit(1)));
    let waiting = std::iter::from_fn(|| exporter.waiting_now()).count();
    assert_eq!(waiting, WAITING_MOST);
}

//! As lively as a real carrier: many calls at once are accepted quickly, and all their callbacks come.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use mock_carriers::voice::behaviour::Behaviour;

use crate::gateway::{OURS, THEIRS, World};

const CALLS: usize = 1_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_calls_at_once() {
    let world = World::start().await;
    world.answer("/twiml", "<Say>Hello</Say><Hangup/>");
    world.control.behave(THEIRS, vec![Behaviour::human("none")]).await.unwrap();
    let began = Instant::now();
    let calls = futures_util::stream::iter(0..CALLS).map(|_| world.call(&[]));
    let sids: Vec<String> = calls.buffer_unordered(64).collect().await;
    let accepted = began.elapsed();
    assert_eq!(sids.len(), CALLS);
    world.wait_hooks("/status", 4 * CALLS).await;
    eprintln!("{CALLS} calls accepted in {accepted:?}, all callbacks after {:?}", began.elapsed());
    // Generous, since a busy machine must not fail the test; the line above is the measurement.
    assert!(accepted < Duration::from_secs(60), "{accepted:?}");
    assert_eq!(world.control.calls(Some(OURS)).await.len(), CALLS);
}

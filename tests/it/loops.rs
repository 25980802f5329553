//! Test texts and calls that go round from one of our numbers to another: they come in, they are known, and they are nobody's tip.
//!
//! The pretend carriers do not pass anything on to each other; here the test is the network between them.

use crate::gateway::{LINE, SECOND_LINE, TestGateway, until};
use std::time::Duration;

/// How long a call may take to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// Whether the last loop of a lane came round.
async fn came_round(gateway: &TestGateway, lane: &str) -> bool {
    let text = gateway.client.get(format!("{}/metrics", gateway.ops)).send().await.expect("metrics").text().await.expect("metrics");
    let of_lane = |line: &&str| line.contains(&format!("lane=\"{lane}\"")) && line.contains("test=\"loop\"");
    text.lines().filter(|line| line.starts_with("tipline_link_seconds")).any(|line| of_lane(&line))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_and_a_text_go_round_and_are_no_tip() {
    let gateway = TestGateway::start_with(&[("TIPLINE__LINKS__LOOPS", "true"), ("TIPLINE__LINKS__LOOP_EVERY", "2")]).await;
    let control = gateway.control();
    for (from, to, lane) in [(LINE, SECOND_LINE, "main-call"), (SECOND_LINE, LINE, "backup-call")] {
        let left = until("the gateway calls its own number", || async {
            let calls = control.calls(Some(to)).await;
            calls.into_iter().find(|call| call.from == from)
        })
        .await;
        assert!(!came_round(&gateway, lane).await, "on its way: {left:?}");
        let sid = control.dial(from, to).await.expect("the network passes it on");
        let call = control.wait_end(&sid, PATIENCE).await.expect("it is hung up");
        let heard = serde_json::to_string(&call.transcript).expect("a transcript");
        assert!(!heard.contains("record") && !heard.contains("911"), "the reporters' menu is not spoken to ourselves: {heard}");
        until("it has come round", || async { came_round(&gateway, lane).await.then_some(()) }).await;
    }
    for (from, to, lane) in [(LINE, SECOND_LINE, "main-text"), (SECOND_LINE, LINE, "backup-text")] {
        let words = until("the gateway texts its own number", || async {
            let texts = control.messages(to).await;
            texts.into_iter().find(|text| text.from == from).map(|text| text.body)
        })
        .await;
        let said = control.text(from, to, &words).await.expect("the network passes it on");
        assert!(said.webhook.status.is_some_and(|status| status < 300), "{:?}", said.webhook.status);
        until("it has come round", || async { came_round(&gateway, lane).await.then_some(()) }).await;
    }
    assert!(gateway.tips().await.is_empty(), "nobody wrote, nobody called");
    assert_eq!(gateway.get("/tips?filter=closed").await["tips"].as_array().map(Vec::len), Some(0));
}

//! A Critical tip behind a queue: 50,000 Standard mails wait when somebody presses the button. Beside it, in the same run, the same with
//! nothing waiting.

use super::clock::{at_us, calls, most_in_a_second, now_us};
use super::deployment::{Deployment, Paces, School, Wants};
use super::tips::{Sorted, dispatch, sorted};
use anyhow::{Result, ensure};
use serde_json::Value;
use std::path::Path;
use std::time::{Duration, Instant};

/// How many Standard obligations wait.
pub const WAITING: usize = 50_000;
/// How many people one Standard tip is mailed to.
const MAILED: usize = 1000;
/// Mails in a second, so that the queue stays.
const MAILS_PER_SECOND: f64 = 5.0;
/// Calls in a second.
const CALLS_PER_SECOND: f64 = 10.0;
/// The school whose list is long.
const OFFICE: &str = "bench-office";
/// Longer than this is a fault of the bench.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a click led to, in milliseconds.
#[derive(Debug)]
pub struct Click {
    /// Until it was answered.
    pub answered_ms: f64,
    /// Until the carrier had the first call.
    pub call_ms: f64,
    /// Until the mail server had the first mail.
    pub mail_ms: f64,
}

/// What came out.
#[derive(Debug)]
pub struct Queue {
    /// Nothing waited.
    pub empty: Click,
    /// Everything did.
    pub full: Click,
    /// Promises that were open then.
    pub waiting: u64,
    /// The most calls in any sliding second.
    pub calls_in_a_second: usize,
}

/// Fills the queue and clicks, before and after.
pub async fn measure(folder: &Path, waiting: usize) -> Result<Queue> {
    let schools = vec![School { key: OFFICE, phones: 1, mails: MAILED }];
    let paces = Paces { texts: 100.0, calls: CALLS_PER_SECOND };
    let wants = Wants { paces, mails_per_second: MAILS_PER_SECOND, district_after: 45, schools };
    let gateway = Deployment::start_as(folder.to_owned(), wants).await?;
    gateway.clear_requests().await?;
    let empty = click(&gateway, 0).await?;
    for n in 0..waiting.div_ceil(MAILED) {
        let tip = sorted(&gateway, Sorted { number: n + 100, school: OFFICE, kind: "bullying" }).await?;
        dispatch(&gateway, &tip).await?;
    }
    let open = gateway.metric("tipline_obligations_open").await?;
    let full = click(&gateway, 1).await?;
    let times: Vec<i64> = calls(&gateway.requests().await?).into_iter().map(|(at, _)| at).collect();
    gateway.stop().await;
    Ok(Queue { empty, full, waiting: open, calls_in_a_second: most_in_a_second(&times) })
}

async fn click(gateway: &Deployment, number: usize) -> Result<Click> {
    let school = ["bravo-middle", "charlie-high"][number];
    let tip = sorted(gateway, Sorted { number, school, kind: "possession-of-a-weapon" }).await?;
    let (began, clicked_us) = (Instant::now(), now_us()?);
    dispatch(gateway, &tip).await?;
    let answered_ms = began.elapsed().as_secs_f64() * 1000.0;
    let (mut call, mut mail) = (None, None);
    while call.is_none() || mail.is_none() {
        ensure!(began.elapsed() < PATIENCE, "no call or no mail within {PATIENCE:?}");
        let after = |at: &i64| *at >= clicked_us;
        call = calls(&gateway.requests().await?).into_iter().map(|(at, _)| at).find(after);
        mail = gateway.mails().await?.iter().filter(|mail| is_to(mail, school)).filter_map(at_us).filter(after).min();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let since = |at: Option<i64>| at.map_or(0.0, |at| (at - clicked_us) as f64 / 1000.0);
    Ok(Click { answered_ms, call_ms: since(call), mail_ms: since(mail) })
}

/// Whether a mail went to somebody at this school, the PSAP or the police: of this dispatch, not of the queue.
fn is_to(mail: &Value, school: &str) -> bool {
    let to = mail["to"].to_string();
    to.contains(school) || to.contains("demo-county-911") || to.contains("demo-county-police")
}

/// The section of the report.
pub fn section(queue: &Queue) -> String {
    let Queue { empty, full, waiting, calls_in_a_second } = queue;
    let line = |name: &str, click: &Click| format!("| {name} | {:.0} | {:.0} | {:.0} |\n", click.answered_ms, click.call_ms, click.mail_ms);
    format!(
        "## A Critical tip behind a queue\n\nOne Critical tip is dispatched while {waiting} promises are open, Standard mails on a lane of \
         {MAILS_PER_SECOND} a second; calls have a lane of {CALLS_PER_SECOND} a second. Milliseconds from the click (the API's request):\n\n\
         | | click answered | the carrier has the first call | the server has the first of its mails |\n|---|---|---|---|\n{}{}\n\
         The most calls in any sliding second were {calls_in_a_second}.\n",
        line("nothing waits", empty),
        line("the queue waits", full),
    )
}

//! Many Critical tips at once on a lane of limited pace: who is called when, beside the best order possible.
//!
//! The best order is computed from the very moments at which the dispatches were durable: one server with the lane's pace that always
//! takes the most urgent call there is, PSAPs before everybody, older tips before younger ones. The gateway cannot be better.

use super::clock::{calls, most_in_a_second, now_us, share};
use super::deployment::{Deployment, Paces, School, Wants, number};
use super::tips::{Sorted, Tip, dispatch, sorted};
use anyhow::{Result, ensure};
use serde_json::json;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::Path;
use std::time::{Duration, Instant};

/// Tips.
pub const TIPS: usize = 1000;
/// People who are called for each: the PSAP, two of the police, the school's.
pub const POCS: usize = 12;
/// Of them at the school.
const AT_SCHOOL: usize = POCS - 3;
/// Calls in a second: ten times the pace that a usual number has, so that a storm of twenty minutes takes two.
pub const PACE: f64 = 100.0;
/// The school.
const SCHOOL: &str = "bench-storm";
/// The PSAP and the police of the demo's county.
const PSAP: &str = "+15555550101";
const POLICE: [&str; 2] = ["+15555550102", "+15555550103"];

/// When people of one sort were called, in seconds from the first click: half of them, 99 in a hundred, all.
#[derive(Debug, Clone, Copy)]
pub struct Called {
    /// Half.
    pub half: f64,
    /// 99 in a hundred.
    pub most: f64,
    /// All.
    pub all: f64,
}

/// What came out.
#[derive(Debug)]
pub struct Storm {
    /// How many tips.
    pub tips: usize,
    /// The pace.
    pub pace: f64,
    /// How long the clicks took, in seconds.
    pub clicks: f64,
    /// PSAPs: as it was, and at best.
    pub psap: [Called; 2],
    /// The others, likewise.
    pub others: [Called; 2],
    /// The most calls in any sliding second.
    pub in_a_second: usize,
    /// Calls that the carrier was asked for, repeats included.
    pub asked: usize,
}

/// Runs it.
pub async fn measure(folder: &Path, tips: usize, pace: f64) -> Result<Storm> {
    let schools = vec![School { key: SCHOOL, phones: AT_SCHOOL, mails: 1 }];
    let wants = Wants { paces: Paces { texts: 1000.0, calls: pace }, mails_per_second: 1000.0, district_after: 900, schools };
    let gateway = Deployment::start_as(folder.to_owned(), wants).await?;
    let confirms = json!([{"answer": "human", "key": "heard_code"}]);
    let numbers = (0..AT_SCHOOL).map(|n| number(0, n)).chain([PSAP].into_iter().chain(POLICE).map(str::to_owned));
    for number in numbers {
        gateway.behave(&number, &confirms).await?;
    }
    let mut ready = Vec::with_capacity(tips);
    for number in 0..tips {
        ready.push(sorted(&gateway, Sorted { number, school: SCHOOL, kind: "possession-of-a-weapon" }).await?);
    }
    gateway.clear_requests().await?;
    let (began_us, began) = (now_us()?, Instant::now());
    let releases = click_all(&gateway, &ready).await?;
    let clicks = began.elapsed().as_secs_f64();
    let patience = Duration::from_secs_f64((tips * POCS) as f64 / pace * 4.0 + 120.0);
    let seen = loop {
        let seen = calls(&gateway.requests().await?);
        if seen.len() >= tips * POCS {
            break seen;
        }
        ensure!(began.elapsed() < patience, "only {} of {} calls within {patience:?}", seen.len(), tips * POCS);
        // Not before it can be over: the list of all requests is long, and whoever gives it does not notice what comes meanwhile.
        let left = (tips * POCS - seen.len()) as f64 / pace;
        tokio::time::sleep(Duration::from_secs_f64(left.max(1.0))).await;
    };
    gateway.stop().await;
    let since = |at: i64| (at - began_us) as f64 / 1e6;
    let was = |psap: bool| called(seen.iter().filter(|(_, to)| (to == PSAP) == psap).map(|(at, _)| since(*at)).collect());
    let best = best(&releases.iter().map(|at| since(*at)).collect::<Vec<_>>(), pace);
    let [best_psap, best_others] = best.map(called);
    let times: Vec<i64> = seen.iter().map(|(at, _)| *at).collect();
    Ok(Storm {
        tips,
        pace,
        clicks,
        psap: [was(true), best_psap],
        others: [was(false), best_others],
        in_a_second: most_in_a_second(&times),
        asked: seen.len(),
    })
}

/// Dispatches one after the other, as one desk would; when each was asked for, since nothing can be called before.
async fn click_all(gateway: &Deployment, tips: &[Tip]) -> Result<Vec<i64>> {
    let mut releases = Vec::with_capacity(tips.len());
    for tip in tips {
        releases.push(now_us()?);
        dispatch(gateway, tip).await?;
    }
    Ok(releases)
}

/// The best possible times, of PSAPs and of the others: whenever the lane is free, the most urgent call that there is.
fn best(releases: &[f64], pace: f64) -> [Vec<f64>; 2] {
    let mut times = [Vec::new(), Vec::new()];
    let mut waiting: BinaryHeap<Reverse<(usize, usize)>> = BinaryHeap::new();
    let (mut next, mut now) = (0, 0.0_f64);
    while next < releases.len() || !waiting.is_empty() {
        if waiting.is_empty() {
            now = now.max(releases[next]);
        }
        while next < releases.len() && releases[next] <= now {
            waiting.push(Reverse((0, next)));
            waiting.extend((1..POCS).map(|_| Reverse((1, next))));
            next += 1;
        }
        if let Some(Reverse((sort, _))) = waiting.pop() {
            times[sort].push(now);
            now += 1.0 / pace;
        }
    }
    times
}

fn called(mut times: Vec<f64>) -> Called {
    times.sort_by(f64::total_cmp);
    Called { half: share(&times, 0.5), most: share(&times, 0.99), all: times.last().copied().unwrap_or(0.0) }
}

/// The section of the report.
pub fn section(storm: &Storm) -> String {
    let Storm { tips, pace, clicks, psap, others, in_a_second, asked } = storm;
    let line = |name: &str, [was, best]: &[Called; 2]| {
        format!("| {name} | {:.1} ({:.1}) | {:.1} ({:.1}) | {:.1} ({:.1}) |\n", was.half, best.half, was.most, best.most, was.all, best.all)
    };
    format!(
        "## A storm of Critical tips\n\n{tips} Critical tips with {POCS} people to call each, dispatched one after the other within \
         {clicks:.1} s, on a lane of {pace} calls a second. Seconds from the first click until they were called, in brackets the best \
         possible for the same clicks and pace:\n\n\
         | | half | 99 % | all |\n|---|---|---|---|\n{}{}\n\
         The carrier was asked for {asked} calls, never more than {in_a_second} in any sliding second.\n",
        line("911 centres", psap),
        line("everybody else", others),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_best_a_psap_never_waits_for_others() {
        let [psaps, others] = best(&[0.0, 0.05], 10.0);
        assert_eq!((psaps.len(), others.len()), (2, 22));
        assert!((psaps[1] - 0.1).abs() < 1e-9, "the next free moment after its click: {psaps:?}");
        assert!((others[21] - 2.3).abs() < 1e-9, "{others:?}");
    }
}

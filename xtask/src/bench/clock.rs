//! Times of the carriers' requests on the machine's clock, and what follows from them: how many in a sliding second, how long until.

use anyhow::Result;
use serde_json::Value;
use std::time::SystemTime;

/// Now, in microseconds since the epoch: what the mock's times are of.
pub fn now_us() -> Result<i64> {
    #[expect(clippy::disallowed_methods, reason = "the mock's times are of the machine's clock, and so must ours be")]
    let now = SystemTime::now();
    Ok(i64::try_from(now.duration_since(SystemTime::UNIX_EPOCH)?.as_micros())?)
}

/// A time that the mock wrote.
pub fn at_us(value: &Value) -> Option<i64> {
    value["at"].as_str()?.parse::<jiff::Timestamp>().ok().map(|at| at.as_microsecond())
}

/// When and whom each create-call request wanted to call, in order.
pub fn calls(requests: &[Value]) -> Vec<(i64, String)> {
    let is_call =
        |request: &&Value| request["method"] == "POST" && request["path"].as_str().is_some_and(|path| path.ends_with("/Calls.json"));
    let to = |request: &Value| {
        let form = request["form"].as_array()?;
        form.iter().find(|pair| pair[0] == "To").and_then(|pair| pair[1].as_str()).map(str::to_owned)
    };
    let mut calls: Vec<_> =
        requests.iter().filter(is_call).filter_map(|request| Some((at_us(request)?, to(request).unwrap_or_default()))).collect();
    calls.sort();
    calls
}

/// The most in any sliding second of these times, which are in order.
pub fn most_in_a_second(times: &[i64]) -> usize {
    let mut first = 0;
    let mut most = 0;
    for (last, at) in times.iter().enumerate() {
        while at - times[first] >= 1_000_000 {
            first += 1;
        }
        most = most.max(last + 1 - first);
    }
    most
}

/// The value below which this share lies; the times are in order.
pub fn share(times: &[f64], share: f64) -> f64 {
    let at = ((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1));
    times.get(at).copied().unwrap_or(0.0)
}

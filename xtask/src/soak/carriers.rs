//! The ways in which carriers break, drawn from the seed.

use super::doors::Doors;
use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};

/// A carrier is away, slow, refuses, throttles, or takes and does not say so.
pub fn sending(random: &mut fastrand::Rng) -> Value {
    let carrier = ["twilio", "telnyx"][random.usize(..2)];
    match random.u8(..6) {
        0 => json!({"match": {"carrier": carrier}, "fault": "refuse"}),
        1 => json!({"match": {"kind": "rest", "carrier": carrier}, "fault": "delay", "delay_ms": random.u64(500..9_000)}),
        2 => json!({"match": {"kind": "rest", "carrier": carrier}, "fault": "500"}),
        3 => json!({"match": {"kind": "rest", "carrier": carrier}, "fault": "429"}),
        4 => json!({"match": {"kind": "rest", "carrier": carrier, "method": "POST"}, "fault": "accept_then_timeout", "times": 3}),
        _ => json!({"match": {"kind": "smtp"}, "fault": "drop_after_data", "times": 5}),
    }
}

/// Callbacks come doubled, reordered, late or never.
pub fn telling(random: &mut fastrand::Rng) -> Value {
    let fault = ["double", "reorder", "drop", "delay"][random.usize(..4)];
    json!({"match": {"kind": "callback"}, "fault": fault, "delay_ms": if fault == "delay" { random.u64(200..5_000) } else { 0 }})
}

/// Sets a fault; its id, by which it is removed.
pub async fn set(doors: &Doors, fault: &Value) -> Result<Vec<String>> {
    let set = doors.carriers(Method::POST, "faults", Some(fault)).await?;
    Ok(set["id"].as_str().map(str::to_owned).into_iter().collect())
}

/// Removes one. Used up, it is gone already.
pub async fn remove(doors: &Doors, id: &str) {
    let _ = doors.carriers(Method::DELETE, &format!("faults/{id}"), None).await;
}

/// Removes every fault.
pub async fn mend(doors: &Doors) -> Result<()> {
    doors.carriers(Method::DELETE, "faults", None).await.map(drop)
}

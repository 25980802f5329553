//! A call's parameters as TeXML sends them: Twilio's names for what both have, its own for the rest, and no geography.

use crate::exchange::Exchange;

/// What only the first carrier sends.
const TWILIOS: [&str; 12] = [
    "Caller",
    "Called",
    "ApiVersion",
    "CallerName",
    "StirVerstat",
    "FromCity",
    "FromState",
    "FromZip",
    "FromCountry",
    "Duration",
    "TranscriptionUrl",
    "RecordingSource",
];

/// The parameters of a webhook or callback of a call.
pub fn params(exchange: &Exchange, twilios: &[(String, String)]) -> Vec<(String, String)> {
    let is_geography = |key: &str| {
        ["From", "To", "Caller", "Called"]
            .iter()
            .any(|side| key.strip_prefix(side).is_some_and(|rest| matches!(rest, "City" | "State" | "Zip" | "Country")))
    };
    let mut params: Vec<(String, String)> = twilios
        .iter()
        .filter(|(key, _)| !TWILIOS.contains(&key.as_str()) && !is_geography(key))
        .map(|(key, value)| (key.clone(), own_value(exchange, key, value)))
        .collect();
    let sid = twilios.iter().find(|(key, _)| key == "CallSid").map(|(_, value)| value.clone()).unwrap_or_default();
    params.push(("CallSidLegacy".to_owned(), sid));
    params.push(("ConnectionId".to_owned(), exchange.options.telnyx.application_id.clone()));
    params
}

fn own_value(exchange: &Exchange, key: &str, value: &str) -> String {
    match key {
        "AccountSid" => exchange.options.telnyx.account_sid.clone(),
        "RecordingUrl" => recording_url(exchange, value.rsplit('/').next().unwrap_or_default()),
        _ => value.to_owned(),
    }
}

/// Where a recording is fetched.
pub fn recording_url(exchange: &Exchange, sid: &str) -> String {
    format!("{}/v2/recordings/{sid}.wav", exchange.telnyx_url)
}

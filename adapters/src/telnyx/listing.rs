//! Looking for an attempt whose outcome is unknown: by its id when the answer had come, else among what was sent from and to the same
//! numbers since the intent.
//!
//! The carrier's lists are complete only after a while ("eventually consistent"), so that nothing is found right after a sending proves
//! nothing: until that while is over the answer is "ask later", never "no trace".

use super::client::Client;
use super::codes;
use super::config::Clock;
use super::errors::unreadable;
use super::status;
use crate::contract::SendError;
use crate::twilio::status::{answered_by, detected, of_call};
use domain::channel::Means;
use domain::dispatch::evidence::ReceiptKind;
use domain::exchange::{ProviderId, Search, Sighting};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// A carrier's clock may be behind ours by this much, and it may count whole seconds.
const CLOCK_SLACK: SignedDuration = SignedDuration::from_secs(5);
/// How long a list may lack what was just sent.
const SETTLES: SignedDuration = SignedDuration::from_secs(20);
/// Records a page, the most that the carrier gives.
const PAGE_SIZE: &str = "50";
/// Pages that are read at most: 200 texts or calls to one number since the intent was written.
const MAX_PAGES: usize = 4;

/// All that the carrier has on record that may be the attempt.
pub(super) async fn find(client: &Client, clock: &Clock, search: &Search) -> Result<Vec<Sighting>, SendError> {
    if let Some(id) = &search.provider_id {
        let record = match search.means {
            Means::Call => client.fetch_call(&id.0).await?,
            Means::Text => client.fetch_message(&id.0).await?,
            Means::Mail => return Err(no_mail()),
        };
        return Ok(record.iter().filter_map(|record| sighting(record.get("data").unwrap_or(record), search)).collect());
    }
    let found = match search.means {
        Means::Call => calls(client, search).await?,
        Means::Text => texts(client, search).await?,
        Means::Mail => return Err(no_mail()),
    };
    if found.is_empty() && clock.now().duration_since(search.intended_at) < SETTLES {
        return Err(SendError::Transient { reason: "too early to say: the carrier's list may not have it yet".to_owned(), code: None });
    }
    Ok(found)
}

async fn texts(client: &Client, search: &Search) -> Result<Vec<Sighting>, SendError> {
    let (day, mut found) = (day(since(search)), Vec::new());
    for number in 1..=MAX_PAGES {
        let number = number.to_string();
        let query = [
            ("filter[record_type]", "messaging"),
            ("filter[direction]", "outbound"),
            ("filter[cli]", search.from.reveal()),
            ("filter[cld]", search.to.reveal()),
            ("filter[created_at][gte]", day.as_str()),
            ("sort", "-created_at"),
            ("page[size]", PAGE_SIZE),
            ("page[number]", number.as_str()),
        ];
        let list = client.list_detail_records(&query).await?;
        let records = list.get("data").and_then(Value::as_array).ok_or_else(unreadable)?;
        let (fresh, past) = sort(records, search);
        found.extend(fresh);
        if past || is_last(&list, records) {
            return Ok(found);
        }
    }
    too_many(found)
}

async fn calls(client: &Client, search: &Search) -> Result<Vec<Sighting>, SendError> {
    let mut found = Vec::new();
    for number in 0..MAX_PAGES {
        let number = number.to_string();
        let query = [("To", search.to.reveal()), ("From", search.from.reveal()), ("PageSize", PAGE_SIZE), ("Page", number.as_str())];
        let list = client.list_calls(&query).await?;
        let records = list.get("calls").and_then(Value::as_array).ok_or_else(unreadable)?;
        let (fresh, past) = sort(records, search);
        found.extend(fresh);
        if past || records.is_empty() || list.get("next_page_uri").and_then(Value::as_str).is_none_or(str::is_empty) {
            return Ok(found);
        }
    }
    too_many(found)
}

/// What may be the attempt, and whether the page reaches back before it.
fn sort(records: &[Value], search: &Search) -> (Vec<Sighting>, bool) {
    let since = since(search);
    let all: Vec<Sighting> = records.iter().filter_map(|record| sighting(record, search)).collect();
    let past = all.iter().any(|sighting| sighting.created_at < since);
    (all.into_iter().filter(|sighting| sighting.created_at >= since).collect(), past)
}

/// Whether a page of detail records is the last one.
pub(super) fn is_last(list: &Value, records: &[Value]) -> bool {
    let meta = |key: &str| list.pointer(key).and_then(Value::as_u64);
    records.is_empty() || meta("/meta/page_number").zip(meta("/meta/total_pages")).is_none_or(|(page, total)| page >= total)
}

fn too_many(found: Vec<Sighting>) -> Result<Vec<Sighting>, SendError> {
    if found.is_empty() { Err(SendError::Transient { reason: "too many records to search".to_owned(), code: None }) } else { Ok(found) }
}

fn since(search: &Search) -> Timestamp {
    search.intended_at.checked_sub(CLOCK_SLACK).unwrap_or(Timestamp::MIN)
}

/// The day of a time, as the carrier's filters want it.
pub(super) fn day(at: Timestamp) -> String {
    at.to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
}

/// RFC 3339 or RFC 2822.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| jiff::fmt::rfc2822::parse(text).map(|zoned| zoned.timestamp()).ok())
}

/// One record, unless it came in or has no id. A time that cannot be read is taken for the intent's: it may be the one.
fn sighting(record: &Value, search: &Search) -> Option<Sighting> {
    let text = |key: &str| record.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    if text("direction").is_some_and(|direction| direction.starts_with("inbound")) {
        return None;
    }
    let id = ["sid", "uuid", "id"].iter().find_map(|key| text(key))?;
    let created = ["created_at", "received_at", "date_created", "start_time"].iter().find_map(|key| text(key).and_then(time));
    let news = match search.means {
        Means::Call => of_record(text("status"), text("answered_by")),
        Means::Text | Means::Mail => {
            let word = text("status").or_else(|| record.pointer("/to/0/status").and_then(Value::as_str));
            word.map_or(vec![ReceiptKind::Submitted], |word| status::news(word, codes::first(record.get("errors"))))
        }
    };
    Some(Sighting { provider_id: ProviderId(id.to_owned()), created_at: created.unwrap_or(search.intended_at), news })
}

/// What a call's record says, in the order of the lattice.
fn of_record(word: Option<&str>, by: Option<&str>) -> Vec<ReceiptKind> {
    let mut news = vec![ReceiptKind::Submitted];
    let Some(word) = word else { return news };
    let last = of_call(word, None);
    if word == "completed" || last == ReceiptKind::Answered {
        // A call that went on or was hung up after an answer was answered; who did is the carrier's guess.
        news.push(ReceiptKind::Answered);
    }
    news.extend(detected(answered_by(by)));
    if !news.contains(&last) {
        news.push(last);
    }
    news
}

fn no_mail() -> SendError {
    SendError::Permanent { reason: "this account sends texts and calls, no mail".to_owned(), code: None }
}

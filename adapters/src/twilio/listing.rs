//! Looking for an attempt whose outcome is unknown: by its id when the answer had come, else among what was sent from and to
//! the same numbers.
//!
//! The carrier's own time filter is not used: it goes by the time of sending, which a message in the queue does not have yet,
//! so it could hide the very one that is looked for. Pages come newest first and are read until they are older than the
//! intent. That the carrier has no trace is said only when every page that could hold one was read.

use super::client::Client;
use super::status;
use crate::contract::SendError;
use domain::channel::Means;
use domain::dispatch::evidence::ReceiptKind;
use domain::exchange::{ProviderId, Search, Sighting};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// A carrier's clock may be behind ours by this much, and it counts whole seconds.
const CLOCK_SLACK: SignedDuration = SignedDuration::from_secs(5);
/// Records a page.
const PAGE_SIZE: &str = "50";
/// Pages that are read at most: 200 texts or calls to one number since the intent was written.
const MAX_PAGES: usize = 4;

/// Which page of a list.
pub enum Page<'a> {
    /// The first, with a filter.
    First(&'a [(&'a str, &'a str)]),
    /// A further one, by the URI that the page before named; relative to the host.
    Next(&'a str),
}

/// All that the carrier has on record that may be the attempt.
pub(super) async fn find(client: &Client, search: &Search) -> Result<Vec<Sighting>, SendError> {
    let Some(id) = &search.provider_id else { return find_by_numbers(client, search).await };
    let record = match search.means {
        Means::Call => client.fetch_call(&id.0).await?,
        Means::Text => client.fetch_message(&id.0).await?,
        Means::Mail => return Err(no_mail()),
    };
    Ok(record.iter().filter_map(|record| sighting(record, search)).collect())
}

async fn find_by_numbers(client: &Client, search: &Search) -> Result<Vec<Sighting>, SendError> {
    let filter = [("To", search.to.reveal()), ("From", search.from.reveal()), ("PageSize", PAGE_SIZE)];
    let since = search.intended_at.checked_sub(CLOCK_SLACK).unwrap_or(Timestamp::MIN);
    let mut found = Vec::new();
    let mut next: Option<String> = None;
    for _ in 0..MAX_PAGES {
        let page = next.as_deref().map_or(Page::First(&filter), Page::Next);
        let (list, records) = match search.means {
            Means::Call => (client.list_calls(&page).await?, "calls"),
            Means::Text => (client.list_messages(&page).await?, "messages"),
            Means::Mail => return Err(no_mail()),
        };
        let records = list.get(records).and_then(Value::as_array).ok_or_else(unreadable)?;
        let all: Vec<Sighting> = records.iter().filter_map(|record| sighting(record, search)).collect();
        let older = all.iter().any(|sighting| sighting.created_at < since);
        found.extend(all.into_iter().filter(|sighting| sighting.created_at >= since));
        next = list.get("next_page_uri").and_then(Value::as_str).filter(|uri| !uri.is_empty()).map(str::to_owned);
        match &next {
            Some(uri) if !older && !uri.starts_with('/') => return Err(unreadable()),
            Some(_) if !older => {}
            Some(_) | None => return Ok(found),
        }
    }
    if found.is_empty() { Err(SendError::Transient { reason: "too many records to search".to_owned(), code: None }) } else { Ok(found) }
}

/// One record, unless it came in or has no id. A time that cannot be read is taken for the intent's: it may be the one.
fn sighting(record: &Value, search: &Search) -> Option<Sighting> {
    let text = |key: &str| record.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    if text("direction").is_some_and(|direction| direction.starts_with("inbound")) {
        return None;
    }
    let created_at = text("date_created").and_then(time).unwrap_or(search.intended_at);
    Some(Sighting { provider_id: ProviderId(text("sid")?.to_owned()), created_at, news: news(record, search.means) })
}

/// What a record's status says, in the order of the lattice: that there is a record at all means that it was taken.
pub(super) fn news(record: &Value, means: Means) -> Vec<ReceiptKind> {
    let text = |key: &str| record.get(key).and_then(Value::as_str);
    let code = record.get("error_code").and_then(Value::as_i64);
    let mut news = vec![ReceiptKind::Submitted];
    let Some(word) = text("status") else { return news };
    let last = match means {
        Means::Call => status::of_call(word, code),
        Means::Text | Means::Mail => status::of_message(word, code),
    };
    if means == Means::Call {
        // A call that went on or was hung up after an answer was answered; who did is the carrier's guess.
        if word == "completed" {
            news.push(ReceiptKind::Answered);
        }
        let by = status::detected(status::answered_by(text("answered_by")));
        if matches!(last, ReceiptKind::Answered) {
            news.push(ReceiptKind::Answered);
        }
        news.extend(by);
    }
    if !news.contains(&last) {
        news.push(last);
    }
    news
}

/// RFC 2822 at Twilio, RFC 3339 at some others of the dialect.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(text).map(|zoned| zoned.timestamp()).ok().or_else(|| text.parse().ok())
}

pub(super) fn unreadable() -> SendError {
    SendError::Transient { reason: "the list cannot be read".to_owned(), code: None }
}

fn no_mail() -> SendError {
    SendError::Permanent { reason: "this account sends texts and calls, no mail".to_owned(), code: None }
}

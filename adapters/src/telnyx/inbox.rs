//! What reporters sent, as the carrier lists it: for texts and recordings whose webhooks never came (carriers.md 0.1).
//!
//! The carrier lists texts as detail records, which have no words: a listed text is its id, its numbers and its time, and the words and
//! pictures are asked for by `complete`, for news only. Of a text that is gone from the API by then (after ten days) it is kept that it came.
//! Recordings are listed whole but for their call's numbers. The list of texts can only be asked by the day, so how far one was read is
//! remembered: the next look goes on at that page.

use super::client::Client;
use super::config::{Config, ConfigError};
use super::errors::unreadable;
use super::inbound;
use super::knows::knows;
use super::listing::{day, is_last, time};
use crate::contract::{BoxFuture, Inbox, Recorded, SendError};
use crate::twilio::inbound::{MAX_ID_BYTES, channel};
use domain::exchange::{CallerEvent, CallerNews, InboundMessage, Nature, ProviderId};
use domain::sealed::{Address, Words};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};

/// Detail records a page, the most that the carrier gives.
const PAGE_SIZE: &str = "50";
/// Pages that one look reads at most of one number: 20,000 texts.
const MAX_PAGES: usize = 400;
/// Recordings a page.
const RECORDINGS_PAGE_SIZE: &str = "100";
/// Pages of recordings that one look reads at most: 20,000.
const MAX_RECORDING_PAGES: usize = 200;
/// The filter goes by day and the order by creation; a record a little out of order is still found.
const ORDER_SLACK: SignedDuration = SignedDuration::from_secs(60);

/// Lists what came in to one account's numbers.
pub struct TelnyxInbox {
    client: Client,
    numbers: Vec<Address>,
    /// Of each number, in their order: how far its list was read.
    reached: Vec<Mutex<Option<Reached>>>,
}

/// How far a list was read: before this page of this day there is nothing that was created at or after `since`.
#[derive(Clone)]
struct Reached {
    day: String,
    since: Timestamp,
    page: usize,
}

impl TelnyxInbox {
    /// Checks the configuration; opens no connection yet. `numbers` are ours that reporters text and call.
    pub fn new(config: Arc<Config>, numbers: Vec<Address>) -> Result<Self, ConfigError> {
        let reached = numbers.iter().map(|_| Mutex::default()).collect();
        Ok(Self { client: Client::new(config)?, numbers, reached })
    }

    async fn listed(&self, since: Timestamp, most: usize) -> Result<Vec<InboundMessage>, SendError> {
        let mut found = Vec::new();
        for (number, reached) in self.numbers.iter().zip(&self.reached) {
            found.extend(self.listed_to(number, reached, since, most).await?);
        }
        found.sort_by_key(|message: &InboundMessage| message.sent_at);
        found.truncate(most);
        Ok(found)
    }

    /// What came to one number, oldest first, so that reading can stop when there is enough.
    async fn listed_to(
        &self,
        to: &Address,
        reached: &Mutex<Option<Reached>>,
        since: Timestamp,
        most: usize,
    ) -> Result<Vec<InboundMessage>, SendError> {
        let from = since.checked_sub(ORDER_SLACK).unwrap_or(since);
        let (day, mut found, mut first) = (day(from), Vec::new(), None);
        let known = reached.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let begin = known.filter(|known| known.day == day && known.since <= since).map_or(1, |known| known.page);
        for page in begin..begin + MAX_PAGES {
            let number = page.to_string();
            let query = [
                ("filter[record_type]", "messaging"),
                ("filter[direction]", "inbound"),
                ("filter[cld]", to.reveal()),
                ("filter[created_at][gte]", day.as_str()),
                ("sort", "created_at"),
                ("page[size]", PAGE_SIZE),
                ("page[number]", number.as_str()),
            ];
            let list = self.client.list_detail_records(&query).await?;
            let records = list.get("data").and_then(Value::as_array).ok_or_else(unreadable)?;
            let created = |record: &Value| record.get("created_at").and_then(Value::as_str).and_then(time);
            if first.is_none() && records.iter().filter_map(created).any(|at| at >= from) {
                first = Some(page);
            }
            found.extend(records.iter().filter_map(|record| self.message(record)).filter(|one| one.sent_at.is_none_or(|at| at >= since)));
            if is_last(&list, records) || found.len() >= most {
                let read = Reached { day, since, page: first.unwrap_or(page) };
                *reached.lock().unwrap_or_else(PoisonError::into_inner) = Some(read);
                return Ok(found);
            }
        }
        Err(SendError::Transient { reason: "more texts than one look reads".to_owned(), code: None })
    }

    /// One detail record as the text that it tells of, without its words.
    fn message(&self, record: &Value) -> Option<InboundMessage> {
        let text = |key: &str| record.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        if text("direction")? != "inbound" {
            return None;
        }
        let id = text("uuid").filter(|id| id.len() <= MAX_ID_BYTES)?;
        let from = text("cli")?;
        let channel = channel(from);
        let account = self.client.config().account.clone();
        Some(InboundMessage {
            from: Some(Address::new(from)),
            to: Address::new(text("cld").unwrap_or_default()),
            sent_at: text("created_at").and_then(time),
            ..InboundMessage::plain(account, ProviderId(id.to_owned()), channel, knows(channel), Words::new(""))
        })
    }

    async fn completed(&self, listed: InboundMessage) -> Result<InboundMessage, SendError> {
        let Some(record) = self.client.fetch_message(&listed.provider_id.0).await? else {
            return Ok(InboundMessage { nature: Nature::Unreadable, ..listed });
        };
        let message = inbound::message(&listed.account, record.get("data").unwrap_or(&record)).map_err(|_| unreadable())?;
        Ok(InboundMessage { sent_at: message.sent_at.or(listed.sent_at), ..message })
    }

    async fn listed_recordings(&self, since: Timestamp) -> Result<Vec<Recorded>, SendError> {
        let (day, mut found) = (day(since), Vec::new());
        for number in 0..MAX_RECORDING_PAGES {
            let number = number.to_string();
            let query = [("DateCreated>", day.as_str()), ("PageSize", RECORDINGS_PAGE_SIZE), ("Page", number.as_str())];
            let list = self.client.list_recordings(&query).await?;
            let records = list.get("recordings").and_then(Value::as_array).ok_or_else(unreadable)?;
            found.extend(records.iter().filter_map(|record| self.recorded(record)).filter(|recorded| recorded.at >= since));
            if records.is_empty() || list.get("next_page_uri").and_then(Value::as_str).is_none_or(str::is_empty) {
                found.sort_by_key(|recorded| recorded.at);
                return Ok(found);
            }
        }
        Err(SendError::Transient { reason: "more recordings than one look reads".to_owned(), code: None })
    }

    /// One record as its callback would have told it; `None` for what is not finished, is empty, or was not spoken after a tone.
    fn recorded(&self, record: &Value) -> Option<Recorded> {
        let text = |key: &str| record.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        let id = |key: &str| text(key).filter(|id| id.len() <= MAX_ID_BYTES).map(|id| ProviderId(id.to_owned()));
        let seconds: u32 = text("duration").and_then(|seconds| seconds.parse().ok()).unwrap_or(0);
        if text("status") != Some("completed") || text("source") != Some("RecordVerb") || seconds == 0 {
            return None;
        }
        let (call, recording, url) = (id("call_sid")?, id("sid")?, Words::new(text("media_url")?));
        let event = CallerEvent {
            account: self.client.config().account.clone(),
            provider_id: call,
            from: Address::new(""),
            to: Address::new(""),
            news: CallerNews::Recording { recording: recording.clone(), url, seconds },
        };
        Some(Recorded { at: text("date_created").and_then(time)?, event, id: recording })
    }

    async fn reporters(&self, recorded: CallerEvent) -> Result<Option<CallerEvent>, SendError> {
        let Some(call) = self.client.fetch_call(&recorded.provider_id.0).await? else { return Ok(None) };
        let text = |key: &str| call.get(key).and_then(Value::as_str).unwrap_or_default();
        if text("direction") != "inbound" || !self.numbers.iter().any(|number| number.reveal() == text("to")) {
            return Ok(None);
        }
        Ok(Some(CallerEvent { from: Address::new(text("from")), to: Address::new(text("to")), ..recorded }))
    }
}

impl Inbox for TelnyxInbox {
    fn since<'a>(&'a self, since: Timestamp, most: usize) -> BoxFuture<'a, Result<Vec<InboundMessage>, SendError>> {
        Box::pin(self.listed(since, most))
    }

    fn complete<'a>(&'a self, message: InboundMessage) -> BoxFuture<'a, Result<InboundMessage, SendError>> {
        Box::pin(self.completed(message))
    }

    fn recordings<'a>(&'a self, since: Timestamp) -> BoxFuture<'a, Result<Vec<Recorded>, SendError>> {
        Box::pin(self.listed_recordings(since))
    }

    fn of_a_reporter<'a>(&'a self, recorded: CallerEvent) -> BoxFuture<'a, Result<Option<CallerEvent>, SendError>> {
        Box::pin(self.reporters(recorded))
    }
}

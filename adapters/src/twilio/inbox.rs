//! What reporters wrote, as the carrier lists it: for messages whose webhook never came (carriers.md 0.1).
//!
//! A listed message becomes the very event that its webhook would have made, with the carrier's time besides, so that taking in both
//! is taking in one. The carrier filters by day; the rest is sorted out here. Pages come newest first and are read until they are
//! older than what is asked for. Recordings of calls: [`recorded`](super::recorded).

use super::client::Client;
use super::config::{Config, ConfigError};
use super::inbound::{MAX_ID_BYTES, channel, media_type};
use super::knows::knows;
use super::listing::{Page, time, unreadable};
use super::opt_out::carrier_answered;
use crate::contract::{BoxFuture, Inbox, Recorded, SendError};
use domain::exchange::{CallerEvent, InboundMessage, MAX_MEDIA, MediaBody, MediaRef, MediaRole, ProviderId};
use domain::sealed::{Address, Words};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::Arc;

/// Records a page.
const PAGE_SIZE: &str = "200";
/// Pages that one look reads at most of one number: 100,000 messages.
const MAX_PAGES: usize = 500;
/// A page goes on being read while its last record is not older than this before what is asked for: the list is in the order of
/// sending, the question is by the time of creation.
const ORDER_SLACK: SignedDuration = SignedDuration::from_secs(60);

/// Lists what came in to one account's numbers.
pub struct TwilioInbox {
    pub(super) client: Client,
    pub(super) numbers: Vec<Address>,
}

impl TwilioInbox {
    /// Checks the configuration; opens no connection yet. `numbers` are our addresses that reporters write to, with their prefix
    /// (`whatsapp:`) where there is one; none at all lists everything that the account has.
    pub fn new(config: Arc<Config>, numbers: Vec<Address>) -> Result<Self, ConfigError> {
        Ok(Self { client: Client::new(config)?, numbers })
    }

    async fn listed(&self, since: Timestamp, most: usize) -> Result<Vec<InboundMessage>, SendError> {
        let mut found = Vec::new();
        if self.numbers.is_empty() {
            found.extend(self.listed_to(None, since, most).await?.into_iter().rev());
        }
        for number in &self.numbers {
            found.extend(self.listed_to(Some(number), since, most).await?.into_iter().rev());
        }
        // Stable: within a second the carrier's own order stands.
        found.sort_by_key(|message: &InboundMessage| message.sent_at);
        found.truncate(most);
        Ok(found)
    }

    /// What came to one number: the oldest `most`, newest first.
    async fn listed_to(&self, to: Option<&Address>, since: Timestamp, most: usize) -> Result<VecDeque<InboundMessage>, SendError> {
        let day = since.to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
        let mut filter = vec![("DateSent>", day.as_str()), ("PageSize", PAGE_SIZE)];
        filter.extend(to.map(|number| ("To", number.reveal())));
        let old_enough = since.checked_sub(ORDER_SLACK).unwrap_or(Timestamp::MIN);
        let mut found = VecDeque::new();
        let mut next: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let list = self.client.list_messages(&next.as_deref().map_or(Page::First(&filter), Page::Next)).await?;
            let records = list.get("messages").and_then(Value::as_array).ok_or_else(unreadable)?;
            for record in records {
                found.extend(self.message(record).filter(|message| message.sent_at.is_none_or(|at| at >= since)));
                if found.len() > most {
                    found.pop_front();
                }
            }
            let is_past = records.last().and_then(created_at).is_some_and(|at| at < old_enough);
            next = list.get("next_page_uri").and_then(Value::as_str).filter(|uri| !uri.is_empty()).map(str::to_owned);
            match &next {
                Some(uri) if !is_past && !uri.starts_with('/') => return Err(unreadable()),
                Some(_) if !is_past => {}
                Some(_) | None => return Ok(found),
            }
        }
        Err(SendError::Transient { reason: "more messages than one look reads".to_owned(), code: None })
    }

    /// One record as its webhook would have told it; `None` for what we sent, and for what no webhook would have told of yet or been
    /// taken in.
    fn message(&self, record: &Value) -> Option<InboundMessage> {
        let text = |key: &str| record.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        if text("direction")? != "inbound" || text("status") == Some("receiving") {
            return None;
        }
        let sid = text("sid").filter(|sid| sid.len() <= MAX_ID_BYTES)?;
        let from = text("from")?;
        let words = text("body").unwrap_or_default().replace('\0', "\u{FFFD}");
        let config = self.client.config();
        let channel = channel(from);
        Some(InboundMessage {
            from: Some(Address::new(from)),
            to: Address::new(text("to").unwrap_or_default()),
            sent_at: created_at(record),
            carrier_answered: carrier_answered(None, &words, config.answers_keywords),
            media_dropped: count(record.get("num_media")),
            ..InboundMessage::plain(config.account.clone(), ProviderId(sid.to_owned()), channel, knows(channel), Words::new(words))
        })
    }

    async fn completed(&self, mut message: InboundMessage) -> Result<InboundMessage, SendError> {
        if message.media_dropped == 0 || !message.media.is_empty() {
            return Ok(message);
        }
        // A message that is gone meanwhile keeps its words; that it had pictures is still said.
        let Some(list) = self.client.list_media(&message.provider_id.0).await? else { return Ok(message) };
        let records = list.get("media_list").and_then(Value::as_array).ok_or_else(unreadable)?;
        // The list is newest first; the webhook counts from the first.
        message.media = records.iter().rev().filter_map(|record| self.medium(record)).take(MAX_MEDIA).collect();
        let there = u32::try_from(records.len()).unwrap_or(u32::MAX).max(message.media_dropped);
        message.media_dropped = there.saturating_sub(u32::try_from(message.media.len()).unwrap_or(u32::MAX));
        Ok(message)
    }

    /// One medium under the address that the webhook would have named: its record's own, without the ending.
    fn medium(&self, record: &Value) -> Option<MediaRef> {
        let uri = record.get("uri").and_then(Value::as_str).filter(|uri| uri.starts_with('/'))?;
        let url = format!("{}{}", self.client.host(), uri.strip_suffix(".json").unwrap_or(uri));
        let content_type = media_type(record.get("content_type").and_then(Value::as_str).unwrap_or_default());
        Some(MediaRef { body: MediaBody::Waiting(Words::new(url)), content_type, role: MediaRole::Shown })
    }
}

impl Inbox for TwilioInbox {
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

/// When the carrier took it: to the second.
fn created_at(record: &Value) -> Option<Timestamp> {
    ["date_sent", "date_created"].iter().find_map(|key| record.get(key)?.as_str().and_then(time))
}

/// Counts are written as texts.
fn count(value: Option<&Value>) -> u32 {
    let number = |value: &Value| value.as_u64().and_then(|n| u32::try_from(n).ok()).or_else(|| value.as_str()?.trim().parse().ok());
    value.and_then(number).unwrap_or(0)
}

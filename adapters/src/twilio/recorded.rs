//! Recordings of reporters' calls, as the carrier lists them: for those of which neither the call's step nor the callback was heard
//! (carriers.md 0.1).
//!
//! A recording names its call, and a call's own id is all that the shell needs to know which tip it belongs to. What else the account
//! records (calls that went out, calls to other numbers) is told apart by the call's record, asked for news only.

use super::inbound::MAX_ID_BYTES;
use super::inbox::TwilioInbox;
use super::listing::{Page, time, unreadable};
use crate::contract::{Recorded, SendError};
use domain::exchange::{CallerEvent, CallerNews, ProviderId};
use domain::sealed::{Address, Words};
use jiff::Timestamp;
use serde_json::Value;

/// Records a page.
const PAGE_SIZE: &str = "200";
/// Pages that one look reads at most: 20,000 recordings.
const MAX_PAGES: usize = 100;

impl TwilioInbox {
    /// Finished recordings since then, oldest first.
    pub(super) async fn listed_recordings(&self, since: Timestamp) -> Result<Vec<Recorded>, SendError> {
        let day = since.to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
        let filter = [("DateCreated>", day.as_str()), ("PageSize", PAGE_SIZE)];
        let mut found = Vec::new();
        let mut next: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let list = self.client.list_recordings(&next.as_deref().map_or(Page::First(&filter), Page::Next)).await?;
            let records = list.get("recordings").and_then(Value::as_array).ok_or_else(unreadable)?;
            found.extend(records.iter().filter_map(|record| self.recorded(record)).filter(|recorded| recorded.at >= since));
            next = list.get("next_page_uri").and_then(Value::as_str).filter(|uri| !uri.is_empty()).map(str::to_owned);
            match &next {
                Some(uri) if !uri.starts_with('/') => return Err(unreadable()),
                Some(_) => {}
                None => {
                    found.sort_by_key(|recorded| recorded.at);
                    return Ok(found);
                }
            }
        }
        Err(SendError::Transient { reason: "more recordings than one look reads".to_owned(), code: None })
    }

    /// One record as its callback would have told it; `None` for what is not finished, is empty, or was not spoken after a tone.
    fn recorded(&self, record: &Value) -> Option<Recorded> {
        let text = |key: &str| record.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        let sid = |key: &str| text(key).filter(|sid| sid.len() <= MAX_ID_BYTES).map(|sid| ProviderId(sid.to_owned()));
        let seconds: u32 = text("duration").and_then(|seconds| seconds.parse().ok()).unwrap_or(0);
        if text("status") != Some("completed") || text("source") != Some("RecordVerb") || seconds == 0 {
            return None;
        }
        let uri = text("uri").filter(|uri| uri.starts_with('/'))?;
        let url = Words::new(format!("{}{}", self.client.host(), uri.strip_suffix(".json").unwrap_or(uri)));
        let (call, id) = (sid("call_sid")?, sid("sid")?);
        let event = CallerEvent {
            account: self.client.config().account.clone(),
            provider_id: call,
            from: Address::new(""),
            to: Address::new(""),
            news: CallerNews::Recording { recording: id.clone(), url, seconds },
        };
        Some(Recorded { at: text("date_created").and_then(time)?, event, id })
    }

    /// The recording with its call's numbers; `None` when the call was none of a reporter to us, or is gone.
    pub(super) async fn reporters(&self, recorded: CallerEvent) -> Result<Option<CallerEvent>, SendError> {
        let Some(call) = self.client.fetch_call(&recorded.provider_id.0).await? else { return Ok(None) };
        let text = |key: &str| call.get(key).and_then(Value::as_str).unwrap_or_default();
        let ours = self.numbers.is_empty() || self.numbers.iter().any(|number| number.reveal() == text("to"));
        if text("direction") != "inbound" || !ours {
            return Ok(None);
        }
        Ok(Some(CallerEvent { from: Address::new(text("from")), to: Address::new(text("to")), ..recorded }))
    }
}

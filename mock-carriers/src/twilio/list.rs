//! Pages of a list: Twilio's envelope, newest first, with `Page`, `PageSize` and `PageToken`.
//! A page token names the last item's sequence number, so that a page neither repeats nor skips an item
//! when others are added or deleted meanwhile. `PA` goes on to older items, `PB` back to newer ones.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::errors::ApiError;
use super::form::Params;

const DEFAULT_PAGE_SIZE: usize = 50;
const MOST_PAGE_SIZE: usize = 1_000;

/// Makes one page. `items` are all that pass the filters, newest first, with their sequence numbers.
pub fn page(key: &str, path: &str, query: &Params, items: Vec<(u64, Value)>) -> Result<Value, ApiError> {
    let size = match query.filled("PageSize") {
        Some(text) => text
            .parse::<usize>()
            .ok()
            .filter(|size| *size > 0)
            .ok_or_else(|| ApiError::new(400, 20001, "PageSize must be a number above zero"))?
            .min(MOST_PAGE_SIZE),
        None => DEFAULT_PAGE_SIZE,
    };
    let page: usize = query.get("Page").and_then(|text| text.parse().ok()).unwrap_or(0);
    let begin = beginning(query.filled("PageToken"), page, size, &items)?;
    let end = (begin + size).min(items.len());
    let shown = items.get(begin..end).unwrap_or_default();
    let uri = |page: usize, token: Option<String>| page_uri(path, query, size, page, token);
    let next = (end < items.len()).then(|| shown.last().map(|(seq, _)| uri(page + 1, Some(token("PA", *seq)))));
    let previous = (begin > 0 && page > 0).then(|| shown.first().map(|(seq, _)| uri(page - 1, Some(token("PB", *seq)))));
    let start = page * size;
    Ok(json!({
        "end": (start + shown.len()).saturating_sub(1),
        "first_page_uri": uri(0, None),
        "next_page_uri": next.flatten(),
        "page": page,
        "page_size": size,
        "previous_page_uri": previous.flatten(),
        "start": start,
        "uri": uri(page, query.filled("PageToken").map(str::to_owned)),
        key: shown.iter().map(|(_, value)| value).collect::<Vec<_>>(),
    }))
}

fn token(direction: &str, seq: u64) -> String {
    format!("{direction}{seq:032x}")
}

/// Where the asked page begins in `items`.
fn beginning(token: Option<&str>, page: usize, size: usize, items: &[(u64, Value)]) -> Result<usize, ApiError> {
    let Some(token) = token else {
        return Ok((page * size).min(items.len()));
    };
    let bad = || ApiError::new(400, 20001, "PageToken was not made by this list");
    let (direction, number) = token.split_at_checked(2).ok_or_else(bad)?;
    let seq = u64::from_str_radix(number, 16).map_err(|_| bad())?;
    match direction {
        "PA" => Ok(items.iter().position(|item| item.0 < seq).unwrap_or(items.len())),
        "PB" => {
            let end = items.iter().position(|item| item.0 <= seq).unwrap_or(items.len());
            Ok(end.saturating_sub(size))
        }
        _ => Err(bad()),
    }
}

fn page_uri(path: &str, query: &Params, size: usize, page: usize, token: Option<String>) -> String {
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    for (key, value) in &query.0 {
        if !matches!(key.as_str(), "PageSize" | "Page" | "PageToken") {
            pairs.append_pair(key, value);
        }
    }
    pairs.append_pair("PageSize", &size.to_string());
    pairs.append_pair("Page", &page.to_string());
    if let Some(token) = token {
        pairs.append_pair("PageToken", &token);
    }
    format!("{path}?{}", pairs.finish())
}

/// A filter by time: `DateSent`, `DateSent<`, `DateSent>` and the like, of dates or times.
#[derive(Debug, Default)]
pub struct TimeFilter {
    on: Option<(Timestamp, Timestamp)>,
    until: Option<Timestamp>,
    from: Option<Timestamp>,
}

impl TimeFilter {
    /// Reads the three parameters of this name.
    pub fn read(query: &Params, name: &str) -> Result<Self, ApiError> {
        let moment = |suffix: &str| query.filled(&format!("{name}{suffix}")).map(|text| parse_moment(text, name)).transpose();
        let on = moment("")?.map(|(at, whole_day)| {
            let hours = if whole_day { 24 } else { 0 };
            (at, at.saturating_add(jiff::SignedDuration::from_hours(hours)).unwrap_or(at))
        });
        Ok(Self { on, until: moment("<")?.map(|(at, _)| at), from: moment(">")?.map(|(at, _)| at) })
    }

    /// True when a moment passes.
    pub fn passes(&self, at: Timestamp) -> bool {
        self.on.is_none_or(|(from, to)| from <= at && (at < to || at == from))
            && self.until.is_none_or(|until| at <= until)
            && self.from.is_none_or(|from| from <= at)
    }
}

/// A date (its midnight in UTC) or an RFC 3339 time; the flag says which.
fn parse_moment(text: &str, name: &str) -> Result<(Timestamp, bool), ApiError> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok((at, false));
    }
    text.parse::<Date>()
        .ok()
        .and_then(|date| date.to_zoned(TimeZone::UTC).ok())
        .map(|zoned| (zoned.timestamp(), true))
        .ok_or_else(|| ApiError::new(400, 20001, format!("{name} must be a date, YYYY-MM-DD")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(seqs: &[u64]) -> Vec<(u64, Value)> {
        seqs.iter().map(|seq| (*seq, json!(seq))).collect()
    }

    #[test]
    fn pages_follow_tokens_also_when_an_item_is_added_meanwhile() {
        let query = Params(vec![("PageSize".into(), "2".into()), ("To".into(), "+1".into())]);
        let first = page("messages", "/x.json", &query, items(&[5, 4, 3, 2, 1])).unwrap();
        assert_eq!(first["messages"], json!([5, 4]));
        let next = first["next_page_uri"].as_str().unwrap();
        assert!(next.contains("To=%2B1"), "{next}");
        let query = Params::parse(next.split_once('?').unwrap().1.as_bytes());
        let second = page("messages", "/x.json", &query, items(&[6, 5, 4, 3, 2, 1])).unwrap();
        assert_eq!(second["messages"], json!([3, 2]));
        assert_eq!(second["start"], 2);
        let back = second["previous_page_uri"].as_str().unwrap();
        let query = Params::parse(back.split_once('?').unwrap().1.as_bytes());
        let first_again = page("messages", "/x.json", &query, items(&[6, 5, 4, 3, 2, 1])).unwrap();
        assert_eq!(first_again["messages"], json!([5, 4]));
    }

    #[test]
    fn an_empty_list_has_no_next_page() {
        let empty = page("calls", "/x.json", &Params::default(), items(&[])).unwrap();
        assert_eq!(empty["next_page_uri"], Value::Null);
        assert_eq!(empty["end"], 0);
    }

    #[test]
    fn a_day_is_a_day_and_its_bounds_are_inclusive() {
        let query = |key: &str| Params(vec![(key.into(), "2026-11-20".into())]);
        let noon: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let passes = |key: &str| TimeFilter::read(&query(key), "DateSent").unwrap().passes(noon);
        assert!(passes("DateSent"));
        assert!(passes("DateSent>"));
        assert!(!passes("DateSent<"));
    }
}

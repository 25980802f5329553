//! `GET /tips/{id}/timeline`: everything that happened, in order, in plain sentences; `?format=text` to keep or print (R29, R66).

use super::StaffSite;
use super::fault::Fault;
use super::frame::{self, Frame};
use super::guard::Member;
use super::moment::{Moment, PageClock};
use super::tip;
use crate::desk::view::TimelineEntry;
use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::id::ConversationId;
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::fmt::Write;

/// How many readings of the record one page makes at most: each gives what the desk gives at once.
const MOST_READINGS: usize = 50;

pub(super) fn routes() -> Router<StaffSite> {
    Router::new().route("/tips/{id}/timeline", get(show))
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    format: String,
}

#[derive(Template)]
#[template(path = "staff/timeline.html")]
struct Page {
    frame: Frame,
    tip: String,
    reference: String,
    alias: String,
    entries: Vec<Line>,
}

struct Line {
    at: Moment,
    who: String,
    sentence: String,
}

async fn show(
    State(site): State<StaffSite>,
    Member(session): Member,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Fault> {
    let id = tip::id(&id)?;
    let shown = site.desk.tip(&session.staff, id, false).await?;
    let entries = all(&site, id).await?;
    if wanted.format == "text" {
        return Ok(exported(&shown.reference, &entries, &site.zone));
    }
    let clock = PageClock { now: shown.now, zone: site.zone.clone() };
    let lines = entries.into_iter().map(|entry| Line { at: clock.moment(entry.at), who: entry.who, sentence: entry.sentence }).collect();
    let page = Page {
        frame: Frame::new(&site, &session, "timeline", format!("Timeline · {}", shown.reference), id.to_string()),
        tip: id.to_string(),
        reference: shown.reference,
        alias: shown.alias,
        entries: lines,
    };
    frame::page(StatusCode::OK, &page)
}

/// The whole record, read in bounded steps.
pub(super) async fn all(site: &StaffSite, id: ConversationId) -> Result<Vec<TimelineEntry>, Fault> {
    let mut entries: Vec<TimelineEntry> = Vec::new();
    for _ in 0..MOST_READINGS {
        let after = entries.last().map_or(0, |entry| entry.seq);
        let more = site.desk.timeline(id, after).await?;
        if more.is_empty() {
            break;
        }
        entries.extend(more);
    }
    Ok(entries)
}

fn exported(reference: &str, entries: &[TimelineEntry], zone: &TimeZone) -> Response {
    let mut text = format!("Timeline of tip {reference}\n\n");
    for entry in entries {
        let at = entry.at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string();
        let who = if entry.who.is_empty() { String::new() } else { format!("{}: ", entry.who) };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{:>5}  {at}  {who}{}", entry.seq, entry.sentence);
    }
    let name: String = reference.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}-timeline.txt\"")),
    ];
    (headers, text).into_response()
}

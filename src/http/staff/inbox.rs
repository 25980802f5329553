//! `GET /`: what needs me first? Rows by urgency as the store orders them, filters as links with counts, tasks above everything.

use super::StaffSite;
use super::fault::Fault;
use super::frame::{self, Frame};
use super::guard::Member;
use super::moment::{Left, Moment, PageClock};
use super::phrases;
use super::tasks::TaskView;
use crate::desk::view::{Inbox, Staff, TipLine};
use crate::store::rows::{CLOSED_COUNTED, InboxFilter};
use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use domain::conversation::State as TipState;
use jiff::Timestamp;
use serde::Deserialize;

/// How many tasks the inbox shows before it says "and more".
const TASKS_SHOWN: usize = 5;

pub(super) fn routes() -> Router<StaffSite> {
    Router::new().route("/", get(show))
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    show: String,
    #[serde(default)]
    page: u32,
    /// The tip whose likes are to be shown.
    #[serde(default)]
    like: String,
}

/// The filter of its word in the address; open tips when there is none.
pub(super) fn filter(word: &str, me: &Staff) -> Option<InboxFilter> {
    match word {
        "" | "first" => Some(InboxFilter::First),
        "open" => Some(InboxFilter::Open),
        "unsorted" => Some(InboxFilter::FirstUnsorted),
        "mine" => Some(InboxFilter::Mine(me.id)),
        "underway" => Some(InboxFilter::Underway),
        "press" => Some(InboxFilter::Press),
        "closed" => Some(InboxFilter::Closed),
        _ => None,
    }
}

#[derive(Template)]
#[template(path = "staff/inbox.html")]
struct Page {
    frame: Frame,
    filters: Vec<FilterLink>,
    rows: Vec<Row>,
    empty: &'static str,
    /// The page with more urgent tips, and the one with less urgent ones.
    before: Option<String>,
    after: Option<String>,
    tasks: Vec<TaskView>,
    more_tasks: usize,
}

struct FilterLink {
    href: &'static str,
    name: &'static str,
    count: String,
    here: bool,
}

struct Row {
    id: String,
    reference: String,
    alias: String,
    channel: &'static str,
    level: Option<(&'static str, &'static str)>,
    school: Option<String>,
    first_words: String,
    claimed_by: Option<String>,
    unread: i64,
    way_back_closed: bool,
    received: Moment,
    due: Option<Left>,
    /// Seconds left and seconds in all, for the thin bar.
    bar: Option<(i64, i64)>,
    told: String,
    overdue: i64,
    /// Whether a due time has passed: of the tip itself, or of somebody who was to be told.
    late: bool,
    open_tasks: i64,
    /// What its clocks have raised, in words.
    attention: Vec<String>,
    closed: bool,
    /// How many tips that say nothing new are counted here.
    alike: i64,
    /// Whether it is like an earlier one, and what it says that was not known.
    is_like: bool,
    new_facts: String,
}

async fn show(State(site): State<StaffSite>, Member(session): Member, Query(wanted): Query<Wanted>) -> Result<Response, Fault> {
    let which = match wanted.like.as_str() {
        "" => filter(&wanted.show, &session.staff),
        like => like.parse().ok().map(InboxFilter::Alike),
    };
    let which = which.ok_or(Fault::NotFound)?;
    let inbox = site.desk.inbox(&session.staff, which, wanted.page).await?;
    let tasks = site.desk.tasks().await?;
    let clock = PageClock { now: inbox.now, zone: site.zone.clone() };
    let page = Page {
        frame: Frame::new(&site, &session, "inbox", "Tips", String::new()),
        filters: filters(&inbox, which),
        rows: inbox.tips.iter().map(|line| row(line, &clock)).collect(),
        empty: empty(which),
        before: inbox.page.checked_sub(1).map(|page| page_link(&wanted, page)),
        after: inbox.more.then(|| page_link(&wanted, inbox.page + 1)),
        more_tasks: tasks.len().saturating_sub(TASKS_SHOWN),
        tasks: tasks.iter().take(TASKS_SHOWN).map(|task| TaskView::new(task, &clock)).collect(),
    };
    frame::page(StatusCode::OK, &page)
}

fn filters(inbox: &Inbox, which: InboxFilter) -> Vec<FilterLink> {
    let counts = &inbox.counts;
    let link = |href, name, count: i64, here| FilterLink { href, name, count: count.to_string(), here };
    let closed = link("/?show=closed", "Closed", counts.closed, which == InboxFilter::Closed);
    let more = counts.closed > CLOSED_COUNTED;
    vec![
        link("/", "Open", counts.open, which == InboxFilter::First),
        link("/?show=unsorted", "Not yet sorted", counts.unsorted, which == InboxFilter::FirstUnsorted),
        link("/?show=mine", "Mine", counts.mine, matches!(which, InboxFilter::Mine(_))),
        link("/?show=underway", "Being told", counts.underway, which == InboxFilter::Underway),
        link("/?show=press", "Press", counts.press, which == InboxFilter::Press),
        FilterLink { count: if more { format!("{CLOSED_COUNTED}+") } else { closed.count }, ..closed },
    ]
}

/// The address of a page of a filter that was taken as one.
fn page_link(Wanted { show, like, .. }: &Wanted, page: u32) -> String {
    if like.is_empty() { format!("/?show={show}&page={page}") } else { format!("/?like={like}&page={page}") }
}

fn empty(which: InboxFilter) -> &'static str {
    match which {
        InboxFilter::Open | InboxFilter::First => "No open tips. A new one appears here by itself, with the time that is left.",
        InboxFilter::Alike(_) => "No tip is like this one any more.",
        InboxFilter::Unsorted | InboxFilter::FirstUnsorted => "Every open tip has its level and types. New ones appear here by themselves.",
        InboxFilter::Mine(_) => "You have no tips. Look at the open ones and take the first.",
        InboxFilter::Press => "No request of the press is open. Mark one as such, and it waits here for the administrators.",
        InboxFilter::Underway => "Nobody is being told anything at this moment.",
        InboxFilter::Closed => "No tip has been closed yet.",
    }
}

fn row(line: &TipLine, clock: &PageClock) -> Row {
    Row {
        id: line.id.to_string(),
        reference: line.reference.clone(),
        alias: line.alias.clone(),
        channel: phrases::channel(line.channel),
        level: line.level.map(|level| (level.as_str(), level.title())),
        school: line.school.clone(),
        first_words: line.first_words.reveal().to_owned(),
        claimed_by: line.claimed_by.clone(),
        unread: line.unread,
        way_back_closed: phrases::way_back_closed(line.way_back).is_some(),
        received: clock.moment(line.received_at),
        due: line.deadline.map(|due| clock.left(due)),
        bar: line.deadline.map(|due| bar(line.received_at, due, clock.now)),
        told: told(line),
        overdue: line.breached,
        late: line.breached > 0 || line.deadline.is_some_and(|due| due <= clock.now),
        open_tasks: line.open_tasks,
        attention: line.attention.iter().map(|mark| mark.words()).collect(),
        alike: line.alike,
        is_like: line.like.is_some(),
        new_facts: line.new_facts.reveal().to_owned(),
        closed: match line.state {
            TipState::Closed => true,
            TipState::Open => false,
        },
    }
}

fn bar(received: Timestamp, due: Timestamp, now: Timestamp) -> (i64, i64) {
    (due.duration_since(now).as_secs().max(0), due.duration_since(received).as_secs().max(1))
}

/// "3 confirmed, 6 still open"; empty when nobody was to be told.
fn told(line: &TipLine) -> String {
    match (line.confirmed, line.open_obligations) {
        (0, 0) => String::new(),
        (confirmed, 0) => format!("{confirmed} confirmed"),
        (confirmed, open) => format!("{confirmed} confirmed, {open} still open"),
    }
}

//! `GET /health`: can we reach everybody now? The roads to the carriers in words, what waits on each, what their tests found.

use super::StaffSite;
use super::fault::Fault;
use super::frame::{self, Frame};
use super::guard::Member;
use super::moment::{Moment, PageClock};
use crate::desk::health::{LaneHealth, LineHealth};
use crate::links::circuit::Standing;
use crate::links::results::Found;
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use domain::channel::Means;

pub(super) fn routes() -> Router<StaffSite> {
    Router::new().route("/health", get(show))
}

#[derive(Template)]
#[template(path = "staff/health.html")]
struct Page {
    frame: Frame,
    lanes: Vec<Row>,
    /// Means by which nobody can be told now: sentences.
    alarms: Vec<String>,
    open_obligations: i64,
    open_tasks: i64,
    oldest: Option<Moment>,
}

struct Row {
    account: String,
    means: &'static str,
    pace: String,
    /// `ok`, `waiting` or `failing`, for the colour; the words say it too.
    class: &'static str,
    standing: &'static str,
    since: Option<Moment>,
    due: i64,
    probe: Tested,
    round: Tested,
}

/// A test's result in words.
struct Tested {
    words: String,
    at: Option<Moment>,
}

async fn show(State(site): State<StaffSite>, Member(session): Member) -> Result<Response, Fault> {
    let health = site.desk.health().await?;
    let clock = PageClock { now: health.now, zone: site.zone.clone() };
    let page = Page {
        frame: Frame::new(&site, &session, "health", "Line health", String::new()),
        lanes: health.lanes.iter().map(|lane| row(lane, &clock)).collect(),
        alarms: alarms(&health),
        open_obligations: health.counts.open_promises(),
        open_tasks: health.counts.open_tasks,
        oldest: health.counts.oldest_due.map(|due| clock.moment(due)),
    };
    frame::page(StatusCode::OK, &page)
}

fn row(health: &LaneHealth, clock: &PageClock) -> Row {
    let (class, standing) = match health.circuit.as_ref().map(|circuit| circuit.standing) {
        None | Some(Standing::Closed { .. }) => ("ok", "In use"),
        Some(Standing::HalfOpen { .. }) => ("waiting", "Being tried again"),
        Some(Standing::Open { .. }) => {
            ("failing", "Not trusted: calls, mails and texts to endusers go by another account, if there is one")
        }
    };
    Row {
        account: health.lane.account.to_string(),
        means: means(health.lane.means),
        pace: health.lane.per_second.map_or_else(|| "unlimited".to_owned(), |pace| format!("{pace} a second")),
        class,
        standing,
        since: health.circuit.as_ref().map(|circuit| clock.moment(circuit.since)),
        due: health.due,
        probe: tested(health.probe.as_ref(), clock),
        round: tested(health.round.as_ref(), clock),
    }
}

fn tested(found: Option<&Found>, clock: &PageClock) -> Tested {
    let Some(found) = found else { return Tested { words: "not tested yet".to_owned(), at: None } };
    match (found.failures, found.took) {
        (0, Some(took)) => Tested { words: format!("well, {} ms", took.as_millis()), at: found.last_ok.map(|at| clock.moment(at)) },
        (0, None) => Tested { words: "not tested yet".to_owned(), at: None },
        (1, _) => Tested { words: format!("failed: {}", found.why), at: found.last_failed.map(|at| clock.moment(at)) },
        (times, _) => Tested { words: format!("failed {times} times: {}", found.why), at: found.last_failed.map(|at| clock.moment(at)) },
    }
}

/// A means of which no lane is trusted is what somebody has to do something about.
fn alarms(health: &LineHealth) -> Vec<String> {
    let trusted = |lane: &&LaneHealth| lane.circuit.as_ref().is_none_or(|circuit| circuit.is_closed());
    let none_trusted = |wanted: Means| {
        let mut lanes = health.lanes.iter().filter(|lane| lane.lane.means == wanted).peekable();
        lanes.peek().is_some() && lanes.find(trusted).is_none()
    };
    let mut alarms: Vec<String> = Means::ALL
        .into_iter()
        .filter(|wanted| none_trusted(*wanted))
        .map(|wanted| format!("{}: no account works now. What waits is tried again and again; do by hand what cannot wait.", means(wanted)))
        .collect();
    if health.counts.without_timer > 0 {
        alarms.push(format!("{} promises have no timer: tell the makers of this program.", health.counts.without_timer));
    }
    alarms
}

const fn means(means: Means) -> &'static str {
    match means {
        Means::Call => "Calls",
        Means::Mail => "Mails",
        Means::Text => "Texts",
    }
}

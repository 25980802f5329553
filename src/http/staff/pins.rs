//! `GET /directory/pins`: who has a PIN. `POST /directory/pins`: a supervisor draws one for somebody, and it is shown, once.

use super::StaffSite;
use super::fault::Fault;
use super::frame::{self, Frame};
use super::guard::{Member, Submitted};
use super::moment::{Moment, PageClock};
use crate::desk::DeskError;
use crate::desk::view::Pin;
use crate::login::Session;
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use domain::conversation::triage::StaffRole;
use domain::id::PersonKey;

pub(super) fn routes() -> Router<StaffSite> {
    Router::new().route("/directory/pins", get(list).post(draw))
}

/// A person as shown.
struct PinView {
    person: String,
    who: String,
    organization: String,
    since: Option<Moment>,
    void_since: Option<Moment>,
    by: String,
}

#[derive(Template)]
#[template(path = "staff/pins.html")]
struct Page {
    frame: Frame,
    people: Vec<PinView>,
    may_draw: bool,
    /// For whom, and the digits.
    drawn: Option<(String, String)>,
}

async fn list(State(site): State<StaffSite>, Member(session): Member) -> Result<Response, Fault> {
    page(&site, &session, None).await
}

async fn draw(State(site): State<StaffSite>, form: Submitted) -> Result<Response, Fault> {
    let person: PersonKey = form.fields.get("person").parse().map_err(|_| Fault::Desk(DeskError::NotFound))?;
    let (whose, pin) = site.desk.new_pin(&form.session.staff, &person).await?;
    page(&site, &form.session, Some((whose, pin.spaced()))).await
}

async fn page(site: &StaffSite, session: &Session, drawn: Option<(String, String)>) -> Result<Response, Fault> {
    let clock = PageClock { now: site.clock.now(), zone: site.zone.clone() };
    let people = site.desk.pins().await?.into_iter().map(|pin| view(pin, &clock)).collect();
    let may_draw = match session.staff.role {
        StaffRole::Supervisor => true,
        StaffRole::Analyst => false,
    };
    let frame = Frame::new(site, session, "directory", "PINs of endusers", String::new());
    frame::page(StatusCode::OK, &Page { frame, people, may_draw, drawn })
}

fn view(pin: Pin, clock: &PageClock) -> PinView {
    PinView {
        person: pin.person.to_string(),
        who: pin.role,
        organization: pin.organization,
        by: match (&pin.set_at, pin.set_by) {
            (None, _) => String::new(),
            (Some(_), Some(staff)) => format!("drawn by {staff}"),
            (Some(_), None) => "drawn by themselves or the operator".to_owned(),
        },
        since: pin.set_at.map(|at| clock.moment(at)),
        void_since: pin.void_since.map(|at| clock.moment(at)),
    }
}

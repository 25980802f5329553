//! `GET /tips/{id}`: the conversation, the triage and who will be told, beside each other.
//!
//! Every opening is recorded (R57). A page that refreshes itself sends its live key, which only the session that opened it has, and
//! is not recorded again.

use super::canned::CannedView;
use super::conversation::{self, Assessment, Entry};
use super::draft::Draft;
use super::endusers::{EnduserNoteView, FeedbackView};
use super::files::Shown;
use super::sorting::SortingForm;
use crate::desk::view::{Dispatch, NewWords, Tip};
use crate::desk::{DeskError, longest_reply};
use crate::http::staff::StaffSite;
use crate::http::staff::fault::{self, Fault};
use crate::http::staff::frame::{self, Frame};
use crate::http::staff::guard::Member;
use crate::http::staff::moment::{Left, Moment, PageClock};
use crate::http::staff::phrases;
use crate::http::staff::tasks::TaskView;
use crate::http::staff::told::ladder::DispatchView;
use crate::http::staff::told::plan::PlanView;
use crate::login::Session;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::channel::Channel;
use domain::conversation::State as TipState;
use domain::id::ConversationId;
use std::collections::BTreeSet;

/// The header by which a page refreshes itself.
const LIVE: &str = "x-live";

#[derive(Template)]
#[template(path = "staff/tip.html")]
pub(in crate::http::staff) struct Page {
    frame: Frame,
    tip: String,
    version: i64,
    reference: String,
    alias: String,
    channel: &'static str,
    closed: bool,
    way_back_closed: Option<&'static str>,
    received: Moment,
    deadline: Option<Left>,
    level: Option<(&'static str, &'static str)>,
    school: Option<String>,
    types: Vec<String>,
    claimed_by: Option<String>,
    mine: bool,
    entries: Vec<Entry>,
    assessments: Vec<Assessment>,
    tasks: Vec<TaskView>,
    enduser_notes: Vec<EnduserNoteView>,
    feedback: Vec<FeedbackView>,
    /// What its clocks have raised.
    attention: Vec<String>,
    /// "3 new words …": what those who were told do not know of.
    news: Option<NewsView>,
    wants_referral: bool,
    wants_police: bool,
    form: SortingForm,
    dispatches: Vec<DispatchView>,
    plan: Option<PlanView>,
    not_yet: String,
    longest_reply: usize,
    /// How an answer reaches the reporter.
    answers: String,
    /// Whether it goes as text messages, whose number is counted.
    segments: bool,
    canned: Vec<CannedView>,
    /// The language of the answers: `en`, `es`, `ar`.
    language: &'static str,
    draft: Draft,
}

/// Words that those who were told do not know of.
struct NewsView {
    words: String,
    at: Moment,
}

impl NewsView {
    fn new(news: NewWords, clock: &PageClock) -> Self {
        let words = match news.count {
            1 => "1 new message".to_owned(),
            count => format!("{count} new messages"),
        };
        Self { words, at: clock.moment(news.told_at) }
    }
}

pub(super) async fn show(
    State(site): State<StaffSite>,
    Member(session): Member,
    Path(tip): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let id = super::id(&tip)?;
    let key = headers.get(LIVE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let refreshes = session.live_key_fits(&id.to_string(), key);
    let tip = site.desk.tip(&session.staff, id, !refreshes).await?;
    frame::page(StatusCode::OK, &build(&site, &session, tip, Draft::default()).await?)
}

/// The page again after the desk refused, with the reason and what was typed. A tip that is not there, or a store that is away, is a fault.
pub(in crate::http::staff) async fn refused(
    site: &StaffSite,
    session: &Session,
    id: ConversationId,
    refused: DeskError,
    draft: Draft,
) -> Result<Response, Fault> {
    if let DeskError::NotFound = refused {
        return Err(refused.into());
    }
    fault::log(&refused);
    let status = fault::desk_status(&refused).0;
    again(site, session, id, status, Draft { refusal: refused.to_string(), ..draft }).await
}

/// The page again with a refusal that was found here.
pub(super) async fn again(
    site: &StaffSite,
    session: &Session,
    id: ConversationId,
    status: StatusCode,
    draft: Draft,
) -> Result<Response, Fault> {
    let tip = site.desk.tip(&session.staff, id, false).await?;
    frame::page(status, &build(site, session, tip, draft).await?)
}

async fn build(site: &StaffSite, session: &Session, tip: Tip, draft: Draft) -> Result<Page, Fault> {
    let schools = site.desk.schools().await?;
    let clock = PageClock { now: tip.now, zone: site.zone.clone() };
    let mut page = page(site, session, &tip, &schools, &clock, draft);
    if tip.dispatched_at.is_none() && tip.state == TipState::Open {
        match site.desk.plan(tip.id, &BTreeSet::new(), &BTreeSet::new()).await {
            Ok(shown) => page.plan = Some(PlanView::new(&shown, &clock)),
            Err(DeskError::Plan(why)) => page.not_yet = why.to_string(),
            Err(other) => return Err(other.into()),
        }
    }
    Ok(page)
}

/// What told of the tip, the latest first; below it news, pages and questions, the latest first.
fn tellings(tip: &Tip) -> impl Iterator<Item = &Dispatch> {
    let of = |tells: bool| tip.dispatches.iter().rev().filter(move |dispatch| dispatch.purpose.tells_of_tip() == tells);
    of(true).chain(of(false))
}

fn page(
    site: &StaffSite,
    session: &Session,
    tip: &Tip,
    schools: &[(domain::id::OrganizationKey, String)],
    clock: &PageClock,
    draft: Draft,
) -> Page {
    let catalogue = site.desk.catalogue();
    let form = SortingForm::new(tip, catalogue, schools, session.staff.role, draft.triage.as_ref());
    Page {
        frame: Frame::new(site, session, "tip", format!("{} · {}", tip.alias, tip.reference), tip.id.to_string()),
        tip: tip.id.to_string(),
        version: tip.version,
        reference: tip.reference.clone(),
        alias: tip.alias.clone(),
        channel: phrases::channel(tip.channel),
        closed: match tip.state {
            TipState::Closed => true,
            TipState::Open => false,
        },
        way_back_closed: phrases::way_back_closed(tip.way_back),
        received: clock.moment(tip.received_at),
        deadline: tip.deadline.map(|due| clock.left(due)),
        level: tip.triage.level.map(|level| (level.as_str(), level.title())),
        school: tip.school_name.clone(),
        types: tip.triage.types.iter().map(|key| catalogue.get(key).map_or_else(|| key.to_string(), |one| one.name.clone())).collect(),
        mine: tip.claimed_by.as_ref().is_some_and(|(id, _)| *id == session.staff.id),
        claimed_by: tip.claimed_by.as_ref().map(|(_, name)| name.clone()),
        entries: conversation::entries(tip, clock),
        assessments: conversation::assessments(tip, clock),
        tasks: tip.tasks.iter().map(|task| TaskView::new(task, clock)).collect(),
        enduser_notes: EnduserNoteView::all(tip, clock),
        feedback: FeedbackView::all(tip, clock),
        attention: tip.attention.iter().map(|mark| mark.words()).collect(),
        news: tip.news.map(|news| NewsView::new(news, clock)),
        wants_referral: tip.wants_referral,
        wants_police: tip.wants_police,
        form,
        dispatches: tellings(tip).map(|dispatch| DispatchView::new(dispatch, clock)).collect(),
        plan: None,
        not_yet: String::new(),
        longest_reply: longest_reply(tip.answers.channel),
        answers: phrases::answers(&tip.answers),
        segments: tip.answers.sent && tip.answers.channel == Channel::Text,
        canned: CannedView::all(&tip.answers),
        language: tip.answers.language.tag(),
        draft,
    }
}

//! `GET /tasks`: what only a person can do. `POST /tasks/{id}/done`.

use super::StaffSite;
use super::fault::Fault;
use super::frame::{self, Frame};
use super::guard::{Member, Submitted};
use super::moment::{Left, Moment, PageClock};
use crate::desk::needs_a_note;
use crate::desk::view::Task;
use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use domain::id::{ConversationId, TaskId};

pub(super) fn routes() -> Router<StaffSite> {
    Router::new().route("/tasks", get(list)).route("/tasks/{id}/done", post(done))
}

/// A task as shown.
pub(super) struct TaskView {
    pub(super) id: String,
    pub(super) tip: String,
    pub(super) what: String,
    pub(super) since: Moment,
    /// The time left, if it has a time.
    pub(super) due: Option<Left>,
    /// Whether it is done only with a note of who was spoken to.
    pub(super) needs_a_note: bool,
}

impl TaskView {
    pub(super) fn new(task: &Task, clock: &PageClock) -> Self {
        Self {
            id: task.id.to_string(),
            tip: task.conversation.to_string(),
            what: task.what.clone(),
            since: clock.moment(task.created_at),
            due: task.due_at.map(|due| clock.left(due)),
            needs_a_note: needs_a_note(task.kind),
        }
    }
}

#[derive(Template)]
#[template(path = "staff/tasks.html")]
struct Page {
    frame: Frame,
    tasks: Vec<TaskView>,
}

async fn list(State(site): State<StaffSite>, Member(session): Member) -> Result<Response, Fault> {
    let clock = PageClock { now: site.clock.now(), zone: site.zone.clone() };
    let tasks = site.desk.tasks().await?.iter().map(|task| TaskView::new(task, &clock)).collect();
    frame::page(StatusCode::OK, &Page { frame: Frame::new(&site, &session, "tasks", "Tasks", String::new()), tasks })
}

async fn done(State(site): State<StaffSite>, Path(id): Path<String>, form: Submitted) -> Result<Response, Fault> {
    let id: TaskId = id.parse().map_err(|_| Fault::NotFound)?;
    site.desk.task_done(&form.session.staff, id, &form.fields.text("note")).await?;
    // Back to the page whose button was pressed: a tip's, or the list.
    let back = form.fields.get("tip").parse::<ConversationId>().map_or_else(|_| "/tasks".to_owned(), |tip| format!("/tips/{tip}"));
    Ok(Redirect::to(&back).into_response())
}

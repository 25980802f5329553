//! `GET /api/v1/openapi.json`: the API described for programs. It holds nothing secret and needs no token.

use axum::Json;
use utoipa::openapi::OpenApi as Described;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(title = "Tip line", version = "1", description = "The analysts' verbs over HTTP. Times are RFC 3339 in UTC. Errors are {\"error\":{\"code\",\"message\"}}."),
    servers((url = "/api/v1")),
    security(("token" = [])),
    modifiers(&Token),
    paths(
        super::tips::list, super::tips::read, super::tips::messages, super::tips::reply, super::tips::triage, super::tips::note, super::tips::enduser_note,
        super::tips::claim, super::tips::close, super::files::copy, super::files::original, super::dispatches::plan, super::dispatches::list, super::dispatches::start,
        super::dispatches::news, super::dispatches::timeline, super::dispatches::confirm, super::desk::tasks, super::desk::task_done, super::desk::catalogue,
        super::desk::schools, super::drills::list, super::drills::report, super::drills::start, super::listen
    )
)]
struct Document;

/// Every request carries a bearer token.
struct Token;

impl Modify for Token {
    fn modify(&self, openapi: &mut Described) {
        openapi.components.get_or_insert_default().add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    }
}

/// The document.
pub fn document() -> Described {
    Document::openapi()
}

pub(super) async fn serve() -> Json<Described> {
    Json(document())
}

//! `GET /` on the public listener: what this is, the number to text, 911 and 988. The reporter's site will grow from here.
//!
//! No cookie, no script, no count of visitors; also the place of the public pages' assets.

use crate::http::{assets, headers};
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

/// What the home page says.
#[derive(Debug, Clone)]
pub struct HomeFacts {
    /// The line's name, "Safe2Help Illinois".
    pub line_name: String,
    /// The line's number for texts: as a link needs it (`+15555550142`), and as people read it (`(555) 555-0142`).
    pub text_number: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "public/home.html")]
struct Page {
    line_name: String,
    text_number: Option<(String, String)>,
    css: String,
    icon: String,
}

/// The routes of the home page and of the public pages' assets.
pub fn router(facts: HomeFacts) -> Router {
    Router::new().route("/", get(show)).with_state(facts).merge(assets::public()).layer(axum::middleware::map_response(headers::public))
}

async fn show(State(facts): State<HomeFacts>) -> Response {
    let page = Page {
        line_name: facts.line_name,
        text_number: facts.text_number,
        css: assets::href("public.css"),
        icon: assets::href("icon.svg"),
    };
    page.render().map_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response(), |html| Html(html).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::http::Request;
    use tower::ServiceExt;

    #[tokio::test]
    async fn the_home_page_names_the_number_and_911_and_988() {
        let facts = HomeFacts { line_name: "Example Tip Line".into(), text_number: Some(("+15555550142".into(), "(555) 555-0142".into())) };
        let answer = router(facts).oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert!(answer.headers().get("set-cookie").is_none());
        let html = String::from_utf8(axum::body::to_bytes(answer.into_body(), 100_000).await.unwrap().to_vec()).unwrap();
        for part in ["sms:+15555550142", "(555) 555-0142", "tel:911", "tel:988"] {
            assert!(html.contains(part), "{part}")
        }
        assert!(!html.contains("<script") && !html.contains("anonymous"));
    }
}

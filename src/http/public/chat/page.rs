//! The chat's page in three languages, and what makes it an app: manifest, icons, service worker, a page for when there is no network.
//!
//! The page holds no words of anybody: they come by the socket and stay in its memory. The service worker keeps style, script, icons and
//! the page for no network, and nothing else; it is installed only in the installed app, so that a visit leaves nothing behind.

use super::ChatSite;
use super::phrases::{Phrases, phrases};
use crate::http::{assets, headers};
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use domain::language::Language;
use serde_json::json;

/// Icons and the service worker may be kept for a day: their addresses do not change with them.
const KEPT_A_DAY: &str = "public, max-age=86400";

static ICON_192: &[u8] = include_bytes!("../../../../assets/icon-192.png");
static ICON_512: &[u8] = include_bytes!("../../../../assets/icon-512.png");

#[derive(Template)]
#[template(path = "public/chat.html")]
struct Page<'a> {
    line_name: &'a str,
    leave_to: &'a str,
    t: &'a Phrases,
    tag: &'static str,
    dir: &'static str,
    /// Before the paths of this language: empty for English.
    at: &'static str,
    languages: [(&'static str, &'static str, &'static str); 3],
    public_css: String,
    chat_css: String,
    script: String,
    icon: String,
}

#[derive(Template)]
#[template(path = "public/chat_elsewhere.html")]
struct Elsewhere<'a> {
    line_name: &'a str,
    css: String,
    icon: String,
    full: bool,
}

/// Path before `/chat`, tag, direction, and its own name, of each language.
const fn place(language: Language) -> (&'static str, &'static str, &'static str) {
    match language {
        Language::En => ("", "ltr", "English"),
        Language::Es => ("/es", "ltr", "Español"),
        Language::Ar => ("/ar", "rtl", "العربية"),
    }
}

pub(super) fn routes() -> Router<ChatSite> {
    let mut router = Router::new();
    for language in Language::ALL {
        let at = place(language).0;
        router = router
            .route(&format!("{at}/chat"), get(async move |State(site): State<ChatSite>| page(&site, language)))
            .route(&format!("{at}/chat/manifest.webmanifest"), get(async move |State(site): State<ChatSite>| manifest(&site, language)));
    }
    router
        .route("/chat/offline", get(async |State(site): State<ChatSite>| elsewhere(&site, StatusCode::OK, false)))
        .route("/chat/icon-192.png", get(async || kept("image/png", ICON_192)))
        .route("/chat/icon-512.png", get(async || kept("image/png", ICON_512)))
        .route("/sw.js", get(async || worker()))
        .layer(axum::middleware::map_response(headers::public))
}

fn page(site: &ChatSite, language: Language) -> Response {
    if site.places.available_permits() == 0 {
        return full(site);
    }
    let (at, dir, _) = place(language);
    let page = Page {
        line_name: &site.line_name,
        leave_to: &site.leave_to,
        t: phrases(language),
        tag: language.tag(),
        dir,
        at,
        languages: Language::ALL.map(|language| (place(language).0, language.tag(), place(language).2)),
        public_css: assets::href("public.css"),
        chat_css: assets::href("chat.css"),
        script: assets::href("chat.js"),
        icon: assets::href("icon.svg"),
    };
    let Ok(html) = page.render() else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let mut response = Html(html).into_response();
    if let Ok(policy) = HeaderValue::from_str(&policy(&site.origin)) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Its own script, style and socket, pictures out of its memory, and nothing else. Older browsers do not take a socket for `'self'`.
fn policy(origin: &str) -> String {
    let socket = origin.replacen("http", "ws", 1);
    format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self' {socket}; img-src 'self' blob:; manifest-src 'self'; \
         worker-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
}

/// Every place is taken: a message can be written all the same.
pub(super) fn full(site: &ChatSite) -> Response {
    let mut response = elsewhere(site, StatusCode::SERVICE_UNAVAILABLE, true);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
    response
}

fn elsewhere(site: &ChatSite, status: StatusCode, full: bool) -> Response {
    let page = Elsewhere { line_name: &site.line_name, css: assets::href("public.css"), icon: assets::href("icon.svg"), full };
    page.render().map_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response(), |html| (status, Html(html)).into_response())
}

fn manifest(site: &ChatSite, language: Language) -> Response {
    let (at, dir, _) = place(language);
    let icon = |size: u32| json!({"src": format!("/chat/icon-{size}.png"), "sizes": format!("{size}x{size}"), "type": "image/png", "purpose": "any maskable"});
    let manifest = json!({
        "name": &*site.line_name,
        "short_name": phrases(language).app_name,
        "id": format!("{at}/chat"),
        "start_url": format!("{at}/chat"),
        "scope": "/",
        "display": "standalone",
        "lang": language.tag(),
        "dir": dir,
        "background_color": "#fbfaf8",
        "theme_color": "#0f5c63",
        "icons": [icon(192), icon(512)],
    });
    ([(header::CONTENT_TYPE, "application/manifest+json")], manifest.to_string()).into_response()
}

/// The service worker with the names of what it may keep: another release is another worker.
fn worker() -> Response {
    let kept = ["public.css", "chat.css", "chat.js", "icon.svg"].map(assets::href);
    let kept = json!([kept[0], kept[1], kept[2], kept[3], "/chat/offline", "/chat/icon-192.png"]);
    let script = include_str!("../../../../assets/sw.js").replace("[/* what is kept */]", &kept.to_string());
    let headers = [(header::CONTENT_TYPE, "text/javascript; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    (headers, script).into_response()
}

fn kept(content_type: &'static str, body: &'static [u8]) -> Response {
    ([(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, KEPT_A_DAY)], body).into_response()
}

//! Style sheets, scripts and the icon: embedded, and named by the hash of their content, so that a browser keeps them for
//! ever and never shows a page with another version's style.

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

struct Asset {
    name: &'static str,
    content_type: &'static str,
    body: &'static str,
}

const STAFF: [Asset; 3] = [
    Asset { name: "staff.css", content_type: "text/css; charset=utf-8", body: include_str!("../../assets/staff.css") },
    Asset { name: "staff.js", content_type: "text/javascript; charset=utf-8", body: include_str!("../../assets/staff.js") },
    ICON,
];

const PUBLIC: [Asset; 5] = [
    Asset { name: "public.css", content_type: "text/css; charset=utf-8", body: include_str!("../../assets/public.css") },
    Asset { name: "chat.css", content_type: "text/css; charset=utf-8", body: include_str!("../../assets/chat.css") },
    Asset { name: "chat.js", content_type: "text/javascript; charset=utf-8", body: include_str!("../../assets/chat.js") },
    Asset { name: "site.js", content_type: "text/javascript; charset=utf-8", body: include_str!("../../assets/site.js") },
    ICON,
];

const ICON: Asset = Asset { name: "icon.svg", content_type: "image/svg+xml", body: include_str!("../../assets/icon.svg") };

/// The route of every asset.
const ROUTE: &str = "/assets/{hash}/{name}";

/// One hash for all: they are released together.
static HASH: LazyLock<String> = LazyLock::new(|| {
    let all = STAFF.iter().chain(&PUBLIC).fold(Sha256::new(), |hash, asset| hash.chain_update(asset.body.as_bytes()));
    all.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
});

/// The address of an asset.
pub fn href(name: &str) -> String {
    format!("/assets/{}/{name}", *HASH)
}

/// The routes of the staff listener's assets.
pub fn staff<S: Clone + Send + Sync + 'static>() -> axum::Router<S> {
    axum::Router::new().route(ROUTE, get(|path, headers| async move { serve(&STAFF, path, headers) }))
}

/// The routes of the public listener's assets.
pub fn public<S: Clone + Send + Sync + 'static>() -> axum::Router<S> {
    axum::Router::new().route(ROUTE, get(|path, headers| async move { serve(&PUBLIC, path, headers) }))
}

fn serve(assets: &'static [Asset], Path((hash, name)): Path<(String, String)>, headers: HeaderMap) -> Response {
    let Some(asset) = assets.iter().find(|asset| asset.name == name && hash == *HASH) else {
        return (StatusCode::NOT_FOUND, "There is no such file.").into_response();
    };
    let tag = format!("\"{}\"", *HASH);
    let kept = [(header::CACHE_CONTROL, "public, max-age=31536000, immutable".to_owned()), (header::ETAG, tag.clone())];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, kept).into_response();
    }
    (kept, [(header::CONTENT_TYPE, asset.content_type)], asset.body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asset_is_served_for_ever_under_its_hash_only() {
        let ask = |hash: &str, headers| serve(&STAFF, Path((hash.to_owned(), "staff.css".to_owned())), headers);
        let found = ask(&HASH, HeaderMap::new());
        assert_eq!(found.status(), StatusCode::OK);
        assert!(found.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"));
        let mut known = HeaderMap::new();
        known.insert(header::IF_NONE_MATCH, found.headers()[header::ETAG].clone());
        assert_eq!(ask(&HASH, known).status(), StatusCode::NOT_MODIFIED);
        assert_eq!(ask("000000000000", HeaderMap::new()).status(), StatusCode::NOT_FOUND);
    }
}

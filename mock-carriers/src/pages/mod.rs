//! The pages: index, handsets, mail inbox, faults, log. Rendered on the server, working without scripts.
//! Nothing is loaded from elsewhere and no inline script runs (see `shell::POLICY`).

mod faults;
mod handset;
mod inbox;
mod index;
mod log;
mod mailing;
mod phone;
mod shell;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::exchange::Exchange;
use crate::letter::LETTER_BYTES;

/// The routes of the pages.
pub fn routes() -> Router<Arc<Exchange>> {
    Router::new()
        .route("/", get(index::show))
        .route("/handset", get(handset::show))
        .route("/handset/phone", get(handset::one))
        .route("/handset/text", post(handset::text))
        .route("/handset/dial", post(handset::dial))
        .route("/handset/behaviour", post(handset::behave))
        .route("/handset/call/{sid}", post(handset::act))
        .route("/handset/mail", post(mailing::write).layer(DefaultBodyLimit::max(LETTER_BYTES)))
        .route("/handset/media/{sid}", get(handset::picture))
        .route("/inbox", get(inbox::list))
        .route("/inbox/{id}", get(inbox::one))
        .route("/inbox/{id}/scan", post(inbox::scan))
        .route("/faults", get(faults::show).post(faults::set))
        .route("/faults/remove", post(faults::remove))
        .route("/faults/clear", post(faults::clear))
        .route("/log", get(log::show))
        .route("/assets/{name}", get(shell::asset))
        .layer(axum::middleware::from_fn(shell::guard))
}

/// Most phones on one page.
const PHONES: usize = 12;

/// Numbers in a comma-separated list; an unescaped `+` arrives as a space.
pub fn parse_numbers(list: &str) -> Vec<String> {
    list.split(',')
        .map(|text| text.trim().trim_start_matches('+').trim())
        .filter(|digits| !digits.is_empty())
        .map(|digits| format!("+{digits}"))
        .take(PHONES)
        .collect()
}

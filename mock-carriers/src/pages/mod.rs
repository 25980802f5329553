//! The pages: index, handsets, mail inbox, faults, log.

use std::sync::Arc;

use axum::Router;

use crate::exchange::Exchange;

/// The routes of the pages.
pub fn routes() -> Router<Arc<Exchange>> {
    Router::new()
}

/// Numbers in a comma-separated list; an unescaped `+` arrives as a space.
pub fn parse_numbers(list: &str) -> Vec<String> {
    list.split(',')
        .map(|text| text.trim().trim_start_matches('+'))
        .filter(|digits| !digits.is_empty())
        .map(|digits| format!("+{digits}"))
        .take(12)
        .collect()
}

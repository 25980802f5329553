//! A posted form: its fields in order, and whether it comes from our own pages.
//!
//! A name may come several times (checkboxes). Holds what people typed, so its `Debug` shows names only.

use axum::http::{HeaderMap, header};
use std::fmt;

/// The fields.
#[derive(Default)]
pub(in crate::http) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads `application/x-www-form-urlencoded`; bytes that are no UTF-8 become the replacement sign, so no word is lost.
    pub(in crate::http) fn parse(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }
    /// The first value of this name, without space around it; empty when missing.
    pub(in crate::http) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.trim())
    }
    /// The first value of this name as it was typed, with one kind of line end.
    pub(in crate::http) fn text(&self, name: &str) -> String {
        self.get(name).replace("\r\n", "\n")
    }
    /// All values of this name.
    pub(in crate::http) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.trim())
    }
    /// All values of this name, with the space around them.
    pub(in crate::http) fn all_untrimmed<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }
    /// Whether a checkbox of this name is ticked.
    pub(in crate::http) fn ticked(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// A browser says where a form comes from: `Sec-Fetch-Site` on https and localhost, `Origin` always. A form without either comes
/// from no browser, so nobody's cookie was borrowed.
pub(in crate::http) fn is_from_us(headers: &HeaderMap, origin: &str) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    headers.get(header::ORIGIN).is_none_or(|sent| sent.as_bytes() == origin.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn forms_from_elsewhere_are_told_apart() {
        let check = |name: &'static str, value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_static(value));
            is_from_us(&headers, "https://staff.example.org")
        };
        assert!(check("sec-fetch-site", "same-origin"));
        assert!(!check("sec-fetch-site", "same-site"));
        assert!(!check("sec-fetch-site", "cross-site"));
        assert!(check("origin", "https://staff.example.org"));
        assert!(!check("origin", "https://elsewhere.example.org"));
        assert!(!check("origin", "null"));
        assert!(is_from_us(&HeaderMap::new(), "https://staff.example.org"));
    }
}

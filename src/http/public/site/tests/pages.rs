//! What holds for every page: its language, its headers, its words; snapshots of each in each language.

use super::fixture::Fixture;
use axum::http::StatusCode;

const PATHS: [&str; 12] =
    ["/", "/write", "/return", "/help", "/es", "/es/write", "/es/return", "/es/help", "/ar", "/ar/write", "/ar/return", "/ar/help"];

#[tokio::test]
async fn every_page_says_its_language_and_keeps_to_itself() {
    let site = Fixture::start().await;
    for path in PATHS {
        let page = site.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        let expected = match path.get(..3) {
            Some("/es") => "lang=\"es\" dir=\"ltr\"",
            Some("/ar") => "lang=\"ar\" dir=\"rtl\"",
            _ => "lang=\"en\" dir=\"ltr\"",
        };
        for part in [expected, "tel:911", "tel:988", "id=\"leave\" href=\"https://www.weather.gov/\""] {
            assert!(page.has(part), "{path}: {part}");
        }
        let lower = page.body.to_lowercase();
        for forbidden in ["anonym", "anónim", "مجهول", "<style", "style=", "onclick", "<iframe", "!<"] {
            assert!(!lower.contains(forbidden), "{path}: {forbidden}");
        }
        for (name, value) in [
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(page.headers[name], value, "{path}");
        }
        assert!(page.headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
        assert!(page.headers["permissions-policy"].to_str().unwrap().contains("geolocation=()"));
        for kept in ["set-cookie", "etag", "last-modified"] {
            assert!(!page.headers.contains_key(kept), "{path}: {kept}");
        }
    }
}

#[tokio::test]
async fn what_is_not_here_says_so_in_its_language() {
    let site = Fixture::start().await;
    for (path, words) in
        [("/nothing", "This page is not here."), ("/es/x", "Esta página no está aquí."), ("/ar/x", "هذه الصفحة غير موجودة.")]
    {
        let page = site.get(path).await;
        assert!(page.status == StatusCode::NOT_FOUND && page.has(words), "{path}: {}", page.body);
    }
}

#[tokio::test]
async fn help_numbers_are_shown_by_county() {
    let site = Fixture::start().await;
    let all = site.get("/help").await;
    assert!(all.has("Crisis team") && all.has("Other team") && all.has("Teen talk line") && all.has("tel:5555550160"));
    let one = site.post("/help", &[("county", "demo")]).await;
    assert!(one.has("Crisis team") && !one.has("Other team") && one.has("Teen talk line"));
    let none = site.post("/help", &[("county", "Moon <b>")]).await;
    assert!(none.has("no numbers of our own for Moon &#60;b&#62;") && none.has("tel:911"));
}

/// Each page as it is written; tokens and the hash of the assets stand as dots.
#[tokio::test]
async fn pages_stay_as_they_are() {
    let site = Fixture::start().await;
    for (prefix, tag) in [("", "en"), ("/es", "es"), ("/ar", "ar")] {
        let home = if prefix.is_empty() { "/" } else { prefix };
        let done = site.write(&format!("{prefix}/write"), &[("what", "words")]).await;
        let code = done.code();
        site.answer(&site.tip_of(&code).await, "An answer").await;
        let opened = site.post(&format!("{prefix}/return"), &[("code", &code)]).await;
        let pages = [
            ("home", site.get(home).await),
            ("write", site.get(&format!("{prefix}/write")).await),
            ("done", done),
            ("return", site.get(&format!("{prefix}/return")).await),
            ("wrong", site.post(&format!("{prefix}/return"), &[("code", "1")]).await),
            ("talk", opened),
            ("help", site.get(&format!("{prefix}/help")).await),
        ];
        for (name, page) in pages {
            insta::assert_snapshot!(format!("{name}_{tag}"), steady(&page.body, &code));
        }
    }
}

fn steady(html: &str, code: &str) -> String {
    let mut text = code.split(' ').fold(html.to_owned(), |text, group| text.replace(&format!("<span>{group}</span>"), "<span>0000</span>"));
    for mark in ["name=\"draft\" value=\"", "name=\"visit\" value=\"", "name=\"nonce\" value=\"", "/assets/", "data-have=\""] {
        let mut from = 0;
        while let Some(at) = text[from..].find(mark) {
            let begin = from + at + mark.len();
            let end = begin + text[begin..].find(['"', '/']).unwrap();
            text.replace_range(begin..end, "…");
            from = begin;
        }
    }
    text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

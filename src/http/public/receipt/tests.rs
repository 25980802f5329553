//! The receipt page over a small desk: what a scanner may do changes nothing, and only the printed code confirms.

use super::*;
use axum::body::Body;
use axum::http::{Method, Request};
use std::sync::Mutex;
use tower::ServiceExt;

/// Knows one link, `good`, with the code `4711` and three tries.
#[derive(Default)]
struct OneLink {
    confirmed: Mutex<Option<Timestamp>>,
    tried: Mutex<u32>,
    confirms_asked: Mutex<u32>,
}

impl OneLink {
    fn view(&self) -> ReceiptView {
        ReceiptView {
            organization: "Delta High School".into(),
            reference: "T-7K3-QM2".into(),
            told_at: "2026-11-20T21:04:12Z".parse().unwrap(),
            confirmed_at: *self.confirmed.lock().unwrap(),
            level_urgent: true,
        }
    }
}

impl ReceiptDesk for OneLink {
    fn look<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Option<ReceiptView>> {
        Box::pin(async move { (token == "good").then(|| self.view()) })
    }
    fn confirm<'a>(&'a self, token: &'a str, code: &'a str) -> BoxFuture<'a, Confirmation> {
        Box::pin(async move {
            *self.confirms_asked.lock().unwrap() += 1;
            if token != "good" {
                return Confirmation::Unknown;
            }
            let mut tried = self.tried.lock().unwrap();
            if *tried >= 3 {
                return Confirmation::TooManyTries;
            }
            if code == "4711" {
                *self.confirmed.lock().unwrap() = Some("2026-11-20T21:06:00Z".parse().unwrap());
                return Confirmation::Confirmed(self.view());
            }
            *tried += 1;
            if *tried >= 3 { Confirmation::TooManyTries } else { Confirmation::WrongCode { view: self.view(), tries_left: 3 - *tried } }
        })
    }
}

async fn ask(desk: &Arc<OneLink>, method: Method, path: &str, body: &str) -> (StatusCode, String, axum::http::HeaderMap) {
    let site = ReceiptSite {
        desk: desk.clone(),
        line_name: "Example Tip Line".into(),
        call_back: "(555) 555-0142".into(),
        zone: TimeZone::get("America/Chicago").unwrap(),
    };
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(body.to_owned()))
        .unwrap();
    let answer = router(site).oneshot(request).await.unwrap();
    let (parts, body) = answer.into_parts();
    let html = String::from_utf8(axum::body::to_bytes(body, 100_000).await.unwrap().to_vec()).unwrap();
    (parts.status, html, parts.headers)
}

#[tokio::test]
async fn looking_changes_nothing_and_head_has_no_body() {
    let desk = Arc::new(OneLink::default());
    let (status, html, headers) = ask(&desk, Method::GET, "/r/good", "").await;
    assert_eq!(status, StatusCode::OK);
    for part in ["Delta High School", "T-7K3-QM2", "November 20, 2026, 15:04 CST", "I have received this", "(555) 555-0142"] {
        assert!(html.contains(part), "{part}")
    }
    assert!(!html.contains("<script") && !html.contains("4711"));
    assert!(headers.get("set-cookie").is_none());
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(headers["referrer-policy"], "same-origin");
    assert_eq!(headers["x-robots-tag"], "noindex, nofollow");
    let (status, body, _) = ask(&desk, Method::HEAD, "/r/good", "").await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, ""));
    let (status, ..) = ask(&desk, Method::GET, "/r/good?code=4711", "").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(*desk.confirms_asked.lock().unwrap(), 0);
    assert_eq!(*desk.confirmed.lock().unwrap(), None);
}

#[tokio::test]
async fn only_the_printed_code_confirms() {
    let desk = Arc::new(OneLink::default());
    let (status, html, _) = ask(&desk, Method::POST, "/r/good", "").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("2 more tries"));
    let (status, html, _) = ask(&desk, Method::POST, "/r/good", "code=secret-typo").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("one more try") && !html.contains("secret-typo"), "nothing typed is kept");
    let (status, html, _) = ask(&desk, Method::POST, "/r/good", "code=+4711+").await;
    assert_eq!(status, StatusCode::OK);
    assert!(html.contains("You have confirmed this.") && html.contains("15:06 CST"));
    let (_, html, _) = ask(&desk, Method::GET, "/r/good", "").await;
    assert!(html.contains("You have confirmed this.") && !html.contains("<form"));
}

#[tokio::test]
async fn every_other_way_leads_to_a_page_with_the_number() {
    let desk = Arc::new(OneLink::default());
    for (method, path, body, status) in [
        (Method::GET, "/r/other", String::new(), StatusCode::NOT_FOUND),
        (Method::POST, "/r/other", "code=4711".into(), StatusCode::NOT_FOUND),
        (Method::DELETE, "/r/good", String::new(), StatusCode::METHOD_NOT_ALLOWED),
        (Method::POST, "/r/good", format!("code={}", "x".repeat(4096)), StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let (seen, html, _) = ask(&desk, method, path, &body).await;
        assert_eq!(seen, status, "{path}");
        assert!(html.contains("(555) 555-0142"), "{path}");
    }
    for _ in 0..3 {
        ask(&desk, Method::POST, "/r/good", "code=1").await;
    }
    let (status, html, _) = ask(&desk, Method::POST, "/r/good", "code=4711").await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert!(html.contains("(555) 555-0142"));
}

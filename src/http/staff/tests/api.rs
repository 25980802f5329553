//! The API: tokens, shapes, refusals, and that the document tells the truth.

use super::fixture::{Answer, Fixture, NUMBER};
use crate::http::staff::api::document;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};

struct Client {
    f: Fixture,
    token: String,
}

impl Client {
    async fn start() -> Self {
        let f = Fixture::start().await;
        let token = f.login.new_api_token(f.analyst, "tests").await.unwrap().reveal().to_owned();
        Self { f, token }
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let body = body.map_or_else(Body::empty, |value| Body::from(value.to_string()));
        let request = Request::builder().method(method).uri(format!("/api/v1{path}"));
        let request = request.header("authorization", format!("Bearer {}", self.token)).header("content-type", "application/json");
        self.f.send(request.body(body).unwrap()).await
    }
    async fn get(&self, path: &str) -> Value {
        let answer = self.ask(Method::GET, path, None).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
        answer.json()
    }
}

#[tokio::test]
async fn every_documented_path_is_routed_and_wants_a_token() {
    let f = Fixture::start().await;
    let document = serde_json::to_value(document()).unwrap();
    let mut seen = 0;
    for (path, verbs) in document["paths"].as_object().unwrap() {
        for verb in verbs.as_object().unwrap().keys() {
            let path = format!("/api/v1{}", path.replace("{id}", "0123456789abcdef0123456789abcdef"));
            let method: Method = verb.to_uppercase().parse().unwrap();
            let answer = f.send(Request::builder().method(method).uri(&path).body(Body::empty()).unwrap()).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{verb} {path}");
            assert_eq!(answer.json()["error"]["code"], "unauthorized");
            seen += 1;
        }
    }
    assert_eq!(seen, 25, "a new route is documented, and counted here");
    let served = f.get("/api/v1/openapi.json", "").await.json();
    assert_eq!(served, document);
    for schema in ["Tip", "Message", "Obligation", "Attempt", "Receipt", "Refusal", "NewTriage"] {
        assert!(served["components"]["schemas"][schema].is_object(), "{schema}");
    }
    let lost = f.get("/api/v1/nowhere", "").await;
    assert_eq!((lost.status, lost.json()["error"]["code"].clone()), (StatusCode::NOT_FOUND, json!("no_such_path")));
}

#[tokio::test]
async fn a_tip_goes_its_way_over_the_api() {
    let c = Client::start().await;
    let id = c.f.text("he will drive his car into a tree tonight").await;
    let inbox = c.get("/tips").await;
    assert_eq!(inbox["counts"]["unsorted"], 1);
    assert_eq!(inbox["tips"][0]["id"], id.to_string());
    assert_eq!(inbox["tips"][0]["deadline"], "2026-11-20T21:24:12Z");

    let made = c.ask(Method::POST, &format!("/tips/{id}/replies"), Some(json!({"text": "Where is he?"}))).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let messages = c.get(&format!("/tips/{id}/messages")).await;
    assert_eq!(
        messages.as_array().unwrap().iter().map(|m| m["author"].as_str().unwrap()).collect::<Vec<_>>(),
        ["reporter", "system", "staff"]
    );
    assert_eq!(messages[2]["delivery"]["state"], "waiting");

    let tip = c.get(&format!("/tips/{id}")).await;
    let triage =
        json!({"version": tip["version"], "types": ["suicidal-ideation"], "school": "delta-high", "marks": {"safety_issue": true}});
    let sorted = c.ask(Method::PUT, &format!("/tips/{id}/triage"), Some(triage.clone())).await;
    assert_eq!(sorted.status, StatusCode::OK, "{}", sorted.body);
    assert_eq!(sorted.json()["triage"]["level"], "critical");
    let stale = c.ask(Method::PUT, &format!("/tips/{id}/triage"), Some(triage)).await;
    assert_eq!((stale.status, stale.json()["error"]["code"].clone()), (StatusCode::CONFLICT, json!("changed")));

    let plan = c.get(&format!("/tips/{id}/plan")).await;
    assert_eq!(plan["steps"][0]["kind"], "psap");
    let version = sorted.json()["version"].clone();
    let sent = c.ask(Method::POST, &format!("/tips/{id}/dispatches"), Some(json!({"version": version}))).await;
    assert_eq!(sent.status, StatusCode::CREATED, "{}", sent.body);
    let dispatches = c.get(&format!("/tips/{id}/dispatches")).await;
    assert_eq!(dispatches[0]["obligations"].as_array().unwrap().len(), plan["steps"].as_array().unwrap().len());
    assert_eq!(dispatches[0]["obligations"][0]["state"], "waiting");

    for (path, body) in [("notes", json!({"kind": "assessment", "text": "Imminent."})), ("claim", json!({}))] {
        assert_eq!(c.ask(Method::POST, &format!("/tips/{id}/{path}"), Some(body)).await.status, StatusCode::NO_CONTENT, "{path}");
    }
    let whole = c.ask(Method::GET, &format!("/tips/{id}"), None).await.body;
    assert!(!whole.contains(NUMBER) && !whole.contains("+1555"), "no number is in any answer");
    assert_eq!(c.get(&format!("/tips/{id}")).await["notes"][0]["kind"], "assessment");
    assert!(c.get(&format!("/tips/{id}/timeline")).await.as_array().unwrap().len() > 5);
    let tasks = c.get("/tasks").await;
    assert_eq!((tasks.as_array().unwrap().len(), &tasks[0]["kind"]), (1, &json!("follow_up")), "{tasks}");
    let done = format!("/tasks/{}/done", tasks[0]["id"].as_str().unwrap());
    assert_eq!(c.ask(Method::POST, &done, Some(json!({}))).await.json()["error"]["code"], "note_missing");
    assert_eq!(c.ask(Method::POST, &done, Some(json!({"note": "They have it."}))).await.status, StatusCode::NO_CONTENT);
    assert!(c.get("/schools").await.as_array().unwrap().iter().any(|school| school["key"] == "delta-high"));
    assert_eq!(c.get("/catalogue").await[0]["level"], "critical");
}

#[tokio::test]
async fn mistakes_are_named() {
    let c = Client::start().await;
    let id = c.f.text("hello").await;
    let post = async |path: &str, body: Value| c.ask(Method::POST, &format!("/tips/{id}/{path}"), Some(body)).await;
    let unknown = post("replies", json!({"text": "hi", "bcc": "x"})).await;
    assert_eq!(unknown.status, StatusCode::BAD_REQUEST);
    assert!(unknown.json()["error"]["message"].as_str().unwrap().contains("`bcc`"));
    assert_eq!(post("replies", json!({})).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(post("replies", json!({"text": ""})).await.json()["error"]["code"], "empty");
    assert_eq!(post("replies", json!({"text": "x".repeat(70_000)})).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(post("notes", json!({"kind": "poem", "text": "x"})).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(post("close", json!({"reason": "done"})).await.json()["error"]["code"], "cannot_close");
    assert_eq!(c.ask(Method::GET, &format!("/tips/{id}/plan"), None).await.json()["error"]["code"], "cannot_plan");
    assert_eq!(c.ask(Method::GET, "/tips?filter=odd", None).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(c.ask(Method::GET, "/tips/not-an-id", None).await.status, StatusCode::NOT_FOUND);
    assert_eq!(c.ask(Method::DELETE, "/tips", None).await.status, StatusCode::METHOD_NOT_ALLOWED);
    let request = Request::post(format!("/api/v1/tips/{id}/replies"))
        .header("authorization", format!("Bearer {}", c.token))
        .body(Body::from("{}"))
        .unwrap();
    assert_eq!(c.f.send(request).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn a_cookie_opens_no_api_and_a_wrong_token_nothing() {
    let c = Client::start().await;
    let (cookie, _) = c.f.logged_in("ana").await;
    assert_eq!(c.f.get("/api/v1/tips", &cookie).await.status, StatusCode::UNAUTHORIZED);
    for token in ["tl_short", &format!("tl_{}", "x".repeat(43)), ""] {
        let request = Request::get("/api/v1/tips").header("authorization", format!("Bearer {token}")).body(Body::empty()).unwrap();
        assert_eq!(c.f.send(request).await.status, StatusCode::UNAUTHORIZED);
    }
}

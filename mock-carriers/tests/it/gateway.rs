//! A small gateway for the tests: it keeps every webhook and answers with what the test prepared.
//! It verifies every signature with the published algorithm, spelled out here once more.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use mock_carriers::{Control, MockCarriers, NumberRoute, Options};
use serde_json::Value;
use tokio::sync::watch;

/// The account's number in every test.
pub const OURS: &str = "+15555550100";
/// A reporter's or principal's number.
pub const THEIRS: &str = "+15555550142";

/// One webhook as it came.
#[derive(Debug, Clone)]
pub struct Hook {
    pub path: String,
    pub query: String,
    pub params: Vec<(String, String)>,
    pub token: String,
    pub agent: String,
    pub signed: bool,
}

impl Hook {
    pub fn get(&self, key: &str) -> &str {
        let found = self.params.iter().find(|(name, _)| name == key);
        found.map_or("", |(_, value)| value.as_str())
    }
}

struct Inner {
    answers: Mutex<HashMap<String, (u16, String)>>,
    hooks: Mutex<Vec<Hook>>,
    count: watch::Sender<usize>,
    origin: Mutex<String>,
    token: String,
}

/// The mock, a gateway, and a client that knows the password.
pub struct World {
    pub mock: MockCarriers,
    pub control: Control,
    pub gateway: String,
    pub http: reqwest::Client,
    inner: Arc<Inner>,
}

impl World {
    pub async fn start() -> Self {
        Self::with(Options::default()).await
    }

    pub async fn with(mut options: Options) -> Self {
        options.tempo.ring_ms = 40;
        options.tempo.word_ms = 3;
        options.tempo.second_ms = 20;
        options.tempo.handset_word_ms = 3;
        let inner = Arc::new(Inner {
            answers: Mutex::default(),
            hooks: Mutex::default(),
            count: watch::Sender::new(0),
            origin: Mutex::default(),
            token: options.auth_token.clone(),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gateway = format!("http://{}", listener.local_addr().unwrap());
        *inner.origin.lock().unwrap() = gateway.clone();
        let app = Router::new().fallback(receive).with_state(Arc::clone(&inner));
        let tasks = tokio_util::task::TaskTracker::new();
        tasks.spawn(async move { axum::serve(listener, app).await });
        options.numbers = vec![NumberRoute {
            number: OURS.to_owned(),
            sms_url: Some(format!("{gateway}/sms")),
            voice_url: Some(format!("{gateway}/voice")),
        }];
        let mock = MockCarriers::start(options).await.unwrap();
        let control = mock.control();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { mock, control, gateway, http, inner }
    }

    /// What the gateway answers on this path: 200 with XML.
    pub fn answer(&self, path: &str, twiml: &str) {
        self.answer_with(path, 200, &format!("<Response>{twiml}</Response>"));
    }

    pub fn answer_with(&self, path: &str, status: u16, body: &str) {
        self.inner.answers.lock().unwrap().insert(path.to_owned(), (status, body.to_owned()));
    }

    pub fn hooks(&self, path: &str) -> Vec<Hook> {
        let hooks = self.inner.hooks.lock().unwrap();
        hooks.iter().filter(|hook| hook.path == path).cloned().collect()
    }

    pub fn count(&self, path: &str) -> usize {
        let hooks = self.inner.hooks.lock().unwrap();
        hooks.iter().filter(|hook| hook.path == path).count()
    }

    /// Waits until so many webhooks came on this path.
    pub async fn wait_hooks(&self, path: &str, count: usize) -> Vec<Hook> {
        let mut changes = self.inner.count.subscribe();
        let wait = async {
            while self.count(path) < count {
                changes.changed().await.unwrap();
            }
        };
        if tokio::time::timeout(Duration::from_secs(60), wait).await.is_err() {
            panic!("only {} of {count} webhooks on {path}", self.hooks(path).len());
        }
        self.hooks(path)
    }

    pub fn url(&self, resource: &str) -> String {
        format!("{}/2010-04-01/Accounts/{}/{resource}", self.mock.base_url(), self.mock.account_sid())
    }

    pub async fn post(&self, resource: &str, form: &[(&str, &str)]) -> (u16, Value) {
        let request = self.http.post(self.url(resource)).form(form);
        self.send(request).await
    }

    pub async fn get(&self, resource: &str) -> (u16, Value) {
        self.send(self.http.get(self.url(resource))).await
    }

    pub async fn delete(&self, resource: &str) -> u16 {
        self.send(self.http.delete(self.url(resource))).await.0
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> (u16, Value) {
        let request = request.basic_auth(self.mock.account_sid(), Some(self.mock.auth_token()));
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Places a call with all events reported to `/status` and instructions from `/twiml`.
    pub async fn call(&self, extra: &[(&str, &str)]) -> String {
        let (url, status) = (format!("{}/twiml", self.gateway), format!("{}/status", self.gateway));
        let mut form = vec![("To", THEIRS), ("From", OURS), ("Url", url.as_str()), ("StatusCallback", status.as_str())];
        for event in ["initiated", "ringing", "answered", "completed"] {
            form.push(("StatusCallbackEvent", event));
        }
        form.extend_from_slice(extra);
        let (code, call) = self.post("Calls.json", &form).await;
        assert_eq!(code, 201, "{call}");
        assert_eq!(call["status"], "queued");
        call["sid"].as_str().unwrap().to_owned()
    }

    /// Waits until a call is over.
    pub async fn ended(&self, sid: &str) -> mock_carriers::state::call::Call {
        let over = self
            .control
            .wait_until(Duration::from_secs(10), |control| {
                let sid = sid.to_owned();
                async move { control.call(&sid).await.is_ok_and(|call| call.status.is_over()) }
            })
            .await;
        let call = self.control.call(sid).await.unwrap();
        assert!(over, "still {:?}: {:?}", call.status, call.transcript);
        call
    }
}

async fn receive(State(inner): State<Arc<Inner>>, OriginalUri(uri): OriginalUri, headers: HeaderMap, body: Bytes) -> Response {
    let text = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let params: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    let url = format!("{}{}", inner.origin.lock().unwrap(), uri.path_and_query().unwrap());
    let signature = mock_carriers::webhook::sign::sign(&inner.token, &url, &params);
    let hook = Hook {
        path: uri.path().to_owned(),
        query: uri.query().unwrap_or_default().to_owned(),
        params,
        token: text("i-twilio-idempotency-token"),
        agent: text("user-agent"),
        signed: signature == text("x-twilio-signature"),
    };
    inner.hooks.lock().unwrap().push(hook);
    inner.count.send_modify(|count| *count += 1);
    let answer = inner.answers.lock().unwrap().get(uri.path()).cloned();
    let (status, body) = answer.unwrap_or((200, "<Response/>".to_owned()));
    let status = StatusCode::from_u16(status).unwrap();
    (status, [(header::CONTENT_TYPE, "text/xml")], body).into_response()
}

//! A staff listener over a real store in a folder of its own, the demo's directory, a clock that stands still, and two logins.

use crate::clock::Clock;
use crate::config::Config;
use crate::desk::Desk;
use crate::desk::directory::DirectoryReader;
use crate::entropy::Entropy;
use crate::http::staff::{StaffSite, router};
use crate::import::{self, Source};
use crate::intake::Intake;
use crate::lifecycle::Tasks;
use crate::live::{Live, Told};
use crate::login::{Login, new_password_hash};
use crate::media::files::Files;
use crate::outbox::compose::Line;
use crate::outbox::wake::Wake;
use crate::progress::Progress;
use crate::progress::people::People;
use crate::progress::routes::{Lane, Routes};
use crate::spool::Spool;
use crate::store::rows::StaffRow;
use crate::store::sqlite::Sqlite;
use crate::store::{Commit, Store, Write};
use crate::store::{News, Options};
use crate::vault::Vault;
use crate::vault::keys::MasterKey;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use domain::channel::{Channel, Means};
use domain::conversation::knows::Knows;
use domain::conversation::triage::StaffRole;
use domain::dispatch::words::Voice;
use domain::exchange::{Inbound, InboundMessage, MediaRef, ProviderId};
use domain::id::{ConversationId, StaffId};
use domain::language::Language;
use domain::sealed::{Address, Words};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use tower::ServiceExt;

pub(super) const PASSWORD: &str = "four calm herons";
pub(super) const ORIGIN: &str = "http://127.0.0.1:8081";
/// The number that must never be on a page.
pub(super) const NUMBER: &str = "+15555550142";

pub(super) struct Fixture {
    pub(super) clock: Clock,
    pub(super) store: Arc<dyn Store>,
    pub(super) live: Live,
    pub(super) login: Arc<Login>,
    pub(super) analyst: StaffId,
    pub(super) files: Files,
    pub(super) vault: Arc<Vault>,
    pub(super) desk: Arc<Desk>,
    intake: Intake,
    router: Router,
    folder: PathBuf,
    received: std::sync::atomic::AtomicU32,
}

/// An answer, read.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
    pub(super) fn location(&self) -> &str {
        self.headers["location"].to_str().unwrap()
    }
    /// The value of a hidden field or input.
    pub(super) fn field(&self, name: &str) -> String {
        let at = self.body.find(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("no field {name}: {}", self.body));
        let value = &self.body[at + name.len() + 15..];
        value[..value.find('"').unwrap()].to_owned()
    }
}

impl Fixture {
    pub(super) async fn start() -> Self {
        let config = Config::load(None, &BTreeMap::new()).unwrap();
        let folder = std::env::temp_dir().join(format!("tipline-staff-{}", Entropy.uuid().simple()));
        std::fs::create_dir(&folder).unwrap();
        let (live, tasks) = (Live::default(), Tasks::default());
        let told = live.clone();
        let on_news = Arc::new(move |news: &News| match news {
            News::Changed(changed) => changed.tips.iter().for_each(|id| told.changed(*id)),
            News::Missed => {}
        });
        let spawn = move |name: &'static str, task| tasks.spawn(name, task);
        let store = Sqlite::open(&folder.join("tipline.db"), Options { migrate: true, on_news }, &spawn).await.unwrap();
        let vault = Arc::new(Vault::new(&MasterKey::from_bytes([7; 32]), Entropy));
        let analyst = fill(&config, &store, &vault).await;
        let clock = Clock::fixed("2026-11-20T21:04:12Z".parse::<Timestamp>().unwrap());
        Self::over(config, folder, store, vault, live, clock, analyst)
    }

    fn over(config: Config, folder: PathBuf, store: Arc<dyn Store>, vault: Arc<Vault>, live: Live, clock: Clock, analyst: StaffId) -> Self {
        let routes = Arc::new(Routes::new([Means::Text, Means::Call, Means::Mail].map(lane).to_vec()).unwrap());
        let policy = Arc::new(config.policy().clone());
        let wake = Wake::new(routes.lanes().map(|lane| lane.key.clone()));
        let people = People::new(store.clone(), clock.clone(), &config);
        let progress =
            Progress { store: store.clone(), clock: clock.clone(), entropy: Entropy, policy: policy.clone(), routes, wake, people };
        let directory = DirectoryReader::new(store.clone(), clock.clone());
        let voice = Voice { line_name: "Example Tip Line".into(), call_back: "5 5 5".into() };
        let line = Arc::new(Line {
            voice,
            call_back: "(555) 555-0100".into(),
            endusers_alone: None,
            origin: "https://example.org".into(),
            language: Language::En,
            desk: None,
            hotline: None,
            mailboxes: Vec::new(),
        });
        let files = Files::new(folder.join("media"), vault.clone());
        let intake = Intake::new(vault.clone(), progress.clone(), directory.clone(), line.clone(), files.clone(), Spool::default());
        let desk = Arc::new(Desk {
            store: store.clone(),
            vault: vault.clone(),
            files: files.clone(),
            clock: clock.clone(),
            entropy: Entropy,
            directory,
            catalogue: Arc::new(config.catalogue().clone()),
            calendars: Arc::new(config.calendars().clone()),
            policy,
            progress,
            line,
        });
        let login = Arc::new(Login::new(store.clone(), clock.clone(), Entropy));
        let site = StaffSite {
            desk: desk.clone(),
            login: login.clone(),
            live: live.clone(),
            clock: clock.clone(),
            origin: ORIGIN.into(),
            line_name: "Example Tip Line".into(),
            zone: config.zone().clone(),
            stop: tokio_util::sync::CancellationToken::new(),
        };
        Self { clock, store, live, login, analyst, files, vault, desk, intake, router: router(site), folder, received: 0.into() }
    }

    /// A reporter writes; gives the tip.
    pub(super) async fn text(&self, words: &str) -> ConversationId {
        self.text_with(words, Vec::new()).await
    }

    /// A reporter writes and sends files; gives the tip.
    pub(super) async fn text_with(&self, words: &str, media: Vec<MediaRef>) -> ConversationId {
        self.text_from(NUMBER, words, media).await
    }

    /// Somebody writes.
    pub(super) async fn text_from(&self, from: &str, words: &str, media: Vec<MediaRef>) -> ConversationId {
        let number = self.received.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let mut changed = self.live.listen();
        let (account, id) = ("main".parse().unwrap(), ProviderId(format!("SM{number}")));
        let message = InboundMessage {
            from: Some(Address::new(from)),
            to: Address::new("+15555550100"),
            media,
            ..InboundMessage::plain(account, id, Channel::Text, Knows::PHONE, Words::new(words))
        };
        self.intake.submit(Inbound::Message(Box::new(message))).await.unwrap();
        match changed.recv().await.unwrap() {
            Told::Tip(id) => id,
            Told::All => panic!("no news can be lost on one node"),
        }
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 4_000_000).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    /// A request that is answered by a stream: only its head is read.
    pub(super) async fn head_of(&self, request: Request<Body>) -> axum::response::Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub(super) async fn get(&self, path: &str, cookie: &str) -> Answer {
        self.send(Request::get(path).header("cookie", cookie).body(Body::empty()).unwrap()).await
    }

    /// Posts a form as a browser does.
    pub(super) async fn post(&self, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(path)
            .header("cookie", cookie)
            .header("origin", ORIGIN)
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(body));
        self.send(request.unwrap()).await
    }

    /// Logs in and gives the cookie and the CSRF secret.
    pub(super) async fn logged_in(&self, login: &str) -> (String, String) {
        let answer = self.post("/login", "", &[("login", login), ("password", PASSWORD), ("next", "/")]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        let cookie = answer.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let csrf = self.get("/help", &cookie).await.field("csrf");
        (cookie, csrf)
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn lane(means: Means) -> Lane {
    let account = "main";
    let key = format!("{account}-{}", means.as_str()).parse().unwrap();
    Lane { key, account: account.parse().unwrap(), means, from: Address::new("+15555550100"), per_second: None }
}

/// The demo's directory, an analyst `ana` and a supervisor `sol`.
async fn fill(config: &Config, store: &Arc<dyn Store>, vault: &Vault) -> StaffId {
    let organizations = Source { name: "organizations.csv", bytes: include_bytes!("../../../../config/demo/organizations.csv") };
    let people = Source { name: "people.csv", bytes: include_bytes!("../../../../config/demo/people.csv") };
    let list = import::read(organizations, people, config.calendars()).unwrap();
    let rows = list.sealed(vault);
    let hash = new_password_hash(PASSWORD).unwrap();
    let mut writes = vec![Write::Directory(Box::new(rows))];
    let mut first = None;
    for (login, name, role) in [("ana", "Ana Example", StaffRole::Analyst), ("sol", "Sol Example", StaffRole::Supervisor)] {
        let id = StaffId::new(Entropy.uuid());
        first.get_or_insert(id);
        let row =
            StaffRow { id, login: login.into(), name: name.into(), role, password_hash: hash.clone(), created_at: Timestamp::UNIX_EPOCH };
        writes.push(Write::Staff(row));
    }
    store.commit(Commit { writes, ..Commit::default() }).await.unwrap();
    first.unwrap()
}

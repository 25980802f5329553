//! The reporter's site over a real store in a folder of its own, with the demo's directory and a clock that stands still.

use crate::clock::Clock;
use crate::config::{Config, HelpLine};
use crate::desk::directory::DirectoryReader;
use crate::entropy::Entropy;
use crate::http::public::site::{Facts, Number, ReporterSite, router};
use crate::import::{self, Source};
use crate::intake::Intake;
use crate::lifecycle::Tasks;
use crate::media::files::Files;
use crate::outbox::compose::Line;
use crate::outbox::wake::Wake;
use crate::progress::Progress;
use crate::progress::people::People;
use crate::progress::routes::{Lane, Routes};
use crate::spool::Spool;
use crate::store::Options;
use crate::store::rows::{Author, ConversationRow, DirectoryRows, InboxFilter, MessageRow};
use crate::store::sqlite::Sqlite;
use crate::store::{Commit, Store, Write};
use crate::vault::Vault;
use crate::vault::keys::MasterKey;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use domain::channel::{Channel, Means};
use domain::directory::{Kind, Organization};
use domain::dispatch::delivery::Delivery;
use domain::dispatch::words::Voice;
use domain::id::StaffId;
use domain::language::Language;
use domain::sealed::Address;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use tower::ServiceExt;

pub(super) struct Fixture {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Clock,
    vault: Arc<Vault>,
    router: Router,
    folder: PathBuf,
}

/// An answer, read.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Answer {
    /// The value of a hidden field.
    pub(super) fn field(&self, name: &str) -> String {
        let mark = format!("name=\"{name}\" value=\"");
        let at = self.body.find(&mark).unwrap_or_else(|| panic!("no field {name}: {}", self.body)) + mark.len();
        self.body[at..at + self.body[at..].find('"').unwrap()].to_owned()
    }
    /// The code shown on the page.
    pub(super) fn code(&self) -> String {
        let at = self.body.find("id=\"code\"").unwrap_or_else(|| panic!("no code: {}", self.body));
        let rest = &self.body[at..at + self.body[at..].find("</p>").unwrap()];
        rest.split("<span>").skip(1).map(|part| &part[..4]).collect::<Vec<_>>().join(" ")
    }
    pub(super) fn has(&self, words: &str) -> bool {
        self.body.contains(words)
    }
}

impl Fixture {
    pub(super) async fn start() -> Self {
        Self::with_schools(0).await
    }

    /// With so many more schools than the demo has.
    pub(super) async fn with_schools(more: usize) -> Self {
        let config = Config::load(None, &BTreeMap::new()).unwrap();
        let folder = std::env::temp_dir().join(format!("tipline-site-{}", Entropy.uuid().simple()));
        std::fs::create_dir(&folder).unwrap();
        let tasks = Tasks::default();
        let keeper = tasks.clone();
        let spawn = move |name: &'static str, task| keeper.spawn(name, task);
        let options = Options { migrate: true, on_news: Arc::new(|_| {}) };
        let store = Sqlite::open(&folder.join("tipline.db"), options, &spawn).await.unwrap();
        fill(&config, &store, more).await;
        let vault = Arc::new(Vault::new(&MasterKey::from_bytes([7; 32]), Entropy));
        let clock = Clock::fixed("2026-11-20T21:04:12Z".parse::<Timestamp>().unwrap());
        let routes = Arc::new(Routes::new([Means::Text, Means::Call, Means::Mail].map(lane).to_vec()).unwrap());
        let wake = Wake::new(routes.lanes().map(|lane| lane.key.clone()));
        let policy = Arc::new(config.policy().clone());
        let people = People::new(store.clone(), clock.clone(), &config);
        let progress = Progress { store: store.clone(), clock: clock.clone(), entropy: Entropy, policy, routes, wake, people };
        let directory = DirectoryReader::new(store.clone(), clock.clone());
        let voice = Voice { line_name: "Example Tip Line".into(), call_back: "5 5 5".into() };
        let line = Line {
            voice,
            call_back: String::new(),
            endusers_alone: None,
            origin: "https://example.org".into(),
            language: Language::En,
            desk: None,
            hotline: None,
            mailboxes: Vec::new(),
        };
        let files = Files::new(folder.join("media"), vault.clone());
        let intake = Intake::new(vault.clone(), progress.clone(), directory.clone(), Arc::new(line), files, Spool::default());
        let site = ReporterSite::new(intake, vault.clone(), progress, directory, facts(&config), tasks);
        Self { store, clock, vault, router: router(site), folder }
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 4_000_000).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// Posts a form without files.
    pub(super) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// Posts a form as a browser does when it may have files; `cut` bytes of its end are lost.
    pub(super) async fn post_files(&self, path: &str, fields: &[(&str, &str)], files: &[(&str, &[u8])], cut: usize) -> Answer {
        let mut body = Vec::new();
        for (name, value) in fields {
            body.extend_from_slice(format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").as_bytes());
        }
        for (name, bytes) in files {
            let head =
                format!("--B\r\nContent-Disposition: form-data; name=\"pictures\"; filename=\"{name}\"\r\nContent-Type: image/png\r\n\r\n");
            body.extend_from_slice(&[head.as_bytes(), bytes, b"\r\n"].concat());
        }
        body.extend_from_slice(b"--B--\r\n");
        body.truncate(body.len() - cut);
        let request = Request::post(path).header("content-type", "multipart/form-data; boundary=B");
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// Opens the form and sends these fields with its draft.
    pub(super) async fn write(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let draft = self.get(path).await.field("draft");
        self.post(path, &[&[("draft", draft.as_str())], fields].concat()).await
    }

    pub(super) async fn tips(&self) -> Vec<ConversationRow> {
        self.store.inbox(InboxFilter::Open, 100).await.unwrap().into_iter().map(|line| line.row).collect()
    }

    /// The messages of a tip and their words.
    pub(super) async fn messages(&self, tip: &ConversationRow) -> Vec<(MessageRow, String)> {
        let id = tip.conversation.id;
        let key = self.vault.unwrap_key(id, &tip.key).unwrap();
        let rows = self.store.messages(id, 0, 100).await.unwrap();
        let words = |row: &MessageRow| self.vault.open_words(&key, row.id.uuid().as_bytes(), &row.body).unwrap().reveal().to_owned();
        rows.into_iter().map(|row| (row.clone(), words(&row))).collect()
    }

    /// What the reporter wrote in a tip.
    pub(super) async fn wrote(&self, tip: &ConversationRow) -> Vec<String> {
        let theirs = |(row, words): (MessageRow, String)| (row.author == Author::Reporter).then_some(words);
        self.messages(tip).await.into_iter().filter_map(theirs).collect()
    }

    /// The tip of a code.
    pub(super) async fn tip_of(&self, code: &str) -> ConversationRow {
        let index = self.vault.code_index(&domain::conversation::code::ReturnCode::parse(code).unwrap());
        self.store.conversation_by_code(index).await.unwrap().unwrap()
    }

    /// Somebody reads a tip and answers.
    pub(super) async fn answer(&self, tip: &ConversationRow, words: &str) {
        let (id, at) = (tip.conversation.id, self.clock.now());
        let key = self.vault.unwrap_key(id, &tip.key).unwrap();
        let message = Entropy.message(at);
        let row = MessageRow {
            body: self.vault.seal(&key, message.uuid().as_bytes(), words),
            delivery: Some(Delivery::Kept { since: at }),
            ..MessageRow::new(message, id, Author::Staff(StaffId::new(Entropy.uuid())), Channel::Web, at)
        };
        let writes = vec![Write::MarkRead(id), Write::Message(Box::new(row))];
        self.store.commit(Commit { writes, ..Commit::default() }).await.unwrap();
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn facts(config: &Config) -> Facts {
    let line = |county: Option<&str>, name: &str| HelpLine {
        county: county.map(str::to_owned),
        name: name.to_owned(),
        phone: Some("(555) 555-0160".to_owned()),
        url: county.is_none().then(|| "https://example.org/help".to_owned()),
    };
    Facts {
        line_name: "Example Tip Line".into(),
        text_number: Some(Number { dial: "+15555550100".into(), shown: "(555) 555-0100".into() }),
        call_number: Some(Number { dial: "+15555550101".into(), shown: "(555) 555-0101".into() }),
        leave_to: "https://www.weather.gov/".into(),
        help: vec![line(None, "Teen talk line"), line(Some("Demo County"), "Crisis team"), line(Some("Other County"), "Other team")],
        zone: config.zone().clone(),
    }
}

fn lane(means: Means) -> Lane {
    let key = format!("main-{}", means.as_str()).parse().unwrap();
    Lane { key, account: "main".parse().unwrap(), means, from: Address::new("+15555550100"), per_second: None }
}

async fn fill(config: &Config, store: &Arc<dyn Store>, more: usize) {
    let organizations = Source { name: "organizations.csv", bytes: include_bytes!("../../../../../config/demo/organizations.csv") };
    let people = Source { name: "people.csv", bytes: include_bytes!("../../../../../config/demo/people.csv") };
    let list = import::read(organizations, people, config.calendars()).unwrap();
    let mut rows = DirectoryRows { organizations: list.organizations, persons: list.persons, addresses: Vec::new() };
    let like = rows.organizations.iter().find(|one| one.kind == Kind::School).unwrap().clone();
    rows.organizations.extend((0..more).map(|number| Organization {
        key: format!("school-{number}").parse().unwrap(),
        name: format!("School Number {number}"),
        ..like.clone()
    }));
    store.commit(Commit { writes: vec![Write::Directory(Box::new(rows))], ..Commit::default() }).await.unwrap();
}

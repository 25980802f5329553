//! PostgreSQL: the suite, on one node and with several; what breaks, and the schema, have files of their own.
//!
//! The cases share one private server of this process and have a database each; a case that breaks the server has one of its own.

mod breaks;
mod opening;
mod schema;
mod together;

use crate::fixture::{Fresh, conformance};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tipline::lifecycle::Tasks;
use tipline::store::postgres::{OpenError, Postgres, migrate};
use tipline::store::{BoxFuture, News, Options, Store};
use tokio::sync::OnceCell;

/// How long a condition is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// A new database with the newest schema: a copy, for making it anew in every case would take most of the suite's time.
async fn database() -> String {
    static PREPARED: OnceCell<()> = OnceCell::const_new();
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let cluster = test_kit::shared().await.unwrap();
    let prepare = async || {
        let url = cluster.create_database("prepared").await.unwrap();
        migrate(&url).await.unwrap();
    };
    PREPARED.get_or_init(prepare).await;
    let name = format!("case{}", NEXT.fetch_add(1, Ordering::Relaxed));
    cluster.ask("postgres", &format!("CREATE DATABASE {name} TEMPLATE prepared")).await.unwrap();
    cluster.url(&name)
}

async fn open_with(url: &str, options: Options) -> Result<Arc<dyn Store>, OpenError> {
    let tasks = Tasks::default();
    Postgres::open(url, options, &|name, task| tasks.spawn(name, task)).await
}

async fn open(url: &str) -> Arc<dyn Store> {
    open_with(url, Options::default()).await.unwrap()
}

/// A node, and what it was told.
async fn open_and_hear(url: &str) -> (Arc<dyn Store>, Arc<Mutex<Vec<News>>>) {
    let told: Arc<Mutex<Vec<News>>> = Arc::default();
    let hears = Arc::clone(&told);
    let on_news = Arc::new(move |news: &News| hears.lock().unwrap().push(news.clone()));
    (open_with(url, Options { migrate: false, on_news }).await.unwrap(), told)
}

async fn fresh() -> Fresh {
    let url = database().await;
    let store = open(&url).await;
    let again = move || -> BoxFuture<'static, Arc<dyn Store>> {
        let url = url.clone();
        Box::pin(async move { open(&url).await })
    };
    Fresh { store, others: Vec::new(), again: Box::new(again) }
}

conformance!(fresh);

/// Looks until it is so, a bounded time.
async fn until(what: &str, mut look: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    let mut looks = tokio::time::interval(Duration::from_millis(10));
    while !look().await {
        assert!(began.elapsed() < PATIENCE, "not within {} s: {what}", PATIENCE.as_secs());
        looks.tick().await;
    }
}

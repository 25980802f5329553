//! SQLite: the suite, and what only a file can show.

use crate::fixture::{Fresh, conformance};
use crate::rows::*;
use futures_util::future::join_all;
use sqlx::{Connection, SqliteConnection};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use tipline::audit::Action;
use tipline::lifecycle::Tasks;
use tipline::store::commit::{Commit, Outcome, Write};
use tipline::store::sqlite::{OpenError, Sqlite, migrate};
use tipline::store::{News, Options, QUEUE_MOST};
use tipline::store::{Store, StoreError};

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("tipline-store-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
    fn file(&self) -> PathBuf {
        self.0.join("tips.db")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn open_with(path: &Path, options: Options) -> Result<Arc<dyn Store>, OpenError> {
    let tasks = Tasks::default();
    Sqlite::open(path, options, &|name, task| tasks.spawn(name, task)).await
}

async fn open(path: &Path) -> Arc<dyn Store> {
    open_with(path, Options { migrate: true, ..Options::default() }).await.unwrap()
}

async fn fresh() -> Fresh {
    let folder = Arc::new(Folder::new());
    let store = open(&folder.file()).await;
    let again = move || -> tipline::store::BoxFuture<'static, Arc<dyn Store>> {
        let folder = Arc::clone(&folder);
        Box::pin(async move { open(&folder.file()).await })
    };
    Fresh { store, others: Vec::new(), again: Box::new(again) }
}

conformance!(fresh);

/// A connection beside the store: what somebody with the file could do.
async fn beside(path: &Path) -> SqliteConnection {
    SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap()
}

#[tokio::test]
async fn an_altered_record_shows() {
    let folder = Folder::new();
    let store = open(&folder.file()).await;
    store.commit(first_text(1)).await.unwrap();
    store.commit(Commit { audit: (0..5).map(|_| entry(1, Action::Noted)).collect(), ..Commit::default() }).await.unwrap();
    assert_eq!(store.record_break(tip_id(1)).await.unwrap(), None);
    let mut beside = beside(&folder.file()).await;
    sqlx::query("UPDATE record SET at = at + 1 WHERE seq = 4").execute(&mut beside).await.unwrap();
    assert_eq!(store.record_break(tip_id(1)).await.unwrap(), Some(4));
    sqlx::query("UPDATE record SET at = at - 1 WHERE seq = 4").execute(&mut beside).await.unwrap();
    assert_eq!(store.record_break(tip_id(1)).await.unwrap(), None);
    sqlx::query("DELETE FROM record WHERE seq = 7").execute(&mut beside).await.unwrap();
    assert_eq!(store.record_break(tip_id(1)).await.unwrap(), Some(7), "a cut tail shows too");
}

#[tokio::test]
async fn a_full_queue_is_busy_and_the_rest_is_written() {
    let folder = Folder::new();
    let store = open(&folder.file()).await;
    // One thread: the writer takes nothing before all have tried.
    let outcomes =
        join_all((0..QUEUE_MOST + 10).map(|n| store.commit(Commit { once: once(&format!("SM{n}")), ..Commit::default() }))).await;
    let busy = outcomes.iter().filter(|outcome| matches!(outcome, Err(StoreError::Busy))).count();
    let done = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Outcome::Committed(_)))).count();
    assert_eq!((busy, done), (10, QUEUE_MOST));
    let free = Commit { once: once(&format!("SM{}", QUEUE_MOST + 9)), ..Commit::default() };
    assert!(matches!(store.commit(free).await, Ok(Outcome::Committed(_))), "who was told to come again can");
}

#[tokio::test]
async fn what_nobody_waits_for_any_more_is_not_begun() {
    let folder = Folder::new();
    let store = open(&folder.file()).await;
    for n in 0..50 {
        // Polled once, then dropped: its caller has given up and gone another way.
        let mut commit = store.commit(first_text(n));
        assert!(futures_util::poll!(&mut commit).is_pending());
    }
    let after = store.commit(first_text(50)).await.unwrap();
    assert!(matches!(after, Outcome::Committed(_)));
    assert_eq!(store.health(at(0)).await.unwrap().conversations, 1);
}

#[tokio::test]
async fn changes_are_told_after_the_commit() {
    let folder = Folder::new();
    let told = Arc::new(Mutex::new(Vec::new()));
    let on_news = {
        let told = Arc::clone(&told);
        Arc::new(move |news: &News| match news {
            News::Changed(changed) => told.lock().unwrap().extend_from_slice(&changed.tips),
            News::Missed => panic!("nothing is missed on one node"),
        })
    };
    let store = open_with(&folder.file(), Options { migrate: true, on_news }).await.unwrap();
    store.commit(first_text(1)).await.unwrap();
    store.commit(first_text(1)).await.unwrap();
    store.commit(Commit { writes: vec![Write::Task(task(1, 1))], ..Commit::default() }).await.unwrap();
    store.commit(Commit { writes: vec![Write::TaskDone(task_id(1), staff_id(1), at(1))], ..Commit::default() }).await.unwrap();
    store.commit(Commit { writes: vec![Write::Meta("a", "b".to_owned())], ..Commit::default() }).await.unwrap();
    store.close().await;
    assert_eq!(*told.lock().unwrap(), [tip_id(1); 3], "new tip, task, task done; not the duplicate, not the value");
}

#[tokio::test]
async fn what_waits_is_committed_before_the_end() {
    let folder = Folder::new();
    let store = open(&folder.file()).await;
    let (outcomes, ()) = tokio::join!(join_all((0..100).map(|n| store.commit(first_text(n)))), store.close());
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(Outcome::Committed(_)))));
    assert!(matches!(store.commit(first_text(100)).await, Err(StoreError::Unavailable)));
    assert!(matches!(store.health(at(0)).await, Err(StoreError::Unavailable)));
    store.close().await;
    assert!(!folder.0.join("tips.db-wal").exists(), "closed in good order");
    assert_eq!(open(&folder.file()).await.health(at(0)).await.unwrap().conversations, 100);
}

#[tokio::test]
async fn opening_refuses_with_a_sentence() {
    let folder = Folder::new();
    let path = folder.file();
    let refusal = async |path: &Path| match open_with(path, Options::default()).await {
        Ok(_) => panic!("opened"),
        Err(error) => error,
    };
    assert!(matches!(refusal(&path).await, OpenError::Behind { .. }), "empty");
    migrate(&path).await.unwrap();
    migrate(&path).await.unwrap();
    let store = open_with(&path, Options::default()).await.unwrap();
    let locked = refusal(&path).await;
    assert!(matches!(locked, OpenError::Locked { .. }));
    assert!(locked.to_string().contains("tips.db") && locked.to_string().contains("stop that one first"), "{locked}");
    assert!(matches!(migrate(&path).await, Err(OpenError::Locked { .. })));
    store.close().await;

    sqlx::query("INSERT INTO _sqlx_migrations SELECT 9999, 'later', installed_on, TRUE, checksum, 0 FROM _sqlx_migrations LIMIT 1")
        .execute(&mut beside(&path).await)
        .await
        .unwrap();
    assert!(matches!(refusal(&path).await, OpenError::Newer { found: 9999, .. }));
    assert!(matches!(migrate(&path).await, Err(OpenError::Newer { .. })));
    // A later migration that says that it keeps programs like this one.
    sqlx::query("UPDATE _sqlx_migrations SET description = 'later (keeps 9)' WHERE version = 9999")
        .execute(&mut beside(&path).await)
        .await
        .unwrap();
    migrate(&path).await.unwrap();
    open_with(&path, Options::default()).await.unwrap().close().await;

    let nowhere = refusal(&folder.0.join("missing").join("tips.db")).await;
    assert!(matches!(nowhere, OpenError::Unwritable { .. }) && nowhere.to_string().contains("create its folder"), "{nowhere}");
    let text = folder.0.join("text.db");
    std::fs::write(&text, "not a database at all, only a text that is long enough to have a header's place").unwrap();
    assert!(matches!(refusal(&text).await, OpenError::Damaged { .. }));
}

#[tokio::test]
async fn the_file_is_set_up_as_promised() {
    let folder = Folder::new();
    let store = open(&folder.file()).await;
    store.commit(first_text(1)).await.unwrap();
    let mut beside = beside(&folder.file()).await;
    let journal: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut beside).await.unwrap();
    let vacuum: i64 = sqlx::query_scalar("PRAGMA auto_vacuum").fetch_one(&mut beside).await.unwrap();
    assert_eq!((journal.as_str(), vacuum), ("wal", 2));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        for name in ["tips.db", "tips.db-wal", "tips.db.lock"] {
            assert_eq!(std::fs::metadata(folder.0.join(name)).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
        }
    }
}

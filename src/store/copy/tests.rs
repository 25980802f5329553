//! Copies between engines of a database that has rows in every table, cut off at every page, bent afterwards.

use super::end::End;
use super::value::{Row, Value};
use super::*;
use crate::entropy::Entropy;
use crate::store::sqlite;
use crate::store::tables::{Column, TABLES};
use fastrand::Rng;
use std::path::Path;

/// Rows of the tables that have many, and of the others. More than a page, so that keys are gone on from.
const MANY: usize = 300;
const FEW: usize = 40;

/// A folder of a test's own.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("tipline-copy-{}", Entropy.uuid().simple()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
    async fn sqlite(&self, name: &str) -> Place {
        let path = self.0.join(name);
        sqlite::migrate(&path).await.unwrap();
        Place::Sqlite(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn postgres() -> Place {
    let place = Place::Postgres(test_kit::database().await.unwrap());
    prepare(&place).await.unwrap();
    place
}

/// Words that languages sort otherwise than bytes, and long ones.
fn word(random: &mut Rng) -> String {
    const PIECES: [&str; 12] = ["a", "B", "é", "_", "-", "Z", " ", "ß", "مدرسة", "0", ":", "\u{1F68C}"];
    (0..random.usize(0..9)).map(|_| PIECES[random.usize(..PIECES.len())]).collect()
}

/// The table whose key a column names.
fn parent(table: &str, column: &str) -> Option<&'static str> {
    match (table, column) {
        ("conversation", _) => None,
        (_, "conversation" | "incident") => Some("conversation"),
        (_, "message") => Some("message"),
        (_, "dispatch") => Some("dispatch"),
        ("receipt", "attempt") => Some("attempt"),
        ("session" | "api_token", "staff") => Some("staff"),
        ("person", "organization") => Some("organization"),
        ("address", "person") => Some("person"),
        _ => None,
    }
}

/// A database with random rows in every table.
async fn fill(place: &Place, seed: u64) {
    let mut random = Rng::with_seed(seed);
    let mut keys: std::collections::HashMap<&str, Vec<Value>> = std::collections::HashMap::new();
    let mut end = End::writing(place).await.unwrap();
    end.execute("BEGIN").await.unwrap();
    for table in TABLES {
        let count = if ["once", "message", "record"].contains(&table.name) { MANY } else { FEW };
        let mut rows = Vec::new();
        for at in 0..count {
            let mut row: Row = Vec::new();
            for column in table.columns {
                let name = column.name();
                let known = parent(table.name, name).map(|parent| &keys[parent]);
                let unique = table.key.first() == Some(&name) || ["reference", "login", "provider_id"].contains(&name);
                row.push(match (column, known) {
                    // One child each where the parent is the key, any parent else.
                    (Column::Text(_), Some(known)) if count <= FEW => known[at % known.len()].clone(),
                    (Column::Text(_), Some(known)) => known[random.usize(..known.len())].clone(),
                    (Column::Text(_), None) if unique => Value::Text(Some(format!("{}{at}{}", word(&mut random), word(&mut random)))),
                    (Column::Text(_), None) => Value::Text(Some(word(&mut random))),
                    (Column::Int(_), _) if table.key.contains(&name) || name == "seq" => Value::Int(Some(at as i64)),
                    (Column::Int(_), _) => Value::Int(Some(random.i64(..))),
                    (Column::Flag(_), _) => Value::Flag(Some(random.bool())),
                    (Column::Bytes(_) | Column::Sealed(_), _) => Value::Bytes(Some((0..40).map(|_| random.u8(..)).collect())),
                });
            }
            rows.push(row);
        }
        let first = table.key_places().next().unwrap();
        keys.insert(table.name, rows.iter().map(|row| row[first].clone()).collect());
        end.insert(table, &rows).await.unwrap();
    }
    end.execute("UPDATE conversation SET level = NULL, school = NULL, next_due = NULL, triaged_at = NULL WHERE in_progress").await.unwrap();
    end.execute("UPDATE message SET source = NULL, part_json = NULL, sent_at = NULL WHERE delivery_open").await.unwrap();
    end.execute("COMMIT").await.unwrap();
    end.close().await.unwrap();
}

fn quiet(_: Progress) {}

async fn proof_of(place: &Place) -> Vec<TableProof> {
    let mut end = End::snapshot(place).await.unwrap();
    let proof = run::tally(&mut end, every_table, &mut Unaltered, &mut quiet).await.unwrap();
    end.close().await.unwrap();
    proof
}

/// SQLite's schema is held against the list where the list is; this is the other engine's.
#[tokio::test]
async fn every_column_of_the_server_is_listed() {
    let mut end = End::snapshot(&postgres().await).await.unwrap();
    let told = end
        .texts(
            "SELECT table_name || '.' || column_name || ' ' || data_type FROM information_schema.columns \
             WHERE table_schema = current_schema() AND table_name <> '_sqlx_migrations'",
        )
        .await
        .unwrap();
    let listed = TABLES.iter().flat_map(|table| table.columns.iter().map(move |column| (table, column)));
    let listed = listed.map(|(table, column)| {
        let kind = match column {
            Column::Text(_) => "text",
            Column::Int(_) => "bigint",
            Column::Flag(_) => "boolean",
            Column::Bytes(_) | Column::Sealed(_) => "bytea",
        };
        format!("{}.{} {kind}", table.name, column.name())
    });
    assert_eq!(told.into_iter().collect::<std::collections::BTreeSet<_>>(), listed.collect());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_arrives_from_engine_to_engine() {
    let folder = Folder::new();
    let first = folder.sqlite("first.db").await;
    fill(&first, 1).await;
    let before = proof_of(&first).await;
    assert!(before.iter().all(|table| table.rows >= FEW as u64), "{before:?}");
    let (server, second, back) = (postgres().await, folder.sqlite("second.db").await, postgres().await);
    for (from, to, id) in
        [(&first, &server, "a"), (&server, &second, "b"), (&second, &back, "c"), (&server, &folder.sqlite("third.db").await, "d")]
    {
        let mut seen = 0;
        let read = copy(from, to, id, &mut |progress| seen = progress.done.max(seen)).await.unwrap();
        finish(to, id).await.unwrap();
        assert_eq!(read, before);
        assert_eq!(proof_of(to).await, before, "marks are not counted");
        assert!(seen >= before.iter().map(|table| table.rows).sum::<u64>(), "the end is told");
        assert!(is_finished(to, id).await.unwrap() && !is_finished(to, "other").await.unwrap());
        assert!(matches!(copy(from, to, "again", &mut quiet).await, Err(CopyError::NotEmpty(_))));
    }
}

/// A copy that is dropped at a moment, as by a kill, and begun again with the same id.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_was_cut_off_goes_on() {
    let folder = Folder::new();
    let first = folder.sqlite("first.db").await;
    fill(&first, 2).await;
    let mut random = Rng::with_seed(7);
    for to in [folder.sqlite("second.db").await, postgres().await] {
        let (mut cuts, mut done) = (0, false);
        while !done {
            let stop_at = random.u64(3..12);
            let (stop, mut told) = (tokio_util::sync::CancellationToken::new(), 0);
            let mut progress = |_: Progress| {
                told += 1;
                if told == stop_at * (cuts + 1) {
                    stop.cancel();
                }
            };
            let copied = copy(&first, &to, "one", &mut progress);
            tokio::select! {
                biased;
                () = stop.cancelled() => cuts += 1,
                copied = copied => { copied.unwrap(); done = true; }
            }
        }
        assert!(cuts > 3, "{cuts} cuts");
        assert!(matches!(copy(&first, &to, "two", &mut quiet).await, Err(CopyError::OtherCopy(_))));
        assert_eq!(proof_of(&to).await, proof_of(&first).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_difference_is_found_and_named() {
    let folder = Folder::new();
    let first = folder.sqlite("first.db").await;
    fill(&first, 3).await;
    let before = proof_of(&first).await;
    for (bend, table) in [
        ("UPDATE message SET body = x'00' WHERE seq = 7", "message"),
        ("DELETE FROM receipt WHERE seq = 3", "receipt"),
        ("UPDATE staff SET role = 'Supervisor' WHERE id IN (SELECT id FROM staff LIMIT 1)", "staff"),
        ("UPDATE conversation SET level = '' WHERE id IN (SELECT id FROM conversation WHERE level IS NULL LIMIT 1)", "conversation"),
    ] {
        let name = format!("{table}.db");
        let to = folder.sqlite(&name).await;
        copy(&first, &to, "one", &mut quiet).await.unwrap();
        let mut end = End::writing(&to).await.unwrap();
        end.execute(bend).await.unwrap();
        end.close().await.unwrap();
        let told = run::compare(&before, &proof_of(&to).await).unwrap_err();
        assert!(matches!(&told, CopyError::Differs { table: named, .. } if named == table), "{told}");
    }
}

#[tokio::test]
async fn a_source_that_changed_between_is_noticed() {
    let folder = Folder::new();
    let (first, second) = (folder.sqlite("first.db").await, folder.sqlite("second.db").await);
    fill(&first, 4).await;
    let stop = tokio_util::sync::CancellationToken::new();
    let mut progress = |progress: Progress| {
        if progress.table == "message" {
            stop.cancel();
        }
    };
    tokio::select! { biased; () = stop.cancelled() => {}, _ = copy(&first, &second, "one", &mut progress) => panic!("not cut off") }
    let mut end = End::writing(&first).await.unwrap();
    end.execute("UPDATE message SET media_dropped = 5").await.unwrap();
    end.close().await.unwrap();
    let told = copy(&first, &second, "one", &mut quiet).await.unwrap_err();
    assert!(matches!(told, CopyError::Changed("message") | CopyError::Differs { .. }), "{told}");
}

#[tokio::test]
async fn a_backup_leaves_out_what_only_runs_and_is_one_file() {
    let folder = Folder::new();
    let first = folder.sqlite("first.db").await;
    fill(&first, 5).await;
    let to = folder.0.join("backup.sqlite");
    let source = Source::open(&first).await.unwrap();
    let proof = backup(source, to.clone(), &mut Unaltered, &mut quiet).await.unwrap();
    assert!(!proof.iter().any(|table| ["session", "lane", "login_code"].contains(&table.table.as_str())));
    assert_eq!(count(to.clone(), &mut Unaltered, &mut quiet).await.unwrap(), proof);
    let beside = |ending: &str| Path::new(&format!("{}{ending}", to.display())).exists();
    assert!(!beside("-wal") && !beside("-journal") && !beside("-shm") && !beside(".lock"));
}

#[tokio::test]
async fn nothing_is_taken_from_half_a_deployment_or_from_one_that_was_moved_away() {
    let folder = Folder::new();
    for place in [folder.sqlite("first.db").await, postgres().await] {
        Source::open(&place).await.unwrap().close().await.unwrap();
        for (mark, words) in [(UNFINISHED, "is not finished"), (MOVED, "was moved")] {
            let mut end = End::writing(&place).await.unwrap();
            end.set_meta(mark, Some("{}")).await.unwrap();
            let told = Source::open(&place).await.err().unwrap().to_string();
            assert!(told.contains(words), "{told}");
            end.set_meta(mark, None).await.unwrap();
            end.close().await.unwrap();
        }
        assert_eq!(time(&place).await.unwrap().is_some(), matches!(place, Place::Postgres(_)));
    }
}

#[test]
fn a_password_is_not_shown() {
    let place = Place::Postgres("postgres://line:secret@db.example.org:5432/tips?sslmode=require".to_owned());
    assert_eq!(place.shown(), "postgres://db.example.org:5432/tips");
}

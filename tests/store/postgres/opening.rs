//! What somebody is told whose database cannot be used: one sentence with the fix, and no password in it.

use super::{database, open_with, until};
use crate::rows::*;
use sqlx::{Connection, PgConnection};
use std::error::Error;
use test_kit::{Cluster, Line};
use tipline::store::Options;
use tipline::store::postgres::{OpenError, Postgres, migrate};

async fn refusal(url: &str) -> OpenError {
    match open_with(url, Options::default()).await {
        Ok(_) => panic!("opened"),
        Err(error) => error,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opening_refuses_with_a_sentence() {
    let cluster = test_kit::shared().await.unwrap();
    let url = cluster.create_database("refused").await.unwrap();
    assert!(matches!(refusal(&url).await, OpenError::Behind { .. }), "empty");
    assert!(matches!(Postgres::open_to_read(&url).await.err(), Some(OpenError::Behind { .. })));
    migrate(&url).await.unwrap();
    migrate(&url).await.unwrap();
    let mut beside = PgConnection::connect(&url).await.unwrap();
    let later = "INSERT INTO _sqlx_migrations SELECT 9999, 'later', installed_on, TRUE, checksum, 0 FROM _sqlx_migrations LIMIT 1";
    sqlx::query(later).execute(&mut beside).await.unwrap();
    assert!(matches!(refusal(&url).await, OpenError::Newer { found: 9999, .. }));
    assert!(matches!(migrate(&url).await, Err(OpenError::Newer { .. })));
    sqlx::query("DELETE FROM _sqlx_migrations WHERE version = 9999").execute(&mut beside).await.unwrap();
    sqlx::query("UPDATE _sqlx_migrations SET checksum = 'other' WHERE version = 1").execute(&mut beside).await.unwrap();
    assert!(matches!(refusal(&url).await, OpenError::Foreign { .. }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_told_of_an_address_holds_no_password() {
    let server = test_kit::shared().await.unwrap().address();
    let nobody = "127.0.0.1:1";
    let urls = [
        format!("postgres://line:hush-hush@{server}/nowhere"),
        format!("postgres://nobody:hush-hush@{server}/prepared"),
        format!("postgres://line:hush-hush@{nobody}/tips"),
        format!("postgres://line:hush-hush@{nobody}:x/tips"),
        "postgres://line:hush-hush@".to_owned(),
    ];
    for url in urls {
        let error = refusal(&url).await;
        let mut chain = vec![error.to_string(), format!("{error:?}")];
        let mut cause = error.source();
        while let Some(deeper) = cause {
            chain.push(deeper.to_string());
            cause = deeper.source();
        }
        assert!(chain.iter().all(|text| !text.contains("hush-hush")), "{chain:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_answers_before_the_disk_has_it_is_refused() {
    let cluster = test_kit::shared().await.unwrap();
    let url = database().await;
    let name = url.rsplit('/').next().unwrap();
    cluster.ask("postgres", &format!("ALTER DATABASE {name} SET synchronous_commit = off")).await.unwrap();
    let told = refusal(&url).await;
    assert!(
        matches!(told, OpenError::Forgetful { setting: "synchronous_commit", .. }) && told.to_string().contains("turn it on"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_opened_for_reading_reads_and_changes_nothing() {
    let url = database().await;
    let store = super::open(&url).await;
    store.commit(first_text(1)).await.unwrap();
    let reader = Postgres::open_to_read(&url).await.unwrap();
    assert_eq!(reader.messages(tip_id(1), 0, 10).await.unwrap().len(), 2);
    assert!(matches!(reader.commit(first_text(2)).await, Err(tipline::store::StoreError::Unavailable)));
    reader.close().await;
    store.close().await;
}

/// A replica takes no writes: nobody starts on it, and whoever is led there is told that the store is away, not that the commit is wrong.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_is_away() {
    let primary = Cluster::start().await.unwrap();
    let url = primary.create_database("tips").await.unwrap();
    migrate(&url).await.unwrap();
    let replica = primary.replica().await.unwrap();
    primary.synchronous(true).await.unwrap();
    let told = refusal(&replica.url("tips")).await;
    assert!(matches!(told, OpenError::Follows { .. }) && told.to_string().contains("name the server that leads"), "{told}");
    let line = Line::to(primary.address()).await.unwrap();
    let store = super::open(&Cluster::url_at(line.address(), "tips")).await;
    store.commit(first_text(1)).await.unwrap();
    line.lead_to(replica.address());
    line.cut();
    line.mend();
    until("it is led to the replica", async || store.conversation(tip_id(1)).await.is_ok_and(|tip| tip.is_some())).await;
    for _ in 0..10 {
        let refused = store.commit(first_text(2)).await;
        assert!(matches!(refused, Err(tipline::store::StoreError::Unavailable)), "{refused:?}");
    }
    store.close().await;
}

/// Between machines the line is TLS, and whoever asks for it with the server's name gets that or nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_is_spoken_as_the_address_asks() {
    let cluster = Cluster::start().await.unwrap();
    let url = cluster.create_database("tips").await.unwrap();
    migrate(&url).await.unwrap();
    let none = refusal(&format!("{url}?sslmode=require")).await.to_string();
    assert!(none.contains("server does not support TLS") && none.contains("sslmode"), "{none}");
    let certificate = cluster.speak_tls().await.unwrap();
    let unknown = refusal(&format!("{url}?sslmode=verify-full")).await.to_string();
    assert!(unknown.contains("UnknownIssuer"), "{unknown}");
    let known = format!("sslmode=verify-full&sslrootcert={}", certificate.display());
    let other_name = refusal(&format!("{}?{known}", url.replace("127.0.0.1", "localhost"))).await.to_string();
    assert!(other_name.contains("not valid for name"), "{other_name}");
    for sealed in ["sslmode=require", &known] {
        let store = super::open(&format!("{url}?{sealed}")).await;
        store.commit(first_text(1)).await.unwrap();
        assert_eq!(store.messages(tip_id(1), 0, 10).await.unwrap().len(), 2);
        let lines = "SELECT count(*), count(*) FILTER (WHERE ssl) FROM pg_stat_activity JOIN pg_stat_ssl USING (pid) WHERE application_name = 'tipline'";
        let counted = cluster.ask("postgres", lines).await.unwrap();
        let (all, by_tls) = counted.split_once('|').unwrap();
        assert!(all == by_tls && all != "0", "{counted}");
        store.close().await;
    }
}

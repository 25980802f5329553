//! Faults planted into copies of a sound database: what somebody with the file could do, or a program with an error in it.

use super::look;
use crate::gateway::TestGateway;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, SqliteConnection};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tipline::verify::Check;

/// Which check finds it, its name, and how it is planted. `{closed}` and the like stand for ids, see `KNOWN`.
const FAULTS: &[(Check, &str, &[&str])] = &[
    (Check::Record, "an entry was altered", &["UPDATE record SET at = at + 1 WHERE conversation = '{closed}' AND seq = 2"]),
    (Check::Record, "the head was cut", &["UPDATE conversation SET record_seq = record_seq - 1 WHERE id = '{closed}'"]),
    (
        Check::Record,
        "the tail was cut",
        &["DELETE FROM record WHERE conversation = '{closed}' AND seq = (SELECT max(seq) FROM record WHERE conversation = '{closed}')"],
    ),
    (Check::Messages, "a number was left out", &["UPDATE message SET seq = 77 WHERE conversation = '{closed}' AND seq = 1"]),
    (Check::Messages, "the last number is another", &["UPDATE conversation SET last_seq = last_seq + 1 WHERE id = '{closed}'"]),
    (Check::Messages, "more is unread than was written", &["UPDATE conversation SET unread = 9 WHERE id = '{closed}'"]),
    (
        Check::Once,
        "it was forgotten that a message came",
        &["DELETE FROM once WHERE once_key IN (SELECT provider_id FROM message WHERE conversation = '{closed}')"],
    ),
    (
        Check::Once,
        "a message is there twice",
        &[
            "INSERT INTO message (id, conversation, seq, author, channel, body, at, provider_account, provider_id, media_dropped, delivery_open, \
             delivery_version) SELECT '{new}', '{open}', (SELECT last_seq + 1 FROM conversation WHERE id = '{open}'), author, channel, body, at, \
             provider_account, provider_id, 0, FALSE, 1 FROM message WHERE conversation = '{closed}' AND provider_id IS NOT NULL LIMIT 1",
            "UPDATE conversation SET last_seq = last_seq + 1 WHERE id = '{open}'",
        ],
    ),
    (
        Check::Replies,
        "an answer counts as open and is not",
        &["UPDATE message SET delivery_open = TRUE WHERE conversation = '{closed}' AND author = 'system'"],
    ),
    (
        Check::Replies,
        "an answer that nobody will send",
        &[
            "UPDATE message SET delivery_open = TRUE, delivery_json = '{\"state\":\"waiting\",\"next_at\":\"2026-11-22T12:00:00Z\",\"made\":0}' \
           WHERE conversation = '{closed}' AND author = 'system'",
        ],
    ),
    (Check::Media, "a file counts as unfinished and is not", &["UPDATE attachment SET unfinished = TRUE"]),
    (
        Check::Media,
        "a file that nobody will fetch",
        &["UPDATE attachment SET unfinished = TRUE, state_json = '{\"state\":\"waiting\",\"tried\":0}'"],
    ),
    (Check::Obligations, "an open one that nobody will wake", &["DELETE FROM work WHERE id = '{owed}'"]),
    (Check::Obligations, "an open one put off for days", &["UPDATE work SET run_at = run_at + 864000000000 WHERE id = '{owed}'"]),
    (Check::Obligations, "a row that says something else", &["UPDATE obligation SET due_at = due_at + 1 WHERE id = '{owed}'"]),
    (Check::Obligations, "a failure that nobody was asked to mend", &["UPDATE task SET obligation = NULL WHERE obligation = '{failed}'"]),
    (
        Check::Obligations,
        "released for no reason",
        &[
            "UPDATE obligation SET obligation_json = json_set(obligation_json, '$.state', json('{\"state\":\"released\",\"at\":\"2026-11-22T12:00:00Z\"}')), \
             closed = TRUE, timer = NULL WHERE id = '{owed}'",
            "DELETE FROM work WHERE id = '{owed}'",
            "UPDATE conversation SET open_obligations = open_obligations - 1, next_due = {next_due} WHERE id = '{open}'",
        ],
    ),
    (
        Check::People,
        "a receipt that nobody gave",
        &[
            "UPDATE obligation SET obligation_json = json_set(obligation_json, '$.state', \
             json('{\"state\":\"satisfied\",\"at\":\"2026-11-22T12:00:00Z\",\"by\":{\"confirmed\":\"keypad\"}}'), '$.confirmed_at', '2026-11-22T12:00:00Z'), \
             closed = TRUE, satisfied = TRUE, timer = NULL, confirmed_at = 1795348800000000 WHERE id = '{owed}'",
            "DELETE FROM work WHERE id = '{owed}'",
            "UPDATE conversation SET open_obligations = open_obligations - 1, confirmed = confirmed + 1, next_due = {next_due} WHERE id = '{open}'",
        ],
    ),
    (
        Check::Evidence,
        "evidence that no receipt brought",
        &["UPDATE attempt SET evidence_json = json_set(evidence_json, '$.voicemail', '2026-11-22T12:00:00Z') WHERE id = '{attempt}'"],
    ),
    (Check::Evidence, "a receipt that is missing", &["UPDATE conversation SET receipt_seq = receipt_seq + 1 WHERE id = '{told}'"]),
    (
        Check::Attempts,
        "an attempt that was not counted",
        &["UPDATE obligation SET obligation_json = json_set(obligation_json, '$.attempts', 99) WHERE id = '{failed}'"],
    ),
    (
        Check::Attempts,
        "an attempt that nobody intended",
        &[
            "INSERT INTO attempt (id, owner_kind, owner, conversation, lane, account, means, intended_at, evidence_json, version, point) SELECT '{new}', \
             owner_kind, owner, conversation, lane, account, means, intended_at, '{}', 1, 0 FROM attempt WHERE id = '{attempt}'",
        ],
    ),
    (Check::Tallies, "a count that is wrong", &["UPDATE conversation SET confirmed = confirmed + 1 WHERE id = '{told}'"]),
    (Check::Tallies, "a place in the inbox that is wrong", &["UPDATE conversation SET urgency = 3 WHERE id = '{open}'"]),
    (Check::Incidents, "hidden under one that is closed", &["UPDATE conversation SET folded_under = '{closed}' WHERE id = '{folded}'"]),
    (Check::Incidents, "hidden although taken out", &["UPDATE incident_member SET taken_out_at = 1 WHERE conversation = '{folded}'"]),
    (Check::Contacts, "a closed tip that would be joined", &["UPDATE contact SET current = TRUE WHERE conversation = '{closed}'"]),
    (Check::Contacts, "answers to somebody else", &["UPDATE conversation SET answer_to = '{new}' WHERE id = '{open}'"]),
    (
        Check::Contacts,
        "an address of two tips",
        &[
            "DROP INDEX contact_current",
            "UPDATE contact SET idx = (SELECT idx FROM contact WHERE conversation = '{told}' AND current) WHERE conversation = '{open}'",
        ],
    ),
    (Check::References, "keyed otherwise", &["UPDATE conversation SET reference_keys = '1' WHERE id = '{closed}'"]),
    (Check::Tasks, "about something that is not there", &["UPDATE task SET obligation = '{new}' WHERE obligation IS NULL"]),
    (
        Check::Tasks,
        "done by nobody",
        &[
            "UPDATE task SET done_at = 5, done_by = NULL WHERE id = (SELECT id FROM task WHERE conversation = '{told}' AND obligation IS NOT NULL LIMIT 1)",
            "UPDATE conversation SET open_tasks = (SELECT count(*) FROM task WHERE conversation = '{told}' AND done_at IS NULL) WHERE id = '{told}'",
        ],
    ),
    (Check::Clocks, "no clocks", &["DELETE FROM watch WHERE conversation = '{unsorted}'"]),
    (
        Check::Clocks,
        "clocks that stand still",
        &[
            "UPDATE watch SET watch_json = '{\"raised\":[],\"told_to\":0}' WHERE conversation = '{unsorted}'",
            "DELETE FROM work WHERE id = '{unsorted}'",
        ],
    ),
    (
        Check::Work,
        "about nothing",
        &["INSERT INTO work (id, about, lane, urgency, due_at, run_at) VALUES ('{new}', 'obligation', 'main-call', 0, 0, 0)"],
    ),
    (Check::Work, "on a lane that nobody runs", &["UPDATE work SET lane = 'gone-call' WHERE id = '{owed}'"]),
    (
        Check::Lanes,
        "due where nobody looks",
        &[
            "UPDATE work SET run_at = 1 WHERE id = '{owed}'",
            "INSERT INTO lane (lane, owner, until_at) VALUES ('watch-clocks', 'somebody', 4000000000000000), ('main-text', 'somebody', 4000000000000000), \
             ('mail-mail', 'somebody', 4000000000000000)",
        ],
    ),
    (
        Check::Rows,
        "what nobody understands",
        &["UPDATE message SET delivery_json = 'what?' WHERE conversation = '{closed}' AND author = 'system'"],
    ),
    (
        Check::Rows,
        "of a tip that is not there",
        &["INSERT INTO task (id, conversation, what, created_at) VALUES ('{new}', '{new}', 'Look.', 5)"],
    ),
];

/// Rows that faults are planted into.
const KNOWN: &[(&str, &str)] = &[
    ("{closed}", "SELECT id FROM conversation WHERE state = 'closed' AND NOT drill"),
    ("{told}", "SELECT id FROM conversation WHERE confirmed > 0 AND open_tasks > 0 AND open_obligations = 0 AND NOT drill LIMIT 1"),
    ("{open}", "SELECT id FROM conversation WHERE open_obligations > 0 AND NOT drill LIMIT 1"),
    (
        "{owed}",
        "SELECT o.id FROM obligation o JOIN conversation c ON c.id = o.conversation WHERE NOT o.closed AND NOT c.drill AND o.timer IS NOT NULL \
                AND o.obligation_json LIKE '%\"means\":\"call\"%' AND o.obligation_json LIKE '%\"start\":\"now\"%' AND o.confirmed_at IS NULL LIMIT 1",
    ),
    (
        "{failed}",
        "SELECT o.id FROM obligation o JOIN task t ON t.obligation = o.id WHERE o.obligation_json LIKE '%\"state\":\"failed\"%' LIMIT 1",
    ),
    (
        "{attempt}",
        "SELECT a.id FROM attempt a JOIN obligation o ON o.id = a.owner WHERE o.closed AND a.evidence_json LIKE '%\"voicemail\":null%' LIMIT 1",
    ),
    ("{folded}", "SELECT id FROM conversation WHERE folded_under IS NOT NULL LIMIT 1"),
    (
        "{unsorted}",
        "SELECT id FROM conversation WHERE state = 'open' AND triaged_at IS NULL AND folded_under IS NULL AND id IN (SELECT w.id FROM work w) LIMIT 1",
    ),
    ("{new}", "SELECT 'ffffffffffffffffffffffffffffff01'"),
    (
        "{next_due}",
        "SELECT (SELECT CAST(min(o.due_at) AS TEXT) FROM obligation o WHERE NOT o.closed AND o.confirmed_at IS NULL AND o.conversation = \
                    (SELECT id FROM conversation WHERE open_obligations > 0 AND NOT drill LIMIT 1))",
    ),
];

async fn beside(file: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(file).foreign_keys(false);
    options.connect().await.expect("the copy")
}

fn copy(gateway: &TestGateway) -> PathBuf {
    let copy = gateway.folder.join("data/planted.db");
    for ending in ["", "-wal", "-shm"] {
        let beside = |file: &str| gateway.folder.join("data").join(format!("{file}{ending}"));
        let _ = fs::remove_file(beside("planted.db"));
        let _ = fs::copy(beside("tipline.db"), beside("planted.db"));
    }
    copy
}

/// Plants each fault into a copy of its own.
pub async fn every_fault(gateway: &TestGateway) {
    let file = copy(gateway);
    let sound = look(gateway, &file).await;
    assert!(sound.is_sound(), "{:#?}", sound.faults);
    let mut wrong = Vec::new();
    for (check, name, statements) in FAULTS {
        let file = copy(gateway);
        let mut connection = beside(&file).await;
        let mut known = Vec::new();
        for (word, sql) in KNOWN {
            let id: Option<String> = sqlx::query_scalar(*sql).fetch_optional(&mut connection).await.expect("an id");
            known.push((word, id.unwrap_or_else(|| panic!("there is no {word}"))));
        }
        let mut touched = 0;
        for sql in *statements {
            let sql = known.iter().fold((*sql).to_owned(), |sql, (word, id)| sql.replace(*word, id));
            let done = sqlx::query(AssertSqlSafe(sql)).execute(&mut connection).await;
            touched += done.unwrap_or_else(|error| panic!("{name}: {error}")).rows_affected();
        }
        connection.close().await.expect("it closes");
        let found = look(gateway, &file).await;
        let others: Vec<_> = found.faults.iter().filter(|fault| fault.check != *check).collect();
        if touched == 0 || found.of(*check).count() == 0 || !others.is_empty() {
            wrong.push(format!("{name} ({}), {touched} rows touched: {:#?}", check.as_str(), found.faults));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A file that is gone, one that is another's, one that nobody named.
pub async fn files(gateway: &TestGateway) {
    let mut all = Vec::new();
    for folder in fs::read_dir(gateway.folder.join("data/media")).expect("files").flatten().filter(|entry| entry.path().is_dir()) {
        all.extend(fs::read_dir(folder.path()).expect("files").flatten().map(|entry| entry.path()));
    }
    let original = all.iter().find(|path| path.extension().is_some_and(|ending| ending == "original")).expect("an original").clone();
    let kept = fs::read(&original).expect("a file");
    let check = |expected: &str| {
        let checked = gateway.run(&["verify", "--files", "--quiet"]);
        let words = String::from_utf8_lossy(&checked.stdout).into_owned();
        assert_eq!(checked.status.code(), Some(3), "{words}");
        assert!(words.contains(expected), "{words}");
    };
    fs::remove_file(&original).expect("it goes");
    check("a file is not there");
    fs::write(&original, &kept[1..]).expect("it comes back, but not whole");
    check("does not open");
    fs::write(&original, &kept).expect("it comes back");
    let stray = original.with_file_name("ffffffffffffffffffffffffffffff01.original");
    fs::write(&stray, b"nobody's").expect("a stray file");
    let now = fs::metadata(&stray).and_then(|stray| stray.modified()).expect("its time");
    let long_ago = now - Duration::from_secs(3 * 24 * 3600);
    fs::File::options().write(true).open(&stray).and_then(|file| file.set_modified(long_ago)).expect("its time");
    check("no row names");
}

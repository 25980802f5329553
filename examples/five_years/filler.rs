//! Five years of tips that nobody reads, made by the engine itself, set by set: plainly synthetic, of the sizes and spread that real ones have.
//!
//! Ids are scattered as random ones are, messages lie in the order of time, and every column that an index is on has as many different values as
//! it would have. Sealed bytes are one text for all: nothing opens them. One text serves both engines; [`Dialect`] is what they name differently.

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, SqliteConnection};
use std::path::Path;

/// Messages of one tip, the reporter's and the answers in turn.
pub const MESSAGES: u64 = 20;
/// Months that it is made in.
pub const MONTHS: u64 = 60;
/// Of ten tips this many were dispatched, to [`TOLD`] people each.
const DISPATCHED: u64 = 3;
const TOLD: u64 = 4;
/// Persons and organizations of the state's directory.
const PERSONS: u64 = 4000;
const ORGANIZATIONS: u64 = 1500;

/// A connection of its own, beside the store's.
pub enum Filler {
    /// To the file.
    Sqlite(SqliteConnection),
    /// To PostgreSQL.
    Postgres(PgConnection),
}

/// What the engines name differently.
struct Dialect {
    postgres: bool,
}

impl Dialect {
    fn hex(&self, number: &str, digits: u32) -> String {
        if self.postgres { format!("lpad(to_hex({number}), {digits}, '0')") } else { format!("printf('%0{digits}x', {number})") }
    }
    fn digits(&self, number: &str, digits: u32) -> String {
        if self.postgres { format!("lpad(CAST({number} AS TEXT), {digits}, '0')") } else { format!("printf('%0{digits}d', {number})") }
    }
    /// The same bytes everywhere.
    fn sealed(&self, length: usize) -> String {
        let hex = "5a".repeat(length);
        if self.postgres { format!("'\\x{hex}'::bytea") } else { format!("X'{hex}'") }
    }
    fn bytes(&self, text: &str) -> String {
        if self.postgres { format!("convert_to({text}, 'UTF8')") } else { format!("CAST({text} AS BLOB)") }
    }
    /// 32 digits that are scattered by the tip's number and tell two kinds and two places apart.
    fn id(&self, kind: u32, place: &str) -> String {
        format!(
            "{} || '{kind:04x}4000b000' || {} || {}",
            self.hex("((t.n * 2654435761) % 4294967296)", 8),
            self.hex("t.n", 8),
            self.hex(&format!("({place})"), 4)
        )
    }
    /// 32 digits in the order of time.
    fn ordered(&self, kind: u32, at: &str, place: &str) -> String {
        format!(
            "{} || '7{kind:03x}b000' || {} || {}",
            self.hex(&format!("({at}) / 1000"), 12),
            self.hex("t.n", 8),
            self.hex(&format!("({place})"), 4)
        )
    }
}

impl Filler {
    /// Opens it with nothing that waits for the disk: what is made here is made again when it breaks.
    pub async fn open(file: &Path, url: Option<&str>) -> anyhow::Result<Self> {
        let Some(url) = url else {
            let mut connection = tipline::store::sqlite::options(file).connect().await?;
            for pragma in ["PRAGMA synchronous = OFF", "PRAGMA cache_size = -524288", "PRAGMA foreign_keys = OFF"] {
                connection.execute(pragma).await?;
            }
            return Ok(Self::Sqlite(connection));
        };
        let options: PgConnectOptions = url.parse()?;
        let mut connection = options.disable_statement_logging().connect().await?;
        // Without triggers no foreign key is looked up row by row; every parent is made before its children.
        connection.execute("SET synchronous_commit = off; SET session_replication_role = replica").await?;
        Ok(Self::Postgres(connection))
    }

    /// Ends it: PostgreSQL takes its statistics, as its autovacuum would have long ago; both put their logs away.
    pub async fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Sqlite(mut connection) => {
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").await?;
                connection.close().await?;
            }
            Self::Postgres(mut connection) => {
                connection.execute("VACUUM ANALYZE").await?;
                connection.execute("CHECKPOINT").await?;
                connection.close().await?;
            }
        }
        Ok(())
    }

    async fn run(&mut self, sql: String) -> anyhow::Result<()> {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql));
        match self {
            Self::Sqlite(connection) => sql.execute(connection).await.map(drop)?,
            Self::Postgres(connection) => sql.execute(connection).await.map(drop)?,
        }
        Ok(())
    }

    /// Tips `from..to` of a spread that begins at `begin` and has one every `step`, in microseconds.
    pub async fn tips(&mut self, from: u64, to: u64, begin: i64, step: i64) -> anyhow::Result<()> {
        let dialect = Dialect { postgres: matches!(self, Self::Postgres(_)) };
        let numbers = |name: &str, from: u64, to: u64| {
            if dialect.postgres {
                format!("{name}(n) AS (SELECT generate_series({from}::bigint, {}::bigint))", to - 1)
            } else {
                format!("{name}(n) AS (VALUES({from}) UNION ALL SELECT n + 1 FROM {name} WHERE n < {})", to - 1)
            }
        };
        let tips = numbers("t", from, to);
        let at = format!("({begin} + t.n * {step})");
        let tip = dialect.id(1, "0");
        self.run("BEGIN".to_owned()).await?;
        self.run(conversations(&dialect, &tips, &tip, &at)).await?;
        self.run(format!(
            "WITH RECURSIVE {tips} INSERT INTO contact (handle, conversation, account, channel, idx, address, ours, created_at, current) \
             SELECT {}, {tip}, 'main', 'text', {}, {}, {}, {at}, FALSE FROM t",
            dialect.id(2, "0"),
            dialect.bytes(&dialect.id(6, "0")),
            dialect.sealed(52),
            dialect.sealed(52)
        ))
        .await?;
        let said = numbers("s", 1, MESSAGES + 1);
        self.run(messages(&dialect, &format!("{tips}, {said}"), &tip, &at)).await?;
        self.run(record(&dialect, &format!("{tips}, {said}"), &tip, &at)).await?;
        let told = numbers("s", 0, TOLD);
        for sql in dispatches(&dialect, &tips, &format!("{tips}, {told}"), &tip, &at) {
            self.run(sql).await?;
        }
        self.run("COMMIT".to_owned()).await
    }
}

fn conversations(dialect: &Dialect, tips: &str, tip: &str, at: &str) -> String {
    // An odd factor makes each of the 2^30 references once.
    let bits = "((t.n * 387420489 + 12345) % 1073741824)";
    let letter = |place: u32| format!("substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', CAST(({bits} >> {}) & 31 AS INTEGER) + 1, 1)", 5 * place);
    let reference =
        format!("'T-' || {} || {} || {} || '-' || {} || {} || {}", letter(5), letter(4), letter(3), letter(2), letter(1), letter(0));
    format!(
        "WITH RECURSIVE {tips} INSERT INTO conversation (id, reference, alias, channel, received_at, code_index, wrapped_key, state, way_back, \
         level, school, types_json, in_progress, possible_crime, safety_issue, triaged_at, dispatched_at, claimed_by, version, last_seq, unread, \
         updated_at, answer_to, receipt_seq, record_seq, record_hash, open_obligations, confirmed, open_tasks, breached, next_due, urgency, \
         deadline, language, marks_json, press, drill, reference_keys) \
         SELECT {tip}, {reference}, 'Quiet Heron', 'text', {at}, {code}, {key}, 'closed', 'open', 'standard', 'school-' || (t.n % {ORGANIZATIONS}), \
         '[\"bullying\"]', FALSE, FALSE, FALSE, {at} + 300000000, CASE WHEN t.n % 10 < {DISPATCHED} THEN {at} + 600000000 END, NULL, 6, {MESSAGES}, \
         0, {at} + 86400000000, {contact}, 0, {MESSAGES}, {hash}, 0, 0, 0, 0, NULL, 2, {at}, 'en', NULL, FALSE, FALSE, {keys} FROM t",
        code = dialect.bytes(&dialect.id(5, "0")),
        key = dialect.sealed(72),
        contact = dialect.id(2, "0"),
        hash = dialect.sealed(32),
        keys = dialect.digits("((t.n * 7919) % 1000000)", 6),
    )
}

fn messages(dialect: &Dialect, rows: &str, tip: &str, at: &str) -> String {
    let said_at = format!("({at} + s.n * 97000000)");
    format!(
        "WITH RECURSIVE {rows} INSERT INTO message (id, conversation, seq, author, staff, channel, body, at, provider_account, provider_id, \
         media_dropped, delivery_json, delivery_open, delivery_version, sent_at, part_json, nature, source) \
         SELECT {id}, {tip}, s.n, CASE WHEN s.n % 2 = 1 THEN 'reporter' ELSE 'system' END, NULL, 'text', {body}, {said_at}, \
         CASE WHEN s.n % 2 = 1 THEN 'main' END, CASE WHEN s.n % 2 = 1 THEN 'SM' || {sid} END, 0, \
         CASE WHEN s.n % 2 = 0 THEN '{{\"state\":\"delivered\"}}' END, FALSE, 3, NULL, NULL, 'person', NULL FROM t CROSS JOIN s",
        id = dialect.ordered(3, &said_at, "s.n"),
        body = dialect.sealed(140),
        sid = dialect.id(4, "s.n"),
    ) + &format!(
        "; WITH RECURSIVE {rows} INSERT INTO once (account, once_key, at) SELECT 'main', 'SM' || {sid}, {said_at} FROM t CROSS JOIN s WHERE s.n % 2 = 1",
        sid = dialect.id(4, "s.n"),
    )
}

fn record(dialect: &Dialect, rows: &str, tip: &str, at: &str) -> String {
    format!(
        "WITH RECURSIVE {rows} INSERT INTO record (conversation, seq, at, actor_json, action_json, hash) \
         SELECT {tip}, s.n, {at} + s.n * 97000000, '{{\"by\":\"reporter\"}}', '{{\"action\":\"message_received\",\"channel\":\"text\"}}', {hash} \
         FROM t CROSS JOIN s",
        hash = dialect.sealed(32),
    )
}

/// A dispatch, its obligations, an attempt and two receipts for each.
fn dispatches(dialect: &Dialect, tips: &str, rows: &str, tip: &str, at: &str) -> [String; 4] {
    let (dispatch, obligation, attempt) = (dialect.ordered(7, at, "0"), dialect.ordered(8, at, "s.n"), dialect.id(9, "s.n"));
    let chosen = format!("t.n % 10 < {DISPATCHED}");
    let json = format!("{{\"step\":{{\"person\":\"synthetic\",\"organization\":\"synthetic\"}},\"fill\":\"{}\"}}", "x".repeat(560));
    [
        format!(
            "WITH RECURSIVE {tips} INSERT INTO dispatch (id, conversation, level, started_at, due_at, started_by) \
             SELECT {dispatch}, {tip}, 'standard', {at} + 600000000, {at} + 3600000000, 'synthetic' FROM t WHERE {chosen}"
        ),
        format!(
            "WITH RECURSIVE {rows} INSERT INTO obligation (id, dispatch, conversation, place, obligation_json, due_at, timer, confirmed_at, \
             breached_at, closed, satisfied, version, person, organization) SELECT {obligation}, {dispatch}, {tip}, s.n, '{json}', \
             {at} + 3600000000, NULL, {at} + 1200000000, NULL, TRUE, TRUE, 4, 'person-' || ((t.n * {TOLD} + s.n) % {PERSONS}), \
             'school-' || (t.n % {ORGANIZATIONS}) FROM t CROSS JOIN s WHERE {chosen}"
        ),
        format!(
            "WITH RECURSIVE {rows} INSERT INTO attempt (id, owner_kind, owner, conversation, lane, account, means, intended_at, provider_id, \
             answer, evidence_json, call_json, version) SELECT {attempt}, 'obligation', {obligation}, {tip}, 'mail-mail', 'mail', 'mail', \
             {at} + 660000000, 'MX' || {attempt}, 'accepted', '\"confirmed\"', NULL, 5 FROM t CROSS JOIN s WHERE {chosen}"
        ),
        format!(
            "WITH RECURSIVE {rows}, r(n) AS (VALUES(0), (1)) \
             INSERT INTO receipt (conversation, seq, attempt, at, kind_json) SELECT {tip}, 2 * s.n + r.n + 1, {attempt}, {at} + 700000000, \
             '\"delivered\"' FROM t CROSS JOIN s CROSS JOIN r WHERE {chosen}"
        ),
    ]
}

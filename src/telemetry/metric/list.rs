//! The list itself. Names end with their unit; help is written for whoever is woken by an alarm at night.
//!
//! Where a gauge is read from the database at every scrape, all nodes say the same: take one of them (`max`), not their sum.

use super::Values::{Account, Folder, Lane, Operation, Version, Words};
use super::{Kind, Metric};

/// Seconds of something that is over in milliseconds when all is well; carriers give up between 2 and 15 (carriers.md 0.2).
const QUICK: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 1.5, 2.5, 5.0, 10.0, 30.0];
/// Seconds within the windows of the procedures: 20 minutes, an hour, four (R14, R15, R16).
const WINDOWS: &[f64] = &[0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1200.0, 3600.0, 14_400.0];
/// How many together.
const HOW_MANY: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];

const CHANNEL: super::Values = Words(&["text", "whatsapp", "messenger", "voice", "mail", "chat", "web"]);
const LEVEL: super::Values = Words(&["critical", "standard", "other"]);
const MEANS: super::Values = Words(&["call", "mail", "text"]);
const TEST: super::Values = Words(&["probe", "loop"]);
const PART: super::Values = Words(&["database", "spool", "leases", "clock", "directory", "carriers", "work", "stopping"]);

macro_rules! list {
    ($( $(#[doc = $help:literal])+ $id:ident = $kind:expr, $name:literal, [$($label:literal: $values:expr),*]; )*) => {
        $( $(#[doc = $help])+ pub const $id: &str = $name; )*
        /// Every metric, in the order of `docs/metrics.md`.
        pub const ALL: &[Metric] = &[$(
            Metric { name: $name, kind: $kind, labels: &[$(($label, $values)),*], help: concat!($($help),+) }
        ),*];
    };
}

list! {
    /// Events that came in (messages, news of attempts, steps of calls) and what became of them. `failed`: nobody kept it, and the carrier was told to come again.
    ACCEPTS = Kind::Counter, "tipline_accepts_total",
        ["account": Account, "outcome": Words(&["stored", "merged", "script", "known", "spooled", "not_ours", "failed"])];
    /// From a verified event to the moment in which it is durable, in the store or in the spool.
    ACCEPT_SECONDS = Kind::Histogram(QUICK), "tipline_accept_seconds", ["kept": Words(&["store", "spool"])];
    /// Messages of reporters that were stored.
    MESSAGES_TAKEN = Kind::Counter, "tipline_messages_taken_total", ["channel": CHANNEL];
    /// Webhooks that were refused, and why. `unavailable` were answered with 503; `bad_signature` from a carrier of ours means a wrong token or origin.
    WEBHOOKS_REFUSED = Kind::Counter, "tipline_webhooks_refused_total", ["reason": Words(&["unsigned", "bad_signature",
        "unknown_algorithm", "malformed", "no_such_path", "wrong_method", "too_large", "not_ours", "unavailable"])];
    /// Messages that a carrier listed when it was asked (`[reconcile]`).
    POLLED = Kind::Counter, "tipline_polled_total", ["account": Account];
    /// Messages and calls that were found by asking, because their webhook never came.
    RECOVERED = Kind::Counter, "tipline_recovered_total", ["account": Account, "channel": CHANNEL];
    /// When each mailbox folder was last looked into, in seconds since 1970.
    MAILBOX_LOOKED_AT = Kind::Gauge, "tipline_mailbox_looked_at_seconds", ["account": Account, "folder": Folder];
    /// Calls that came in.
    CALLS_TAKEN = Kind::Counter, "tipline_calls_taken_total", [];
    /// Calls that were answered with the notice and the tone because the store did not answer.
    CALLS_WITHOUT_STORE = Kind::Counter, "tipline_calls_without_store_total", [];
    /// Steps of calls that were over when they came; they changed nothing.
    STALE_CALL_STEPS = Kind::Counter, "tipline_stale_call_steps_total", [];
    /// Calls that were led to their voicemail after a machine was heard beside the words.
    CALLS_STEERED = Kind::Counter, "tipline_calls_steered_total", ["result": Words(&["taken", "lost"])];
    /// PINs that were keyed on the call-back line or on calls.
    PINS_TRIED = Kind::Counter, "tipline_pins_tried_total", [];
    /// Those that were right. Many more tried than right is somebody guessing.
    PINS_RIGHT = Kind::Counter, "tipline_pins_right_total", [];
    /// Return codes that led nowhere.
    WRONG_CODES = Kind::Counter, "tipline_wrong_codes_total", [];
    /// Notes that endusers wrote by mail and that were not kept because too many came.
    MAIL_NOTES_REFUSED = Kind::Counter, "tipline_mail_notes_refused_total", [];
    /// Chats that are open on this node.
    CHATS = Kind::Gauge, "tipline_chats", [];
    /// Chats that ended, and why.
    CHATS_ENDED = Kind::Counter, "tipline_chats_ended_total", ["why": Words(&["gone", "stopping", "slow", "confused", "too_large"])];
    /// Chats that were not let in: from a page that is not ours, or because `chat.connections_most` are open.
    CHAT_REFUSED = Kind::Counter, "tipline_chat_refused_total", ["reason": Words(&["origin", "full"])];
    /// Tips that were found to be like another one.
    SIMILAR_TIPS = Kind::Counter, "tipline_similar_tips_total", ["counted_under": Words(&["another", "itself"])];
    /// Letters that wait for the store on this node's disk.
    SPOOL_LETTERS = Kind::Gauge, "tipline_spool_letters", [];
    /// How long the oldest of them has waited.
    SPOOL_OLDEST = Kind::Gauge, "tipline_spool_oldest_seconds", [];
    /// Letters that cannot be taken: somebody has to look.
    SPOOL_SET_ASIDE = Kind::Gauge, "tipline_spool_set_aside", [];
    /// Bytes of the spool on the disk.
    SPOOL_BYTES = Kind::Gauge, "tipline_spool_bytes", [];
    /// 1 while the spool takes nothing: it is full, or its disk does not write.
    SPOOL_REFUSES = Kind::Gauge, "tipline_spool_refuses", [];
    /// Letters that were laid into the spool.
    SPOOL_TAKEN = Kind::Counter, "tipline_spool_taken_total", [];
    /// Letters that came out of it into the store.
    SPOOL_DRAINED = Kind::Counter, "tipline_spool_drained_total", [];
    /// Letters that were set aside.
    SPOOL_SET_ASIDE_TOTAL = Kind::Counter, "tipline_spool_set_aside_total", [];
    /// What became of pictures, recordings and files. `left_at_carrier`: delete it there by hand.
    MEDIA = Kind::Counter, "tipline_media_total",
        ["step": Words(&["kept", "copied", "not_copied", "fetched_again", "lost", "deleted", "left_at_carrier", "later"])];
    /// How long decoding one picture and making its copy took.
    MEDIA_COPY_SECONDS = Kind::Histogram(QUICK), "tipline_media_copy_seconds", [];
    /// Files that belonged to nothing and were removed by the daily sweep.
    MEDIA_FILES_REMOVED = Kind::Counter, "tipline_media_files_removed_total", [];
    /// Files that the store names and the disk does not have, as the last sweep found.
    MEDIA_FILES_MISSING = Kind::Gauge, "tipline_media_files_missing", [];
    /// Originals that an analyst opened.
    ORIGINALS_OPENED = Kind::Counter, "tipline_originals_opened_total", [];

    /// Tips in the store, drills aside.
    TIPS = Kind::Gauge, "tipline_tips", [];
    /// Messages in the store.
    MESSAGES = Kind::Gauge, "tipline_messages", [];
    /// Dispatches that were started.
    DISPATCHES = Kind::Counter, "tipline_dispatches_total", ["level": LEVEL];
    /// From the dispatch (the click) to the moment in which the carrier was first asked, for each promise that starts at once.
    FIRST_REQUEST_SECONDS = Kind::Histogram(WINDOWS), "tipline_first_request_seconds", ["level": LEVEL, "means": MEANS];
    /// Promises whose first attempt was started before its due time, and those whose was not (R14, R15, R16). Drills aside.
    DEADLINES = Kind::Counter, "tipline_deadlines_total", ["level": LEVEL, "deadline": Words(&["met", "missed"])];
    /// Promises that passed their due time unkept, and why. Drills aside.
    BREACHES = Kind::Counter, "tipline_breaches_total",
        ["level": LEVEL, "why": Words(&["started_late", "queue", "no_carrier", "nobody_confirmed", "bad_address"])];
    /// Promises that were closed, and how. Drills aside.
    PROMISES_CLOSED = Kind::Counter, "tipline_promises_closed_total", ["level": LEVEL, "how": Words(&["satisfied", "released", "failed"])];
    /// Promises that are not kept yet.
    OBLIGATIONS_OPEN = Kind::Gauge, "tipline_obligations_open", [];
    /// The same by where they stand.
    PROMISES_OPEN = Kind::Gauge, "tipline_promises_open", ["level": LEVEL, "state": Words(&["standby", "waiting", "in_flight"])];
    /// Promises, answers and files that nothing would wake: must be 0.
    OBLIGATIONS_WITHOUT_TIMER = Kind::Gauge, "tipline_obligations_without_timer", [];
    /// Seconds since the oldest open promise was due; negative before.
    OLDEST_PROMISE_OVERDUE = Kind::Gauge, "tipline_oldest_promise_overdue_seconds", [];
    /// Tasks for a person that nobody has done yet.
    TASKS_OPEN = Kind::Gauge, "tipline_tasks_open", [];
    /// What the clocks of tips raised: pages to supervisors, warnings, breaches, news.
    ALARMS = Kind::Counter, "tipline_alarms_total",
        ["what": Words(&["page", "half_window", "three_quarters", "cannot_meet", "breach", "task_overdue", "update"])];
    /// Drills that were started.
    DRILLS = Kind::Counter, "tipline_drills_total", [];

    /// Requests to carriers, and what they answered.
    ATTEMPTS = Kind::Counter, "tipline_attempts_total", ["lane": Lane, "means": MEANS,
        "answer": Words(&["accepted", "transient", "throttled", "permanent", "opted_out", "unknown", "put_off"])];
    /// How long carriers took to answer a request to send.
    SEND_SECONDS = Kind::Histogram(QUICK), "tipline_send_seconds", ["lane": Lane];
    /// Work that is due on a lane and not taken.
    LANE_DUE = Kind::Gauge, "tipline_lane_due", ["lane": Lane];
    /// How long the oldest of it has waited.
    LANE_OLDEST_WAIT = Kind::Gauge, "tipline_lane_oldest_wait_seconds", ["lane": Lane];
    /// 1 where this node has the lane's lease. Over all nodes the sum of a lane is 1; 0 for longer than a lease means that nobody sends.
    LANE_LEASE_HELD = Kind::Gauge, "tipline_lane_lease_held", ["lane": Lane];
    /// Whether a lane's carrier is not trusted now: 1 open, 0.5 being tried, 0 trusted.
    CIRCUIT_OPEN = Kind::Gauge, "tipline_circuit_open", ["lane": Lane];
    /// Changes of that.
    CIRCUIT_CHANGES = Kind::Counter, "tipline_circuit_changes_total", ["lane": Lane, "to": Words(&["closed", "open", "half_open"])];
    /// Work that was moved to another account because its own was not trusted.
    WORK_MOVED = Kind::Counter, "tipline_work_moved_total", ["from": Lane, "to": Lane];
    /// How long the last test of a link took.
    LINK_SECONDS = Kind::Gauge, "tipline_link_seconds", ["lane": Lane, "test": TEST];
    /// Tests of links that failed.
    LINK_FAILURES = Kind::Counter, "tipline_link_failures_total", ["lane": Lane, "test": TEST];
    /// How many of them failed since the last that did not.
    LINK_FAILURES_IN_A_ROW = Kind::Gauge, "tipline_link_failures_in_a_row", ["lane": Lane, "test": TEST];

    /// 1 when the database answered this scrape within two seconds.
    DATABASE_UP = Kind::Gauge, "tipline_database_up", [];
    /// What the store could not do.
    STORE_ERRORS = Kind::Counter, "tipline_store_errors_total", ["operation": Operation];
    /// How many changes went into one transaction.
    COMMIT_BATCH = Kind::Histogram(HOW_MANY), "tipline_commit_batch", [];
    /// How long one transaction took, its sync to the disk included.
    COMMIT_SECONDS = Kind::Histogram(QUICK), "tipline_commit_seconds", [];

    /// Tips that an enduser asked for and was not shown.
    PORTAL_REFUSED = Kind::Counter, "tipline_portal_refused_total", [];
    /// One-time codes of the portal that were wanted, and what became of them.
    LOGIN_CODES = Kind::Counter, "tipline_login_codes_total",
        ["what": Words(&["sent", "unlisted", "forbidden", "too_often", "flood", "failed"])];
    /// One-time codes of the portal that were wrong.
    WRONG_LOGIN_CODES = Kind::Counter, "tipline_wrong_login_codes_total", [];

    /// Always 1: which version runs.
    BUILD_INFO = Kind::Gauge, "tipline_build_info", ["version": Version];
    /// When the process started, in seconds since 1970.
    STARTED_AT = Kind::Gauge, "tipline_started_seconds", [];
    /// How far this machine's clock is from the time that promises go by, either way; it is approached slowly. 0 when the database tells the time.
    CLOCK_OFF = Kind::Gauge, "tipline_clock_off_seconds", [];
    /// Log lines that were left out because too many of their kind came in a short time.
    LOG_LINES_LEFT_OUT = Kind::Counter, "tipline_log_lines_left_out_total", [];
    /// Panics: each is a bug. The log names the place.
    PANICS = Kind::Counter, "tipline_panics_total", [];
    /// 1 for each part that is in order, 0 for one that is not; `/readyz` says why.
    READY = Kind::Gauge, "tipline_ready", ["part": PART];
    /// What became of each turn of the dead-man heartbeat. `withheld`: something is wrong, see `tipline_ready`; `elsewhere`: another node sends it.
    HEARTBEATS = Kind::Counter, "tipline_heartbeats_total", ["result": Words(&["sent", "failed", "withheld", "elsewhere"])];
    /// When the watchdog last took a heartbeat from this node, in seconds since 1970; 0 before.
    HEARTBEAT_SENT_AT = Kind::Gauge, "tipline_heartbeat_sent_seconds", [];
    /// Spans of traces that were handed over (`sent`), or lost because the collector did not take them or too many waited (`[traces]`).
    SPANS = Kind::Counter, "tipline_spans_total", ["result": Words(&["sent", "refused", "crowded_out"])];
}

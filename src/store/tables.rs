//! Every table with its columns and key, parents before children: what a copy of the whole is made from.
//!
//! Written out rather than asked of the database, so that a copy means the same on both engines, and so that a new column cannot
//! silently be left behind: the tests hold this list against the migrated schemas. `Sealed` marks what lies under a tip's own key; it is
//! blanked where that key is gone.

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    /// TEXT.
    Text(&'static str),
    /// BIGINT.
    Int(&'static str),
    /// BOOLEAN.
    Flag(&'static str),
    /// Bytes.
    Bytes(&'static str),
    /// Bytes that only the key of the row's tip opens.
    Sealed(&'static str),
}

/// Where the rows of a table go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// With every copy.
    Always,
    /// What waits to be done, and what is thought of carriers: in a backup, to be looked at, and not restored, for nobody knows what
    /// was done meanwhile.
    Waiting,
    /// What only the running deployment needs (leases, logins): moved, never in a backup.
    Running,
}

/// A table.
#[derive(Debug)]
pub(crate) struct Table {
    /// Its name.
    pub(crate) name: &'static str,
    /// Where its rows go.
    pub(crate) kept: Kept,
    /// Its primary key.
    pub(crate) key: &'static [&'static str],
    /// The column that names the tip under whose key the sealed columns lie.
    pub(crate) tip: Option<&'static str>,
    /// Its columns.
    pub(crate) columns: &'static [Column],
}

impl Column {
    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Column::Text(name) | Column::Int(name) | Column::Flag(name) | Column::Bytes(name) | Column::Sealed(name) => name,
        }
    }
}

impl Table {
    /// The place of a column in a row.
    pub(crate) fn place(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|one| one.name() == column)
    }
    /// The places of the key in a row.
    pub(crate) fn key_places(&self) -> impl Iterator<Item = usize> + '_ {
        self.key.iter().filter_map(|name| self.place(name))
    }
}

use Column::{Bytes, Flag, Int, Sealed, Text};

/// The tables. `meta` is last, so that half a copy does not look like a deployment.
#[rustfmt::skip]
pub(crate) const TABLES: &[Table] = &[
    Table {
        name: "once", kept: Kept::Always, key: &["account", "once_key"],
        tip: None,
        columns: &[Text("account"), Text("once_key"), Int("at")],
    },
    Table {
        name: "conversation", kept: Kept::Always, key: &["id"],
        tip: Some("id"),
        columns: &[Text("id"), Text("reference"), Text("alias"), Text("channel"), Int("received_at"), Bytes("code_index"),
            Bytes("wrapped_key"), Text("state"), Text("way_back"), Text("level"), Text("school"), Text("types_json"),
            Flag("in_progress"), Flag("possible_crime"), Flag("safety_issue"), Int("triaged_at"), Int("dispatched_at"),
            Text("claimed_by"), Int("version"), Int("last_seq"), Int("unread"), Int("updated_at"), Text("answer_to"), Int("receipt_seq"),
            Int("record_seq"), Bytes("record_hash"), Int("open_obligations"), Int("confirmed"), Int("open_tasks"), Int("breached"),
            Int("next_due"), Int("urgency"), Int("deadline"), Text("language"), Text("marks_json"), Flag("press"), Text("folded_under"),
            Flag("drill"), Text("reference_keys")],
    },
    Table {
        name: "contact", kept: Kept::Always, key: &["handle"],
        tip: Some("conversation"),
        columns: &[Text("handle"), Text("conversation"), Text("account"), Text("channel"), Bytes("idx"), Sealed("address"),
            Sealed("ours"), Int("created_at"), Flag("current")],
    },
    Table {
        name: "message", kept: Kept::Always, key: &["id"],
        tip: Some("conversation"),
        columns: &[Text("id"), Text("conversation"), Int("seq"), Text("author"), Text("staff"), Text("channel"), Sealed("body"),
            Int("at"), Text("provider_account"), Text("provider_id"), Int("media_dropped"), Text("delivery_json"), Flag("delivery_open"),
            Int("delivery_version"), Int("sent_at"), Text("part_json"), Text("nature"), Sealed("source")],
    },
    Table {
        name: "note", kept: Kept::Always, key: &["id"],
        tip: Some("conversation"),
        columns: &[Text("id"), Text("conversation"), Text("author"), Int("at"), Text("kind"), Sealed("body")],
    },
    Table {
        name: "record", kept: Kept::Always, key: &["conversation", "seq"],
        tip: None,
        columns: &[Text("conversation"), Int("seq"), Int("at"), Text("actor_json"), Text("action_json"), Bytes("hash")],
    },
    Table {
        name: "dispatch", kept: Kept::Always, key: &["id"],
        tip: Some("conversation"),
        columns: &[Text("id"), Text("conversation"), Text("level"), Int("started_at"), Int("due_at"), Text("started_by"),
            Text("purpose_json"), Sealed("summary"), Text("excluded_json")],
    },
    Table {
        name: "obligation", kept: Kept::Always, key: &["id"],
        tip: None,
        columns: &[Text("id"), Text("dispatch"), Text("conversation"), Int("place"), Text("obligation_json"), Int("due_at"),
            Int("timer"), Int("confirmed_at"), Int("breached_at"), Flag("closed"), Flag("satisfied"), Int("version"), Text("person"),
            Text("organization")],
    },
    Table {
        name: "attempt", kept: Kept::Always, key: &["id"],
        tip: None,
        columns: &[Text("id"), Text("owner_kind"), Text("owner"), Text("conversation"), Text("lane"), Text("account"), Text("means"),
            Int("intended_at"), Text("provider_id"), Text("answer"), Text("evidence_json"), Text("call_json"), Int("version"),
            Int("point")],
    },
    Table {
        name: "receipt", kept: Kept::Always, key: &["conversation", "seq"],
        tip: None,
        columns: &[Text("conversation"), Int("seq"), Text("attempt"), Int("at"), Text("kind_json")],
    },
    Table {
        name: "task", kept: Kept::Always, key: &["id"],
        tip: None,
        columns: &[Text("id"), Text("conversation"), Text("obligation"), Text("what"), Int("created_at"), Text("done_by"),
            Int("done_at"), Text("kind"), Int("due_at")],
    },
    Table {
        name: "work", kept: Kept::Waiting, key: &["id"],
        tip: None,
        columns: &[Text("id"), Text("about"), Text("lane"), Int("urgency"), Int("due_at"), Int("run_at"), Text("owner")],
    },
    Table {
        name: "lane", kept: Kept::Running, key: &["lane"],
        tip: None,
        columns: &[Text("lane"), Text("owner"), Int("until_at")],
    },
    Table {
        name: "staff", kept: Kept::Always, key: &["id"],
        tip: None,
        columns: &[Text("id"), Text("login"), Text("name"), Text("role"), Text("password_hash"), Int("created_at")],
    },
    Table {
        name: "session", kept: Kept::Running, key: &["token_hash"],
        tip: None,
        columns: &[Bytes("token_hash"), Text("staff"), Text("csrf"), Int("created_at"), Int("expires_at")],
    },
    Table {
        name: "api_token", kept: Kept::Always, key: &["token_hash"],
        tip: None,
        columns: &[Bytes("token_hash"), Text("staff"), Text("label"), Int("created_at")],
    },
    Table {
        name: "throttle", kept: Kept::Always, key: &["name"],
        tip: None,
        columns: &[Text("name"), Int("failures"), Int("not_before")],
    },
    Table {
        name: "organization", kept: Kept::Always, key: &["org_key"],
        tip: None,
        columns: &[Text("org_key"), Int("place"), Text("kind"), Text("name"), Text("county"), Text("district"), Text("psap"),
            Text("police"), Text("calendar"), Text("hotline"), Text("content_json")],
    },
    Table {
        name: "person", kept: Kept::Always, key: &["person_key"],
        tip: None,
        columns: &[Text("person_key"), Int("place"), Text("organization"), Text("name"), Text("role"), Int("turn"), Text("language"),
            Text("points_json"), Text("attested_on")],
    },
    Table {
        name: "attachment", kept: Kept::Always, key: &["id"],
        tip: Some("conversation"),
        columns: &[Text("id"), Text("message"), Text("conversation"), Int("place"), Text("account"), Text("role"), Sealed("url"),
            Text("content_type"), Text("state_json"), Flag("unfinished"), Int("version")],
    },
    Table {
        name: "caller", kept: Kept::Always, key: &["id"],
        tip: None,
        columns: &[Text("id"), Text("account"), Text("state_json"), Text("conversation"), Int("started_at"), Int("version")],
    },
    Table {
        name: "mailbox", kept: Kept::Always, key: &["account", "folder"],
        tip: None,
        columns: &[Text("account"), Text("folder"), Int("validity"), Int("uid")],
    },
    Table {
        name: "incident_member", kept: Kept::Always, key: &["conversation"],
        tip: Some("conversation"),
        columns: &[Text("conversation"), Text("incident"), Int("likeness"), Sealed("new_facts"), Int("proposed_at"),
            Text("taken_out_by"), Int("taken_out_at")],
    },
    Table {
        name: "address", kept: Kept::Always, key: &["person", "means", "point"],
        tip: None,
        columns: &[Text("person"), Text("means"), Int("point"), Int("place"), Bytes("sealed"), Bytes("idx")],
    },
    Table {
        name: "watch", kept: Kept::Always, key: &["conversation"],
        tip: None,
        columns: &[Text("conversation"), Text("watch_json"), Int("version")],
    },
    Table {
        name: "texts_forbidden", kept: Kept::Always, key: &["idx"],
        tip: None,
        columns: &[Bytes("idx"), Int("since")],
    },
    Table {
        name: "pin", kept: Kept::Always, key: &["person", "set_at"],
        tip: None,
        columns: &[Text("person"), Int("set_at"), Bytes("mac"), Text("set_by")],
    },
    Table {
        name: "login_code", kept: Kept::Running, key: &["id"],
        tip: None,
        columns: &[Text("id"), Bytes("idx"), Bytes("mac"), Int("created_at"), Int("expires_at"), Int("tries"), Int("version")],
    },
    Table {
        name: "enduser_session", kept: Kept::Running, key: &["token_hash"],
        tip: None,
        columns: &[Bytes("token_hash"), Bytes("idx"), Text("csrf"), Int("created_at"), Int("expires_at")],
    },
    Table {
        name: "enduser_note", kept: Kept::Always, key: &["id"],
        tip: Some("conversation"),
        columns: &[Text("id"), Text("conversation"), Text("author_json"), Int("at"), Sealed("body")],
    },
    Table {
        name: "enduser_opened", kept: Kept::Always, key: &["conversation", "person"],
        tip: None,
        columns: &[Text("conversation"), Text("person"), Int("at")],
    },
    Table {
        name: "feedback", kept: Kept::Always, key: &["conversation", "person"],
        tip: Some("conversation"),
        columns: &[Text("conversation"), Text("person"), Text("organization"), Text("role"), Text("outcome"), Sealed("body"), Int("at")],
    },
    Table {
        name: "route", kept: Kept::Waiting, key: &["lane"],
        tip: None,
        columns: &[Text("lane"), Text("state_json"), Int("at")],
    },
    Table {
        name: "meta", kept: Kept::Always, key: &["name"],
        tip: None,
        columns: &[Text("name"), Text("value")],
    },
];

#[cfg(test)]
#[path = "tables_tests.rs"]
mod tests;

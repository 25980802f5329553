-- The tables of a tip line. One text for every engine; two tokens stand for what engines name differently:
-- {{BYTES}} is the type of bytes, {{KEYED}} asks for the table to be kept in the order of its primary key where that exists.
-- Ids are 32 hexadecimal digits made by the program; times are microseconds since the epoch; sealed bytes say nothing
-- without the keys, which are not here. Columns ending in `_json` hold a state of the rules with its data.

CREATE TABLE once (
    account     TEXT   NOT NULL,
    once_key    TEXT   NOT NULL,
    at          BIGINT NOT NULL,
    PRIMARY KEY (account, once_key)
) {{KEYED}};

-- A tip. Four groups: what never changes, what the rules change (guarded by version), the head (numbers that the writer
-- assigns), and the tally (counted again from the rows below whenever one of them changes) by which the inbox is sorted.
CREATE TABLE conversation (
    id               TEXT      NOT NULL PRIMARY KEY,
    reference        TEXT      NOT NULL UNIQUE,
    alias            TEXT      NOT NULL,
    channel          TEXT      NOT NULL,
    received_at      BIGINT    NOT NULL,

    code_index       {{BYTES}} NOT NULL UNIQUE,
    wrapped_key      {{BYTES}} NOT NULL,
    state            TEXT      NOT NULL,
    way_back         TEXT      NOT NULL,
    level            TEXT,
    school           TEXT,
    types_json       TEXT      NOT NULL,
    in_progress      BOOLEAN   NOT NULL,
    possible_crime   BOOLEAN   NOT NULL,
    safety_issue     BOOLEAN   NOT NULL,
    triaged_at       BIGINT,
    dispatched_at    BIGINT,
    claimed_by       TEXT,
    version          BIGINT    NOT NULL,

    last_seq         BIGINT    NOT NULL,
    unread           BIGINT    NOT NULL,
    updated_at       BIGINT    NOT NULL,
    answer_to        TEXT,
    receipt_seq      BIGINT    NOT NULL,
    record_seq       BIGINT    NOT NULL,
    record_hash      {{BYTES}} NOT NULL,

    open_obligations BIGINT    NOT NULL,
    confirmed        BIGINT    NOT NULL,
    open_tasks       BIGINT    NOT NULL,
    breached         BIGINT    NOT NULL,
    next_due         BIGINT,
    urgency          BIGINT    NOT NULL,
    deadline         BIGINT    NOT NULL
);
CREATE INDEX conversation_open     ON conversation (urgency, deadline, id) WHERE state = 'open';
CREATE INDEX conversation_mine     ON conversation (claimed_by, urgency, deadline, id) WHERE state = 'open' AND claimed_by IS NOT NULL;
CREATE INDEX conversation_underway ON conversation (urgency, deadline, id) WHERE state = 'open' AND dispatched_at IS NOT NULL;
CREATE INDEX conversation_closed   ON conversation (updated_at, id) WHERE state = 'closed';

CREATE TABLE contact (
    handle       TEXT      NOT NULL PRIMARY KEY,
    conversation TEXT      NOT NULL REFERENCES conversation (id),
    account      TEXT      NOT NULL,
    channel      TEXT      NOT NULL,
    idx          {{BYTES}} NOT NULL,
    address      {{BYTES}} NOT NULL,
    ours         {{BYTES}} NOT NULL,
    created_at   BIGINT    NOT NULL,
    current      BOOLEAN   NOT NULL
);
-- One tip an address at a time; an address may start another tip after its first is no longer current.
CREATE UNIQUE INDEX contact_current ON contact (idx) WHERE current;

CREATE TABLE message (
    id               TEXT      NOT NULL PRIMARY KEY,
    conversation     TEXT      NOT NULL REFERENCES conversation (id),
    seq              BIGINT    NOT NULL,
    author           TEXT      NOT NULL,
    staff            TEXT,
    channel          TEXT      NOT NULL,
    body             {{BYTES}} NOT NULL,
    at               BIGINT    NOT NULL,
    provider_account TEXT,
    provider_id      TEXT,
    media_dropped    BIGINT    NOT NULL,
    delivery_json    TEXT,
    delivery_open    BOOLEAN   NOT NULL,
    delivery_version BIGINT    NOT NULL
);
CREATE UNIQUE INDEX message_order ON message (conversation, seq);
CREATE INDEX message_unfinished ON message (id) WHERE delivery_open;

CREATE TABLE attachment (
    id           TEXT      NOT NULL PRIMARY KEY,
    message      TEXT      NOT NULL REFERENCES message (id),
    conversation TEXT      NOT NULL,
    place        BIGINT    NOT NULL,
    url          {{BYTES}} NOT NULL,
    content_type TEXT      NOT NULL,
    state        TEXT      NOT NULL
);
CREATE INDEX attachment_conversation ON attachment (conversation);

CREATE TABLE note (
    id           TEXT      NOT NULL PRIMARY KEY,
    conversation TEXT      NOT NULL REFERENCES conversation (id),
    author       TEXT      NOT NULL,
    at           BIGINT    NOT NULL,
    kind         TEXT      NOT NULL,
    body         {{BYTES}} NOT NULL
);
CREATE INDEX note_conversation ON note (conversation, at);

CREATE TABLE record (
    conversation TEXT      NOT NULL REFERENCES conversation (id),
    seq          BIGINT    NOT NULL,
    at           BIGINT    NOT NULL,
    actor_json   TEXT      NOT NULL,
    action_json  TEXT      NOT NULL,
    hash         {{BYTES}} NOT NULL,
    PRIMARY KEY (conversation, seq)
) {{KEYED}};

CREATE TABLE dispatch (
    id           TEXT   NOT NULL PRIMARY KEY,
    conversation TEXT   NOT NULL REFERENCES conversation (id),
    level        TEXT   NOT NULL,
    started_at   BIGINT NOT NULL,
    due_at       BIGINT NOT NULL,
    started_by   TEXT   NOT NULL
);
CREATE INDEX dispatch_conversation ON dispatch (conversation, started_at);

-- The whole obligation is in `obligation_json`; the columns beside it are what queries filter on, written from the same value.
CREATE TABLE obligation (
    id              TEXT    NOT NULL PRIMARY KEY,
    dispatch        TEXT    NOT NULL REFERENCES dispatch (id),
    conversation    TEXT    NOT NULL REFERENCES conversation (id),
    place           BIGINT  NOT NULL,
    obligation_json TEXT    NOT NULL,
    due_at          BIGINT  NOT NULL,
    timer           BIGINT,
    confirmed_at    BIGINT,
    breached_at     BIGINT,
    closed          BOOLEAN NOT NULL,
    satisfied       BOOLEAN NOT NULL,
    version         BIGINT  NOT NULL
);
CREATE INDEX obligation_dispatch ON obligation (dispatch, place);
CREATE INDEX obligation_conversation ON obligation (conversation);
CREATE INDEX obligation_open ON obligation (due_at, id) WHERE NOT closed;

CREATE TABLE attempt (
    id            TEXT   NOT NULL PRIMARY KEY,
    owner_kind    TEXT   NOT NULL,
    owner         TEXT   NOT NULL,
    conversation  TEXT   NOT NULL REFERENCES conversation (id),
    lane          TEXT   NOT NULL,
    account       TEXT   NOT NULL,
    means         TEXT   NOT NULL,
    intended_at   BIGINT NOT NULL,
    provider_id   TEXT,
    answer        TEXT,
    evidence_json TEXT   NOT NULL,
    call_json     TEXT,
    version       BIGINT NOT NULL
);
CREATE UNIQUE INDEX attempt_provider ON attempt (account, provider_id) WHERE provider_id IS NOT NULL;
CREATE INDEX attempt_conversation ON attempt (conversation, intended_at);

CREATE TABLE receipt (
    conversation TEXT   NOT NULL REFERENCES conversation (id),
    seq          BIGINT NOT NULL,
    attempt      TEXT   NOT NULL REFERENCES attempt (id),
    at           BIGINT NOT NULL,
    kind_json    TEXT   NOT NULL,
    PRIMARY KEY (conversation, seq)
) {{KEYED}};

CREATE TABLE task (
    id           TEXT   NOT NULL PRIMARY KEY,
    conversation TEXT   NOT NULL REFERENCES conversation (id),
    obligation   TEXT,
    what         TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    done_by      TEXT,
    done_at      BIGINT
);
CREATE INDEX task_open ON task (created_at, id) WHERE done_at IS NULL;
CREATE INDEX task_conversation ON task (conversation);

-- Something to do at a time. `run_at` is also the end of a lease: work whose worker died comes back by itself.
CREATE TABLE work (
    id     TEXT   NOT NULL PRIMARY KEY,
    about  TEXT   NOT NULL,
    lane   TEXT   NOT NULL,
    urgency BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    run_at BIGINT NOT NULL,
    owner  TEXT
) {{KEYED}};
CREATE INDEX work_urgency ON work (lane, urgency, due_at, id, run_at);
CREATE INDEX work_run_at ON work (lane, run_at);

CREATE TABLE lane (
    lane     TEXT   NOT NULL PRIMARY KEY,
    owner    TEXT   NOT NULL,
    until_at BIGINT NOT NULL
) {{KEYED}};

CREATE TABLE staff (
    id            TEXT   NOT NULL PRIMARY KEY,
    login         TEXT   NOT NULL UNIQUE,
    name          TEXT   NOT NULL,
    role          TEXT   NOT NULL,
    password_hash TEXT   NOT NULL,
    created_at    BIGINT NOT NULL
);

CREATE TABLE session (
    token_hash {{BYTES}} NOT NULL PRIMARY KEY,
    staff      TEXT      NOT NULL REFERENCES staff (id),
    csrf       TEXT      NOT NULL,
    created_at BIGINT    NOT NULL,
    expires_at BIGINT    NOT NULL
) {{KEYED}};
CREATE INDEX session_expiry ON session (expires_at);

CREATE TABLE api_token (
    token_hash {{BYTES}} NOT NULL PRIMARY KEY,
    staff      TEXT      NOT NULL REFERENCES staff (id),
    label      TEXT      NOT NULL,
    created_at BIGINT    NOT NULL
) {{KEYED}};

CREATE TABLE throttle (
    name       TEXT   NOT NULL PRIMARY KEY,
    failures   BIGINT NOT NULL,
    not_before BIGINT NOT NULL
) {{KEYED}};

CREATE TABLE organization (
    org_key  TEXT   NOT NULL PRIMARY KEY,
    place    BIGINT NOT NULL,
    kind     TEXT   NOT NULL,
    name     TEXT   NOT NULL,
    county   TEXT,
    district TEXT,
    psap     TEXT,
    police   TEXT,
    calendar TEXT   NOT NULL
);

CREATE TABLE person (
    person_key   TEXT   NOT NULL PRIMARY KEY,
    place        BIGINT NOT NULL,
    organization TEXT   NOT NULL REFERENCES organization (org_key),
    name         TEXT   NOT NULL,
    role         TEXT   NOT NULL,
    turn         BIGINT NOT NULL,
    language     TEXT   NOT NULL,
    points_json  TEXT   NOT NULL,
    attested_on  TEXT
);

CREATE TABLE address (
    person TEXT      NOT NULL REFERENCES person (person_key),
    means  TEXT      NOT NULL,
    place  BIGINT    NOT NULL,
    sealed {{BYTES}} NOT NULL,
    PRIMARY KEY (person, means)
) {{KEYED}};

CREATE TABLE meta (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) {{KEYED}};

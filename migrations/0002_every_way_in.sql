-- Every way in: what a message says about itself, files with a life of their own, reporters' calls, mailboxes.
-- Only additions, so that a program of the schema before can go on writing while nodes are replaced one by one; except `attachment`,
-- which is built again because nothing but "waiting" was ever written to it.

ALTER TABLE conversation ADD COLUMN language TEXT;
-- All marks of the triage; the three columns beside it are what queries filter on.
ALTER TABLE conversation ADD COLUMN marks_json TEXT;
ALTER TABLE conversation ADD COLUMN press BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX conversation_press ON conversation (urgency, deadline, id) WHERE state = 'open' AND press;

ALTER TABLE organization ADD COLUMN hotline TEXT;

ALTER TABLE message ADD COLUMN sent_at BIGINT;
ALTER TABLE message ADD COLUMN part_json TEXT;
ALTER TABLE message ADD COLUMN nature TEXT NOT NULL DEFAULT 'person';
ALTER TABLE message ADD COLUMN source {{BYTES}};

CREATE INDEX contact_conversation ON contact (conversation);

-- `unfinished` says that there is still something to do with it: fetch, copy, delete at the carrier.
ALTER TABLE attachment RENAME TO attachment_before;
DROP INDEX attachment_conversation;
CREATE TABLE attachment (
    id           TEXT      NOT NULL PRIMARY KEY,
    message      TEXT      NOT NULL REFERENCES message (id),
    conversation TEXT      NOT NULL,
    place        BIGINT    NOT NULL,
    account      TEXT      NOT NULL,
    role         TEXT      NOT NULL,
    url          {{BYTES}},
    content_type TEXT      NOT NULL,
    state_json   TEXT      NOT NULL,
    unfinished   BOOLEAN   NOT NULL,
    version      BIGINT    NOT NULL
);
INSERT INTO attachment (id, message, conversation, place, account, role, url, content_type, state_json, unfinished, version)
    SELECT a.id, a.message, a.conversation, a.place, COALESCE(m.provider_account, ''), 'shown', a.url, a.content_type,
        '{"state":"waiting","tried":0}', TRUE, 1
    FROM attachment_before a JOIN message m ON m.id = a.message;
DROP TABLE attachment_before;
CREATE INDEX attachment_conversation ON attachment (conversation);
CREATE INDEX attachment_unfinished ON attachment (id) WHERE unfinished;
INSERT INTO work (id, about, lane, urgency, due_at, run_at, owner)
    SELECT a.id, 'attachment', 'media-fetch', 0, 0, 0, NULL FROM attachment a;

-- A reporter's call. Its number is kept nowhere but in the sealed address of the tip that it opened.
CREATE TABLE caller (
    id           TEXT   NOT NULL PRIMARY KEY,
    account      TEXT   NOT NULL,
    state_json   TEXT   NOT NULL,
    conversation TEXT,
    started_at   BIGINT NOT NULL,
    version      BIGINT NOT NULL
);
CREATE INDEX caller_started ON caller (started_at);

CREATE TABLE mailbox (
    account  TEXT   NOT NULL,
    folder   TEXT   NOT NULL,
    validity BIGINT NOT NULL,
    uid      BIGINT NOT NULL,
    PRIMARY KEY (account, folder)
) {{KEYED}};

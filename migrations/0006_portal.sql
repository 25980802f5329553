-- What endusers have of their own: a PIN, logins to the portal, what they opened, wrote and answered there. Additions only.

-- Append-only: of a person's PINs the one set last counts. Not tied to `person`, which an import replaces whole.
-- `set_by` is a member of staff; none when the person set it themselves.
CREATE TABLE pin (
    person TEXT      NOT NULL,
    set_at BIGINT    NOT NULL,
    mac    {{BYTES}} NOT NULL,
    set_by TEXT,
    PRIMARY KEY (person, set_at)
) {{KEYED}};

-- A one-time code on its way to an address of the directory. `tries` are those that are used up; a used code has none left.
CREATE TABLE login_code (
    id         TEXT      NOT NULL PRIMARY KEY,
    idx        {{BYTES}} NOT NULL,
    mac        {{BYTES}} NOT NULL,
    created_at BIGINT    NOT NULL,
    expires_at BIGINT    NOT NULL,
    tries      BIGINT    NOT NULL,
    version    BIGINT    NOT NULL
);
CREATE INDEX login_code_idx ON login_code (idx, created_at);
CREATE INDEX login_code_created ON login_code (created_at);

-- Of an address, not of a person: who is listed at that address now is asked at every page.
CREATE TABLE enduser_session (
    token_hash {{BYTES}} NOT NULL PRIMARY KEY,
    idx        {{BYTES}} NOT NULL,
    csrf       TEXT      NOT NULL,
    created_at BIGINT    NOT NULL,
    expires_at BIGINT    NOT NULL
) {{KEYED}};
CREATE INDEX enduser_session_expiry ON enduser_session (expires_at);
CREATE INDEX enduser_session_idx ON enduser_session (idx);

-- What endusers and analysts write to each other about a tip, sealed under its key.
CREATE TABLE enduser_note (
    id           TEXT      NOT NULL PRIMARY KEY,
    conversation TEXT      NOT NULL REFERENCES conversation (id),
    author_json  TEXT      NOT NULL,
    at           BIGINT    NOT NULL,
    body         {{BYTES}} NOT NULL
);
CREATE INDEX enduser_note_conversation ON enduser_note (conversation, at);

-- When a person last opened a tip in the portal, for the mark "new"; every opening is in the record besides.
CREATE TABLE enduser_opened (
    conversation TEXT   NOT NULL REFERENCES conversation (id),
    person       TEXT   NOT NULL,
    at           BIGINT NOT NULL,
    PRIMARY KEY (conversation, person)
) {{KEYED}};

-- What an enduser did about a tip, in a choice that can be counted and words under the tip's key.
CREATE TABLE feedback (
    conversation TEXT      NOT NULL REFERENCES conversation (id),
    person       TEXT      NOT NULL,
    organization TEXT      NOT NULL,
    role         TEXT      NOT NULL,
    outcome      TEXT      NOT NULL,
    body         {{BYTES}} NOT NULL,
    at           BIGINT    NOT NULL,
    PRIMARY KEY (conversation, person)
) {{KEYED}};

-- Which organization an obligation is owed to, so that an enduser's tips are found without reading all.
ALTER TABLE obligation ADD COLUMN organization TEXT;
UPDATE obligation SET organization = CAST(obligation_json AS {{JSON}})->'step'->>'organization';
CREATE INDEX obligation_organization ON obligation (organization, conversation) WHERE organization IS NOT NULL;

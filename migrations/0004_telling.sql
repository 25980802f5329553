-- Every promise on the way out: why somebody is told, several numbers a person, clocks of a tip, drills. Additions only; `address` is built
-- again, because a person may have several addresses of one kind now.

-- A drill is no tip: it is in no inbox, count or report.
ALTER TABLE conversation ADD COLUMN drill BOOLEAN NOT NULL DEFAULT FALSE;
-- The reference as keyed on a phone (its letters by the keys they stand on), for the call-back line.
ALTER TABLE conversation ADD COLUMN reference_keys TEXT;
CREATE INDEX conversation_reference_keys ON conversation (reference_keys) WHERE reference_keys IS NOT NULL;

ALTER TABLE dispatch ADD COLUMN purpose_json TEXT NOT NULL DEFAULT '"tip"';
-- The analyst's summary, sealed under the tip's key, for organizations that have accepted it in writing.
ALTER TABLE dispatch ADD COLUMN summary {{BYTES}};
-- Persons left out by a supervisor (R42).
ALTER TABLE dispatch ADD COLUMN excluded_json TEXT NOT NULL DEFAULT '[]';

-- Which of the person's addresses an attempt took.
ALTER TABLE attempt ADD COLUMN point BIGINT NOT NULL DEFAULT 0;

-- What of a tip's content it has accepted in writing.
ALTER TABLE organization ADD COLUMN content_json TEXT NOT NULL DEFAULT '{"by_mail":false,"by_speech":false,"on":null}';

ALTER TABLE task ADD COLUMN kind TEXT NOT NULL DEFAULT 'failed';
ALTER TABLE task ADD COLUMN due_at BIGINT;

ALTER TABLE address RENAME TO address_before;
CREATE TABLE address (
    person TEXT      NOT NULL REFERENCES person (person_key),
    means  TEXT      NOT NULL,
    point  BIGINT    NOT NULL,
    place  BIGINT    NOT NULL,
    sealed {{BYTES}} NOT NULL,
    idx    {{BYTES}},
    PRIMARY KEY (person, means, point)
) {{KEYED}};
INSERT INTO address (person, means, point, place, sealed) SELECT b.person, b.means, 0, b.place, b.sealed FROM address_before b;
DROP TABLE address_before;
-- Keyed, so that a text or mail from an enduser is known as theirs without reading every address.
CREATE INDEX address_idx ON address (idx) WHERE idx IS NOT NULL;

-- The clocks of one tip that are not an obligation's: sorting, follow-up, warnings, updates. One row a tip while anything may still be due.
CREATE TABLE watch (
    conversation TEXT   NOT NULL PRIMARY KEY REFERENCES conversation (id),
    watch_json   TEXT   NOT NULL,
    version      BIGINT NOT NULL
) {{KEYED}};

-- Whom an obligation tells, to find what a person was texted lately (`OK 123456`) without reading all.
ALTER TABLE obligation ADD COLUMN person TEXT;
UPDATE obligation SET person = CAST(obligation_json AS {{JSON}})->'step'->>'person';
CREATE INDEX obligation_person ON obligation (person, due_at) WHERE person IS NOT NULL;

-- Addresses of endusers that have forbidden texts (STOP), since when. Not tied to the directory, which an import replaces whole.
CREATE TABLE texts_forbidden (
    idx   {{BYTES}} NOT NULL PRIMARY KEY,
    since BIGINT    NOT NULL
) {{KEYED}};

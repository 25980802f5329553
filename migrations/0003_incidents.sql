-- Tips about one thing: proposed, never decided. Only additions.

-- Which tip is about the same thing as an earlier one, and what it says that was not known, sealed under its own key.
CREATE TABLE incident_member (
    conversation TEXT   NOT NULL PRIMARY KEY REFERENCES conversation (id),
    incident     TEXT   NOT NULL REFERENCES conversation (id),
    likeness     BIGINT NOT NULL,
    new_facts    {{BYTES}},
    proposed_at  BIGINT NOT NULL,
    taken_out_by TEXT,
    taken_out_at BIGINT
);
CREATE INDEX incident_member_incident ON incident_member (incident);

-- The tip under whose row this one is counted in the inbox, while it says nothing new.
ALTER TABLE conversation ADD COLUMN folded_under TEXT;
CREATE INDEX conversation_folded ON conversation (folded_under) WHERE folded_under IS NOT NULL;
CREATE INDEX conversation_first ON conversation (urgency, deadline, id) WHERE state = 'open' AND folded_under IS NULL;
CREATE INDEX conversation_received ON conversation (received_at, id);

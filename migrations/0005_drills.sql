-- The ledger of drills: conversations that are marked as one, with their dispatch. Additions only.

CREATE INDEX conversation_drill ON conversation (received_at, id) WHERE drill;
-- When each school had its last.
CREATE INDEX conversation_drilled ON conversation (school, received_at) WHERE drill;

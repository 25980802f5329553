-- What a node leaves behind when it dies: attempts whose answer nobody heard (a handful at any time).
CREATE INDEX IF NOT EXISTS attempt_unanswered ON attempt (lane, intended_at) WHERE answer IS NULL;

-- The list of closed tips without drills, with everything in it that counting them asks: no row is looked up for a number at the edge of the
-- inbox, however many years of tips there are. 0011 drops the index that it takes the place of.
CREATE INDEX IF NOT EXISTS conversation_ended ON conversation (updated_at, id, state, drill) WHERE state = 'closed' AND NOT drill;

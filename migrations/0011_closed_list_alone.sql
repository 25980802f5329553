-- The closed list with the drills in it, which 0010 took the place of. In a migration of its own: a lock that keeps writers out, and then one
-- that keeps everybody out, would wait for writers that wait for the first.
DROP INDEX IF EXISTS conversation_closed;

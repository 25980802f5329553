-- The portal's list, a page at a time along an index. An obligation's id begins with the time at which it was made, so the ids of an
-- organization in descending order are its tips, the last told first. An addition only.
CREATE INDEX obligation_told ON obligation (organization, id) WHERE organization IS NOT NULL;

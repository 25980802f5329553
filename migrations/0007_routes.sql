-- Whether each lane's carrier was trusted when it last changed, so that a restart knows of an outage (one row a lane).
CREATE TABLE route (
    lane       TEXT   NOT NULL PRIMARY KEY,
    state_json TEXT   NOT NULL,
    at         BIGINT NOT NULL
) {{KEYED}};

-- Each way out has stops of its own; an empty `relay` is the only one there is.
ALTER TABLE stops RENAME TO old_stops;
CREATE TABLE stops (
    relay  TEXT NOT NULL,
    domain TEXT NOT NULL,
    kind   TEXT NOT NULL,
    at     INTEGER NOT NULL,
    until  INTEGER NOT NULL,
    times  INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (relay, domain)
);
INSERT INTO stops (relay, domain, kind, at, until, times, reason)
SELECT '', domain, kind, at, until, times, reason FROM old_stops;
DROP TABLE old_stops;

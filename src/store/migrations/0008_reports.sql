-- What came back about a copy: of each issue and kind it counts once for a reader, however often it is read. `issue` is 0, and
-- `message` the SHA-256 of it, where a message is about no issue: then each message counts once. `effect` is what the reader became
-- by it.
CREATE TABLE reports (
    subscriber BIGINT NOT NULL,
    issue      BIGINT NOT NULL,
    kind       TEXT NOT NULL,
    message    TEXT NOT NULL,
    at         TEXT NOT NULL,
    status     TEXT,
    diagnostic TEXT,
    effect     TEXT,
    PRIMARY KEY (subscriber, issue, kind, message)
);
CREATE INDEX reports_of_issue ON reports (issue, kind);

-- Issues of which so much came back that nothing more is sent before the owner says so.
CREATE TABLE spikes (
    issue   BIGINT NOT NULL,
    kind    TEXT NOT NULL,
    at      TEXT NOT NULL,
    reason  TEXT NOT NULL,
    allowed BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (issue, kind)
);

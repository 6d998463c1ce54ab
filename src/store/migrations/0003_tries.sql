-- Every try is kept, and every decision about a delivery beside it. Times are seconds since 1970.

-- What is said more than once: the names of the ways out, and answers of servers.
CREATE TABLE texts (
    id   INTEGER NOT NULL PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
);

-- The history of a delivery, in order. `state` is the number of what the delivery became. `relay` is the way out that was
-- asked; without one this is no try but a decision. The answer of a server is in its parts, its text here or in `texts`.
CREATE TABLE tries (
    id         INTEGER NOT NULL PRIMARY KEY,
    issue      INTEGER NOT NULL,
    subscriber INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    state      INTEGER NOT NULL,
    relay      INTEGER,
    code       INTEGER,
    enhanced   TEXT,
    text       TEXT,
    shared     INTEGER
);
CREATE INDEX tries_of_delivery ON tries (issue, subscriber);

-- For limits that count tries in a span of time.
CREATE INDEX tries_at ON tries (at) WHERE relay IS NOT NULL;

CREATE VIEW history AS
SELECT id AS try, issue, subscriber, at, state AS tried, (SELECT t.text FROM texts t WHERE t.id = relay) AS relay, code, enhanced,
       COALESCE(text, (SELECT t.text FROM texts t WHERE t.id = shared)) AS text
FROM tries;

-- Why deliveries wait: those to the readers of one domain, or (with an empty domain) all.
CREATE TABLE stops (
    domain TEXT NOT NULL PRIMARY KEY,
    kind   TEXT NOT NULL,
    at     INTEGER NOT NULL,
    until  INTEGER NOT NULL,
    times  INTEGER NOT NULL,
    reason TEXT NOT NULL
);

-- `attempts` is the number of rows of `tries` with a relay; `next_attempt_at` 0 means at once.
ALTER TABLE deliveries RENAME TO old_deliveries;
CREATE TABLE deliveries (
    issue           INTEGER NOT NULL REFERENCES issues (number),
    subscriber      INTEGER NOT NULL REFERENCES subscribers (id),
    state           TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'deferred', 'failed', 'in_doubt', 'skipped')),
    attempts        INTEGER NOT NULL DEFAULT 0,
    next_attempt_at INTEGER NOT NULL DEFAULT 0,
    updated_at      INTEGER NOT NULL,
    PRIMARY KEY (issue, subscriber)
) WITHOUT ROWID;

-- What was counted as a try when it began is counted when it ends.
INSERT INTO deliveries (issue, subscriber, state, attempts, next_attempt_at, updated_at)
SELECT issue, subscriber, state, MAX(attempts - (state = 'sending'), 0), COALESCE(unixepoch(next_attempt_at), 0),
       unixepoch(updated_at)
FROM old_deliveries ORDER BY issue, subscriber;

-- The order of the queue: by next attempt, then by how often tried, then by number.
CREATE INDEX queue ON deliveries (next_attempt_at, attempts, issue, subscriber) WHERE state IN ('queued', 'deferred');

INSERT INTO texts (text) SELECT 'unknown' WHERE EXISTS (SELECT 1 FROM deliveries WHERE attempts > 0);

-- Of several tries only the last answer was kept, and none when a decision took its place.
WITH RECURSIVE
    numbers (number) AS (
        SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < (SELECT MAX(attempts) FROM deliveries)
    ),
    old AS (
        SELECT o.issue, o.subscriber, d.attempts, unixepoch(COALESCE(o.first_attempt, o.updated_at)) AS first_at, d.updated_at,
               CASE o.state WHEN 'queued' THEN 0 WHEN 'sent' THEN 2 WHEN 'deferred' THEN 3 WHEN 'failed' THEN 4
                            WHEN 'in_doubt' THEN 5 WHEN 'skipped' THEN 6 ELSE 3 END AS state,
               o.reply,
               COALESCE(o.reply LIKE 'settled by the owner: %' OR o.reply LIKE 'the reader had left: %', 0) AS is_decided,
               CASE WHEN o.reply GLOB '[2-5][0-9][0-9] *' THEN CAST(substr(o.reply, 1, 3) AS INTEGER) END AS code
        FROM old_deliveries o JOIN deliveries d ON d.issue = o.issue AND d.subscriber = o.subscriber
        WHERE d.attempts > 0 OR o.reply IS NOT NULL
    ),
    parts AS (
        SELECT *, CASE WHEN code IS NULL THEN reply ELSE substr(reply, 5) END AS rest,
               CASE WHEN code IS NOT NULL THEN substr(reply, 5, instr(substr(reply, 5) || ' ', ' ') - 1) END AS word
        FROM old
    ),
    answers AS (
        SELECT *, CASE WHEN word GLOB '[245].[0-9]*.[0-9]*' AND word NOT GLOB '*[^0-9.]*' THEN word END AS enhanced FROM parts
    )
INSERT INTO tries (issue, subscriber, at, state, relay, code, enhanced, text)
SELECT issue, subscriber, at, was, relay, code, enhanced, text FROM (
SELECT issue, subscriber, n.number,
       CASE WHEN n.number < attempts OR is_decided THEN first_at ELSE updated_at END AS at,
       CASE WHEN n.number < attempts THEN 3 WHEN is_decided AND state = 2 THEN 5 WHEN is_decided THEN 3 ELSE state END AS was,
       (SELECT id FROM texts WHERE text = 'unknown') AS relay,
       CASE WHEN n.number = attempts AND NOT is_decided THEN code END AS code,
       CASE WHEN n.number = attempts AND NOT is_decided THEN enhanced END AS enhanced,
       CASE WHEN n.number < attempts OR is_decided THEN 'what the server said was not kept'
            WHEN enhanced IS NULL THEN rest ELSE ltrim(substr(rest, length(enhanced) + 1)) END AS text
FROM answers JOIN numbers n ON n.number <= attempts
UNION ALL
SELECT issue, subscriber, attempts + 1, updated_at, state, NULL, NULL, NULL, reply
FROM answers WHERE is_decided OR attempts = 0
) ORDER BY issue, subscriber, number;

DROP TABLE old_deliveries;
